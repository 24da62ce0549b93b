"""Reads what docs/formats.md describes, from that page alone; section numbers in comments are the page's.

Whatever is wrong raises Refused, and nothing else does."""
import base64
import hashlib
import hmac
import json
import re
import unicodedata

import cbor2
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519


class Refused(Exception):
    pass


def need(condition, reason):
    if not condition:
        raise Refused(reason)


def H(data):
    return hashlib.sha256(data).digest()


def unbase64(text, length=None, what="base64"):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Refused(f"{what}: {error}") from None
    need(base64.b64encode(data) == (text if isinstance(text, bytes) else text.encode()), f"{what}: not its only spelling")
    need(length is None or len(data) == length, f"{what}: {len(data)} bytes")
    return data


# 1. Texts

HANDLE = r"(?!-\Z)[a-z0-9-]{1,32}"
NUMBER = r"0|[1-9][0-9]{0,18}"
IDENTIFIER = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
INSTANCE = r"[0-9a-f]{32}"


def matched(pattern, value, what):
    need(re.fullmatch(pattern, value), f"{what}: {value!r}")
    return value


def handle(value, what="handle"):
    return matched(HANDLE, value, what)


def number(value, what="number"):
    result = int(matched(NUMBER, value, what))
    need(result < 1 << 63, f"{what}: too large")
    return result


def digest(value, what="digest"):
    return unbase64(value, 32, what)


class Lines:
    """The lines of a text, read in order."""

    def __init__(self, data, context, limit=1 << 16):
        need(len(data) <= limit, "text: too long")
        need(data.endswith(b"\n") and all(0x20 <= byte <= 0x7E or byte == 0x0A for byte in data), "text: not printable ASCII in lines")
        self.left = data[:-1].decode("ascii").split("\n")
        need(self.left.pop(0) == context, f"not {context}")

    def words(self, key, count):
        need(self.left, f"{key}: missing")
        words = self.left.pop(0).split(" ")
        need(words[0] == key and len(words) == count + 1 and all(words), f"{key}: expected here, with {count} words")
        return words[1:]

    def word(self, key):
        return self.words(key, 1)[0]

    def many(self, key, count):
        """The following lines of this key: sorted, distinct."""
        start = len(self.left)
        raw = []
        result = []
        while self.left and self.left[0].startswith(key + " "):
            raw.append(self.left[0])
            result.append(self.words(key, count))
        need(raw == sorted(set(raw)), f"{key}: lines are not sorted and distinct")
        assert len(raw) == start - len(self.left)
        return result

    def end(self):
        need(not self.left, "lines behind the end")


# 1. and 2. Keys and notes

SPKI_P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200") + b"\x04"


def es256(form, key):
    need(form == "es256", f"key form {form}")
    spki = unbase64(key, 91, "key")
    need(spki.startswith(SPKI_P256), "key: not an uncompressed P-256 point")
    load_spki(spki)
    return spki


def load_spki(spki):
    try:
        return serialization.load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise Refused(f"key: {error}") from None


def verify_es256(spki, signature, message, what):
    try:
        load_spki(spki).verify(signature, message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError, TypeError, AttributeError):
        raise Refused(f"{what}: the signature does not verify") from None


class Note:
    def __init__(self, data, what):
        self.what = what
        need(len(data) <= 2 << 20, f"{what}: too long")
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            raise Refused(f"{what}: not UTF-8") from None
        need(data.endswith(b"\n") and all(byte >= 0x20 or byte == 0x0A for byte in data), f"{what}: not a note")
        gap = data[:-1].rfind(b"\n\n")
        need(gap > 0, f"{what}: no empty line")
        self.text = data[: gap + 1]
        self.lines = []
        for line in data[gap + 2 : -1].split(b"\n"):
            words = line.split(b" ")
            need(len(words) == 3 and words[0] == "—".encode(), f"{what}: not a signature line")
            blob = unbase64(words[2], what="signature line")
            need(len(blob) > 4 and words[1] and b"+" not in words[1], f"{what}: not a signature line")
            self.lines.append((words[1].decode(), blob[:4], blob[4:]))
        need(len(self.lines) <= 100, f"{what}: too many signature lines")

    @property
    def hash(self):
        return H(self.text)

    def signed_by(self, name, spki):
        """Whether there is a line by this person's key; a line in their name must be the only one, and verify."""
        found = [line for line in self.lines if line[0] == name]
        if not found:
            return False
        need(len(found) == 1, f"{self.what}: two lines by {name}")
        need(found[0][1] == H(spki)[:4], f"{self.what}: not signed by {name}'s key")
        verify_es256(spki, found[0][2], self.text, f"{self.what}, {name}")
        return True

    def signed_only_by(self, name, spki):
        need(len(self.lines) == 1, f"{self.what}: one signature line is expected")
        need(self.signed_by(name, spki), f"{self.what}: not signed by {name}'s key")


