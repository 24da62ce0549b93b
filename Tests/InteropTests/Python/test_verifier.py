"""The verifier's own tests: it takes what is right, and each thing that is wrong is refused for its own reason."""
import unittest

import make_demo_fixture as fixture
import verify_demo
from formats import H, Note, Person, Refused, Roster
from make_demo_fixture import House, b64, new_key, note, spki


class Verifier(unittest.TestCase):
    def refused(self, reason, files, pin=None):
        with self.assertRaisesRegex(Refused, reason):
            verify_demo.verify(files, pin)

    def test_a_good_folder(self):
        files = House().files()
        pin = Note(files["roster/1.txt"], "roster").hash
        self.assertEqual(len(verify_demo.verify(files, pin)), 8)
        self.refused("not the pinned one", files, H(b"another"))

    def test_one_byte_changed_in_each_file(self):
        files = House().files()
        self.assertEqual(verify_demo.flip(files, None, 8), 8 * len(files))

    def test_flipping_notices_what_is_not_refused(self):
        files = House().files()
        original, verify_demo.verify = verify_demo.verify, lambda files, pin: []
        try:
            with self.assertRaisesRegex(Refused, "was not refused"):
                verify_demo.flip(files, None, 1)
        finally:
            verify_demo.verify = original

    def test_files(self):
        files = House().files()
        for name in files:
            with self.subTest(name):
                self.refused(".", {key: data for key, data in files.items() if key != name})
        self.refused("nothing describes", {**files, "more.txt": b""})
        self.refused("one PEM block", {**files, "device.pem": files["device.pem"] + files["issuing.pem"]})
        self.refused("one PEM block", {**files, "device.pem": b"text\n" + files["device.pem"]})
        self.refused("documents", {**files, "documents/old.json": b"{}"})

    def test_votes(self):
        def replaced(old, new):
            return lambda text: text.replace(old, new)

        for reason, edits in (
            ("no approval", {"vote_officer_1": replaced("approve", "reject")}),
            ("another statement", {"vote_officer_1": lambda text: text[: text.index("statement ")] + f"statement {b64(H(b'other'))}\n"}),
            ("another instance", {"vote_officer_1": replaced("instance 7f", "instance 00")}),
            ("instance or kind", {"vote_officer_1": replaced("kind certificate", "kind revocation")}),
            ("time", {"vote_officer_1": replaced(f"time {fixture.OPENED + 60}", f"time {fixture.OPENED - 301}")}),
            ("time", {"vote_officer_1": replaced(f"time {fixture.OPENED + 60}", f"time {fixture.OPENED + 371}")}),
            ("another voter", {"vote_officer_1": replaced("voter officer-1", "voter officer-2")}),
        ):
            with self.subTest(reason):
                self.refused(reason, House(**edits).files())

    def test_who_votes(self):
        house = House()
        house.vote["officer-2"] = house.vote["officer-1"]
        self.refused("one key on two lines", house.files())
        house = House()
        house.voters = ["officer-1"]
        self.refused("votes: 1 of 2", house.files())
        house = House()
        house.voters = ["officer-1", "officer-3"]
        self.refused("by the requester", house.files())
        house = House()
        house.voters = ["officer-1", "admin"]
        self.refused("no role", house.files())
        house = House()
        house.roles[1] = "role officer-2 registration-officer another-profile"
        self.refused("no role", house.files())
        house = House()
        files = house.files()
        text = Note(files["votes/officer-1.txt"], "vote").text
        self.refused("not signed", {**files, "votes/officer-1.txt": note(text, ("officer-1", new_key()))})
        self.refused("one signature line", {**files, "votes/officer-1.txt": note(text, *[("officer-1", house.vote["officer-1"])] * 2)})
        self.refused("not signed", {**files, "votes/officer-1.txt": note(text, ("officer-1", house.login["officer-1"]))})

    def test_statement(self):
        def line(key, value):
            return lambda text: "".join(f"{key} {value}\n" if one.startswith(key + " ") else one for one in text.splitlines(True))

        for reason, edit in (
            ("not in the chain", line("roster", f"5 {b64(H(b'other'))}")),
            ("not in force", line("policy", f"two-officers {b64(H(b'other'))}")),
            ("open too long", line("expires", fixture.OPENED + 604_801)),
            ("outside the statement's time", line("expires", fixture.OPENED + 70)),
            ("kind", line("kind", "release")),
            ("another content", line("content", b64(H(b"other")))),
            ("another one than was voted on|another statement", line("request", b64(H(b"other")))),
            ("notBefore", line("opened", fixture.OPENED + 1)),
            ("missing|expected here", lambda text: text.replace(f"opened {fixture.OPENED}\n", "")),
            ("behind the end", lambda text: text + "more 1\n"),
            ("number", line("opened", f"0{fixture.OPENED}")),
        ):
            with self.subTest(reason):
                self.refused(reason, House(statement=edit).files())

    def test_a_weaker_policy_of_something_else(self):
        def documents(given):
            return {**given, ("approval", "one-officer"): {"name": "one-officer", "quorum": 1, "days": 7, "roles": ["registration-officer"]}}

        weak = fixture.canonical(documents({})["approval", "one-officer"])

        def statement(text):
            return "".join(f"policy one-officer {b64(H(weak))}\n" if line.startswith("policy ") else line for line in text.splitlines(True))

        house = House(documents=documents, statement=statement)
        house.voters = ["officer-1"]
        self.refused("another policy", house.files())

    def test_documents(self):
        def edited(kind, which, **members):
            return lambda given: {**given, (kind, which): {**given[kind, which], **members}}

        for reason, edit in (
            ("bounds|quorum", edited("approval", "two-officers", quorum=0)),
            ("quorum", edited("approval", "two-officers", quorum=True)),
            ("bounds", edited("approval", "two-officers", days=8)),
            ("may not issue", edited("authority", "devices", purposes=["crl"])),
            ("may not issue", edited("authority", "devices", profiles=[])),
            ("purposes", edited("authority", "devices", purposes=["authority", "certificate"])),
            ("another authority", edited("profile", "device-identity", authority="root")),
            ("no root", edited("authority", "root", purposes=["certificate"])),
            ("another content", edited("authority", "devices", content=b64(H(b"other")))),
            ("another key", edited("authority", "devices", publicKey=b64(spki(new_key())))),
            ("another name", edited("authority", "devices", name="root")),
            ("share a content", lambda given: {key: {**members, "content": b64(H(b""))} if key[0] == "authority" else members for key, members in given.items()}),
        ):
            with self.subTest(reason):
                self.refused(reason, House(documents=edit).files())

    def test_certificates(self):
        house = House()
        house.device_key = house.login["officer-1"]
        self.refused("person's key", house.files())
        self.refused("an authority", House(authority=lambda _: True).files())
        self.refused("another key than the request's", House(csr_key=lambda _: new_key()).files())

    def test_submission(self):
        self.refused("another statement", House(submission=lambda text: text.replace("requester officer-3", "requester officer-1")).files())
        self.refused("another statement", House(submission=lambda text: text.replace("subject 01", "subject 02")).files())
        house = House()
        files = house.files()
        text = Note(files["submission.txt"], "submission").text
        self.refused("not signed", {**files, "submission.txt": note(text, ("officer-3", house.vote["officer-1"]))})

    def test_entry(self):
        for reason, edit in (
            ("other digests", lambda entry: {**entry, 5: {**entry[5], 2: H(b"other")}}),
            ("other digests", lambda entry: {**entry, 5: {key: value for key, value in entry[5].items() if key != 6}}),
            ("other digests", lambda entry: {**entry, 5: {**entry[5], 3: H(b"other")}}),
            ("other digests", lambda entry: {**entry, 5: {**entry[5], 7: H(b"other")}}),
            ("other digests", lambda entry: {**entry, 5: {**entry[5], 8: H(b"other")}}),
            ("other digests", lambda entry: {**entry, 5: {**entry[5], 9: H(b"other")}}),
            ("another request", lambda entry: {**entry, 8: bytes(16)}),
            ("no voter", lambda entry: {**entry, 3: bytes(16)}),
            ("another event", lambda entry: {**entry, 1: "vote.cast"}),
            ("roster version", lambda entry: {**entry, 7: 6}),
            ("keys", lambda entry: {**entry, 24: 1}),
            ("version, time", lambda entry: {**entry, 0: 2}),
        ):
            with self.subTest(reason):
                self.refused(reason, House(entry=edit).files())
        files = House().files()
        self.refused("log's key", {**files, "device.tlog-proof": House().files()["device.tlog-proof"]})

    def test_persons(self):
        self.refused("another instance", House(person_officer_1=lambda text: text.replace(fixture.INSTANCE, "-")).files())
        house = House()
        files = house.files()
        other = House()
        self.refused("other keys", {**files, "persons/officer-1.txt": other.files()["persons/officer-1.txt"]})
        person = Person(Note(files["persons/officer-1.txt"], "person"))
        self.assertRegex(person.fingerprint, r"\A[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){3}\Z")


