"""PEM and the few fields of certificates and requests that docs/formats.md speaks of, as exact bytes."""
import base64
import re

from cryptography import x509 as library
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import mldsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from formats import H, Refused, need, unbase64, verify_es256

ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")
ML_DSA_65 = bytes.fromhex("300b0609608648016503040312")
# The object identifiers of X.509 (10/2019) section 9.8: an alternative key, the issuer's alternative algorithm, the alternative signature.
ALTERNATIVE_KEY, ALTERNATIVE_ALGORITHM, ALTERNATIVE_VALUE = (bytes([0x06, 0x03, 0x55, 0x1D, last]) for last in (0x48, 0x49, 0x4A))


def unpem(data, label):
    match = re.fullmatch(rb"-----BEGIN %b-----\n([A-Za-z0-9+/=\n]+)\n-----END %b-----\n" % (label, label), data)
    need(match, f"not one PEM block {label.decode()}")
    lines = match[1].split(b"\n")
    need(all(len(line) == 64 for line in lines[:-1]) and 0 < len(lines[-1]) <= 64, "PEM: lines of 64 characters are expected")
    return unbase64(b"".join(lines), what="PEM")


def pem(data, label):
    text = base64.b64encode(data).decode()
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {label}-----", *lines, f"-----END {label}-----", ""])


def elements(data):
    """The DER values that `data` is made of, as (tag, content, whole)."""
    result = []
    at = 0
    while at < len(data):
        need(at + 2 <= len(data), "DER: truncated")
        tag, length, start = data[at], data[at + 1], at + 2
        if length >= 0x80:
            width = length & 0x7F
            need(1 <= width <= 3 and start + width <= len(data), "DER: length")
            length = int.from_bytes(data[start : start + width], "big")
            start += width
            need(length >= 0x80 and length >> (8 * (width - 1)), "DER: length is not minimal")
        need(start + length <= len(data), "DER: truncated")
        result.append((tag, data[start : start + length], data[at : start + length]))
        at = start + length
    return result


def wrapped(tag, content):
    """One DER value."""
    size = len(content)
    width = (size.bit_length() + 7) // 8
    length = bytes([size]) if size < 0x80 else bytes([0x80 | width]) + size.to_bytes(width, "big")
    return bytes([tag]) + length + content


def sequence(data, count):
    outer = elements(data)
    need(len(outer) == 1 and outer[0][0] == 0x30, "DER: one SEQUENCE is expected")
    inner = elements(outer[0][1])
    need(count is None or len(inner) == count, f"DER: {count} elements are expected")
    return inner


def parsed(load, data):
    try:
        return load(data)
    except Exception as error:  # The library has many kinds, DuplicateExtension among them; only its own code runs in here.
        raise Refused(f"X.509: {error}") from None


class Certificate:
    def __init__(self, data):
        der = unpem(data, b"CERTIFICATE")
        self.der, self.hash = der, H(der)
        tbs, algorithm, signature = sequence(der, 3)
        self.tbs = tbs[2]
        need(signature[0] == 0x03 and signature[1][:1] == b"\x00", "certificate: signature")
        self.signature = signature[1][1:]
        fields = sequence(self.tbs, 8)
        need(fields[0][2] == bytes.fromhex("a003020102"), "certificate: version 3 is expected")
        need(fields[2][2] == algorithm[2] == ECDSA_SHA256, "certificate: signature algorithm")
        self.serial = fields[1][1]
        self.issuer, self.subject, self.spki = fields[3][2], fields[5][2], fields[6][2]
        self.read_alternative(fields)
        self.parsed = parsed(library.load_der_x509_certificate, der)
        self.extensions = parsed(lambda _: self.parsed.extensions, None)

    def read_alternative(self, fields):
        """Key, algorithm and signature of section 9.8, what the signature covers, and the content before anything was signed."""
        need(fields[7][0] == 0xA3, "certificate: extensions")
        items = sequence(fields[7][1], None)
        values = {}
        for item in items:
            parts = elements(item[1])
            need(parts[0][2] not in values, "certificate: an extension twice")
            values[parts[0][2]] = parts[-1][1]
        kept = b"".join(item[2] for item in items if elements(item[1])[0][2] != ALTERNATIVE_VALUE)
        extensions = wrapped(0xA3, wrapped(0x30, kept))
        heads = [field[2] for field in fields[:7]]
        self.content = H(wrapped(0x30, b"".join(heads) + extensions))
        self.covered = wrapped(0x30, b"".join(heads[:2] + heads[3:]) + extensions)
        self.alternative_key = values.get(ALTERNATIVE_KEY)
        algorithm, value = values.get(ALTERNATIVE_ALGORITHM), values.get(ALTERNATIVE_VALUE)
        need((algorithm is None) == (value is None), "certificate: half an alternative signature")
        self.alternative_signature = None
        if value is not None:
            need(algorithm == ML_DSA_65, "certificate: alternative algorithm")
            bits = elements(value)
            need(len(bits) == 1 and bits[0][0] == 0x03 and bits[0][1][:1] == b"\x00", "certificate: alternative signature")
            self.alternative_signature = bits[0][1][1:]

    def extension(self, kind):
        try:
            return self.extensions.get_extension_for_class(kind).value
        except library.ExtensionNotFound:
            return None

    @property
    def is_authority(self):
        constraints = self.extension(library.BasicConstraints)
        return constraints is not None and constraints.ca

    def verify_issued_by(self, issuer):
        need(self.issuer == issuer.subject, "certificate: another issuer")
        need(issuer.is_authority, "certificate: the issuer is no authority")
        key = self.extension(library.AuthorityKeyIdentifier)
        subject = issuer.extension(library.SubjectKeyIdentifier)
        need(key and subject and key.key_identifier == subject.digest, "certificate: authority key identifier")
        verify_es256(issuer.spki, self.signature, self.tbs, "certificate")
        # Whoever has a second key signs with it too.
        need((issuer.alternative_key is None) == (self.alternative_signature is None), "certificate: alternative signature")
        if issuer.alternative_key is not None:
            key = parsed(load_der_public_key, issuer.alternative_key)
            need(isinstance(key, mldsa.MLDSA65PublicKey), "certificate: the issuer's alternative key")
            try:
                key.verify(self.alternative_signature, self.covered)
            except InvalidSignature:
                raise Refused("certificate: the alternative signature does not verify") from None


class Request:
    def __init__(self, data):
        der = unpem(data, b"CERTIFICATE REQUEST")
        self.hash = H(der)
        info = sequence(sequence(der, 3)[0][2], 4)
        self.spki = info[2][2]
        request = parsed(library.load_der_x509_csr, der)
        need(parsed(lambda _: request.is_signature_valid, None), "request: no proof of possession")