class LogKey:
    """9. The key of a `log` line."""

    def __init__(self, vkey):
        match = re.fullmatch(r"([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)", vkey)
        need(match, "vkey: malformed")
        self.name = match[1]
        key = unbase64(match[3], 33, "vkey")
        need(key[0] == 1, "vkey: not Ed25519")
        need(not self.name.startswith("assay/"), "vkey: a name that is a context")
        self.id = H(self.name.encode() + b"\n" + key)[:4]
        need(self.id.hex() == match[2], "vkey: wrong key ID")
        try:
            self.key = ed25519.Ed25519PublicKey.from_public_bytes(key[1:])
        except ValueError as error:
            raise Refused(f"vkey: {error}") from None

    def verify(self, note):
        need(len(note.lines) == 1 and note.lines[0][:2] == (self.name, self.id), "checkpoint: not by the log's key, or not by it alone")
        try:
            self.key.verify(note.lines[0][2], note.text)
        except InvalidSignature:
            raise Refused("checkpoint: the signature does not verify") from None


# 3. Person


class Person:
    def __init__(self, note):
        lines = Lines(note.text, "assay/person/v1")
        self.hash = note.hash
        self.instance = matched(INSTANCE + "|-", lines.word("instance"), "instance")
        self.name = handle(lines.word("person"))
        self.login = es256(*lines.words("login", 2))
        self.vote = es256(*lines.words("vote", 2))
        self.time = number(lines.word("time"))
        lines.end()
        need(self.login != self.vote, "person: one key for two purposes")
        note.signed_only_by(self.name, self.vote)

    @property
    def actor(self):
        return self.hash[:16]

    @property
    def fingerprint(self):
        bits = int.from_bytes(self.hash[:10], "big")
        text = "".join("0123456789ABCDEFGHJKMNPQRSTVWXYZ"[bits >> (75 - 5 * i) & 31] for i in range(16))
        return "-".join(text[i : i + 4] for i in range(0, 16, 4))


# 4. Roster


class Roster:
    def __init__(self, note):
        self.note = note
        self.hash = note.hash
        lines = Lines(note.text, "assay/roster/v1", 1 << 20)
        self.instance = matched(INSTANCE, lines.word("instance"), "instance")
        self.version = number(lines.word("version"))
        self.previous = digest(lines.word("previous"))
        self.quorum = number(lines.word("quorum"))
        self.log = lines.word("log")
        LogKey(self.log)
        self.time = number(lines.word("time"))
        self.expires = number(lines.word("expires"))
        self.documents = {}
        self.keys = {}
        self.roles = []
        for kind, name, value in lines.many("document", 3):
            need(kind in ("approval", "authority", "blocklist", "profile"), f"document kind {kind}")
            need((kind, name) not in self.documents, f"two documents {kind} {name}")
            self.documents[kind, handle(name)] = digest(value)
        for name, purpose, form, key in lines.many("key", 4):
            need(purpose in ("login", "vote"), f"key purpose {purpose}")
            need((handle(name), purpose) not in self.keys, f"two {purpose} keys of {name}")
            self.keys[name, purpose] = es256(form, key)
        for name, role, profile in lines.many("role", 3):
            need(profile == "*" or handle(profile), "role")
            self.roles.append((handle(name), handle(role, "role"), profile))
        lines.end()
        need(len(set(self.keys.values())) == len(self.keys), "roster: one key on two lines")
        people = {role[0] for role in self.roles}
        need(set(self.keys) == {(name, purpose) for name in people for purpose in ("login", "vote")}, "roster: a role without keys, or keys without a role")
        need(all(role[2] == "*" for role in self.roles if role[1] == "administrator"), "roster: a narrow administrator")
        administrators = len(self.administrators)
        need(1 <= self.quorum <= administrators and (administrators < 2 or self.quorum >= 2), "roster: quorum")
        need(self.time <= self.expires <= self.time + 604_800, "roster: expires")

    @property
    def administrators(self):
        return {name for name, role, _ in self.roles if role == "administrator"}

    @property
    def people(self):
        return {name for name, _ in self.keys}

    def vote_key(self, name):
        need((name, "vote") in self.keys, f"{name} has no vote key in roster {self.version}")
        return self.keys[name, "vote"]

    def signers(self, note):
        """Administrators of this version that have signed."""
        return {name for name in self.administrators if note.signed_by(name, self.vote_key(name))}

    def may_follow(self, before):
        """Rules 1 to 4; `before` is None for version 1."""
        signers = self.signers(self.note) | (before.signers(self.note) if before else set())
        need({line[0] for line in self.note.lines} <= signers, f"roster {self.version}: a signature line by nobody")
        if before is None:
            need(self.version == 1 and self.previous == bytes(32), "roster 1: not a first version")
            need(not self.documents, "roster 1: documents")
        else:
            need(self.version == before.version + 1 and self.previous == before.hash, f"roster {self.version}: not on top of the one before")
            need(self.instance == before.instance, f"roster {self.version}: another instance")
            need(self.log == before.log, f"roster {self.version}: another log")
            need(len(before.signers(self.note)) >= before.quorum, f"roster {self.version}: not signed by the quorum of the version before")
        need(len(self.signers(self.note)) >= self.quorum, f"roster {self.version}: not signed by its own quorum")


