"""Makes a folder as `make demo` leaves it, with keys of its own: what the verifier's tests change and break."""
import base64
import datetime
import json

import cbor2
from cryptography import x509 as library
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID
from pymerkle import InmemoryTree

from formats import H, row_digest
from x509 import Certificate, pem

INSTANCE = "7f3a0000000000000000000000000001"
ORIGIN = "assay.example/ledger"
SUBJECT = "01930f3e-0000-7000-8000-000000000001"
OPENED = 1764000000
EMPTY = base64.b64encode(H(b"")).decode()


def b64(data):
    return base64.b64encode(data).decode()


def spki(key):
    return key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def new_key():
    return ec.generate_private_key(ec.SECP256R1())


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def signature_line(name, key, text):
    signature = key.sign(text, ec.ECDSA(hashes.SHA256()))
    return f"— {name} {b64(H(spki(key))[:4] + signature)}\n".encode()


def note(text, *signers):
    text = text.encode() if isinstance(text, str) else text
    return text + b"\n" + b"".join(signature_line(name, key, text) for name, key in signers)


class House:
    """An instance with its people. `edits` changes a text by its name before it is signed, so that what follows builds upon it."""

    def __init__(self, **edits):
        self.edits = edits
        names = ("admin", "officer-1", "officer-2", "officer-3")
        self.login = {name: new_key() for name in names}
        self.vote = {name: new_key() for name in names}
        self.log = ed25519.Ed25519PrivateKey.generate()
        public = b"\x01" + self.log.public_key().public_bytes_raw()
        self.log_id = H(ORIGIN.encode() + b"\n" + public)[:4]
        self.vkey = f"{ORIGIN}+{self.log_id.hex()}+{b64(public)}"
        self.root_key, self.issuing_key, self.device_key = new_key(), new_key(), new_key()
        self.roles = [f"role {name} registration-officer *" for name in names[1:]] + ["role admin administrator *"]
        self.quorum = 2
        self.requester = "officer-3"
        self.voters = ["officer-1", "officer-2"]

    def edited(self, name, value):
        return self.edits.get(name.replace("-", "_"), lambda unchanged: unchanged)(value)

    def person(self, name):
        instance = "-" if name == "admin" else INSTANCE
        return (
            f"assay/person/v1\ninstance {instance}\nperson {name}\nlogin es256 {b64(spki(self.login[name]))}\n"
            f"vote es256 {b64(spki(self.vote[name]))}\ntime {OPENED - 9000}\n"
        )

    def roster(self, version, previous, people, documents):
        lines = [f"key {name} {purpose} es256 {b64(spki(keys[name]))}" for name in people for purpose, keys in (("login", self.login), ("vote", self.vote))]
        lines += [role for role in self.roles if role.split()[1] in people]
        lines += [f"document {kind} {name} {b64(H(data))}" for (kind, name), data in documents.items()]
        time = OPENED - 8000 + version
        return (
            f"assay/roster/v1\ninstance {INSTANCE}\nversion {version}\nprevious {b64(previous)}\nquorum 1\nlog {self.vkey}\n"
            f"time {time}\nexpires {time + 86_400}\n" + "".join(line + "\n" for line in sorted(lines))
        )

    def certificate(self, subject, key, issuer, issuer_key, authority):
        def name(text):
            return library.Name([library.NameAttribute(NameOID.COMMON_NAME, text)])

        digital = {kind: False for kind in "key_encipherment data_encipherment key_agreement content_commitment encipher_only decipher_only".split()}
        usage = library.KeyUsage(digital_signature=not authority, key_cert_sign=authority, crl_sign=authority, **digital)
        identifier = library.SubjectKeyIdentifier.from_public_key(issuer_key.public_key())
        builder = (
            library.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name(issuer))
            .public_key(key.public_key())
            .serial_number(library.random_serial_number())
            .not_valid_before(datetime.datetime.fromtimestamp(OPENED - 300, datetime.timezone.utc))
            .not_valid_after(datetime.datetime(9999, 12, 31, 23, 59, 59))
            .add_extension(usage, critical=True)
            .add_extension(library.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(library.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        )
        if authority:
            builder = builder.add_extension(library.BasicConstraints(ca=True, path_length=None), critical=True)
        return pem(builder.sign(issuer_key, hashes.SHA256()).public_bytes(serialization.Encoding.DER), "CERTIFICATE").encode()

    def files(self):
        """The folder: names and contents."""
        files = {"log.vkey": self.vkey.encode() + b"\n"}
        files["root.pem"] = self.certificate("Root", self.root_key, "Root", self.root_key, True)
        files["issuing.pem"] = self.certificate("Issuing", self.issuing_key, "Root", self.root_key, True)
        files["device.pem"] = self.certificate("Device", self.device_key, "Issuing", self.issuing_key, self.edited("authority", False))
        request = library.CertificateSigningRequestBuilder(library.Name([])).sign(self.edited("csr_key", self.device_key), hashes.SHA256())
        csr = request.public_bytes(serialization.Encoding.DER)
        files["device.csr"] = pem(csr, "CERTIFICATE REQUEST").encode()
        device = Certificate(files["device.pem"])

        documents = {("approval", "two-officers"): {"days": 7, "quorum": self.quorum, "roles": ["registration-officer"]}}
        documents["profile", "device-identity"] = {
            "authority": "devices", "approval": "two-officers", "keys": ["ecdsa-p256"], "validity": {"until": "never"},
        }
        for name, key, file, more in (
            ("root", self.root_key, "root.pem", {"purposes": ["authority", "crl"]}),
            ("devices", self.issuing_key, "issuing.pem", {"purposes": ["certificate", "crl"], "issuer": "root", "profiles": ["device-identity"]}),
        ):
            documents["authority", name] = {"publicKey": b64(spki(key)), "content": b64(Certificate(files[file]).content), **more}
        documents = {(kind, name): {**members, "name": name} for (kind, name), members in documents.items()}
        documents = {key: canonical(members) for key, members in self.edited("documents", documents).items()}
        for (kind, name), data in documents.items():
            files[f"documents/{kind}-{name}.json"] = data

        previous = bytes(32)
        people = ["admin"]
        for version, added, held in ((1, None, {}), (2, None, documents), (3, "officer-1", documents), (4, "officer-2", documents), (5, "officer-3", documents)):
            people += [added] if added else []
            text = self.edited(f"roster{version}", self.roster(version, previous, people, held))
            files[f"roster/{version}.txt"] = note(text, ("admin", self.vote["admin"]))
            previous = H(text.encode())
        persons = {name: self.edited(f"person_{name}", self.person(name)) for name in people}
        for name, text in persons.items():
            files[f"persons/{name}.txt"] = note(text, (name, self.vote[name]))

        profile = f"profile device-identity {b64(H(documents['profile', 'device-identity']))}"
        statement = (
            f"assay/statement/v1\ninstance {INSTANCE}\nkind certificate\nsubject {SUBJECT}\nrequester {self.requester}\n"
            f"roster 5 {b64(previous)}\npolicy two-officers {b64(H(documents['approval', 'two-officers']))}\n{profile}\n"
            f"authority devices {b64(H(documents['authority', 'devices']))}\nrequest {b64(H(csr))}\ncontent {b64(device.content)}\n"
            f"opened {OPENED}\nexpires {OPENED + 604_800}\n"
        )
        statement = self.edited("statement", statement).encode()
        files["statement.txt"] = statement
        submission = (
            f"assay/submit/v1\ninstance {INSTANCE}\nsubject {SUBJECT}\nrequester {self.requester}\n{profile}\nrequest {b64(H(csr))}\n"
            f"time {OPENED - 1}\n"
        )
        submission = self.edited("submission", submission)
        files["submission.txt"] = note(submission, (self.requester, self.vote[self.requester]))
        votes = []
        for n, voter in enumerate(self.voters):
            text = (
                f"assay/vote/v1\ninstance {INSTANCE}\nvoter {voter}\ndecision approve\ntime {OPENED + 60 + n}\nreason {EMPTY}\n"
                f"kind certificate\nstatement {b64(H(statement))}\n"
            )
            text = self.edited(f"vote_{voter}", text)
            files[f"votes/{voter}.txt"] = note(text, (voter, self.vote[voter]))
            votes.append(H(text.encode()))

        subject = bytes.fromhex(SUBJECT.replace("-", ""))
        certificate = row_digest(
            "certificate", authority="devices", created=OPENED + 70, der=device.der, fingerprint=device.hash,
            not_after=int(device.parsed.not_valid_after_utc.timestamp()), request_id=subject, serial=device.serial,
            statement_hash=H(statement),
        )
        decision = row_digest(
            "request.decision", certificate=device.hash, decided_by=None, id=subject, reason=None, state="issued",
            submission=files["submission.txt"].decode(),
        )
        entry = {
            0: 1,
            1: "certificate.issue",
            2: (OPENED + 70) * 1000 + 5,
            3: H(persons[self.voters[-1]].encode())[:16],
            5: {
                0: H(csr), 1: device.content, 2: device.hash, 3: certificate, 4: H(b"".join(sorted(votes))),
                5: H(submission.encode()), 6: H(statement), 7: decision, 8: H(device.spki),
            },
            7: 5,
            8: subject,
        }
        entry = cbor2.dumps(self.edited("entry", entry), canonical=True)
        files["device.entry"] = entry
        files["device.tlog-proof"] = self.proof(entry)
        return files

    def proof(self, entry, index=5, size=11):
        """By an independent tree: pymerkle's."""
        tree = InmemoryTree(algorithm="sha256")
        for n in range(size):
            tree.append_entry(entry if n == index else b"entry %d" % n)
        path = tree.prove_inclusion(index + 1, size).path
        # pymerkle's path begins with the leaf itself.
        hashes_ = [bytes.fromhex(value) if isinstance(value, str) else value for value in path[1:]]
        text = f"{ORIGIN}\n{size}\n{b64(tree.get_root(size))}\n".encode()
        line = f"— {ORIGIN} {b64(self.log_id + self.log.sign(text))}\n".encode()
        head = "c2sp.org/tlog-proof@v1\n" + f"index {index}\n" + "".join(b64(value) + "\n" for value in hashes_)
        return head.encode() + b"\n" + text + b"\n" + line


def write(files, folder):
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
