"""Requests by RSA keys that have one prime in common, as of devices whose random numbers begin alike.

    shared_primes.py ONE.csr TWO.csr
"""

import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def key(p, q):
    e = 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    numbers = rsa.RSAPublicNumbers(e, p * q)
    return rsa.RSAPrivateNumbers(
        p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q), numbers
    ).private_key()


def main():
    first, second = (rsa.generate_private_key(65537, 2048).private_numbers() for _ in range(2))
    for path, q in zip(sys.argv[1:], (first.q, second.q), strict=True):
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "device")])
        request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key(first.p, q), hashes.SHA256())
        with open(path, "wb") as file:
            file.write(request.public_bytes(serialization.Encoding.PEM))


if __name__ == "__main__":
    main()
