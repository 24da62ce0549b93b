"""algorithms.py request NAME: prints the base64 of a CSR's DER, of a fresh key and signature algorithm, by Assay's names.
algorithms.py verify ISSUER CERT: checks that the key in the file ISSUER (DER) signed the certificate in the file CERT (DER), and
prints the subject."""
import base64
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, mldsa, padding, rsa
from cryptography.x509.oid import NameOID

KEYS = {
    "ecdsa-p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ecdsa-p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "ecdsa-p521": lambda: ec.generate_private_key(ec.SECP521R1()),
    "rsa-2048": lambda: rsa.generate_private_key(65537, 2048),
    "rsa-3072": lambda: rsa.generate_private_key(65537, 3072),
    "rsa-4096": lambda: rsa.generate_private_key(65537, 4096),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ml-dsa-65": mldsa.MLDSA65PrivateKey.generate,
    "ml-dsa-87": mldsa.MLDSA87PrivateKey.generate,
}
HASHES = {"sha256": hashes.SHA256(), "sha384": hashes.SHA384(), "sha512": hashes.SHA512()}


def request(key_name, scheme):
    digest = HASHES.get(scheme.rsplit("-", 1)[-1])
    extra = {}
    if scheme.startswith("rsa-pss"):
        extra["rsa_padding"] = padding.PSS(padding.MGF1(digest), digest.digest_size)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "device")])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(KEYS[key_name](), digest, **extra)
    print(base64.b64encode(made.public_bytes(serialization.Encoding.DER)).decode())


def load(path):
    with open(path, "rb") as file:
        return x509.load_der_x509_certificate(file.read())


def verify(issuer_path, path):
    issuer, certificate = load(issuer_path), load(path)
    assert certificate.issuer == issuer.subject
    certificate.public_key()
    key, signature, signed = issuer.public_key(), certificate.signature, certificate.tbs_certificate_bytes
    if isinstance(key, rsa.RSAPublicKey):
        scheme = certificate.signature_algorithm_parameters
        if isinstance(scheme, padding.PSS):
            assert scheme._salt_length == certificate.signature_hash_algorithm.digest_size
        key.verify(signature, signed, scheme, certificate.signature_hash_algorithm)
    elif isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, signed, ec.ECDSA(certificate.signature_hash_algorithm))
    else:
        key.verify(signature, signed)
    print("subject", certificate.subject.rfc4514_string())


if __name__ == "__main__":
    {"request": request, "verify": verify}[sys.argv[1]](*sys.argv[2:])