# 5. Documents


def canonical_json(data):
    need(len(data) <= 1 << 16, "document: too long")

    def members(pairs):
        need(len(dict(pairs)) == len(pairs), "document: a key twice")
        return dict(pairs)

    def no(value):
        raise Refused(f"document: {value} is no integer")

    def write(value):
        if isinstance(value, dict):
            pairs = sorted(value.items(), key=lambda pair: pair[0].encode())
            return "{" + ",".join(write(key) + ":" + write(member) for key, member in pairs) + "}"
        if isinstance(value, list):
            return "[" + ",".join(map(write, value)) + "]"
        if isinstance(value, str):
            need(unicodedata.is_normalized("NFC", value), "document: not NFC")
        return json.dumps(value, ensure_ascii=False)

    try:
        value = json.loads(data.decode("utf-8"), object_pairs_hook=members, parse_float=no, parse_constant=no)
        rendered = write(value).encode()
    except (ValueError, RecursionError) as error:
        raise Refused(f"document: {error}") from None
    need(rendered == data, "document: not canonical")
    return value


class Document:
    def __init__(self, data, kind, name):
        self.hash = H(data)
        self.kind = kind
        self.name = name
        self.members = canonical_json(data)
        need(isinstance(self.members, dict) and self.members.get("name") == name, f"document {kind} {name}: another name")
        if kind == "approval":
            self.quorum = self.get("quorum", int)
            self.roles = self.get("roles", list)
            self.days = self.get("days", int)
            need(self.quorum >= 1 and self.roles and 1 <= self.days <= 7, f"approval {name}: bounds")
            self.without_requester = self.members.get("withoutRequester", False) is True
        elif kind == "authority":
            self.spki = unbase64(self.get("publicKey", str), what="publicKey")
            self.alternative = unbase64(self.get("alternativePublicKey", str), what="second key") if "alternative" in self.members else None
            self.content = digest(self.get("content", str))
            self.purposes = self.get("purposes", list)
            need(not {"authority", "certificate"} <= set(self.purposes), f"authority {name}: purposes")
            self.profiles = self.members.get("profiles", [])
            self.issuer = self.members.get("issuer", name)
        else:
            self.authority = self.get("authority", str)
            self.approval = self.get("approval", str)
            self.keys = self.get("keys", list)

    def get(self, key, form):
        value = self.members.get(key)
        need(isinstance(value, form) and not isinstance(value, bool), f"document {self.kind} {self.name}: {key}")
        return value


# 6. to 8. Statement, submission, vote


class Statement:
    def __init__(self, data):
        self.hash = H(data)
        lines = Lines(data, "assay/statement/v1")
        self.instance = matched(INSTANCE, lines.word("instance"), "instance")
        self.kind = lines.word("kind")
        need(self.kind == "certificate", f"statement of kind {self.kind}")
        self.subject = matched(IDENTIFIER, lines.word("subject"), "subject")
        self.requester = matched(HANDLE + "|-", lines.word("requester"), "requester")
        version, roster = lines.words("roster", 2)
        self.roster = (number(version), digest(roster))
        self.documents = {}
        for key, kind in (("policy", "approval"), ("profile", "profile"), ("authority", "authority")):
            name, value = lines.words(key, 2)
            self.documents[kind] = (handle(name), digest(value))
        self.request = digest(lines.word("request"))
        self.content = digest(lines.word("content"))
        self.opened = number(lines.word("opened"))
        self.expires = number(lines.word("expires"))
        lines.end()