class Chain(unittest.TestCase):
    """Rules of docs/formats.md, section 4."""

    def setUp(self):
        self.house = House()
        self.one = self.made(1, bytes(32), ["admin"])

    def made(self, version, previous, people, *signers, edit=lambda text: text):
        text = edit(self.house.roster(version, previous, people, {}))
        return Roster(Note(note(text, *(signers or [("admin", self.house.vote["admin"])])), "roster"))

    def refused(self, reason, make):
        with self.assertRaisesRegex(Refused, reason):
            make()

    def second(self, *signers, edit=lambda text: text, people=("admin", "officer-1")):
        self.made(2, self.one.hash, list(people), *signers, edit=edit).may_follow(self.one)

    def test_rules(self):
        self.one.may_follow(None)
        self.second()
        key = self.house.vote["admin"]
        self.refused("not signed by", lambda: self.second(("admin", new_key())))
        self.refused("by nobody", lambda: self.second(("admin", key), ("officer-1", self.house.vote["officer-1"])))
        self.refused("on top", lambda: self.second(edit=lambda text: text.replace("version 2", "version 3")))
        self.refused("on top", lambda: self.second(edit=lambda text: text.replace(b64(self.one.hash), b64(bytes(32)))))
        self.refused("another instance", lambda: self.second(edit=lambda text: text.replace("instance 7f", "instance 00")))
        self.refused("quorum", lambda: self.second(edit=lambda text: text.replace("quorum 1", "quorum 0")))
        self.refused("quorum", lambda: self.second(edit=lambda text: text.replace("quorum 1", "quorum 2")))
        self.refused("expires", lambda: self.second(edit=lambda text: text.replace("expires 1", "expires 2")))
        self.refused("sorted", lambda: self.second(edit=lambda text: text + text.splitlines()[-2] + "\n"))
        self.refused("not a first version", lambda: self.made(2, self.one.hash, ["admin"]).may_follow(None))

    def test_two_administrators(self):
        self.house.roles.append("role officer-1 administrator *")
        self.refused("quorum", self.second)
        both = [(name, self.house.vote[name]) for name in ("admin", "officer-1")]
        two = lambda text: text.replace("quorum 1", "quorum 2")
        self.refused("its own quorum", lambda: self.second(edit=two))
        self.second(*both, edit=two)
        # The one who comes in cannot do without the one who was there.
        self.refused("version before", lambda: self.second(both[1], edit=two))
        self.refused("two lines", lambda: self.second(*both, both[1], edit=two))

    def test_a_key_is_not_replaced_in_place(self):
        old = self.house.vote["admin"]
        new = self.house.vote["admin"] = new_key()
        self.refused("two lines", lambda: self.second(("admin", old), ("admin", new)))
        self.refused("not signed by", lambda: self.second(("admin", new)))
        self.refused("not signed by", lambda: self.second(("admin", old)))

    def test_another_log(self):
        self.house.vkey = House().vkey
        self.refused("another log", self.second)

    def test_roles_and_keys(self):
        narrow = lambda text: text.replace("role admin administrator *", "role admin administrator device-identity")
        self.refused("narrow", lambda: self.second(edit=narrow))
        self.refused("without", lambda: self.second(edit=lambda text: text.replace("role officer-1 registration-officer *\n", "")))


if __name__ == "__main__":
    unittest.main()
