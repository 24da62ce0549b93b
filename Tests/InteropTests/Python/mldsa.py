"""mldsa.py chain ROOT ISSUING DEVICE: checks three PEM certificates, each signed by the ML-DSA-65 key of the one before, the root by
its own. mldsa.py make: prints the base64 of an ML-DSA-65 CSR's DER. mldsa.py check ISSUER: reads a base64 certificate's DER on stdin,
and checks that its key is ML-DSA-65 and that the P-256 certificate in the file ISSUER (DER) signed it."""
import base64
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, mldsa
from cryptography.x509.oid import NameOID


def make():
    key = mldsa.MLDSA65PrivateKey.generate()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "device")])
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, None)
    print(base64.b64encode(request.public_bytes(serialization.Encoding.DER)).decode())


def check(issuer_path):
    certificate = x509.load_der_x509_certificate(base64.b64decode(sys.stdin.read()))
    assert isinstance(certificate.public_key(), mldsa.MLDSA65PublicKey), "another kind of key"
    with open(issuer_path, "rb") as file:
        issuer = x509.load_der_x509_certificate(file.read())
    issuer.public_key().verify(certificate.signature, certificate.tbs_certificate_bytes, ec.ECDSA(hashes.SHA256()))
    assert certificate.issuer == issuer.subject
    print("subject", certificate.subject.rfc4514_string())


def chain(*paths):
    above = None
    for path in paths:
        with open(path, "rb") as file:
            certificate = x509.load_pem_x509_certificate(file.read())
        issuer = above or certificate
        key = issuer.public_key()
        assert isinstance(key, mldsa.MLDSA65PublicKey), "the issuer has another kind of key"
        # RFC 9881: the signature is pure, with an empty context.
        key.verify(certificate.signature, certificate.tbs_certificate_bytes)
        assert certificate.issuer == issuer.subject
        assert certificate.signature_algorithm_oid.dotted_string == "2.16.840.1.101.3.4.3.18"
        above = certificate
    print("chain", above.subject.rfc4514_string())


if __name__ == "__main__":
    {"make": make, "check": check, "chain": chain}[sys.argv[1]](*sys.argv[2:])