class Submission:
    def __init__(self, note):
        self.note = note
        lines = Lines(note.text, "assay/submit/v1")
        self.instance = matched(INSTANCE, lines.word("instance"), "instance")
        self.subject = matched(IDENTIFIER, lines.word("subject"), "subject")
        self.requester = handle(lines.word("requester"))
        name, value = lines.words("profile", 2)
        self.profile = (handle(name), digest(value))
        self.request = digest(lines.word("request"))
        self.time = number(lines.word("time"))
        lines.end()


class Vote:
    def __init__(self, note):
        self.note = note
        self.hash = note.hash
        lines = Lines(note.text, "assay/vote/v1")
        self.instance = matched(INSTANCE, lines.word("instance"), "instance")
        self.voter = handle(lines.word("voter"))
        self.decision = matched("approve|reject", lines.word("decision"), "decision")
        self.time = number(lines.word("time"))
        self.reason = digest(lines.word("reason"))
        self.kind = lines.word("kind")
        self.statements = [digest(word) for (word,) in lines.many("statement", 1)]
        lines.end()
        need(1 <= len(self.statements) <= 1000, "vote: statements")


# 9. Ledger


class Entry:
    def __init__(self, data):
        need(len(data) <= 16_384, "entry: too long")
        try:
            self.members = cbor2.loads(data)
            again = cbor2.dumps(self.members, canonical=True)
        except (cbor2.CBORError, ValueError, TypeError, RecursionError, OverflowError) as error:
            raise Refused(f"entry: {error}") from None
        need(again == data and isinstance(self.members, dict), "entry: not deterministic CBOR")
        need(all(type(key) is int and 0 <= key < 24 for key in self.members), "entry: keys")
        need(self.members.get(0) == 1 and isinstance(self.members.get(2), int), "entry: version, time")
        self.type = self.members.get(1)
        self.time = self.members[2]
        self.digests = self.members.get(5, {})
        need(isinstance(self.digests, dict), "entry: digests")


def leaf_hash(entry):
    return H(b"\x00" + entry)


def root_from(leaf, index, size, path):
    need(index < size, "proof: index")
    f, s, r = index, size - 1, leaf
    for p in path:
        need(s, "proof: the path is too long")
        if f & 1 or f == s:
            r = H(b"\x01" + p + r)
            while not f & 1 and f:
                f, s = f >> 1, s >> 1
        else:
            r = H(b"\x01" + r + p)
        f, s = f >> 1, s >> 1
    need(s == 0, "proof: the path is too short")
    return r


class Proof:
    def __init__(self, data, log):
        head, gap, note = data.partition(b"\n\n")
        need(gap, "proof: no empty line")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            raise Refused("proof: not ASCII") from None
        need(lines.pop(0) == "c2sp.org/tlog-proof@v1" and lines and lines[0].startswith("index "), "proof: not a tlog-proof")
        self.index = number(lines.pop(0)[6:])
        need(len(lines) <= 63, "proof: the path is too long")
        self.path = [digest(line) for line in lines]
        checkpoint = Note(note, "checkpoint")
        log.verify(checkpoint)
        need(checkpoint.text.count(b"\n") == 3, "checkpoint: three lines")
        origin, size, root = checkpoint.text[:-1].decode("utf-8").split("\n")
        need(origin == log.name, "checkpoint: another origin")
        self.size = number(size)
        self.root = digest(root)

    def verify(self, entry):
        need(root_from(leaf_hash(entry), self.index, self.size, self.path) == self.root, "proof: another root")


# 10. Anchor


def anchor_lines(data, key):
    """Texts of the anchor's lines."""
    mac = bytes(32)
    texts = []
    for line in data.decode("ascii").splitlines():
        text, _, given = line.rpartition(" ")
        mac = hmac.digest(key, mac + text.encode(), "sha256")
        need(hmac.compare_digest(mac, unbase64(given, 32)), f"anchor: {text}")
        texts.append(text)
    return texts


# 9. Rows


def row_digest(kind, **columns):
    """What an entry says of a row that it left in the node's tables."""
    text = f"assay/row/v1\n{kind}\n".encode()
    for name, value in sorted(columns.items()):
        text += name.encode() + b" "
        if value is None:
            text += b"null\n"
        elif isinstance(value, int):
            text += f"integer {value}\n".encode()
        elif isinstance(value, str):
            text += f"text {len(value.encode())}\n".encode() + value.encode() + b"\n"
        else:
            text += f"blob {len(value)}\n".encode() + value + b"\n"
    return H(text)
