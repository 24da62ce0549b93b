"""PEM and the few fields of certificates and requests that docs/formats.md speaks of, as exact bytes."""
import base64
import re

from cryptography import x509 as library

from formats import H, Refused, need, unbase64, verify_es256

ECDSA_SHA256 = bytes.fromhex("300a06082a8648ce3d040302")


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
        self.content = H(self.tbs)
        need(signature[0] == 0x03 and signature[1][:1] == b"\x00", "certificate: signature")
        self.signature = signature[1][1:]
        fields = sequence(self.tbs, 8)
        need(fields[0][2] == bytes.fromhex("a003020102"), "certificate: version 3 is expected")
        need(fields[2][2] == algorithm[2] == ECDSA_SHA256, "certificate: signature algorithm")
        self.serial = fields[1][1]
        self.issuer, self.subject, self.spki = fields[3][2], fields[5][2], fields[6][2]
        self.parsed = parsed(library.load_der_x509_certificate, der)
        self.extensions = parsed(lambda _: self.parsed.extensions, None)

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


class Request:
    def __init__(self, data):
        der = unpem(data, b"CERTIFICATE REQUEST")
        self.hash = H(der)
        info = sequence(sequence(der, 3)[0][2], 4)
        self.spki = info[2][2]
        request = parsed(library.load_der_x509_csr, der)
        need(parsed(lambda _: request.is_signature_valid, None), "request: no proof of possession")
