"""mldsa.py make: prints the base64 of an ML-DSA-65 CSR's DER. mldsa.py check ISSUER: reads a base64 certificate's DER on stdin,
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


if __name__ == "__main__":
    make() if sys.argv[1] == "make" else check(sys.argv[2])
