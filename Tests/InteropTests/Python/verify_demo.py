"""Verifies a folder of evidence (docs/formats.md, section 11) without the server, and without trust in it.

    verify_demo.py FOLDER [--pin H]      says what was checked; exit status 1 when something is refused
    verify_demo.py FOLDER --flip [N]     changes one byte at N places of each file, one at a time: each must be refused

The pin is H(roster 1), as `assay init` printed it; without it, the folder is only shown to agree with itself.
"""
import argparse
import base64
import datetime
import pathlib
import sys

from formats import (
    Document, Entry, H, LogKey, Note, Person, Proof, Refused, Roster, Statement, Submission, Vote, need, row_digest, unbase64,
)
from x509 import Certificate, Request

SINGLE = "root.pem issuing.pem device.pem device.csr statement.txt submission.txt device.entry device.tlog-proof log.vkey".split()
# A device with two keys, and the authority above it: both or neither.
HYBRID = ("hybrid-issuing.pem", "hybrid.pem")
NOT_EVIDENCE = {"transcript.txt"}


def load(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and str(path.relative_to(folder)) not in NOT_EVIDENCE
    }


def below(files, folder):
    return {name[len(folder) + 1 :]: data for name, data in files.items() if name.startswith(folder + "/")}


def verify(files, pin=None):
    """What was checked, one line each. Raises Refused."""
    said = []
    folders = {name: below(files, name) for name in ("roster", "documents", "persons", "votes")}
    unknown = set(files) - set(SINGLE) - set(HYBRID) - {f"{folder}/{name}" for folder, names in folders.items() for name in names}
    need(not unknown, f"files that nothing describes: {sorted(unknown)}")
    for name in SINGLE:
        need(name in files, f"{name} is missing")

    # Roster
    chain = []
    need(set(folders["roster"]) == {f"{n}.txt" for n in range(1, len(folders["roster"]) + 1)}, "roster: versions with gaps")
    for n in range(1, len(folders["roster"]) + 1):
        roster = Roster(Note(folders["roster"][f"{n}.txt"], f"roster {n}"))
        roster.may_follow(chain[-1] if chain else None)
        chain.append(roster)
    need(chain, "roster: no version")
    need(pin in (None, chain[0].hash), "roster 1 is not the pinned one")
    present = chain[-1]
    said.append(f"roster 1 to {present.version}: each signed by the quorum before and its own; roster 1 is {base64.b64encode(chain[0].hash).decode()}")

    # Persons
    persons = {}
    for name, data in folders["persons"].items():
        person = Person(Note(data, f"person {name}"))
        need(name == person.name + ".txt", f"persons/{name}: another person")
        founder = person.name in chain[0].administrators and person.vote == chain[0].vote_key(person.name)
        need(person.instance == ("-" if founder and person.instance == "-" else present.instance), f"persons/{name}: another instance")
        keys = (present.keys.get((person.name, "login")), present.keys.get((person.name, "vote")))
        need(keys == (person.login, person.vote), f"persons/{name}: other keys than in the roster")
        persons[person.name] = person
    need(set(persons) == present.people, "persons: not those of the roster")
    said.append(f"{len(persons)} persons: each signed by their own vote key, with the roster's keys")

    # Documents
    held = {H(data): data for data in folders["documents"].values()}
    need(len(held) == len(folders["documents"]) and set(held) == set(present.documents.values()), "documents: not those of the roster")
    documents = {key: Document(held[value], *key) for key, value in present.documents.items()}
    authorities = {name: document for (kind, name), document in documents.items() if kind == "authority"}
    for unique in ("spki", "content"):
        need(len({getattr(document, unique) for document in authorities.values()}) == len(authorities), f"authorities share a {unique}")
    said.append(f"{len(documents)} documents: canonical, with the roster's hashes")

    # Statement
    statement = Statement(files["statement.txt"])
    need(statement.instance == present.instance, "statement: another instance")
    need(statement.roster in {(roster.version, roster.hash) for roster in chain}, "statement: its roster is not in the chain")
    for kind, (name, value) in statement.documents.items():
        need(present.documents.get((kind, name)) == value, f"statement: {kind} {name} is not in force")
    policy, profile, authority = (documents[kind, statement.documents[kind][0]] for kind in ("approval", "profile", "authority"))
    need(profile.approval == policy.name, "statement: the profile asks for another policy")
    need(profile.authority == authority.name, "statement: the profile belongs to another authority")
    need("certificate" in authority.purposes and profile.name in authority.profiles, "statement: the authority may not issue this")
    need(statement.opened < statement.expires <= statement.opened + min(policy.days, 7) * 86_400, "statement: open too long")
    said.append(f"statement {base64.b64encode(statement.hash).decode()}: its documents are in force and fit one another")

    # Entry, and with it the time at which all this had to hold
    entry = Entry(files["device.entry"])
    now = entry.time // 1000
    need(entry.type == "certificate.issue", "entry: another event")
    need(statement.opened - 300 <= now < statement.expires, "entry: outside the statement's time")

    # Submission
    submission = Submission(Note(files["submission.txt"], "submission"))
    need(
        (submission.instance, submission.subject, submission.requester, submission.profile, submission.request)
        == (statement.instance, statement.subject, statement.requester, statement.documents["profile"], statement.request),
        "submission: of another statement",
    )
    need(abs(submission.time - statement.opened) <= 86_400, "submission: not of the statement's day")
    scopes = {scope for person, role, scope in present.roles if (person, role) == (submission.requester, "registration-officer")}
    need(scopes & {"*", profile.name}, "submission: the requester is no registration officer for this profile")
    submission.note.signed_only_by(submission.requester, present.vote_key(submission.requester))
    said.append(f"submission: signed by {submission.requester}")

    # Votes
    approvals = {}
    for name, data in folders["votes"].items():
        vote = Vote(Note(data, f"vote {name}"))
        need(name == vote.voter + ".txt", f"votes/{name}: another voter")
        vote.note.signed_only_by(vote.voter, present.vote_key(vote.voter))
        need(vote.instance == statement.instance and vote.kind == statement.kind, f"vote {name}: of another instance or kind")
        need(vote.decision == "approve", f"vote {name}: no approval")
        need(statement.hash in vote.statements, f"vote {name}: on another statement")
        need(statement.opened - 300 <= vote.time <= now + 300, f"vote {name}: time")
        need(vote.voter != statement.requester, f"vote {name}: by the requester")
        roles = {role for person, role, scope in present.roles if person == vote.voter and scope in ("*", profile.name)}
        need(roles & set(policy.roles), f"vote {name}: no role of the policy")
        approvals[vote.voter] = vote
    need(len(approvals) >= policy.quorum, f"votes: {len(approvals)} of {policy.quorum}")
    said.append(f"{len(approvals)} votes of {policy.quorum}: {', '.join(sorted(approvals))}; none by the requester")

    # Certificates
    root, issuing, device = (Certificate(files[name]) for name in ("root.pem", "issuing.pem", "device.pem"))
    above = authorities.get(authority.issuer)
    need(above and above.issuer == above.name and "authority" in above.purposes, "authority: its issuer is no root of the roster")
    for certificate, document in ((root, above), (issuing, authority)):
        need(certificate.content == document.content, f"authority {document.name}: another content")
        need(certificate.spki == document.spki, f"authority {document.name}: another key")
    root.verify_issued_by(root)
    issuing.verify_issued_by(root)
    device.verify_issued_by(issuing)
    need(device.content == statement.content, "device: another content than was voted on")
    need(not device.is_authority, "device: an authority")
    request = Request(files["device.csr"])
    need(request.hash == statement.request, "request: another one than was voted on")
    need(request.spki == device.spki, "device: another key than the request's")
    taken = {document.spki for document in authorities.values()} | set(present.keys.values())
    need(device.spki not in taken, "device: an authority's or a person's key")
    validity = profile.members.get("validity")
    need(isinstance(validity, dict), "profile: validity")
    begins = datetime.datetime.fromtimestamp(statement.opened - validity.get("skew", 300), datetime.timezone.utc)
    need(device.parsed.not_valid_before_utc == begins, "device: notBefore")
    said.append("certificates: contents as the roster and the votes say, each signed by the key above; the request's key, possessed")

    if set(HYBRID) & set(files):
        need(set(HYBRID) <= set(files), "hybrid: a certificate without the other")
        middle, hybrid = (Certificate(files[name]) for name in HYBRID)
        documented = [document for document in authorities.values() if document.content == middle.content]
        need(len(documented) == 1 and documented[0].spki == middle.spki, "hybrid: its authority is not in the roster")
        need(documented[0].alternative == middle.alternative_key is not None, "hybrid: its authority has another second key")
        middle.verify_issued_by(root)
        hybrid.verify_issued_by(middle)
        need(not hybrid.is_authority and hybrid.alternative_key is not None, "hybrid: a device has a second key")
        said.append("hybrid: a device with two keys, each certificate up to the root signed twice, classically and by ML-DSA-65")

    # Ledger
    digests = {
        0: request.hash,
        1: device.content,
        2: device.hash,
        4: H(b"".join(sorted(vote.hash for vote in approvals.values()))),
        5: submission.note.hash,
        6: statement.hash,
    }
    subject = bytes.fromhex(statement.subject.replace("-", ""))
    digests[3] = row_digest(
        "certificate",
        authority=authority.name,
        created=entry.members[2] // 1000,
        der=device.der,
        fingerprint=device.hash,
        not_after=int(device.parsed.not_valid_after_utc.timestamp()),
        request_id=subject,
        serial=device.serial,
        statement_hash=statement.hash,
    )
    digests[7] = row_digest(
        "request.decision",
        certificate=device.hash,
        decided_by=None,
        id=subject,
        reason=None,
        state="issued",
        submission=files["submission.txt"].decode(),
    )
    digests[8] = H(device.spki)
    if device.alternative_key is not None:
        digests[9] = H(device.alternative_key)
    need(entry.digests == digests, "entry: other digests")
    need(entry.members.get(8) == subject, "entry: another request")
    need(entry.members.get(3) in {persons[name].actor for name in approvals}, "entry: the actor is no voter")
    need(entry.members.get(7, present.version) in range(statement.roster[0], present.version + 1), "entry: roster version")
    need(files["log.vkey"] == present.log.encode() + b"\n", "log.vkey: not the roster's")
    proof = Proof(files["device.tlog-proof"], LogKey(present.log))
    proof.verify(files["device.entry"])
    said.append(f"ledger: entry {proof.index} of {proof.size} has these digests, under a checkpoint by the roster's log key")
    return said


