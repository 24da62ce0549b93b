# Writes mldsa65.csr.pem: a request with an ML-DSA-65 key, self-signed with it.
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import mldsa
from cryptography.x509.oid import NameOID

name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example Devices"), x509.NameAttribute(NameOID.COMMON_NAME, "Pump 9")])
request = (
    x509.CertificateSigningRequestBuilder()
    .subject_name(name)
    .add_extension(x509.SubjectAlternativeName([x509.DNSName("pump-9.example.com")]), critical=False)
    .sign(mldsa.MLDSA65PrivateKey.generate(), None)
)
open("mldsa65.csr.pem", "wb").write(request.public_bytes(serialization.Encoding.PEM))
