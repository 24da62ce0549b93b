# Writes p256.pyca.pem: p256.key.pem under the passphrase correct-horse, with PBES2.
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

key = serialization.load_pem_private_key(open("p256.key.pem", "rb").read(), None)
open("p256.pyca.pem", "wb").write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"correct-horse")))