def flipped(name, data, count):
    """`data` with one byte changed, at up to `count` places spread over what means something; each place once."""
    places = range(len(data))
    if name.endswith((".pem", ".csr")):
        body = data.index(b"-----\n") + 6
        places = [at for at in range(body, data.rindex(b"-----END")) if data[at : at + 1].isalnum()]
    count = min(count, len(places))
    for n in range(count):
        at = places[n * len(places) // count + len(places) // count // 2]
        byte = data[at] ^ 1
        if name.endswith((".pem", ".csr")):
            # Another character of the alphabet: the block stays readable, the DER differs.
            alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
            byte = alphabet[alphabet.index(data[at]) ^ 1]
        yield at, data[:at] + bytes([byte]) + data[at + 1 :]


def flip(files, pin, count):
    """How many changed folders were refused. Raises Refused for the first that was not."""
    refused = 0
    for name, data in files.items():
        for at, changed in flipped(name, data, count):
            try:
                verify({**files, name: changed}, pin)
            except Refused:
                refused += 1
            else:
                raise Refused(f"{name} with byte {at} changed was not refused")
    return refused


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--pin", help="H(roster 1) in base64")
    parser.add_argument("--flip", type=int, nargs="?", const=8, metavar="N")
    arguments = parser.parse_args()
    try:
        pin = unbase64(arguments.pin, 32, "pin") if arguments.pin else None
        files = load(arguments.folder)
        said = verify(files, pin)
        if arguments.flip:
            said = [f"{flip(files, pin, arguments.flip)} changed folders, one byte in each, in {len(files)} files: all refused"]
    except Refused as refusal:
        print(f"refused: {refusal}")
        return 1
    for line in said:
        print(f"ok  {line}")
    if not pin:
        print("not pinned: compare roster 1's hash with the one that `assay init` printed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
