"""Every vector of docs/formats.md, section 12, read from the page itself."""
import base64
import pathlib
import re
import unittest

from formats import Entry, H, LogKey, Note, Person, Proof, Roster, Statement, Submission, Vote, anchor_lines, leaf_hash, unbase64

PAGE = (pathlib.Path(__file__).parents[3] / "docs" / "formats.md").read_text(encoding="utf-8")
MAC_KEY = bytes(range(32))


def blocks():
    """Title → (stated length, stated hash, words before the block, block)."""
    pattern = r"### ([^\n]+): (\d+) bytes, (?:H =|leaf hash) (\S+)\n\n(?:([^\n`]*(?:`[^`\n]*`[^\n`]*)*)\n\n)?```\n(.*?\n)```"
    section = PAGE[PAGE.index("## 12.") :]
    return {match[1]: (int(match[2]), match[3], match[4] or "", match[5].encode()) for match in re.finditer(pattern, section, re.DOTALL)}


class Vectors(unittest.TestCase):
    def setUp(self):
        self.blocks = blocks()

    def text(self, title):
        return self.blocks[title][3]

    def note(self, title):
        return Note(self.text(title), title)

    def test_all_are_read(self):
        self.assertEqual(len(self.blocks), PAGE[PAGE.index("## 12.") :].count("\n```\n") // 2)
        self.assertEqual(len(self.blocks), 18)

    def test_lengths_and_hashes(self):
        for title, (length, stated, _, block) in self.blocks.items():
            with self.subTest(title):
                if title == "entry":
                    continue
                plain = ("statement", "allowance", "revocation", "draw", "proof", "anchor", "anchor with an allowance")
                data = block if title in plain else Note(block, title).text
                self.assertEqual(len(data), length)
                self.assertEqual(H(data), unbase64(stated))

    def test_persons(self):
        rosters = [Roster(self.note("roster 1")), Roster(self.note("roster 2"))]
        for name in ("ada", "ben", "cyd"):
            person = Person(self.note(f"person {name}"))
            self.assertIn(person.fingerprint, self.blocks[f"person {name}"][2])
            self.assertEqual((person.login, person.vote), (rosters[1].keys[name, "login"], rosters[1].keys[name, "vote"]))

    def test_rosters(self):
        one, two = Roster(self.note("roster 1")), Roster(self.note("roster 2"))
        one.may_follow(None)
        two.may_follow(one)
        self.assertEqual(two.administrators, {"ada", "dee"})
        words = {"approval": b"policy", "authority": b"authority", "profile": b"profile"}
        for (kind, _), value in two.documents.items():
            self.assertEqual(value, H(words[kind]))

    def test_statement_submission_votes(self):
        roster = Roster(self.note("roster 2"))
        statement = Statement(self.text("statement"))
        self.assertEqual(statement.roster, (2, roster.hash))
        submission = Submission(self.note("submission"))
        submission.note.signed_only_by("ada", roster.vote_key("ada"))
        self.assertEqual((submission.subject, submission.request), (statement.subject, statement.request))
        for title, voter in (("vote 1, by ben", "ben"), ("vote 2, by cyd", "cyd"), ("vote 3, by ben, on three statements", "ben")):
            vote = Vote(self.note(title))
            vote.note.signed_only_by(voter, roster.vote_key(voter))
            self.assertIn(statement.hash, vote.statements)

    def test_entry(self):
        length, stated, _, block = self.blocks["entry"]
        data = bytes.fromhex(block.decode().strip())
        entry = Entry(data)
        self.assertEqual((len(data), leaf_hash(data).hex()), (length, stated))
        votes = sorted(self.note(title).hash for title in ("vote 1, by ben", "vote 2, by cyd"))
        wish = self.note("submission").hash
        self.assertEqual(
            entry.digests, {0: H(b"csr"), 1: H(b"tbs"), 2: H(b"cert"), 4: H(b"".join(votes)), 5: wish, 6: H(self.text("statement"))}
        )
        self.assertEqual(entry.members[3], Person(self.note("person cyd")).actor)

    def test_checkpoint_and_proof(self):
        log = LogKey("assay.example/ledger+d2b49cbb+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4")
        log.verify(self.note("checkpoint"))
        proof = Proof(self.text("proof"), log)
        proof.verify(b"entry-5")
        self.assertEqual((proof.index, proof.size), (5, 8))

    def test_anchor(self):
        texts = anchor_lines(self.text("anchor"), MAC_KEY)
        self.assertEqual([text.split(" ")[0] for text in texts], ["assay/anchor/v1", "roster", "head", "roster", "closed", "stop"])

    def test_anchor_with_an_allowance(self):
        texts = anchor_lines(self.text("anchor with an allowance"), MAC_KEY)
        self.assertEqual(texts[-1].split(" ")[0], "reserve")
        number, until = texts[-2].split(" ")[3:]
        self.assertEqual(texts[-2].split(" ")[2], base64.b64encode(H(self.text("allowance"))).decode())
        self.assertIn(f"number {number}\n".encode(), self.text("allowance"))
        self.assertIn(f"until {until}\n".encode(), self.text("allowance"))
        allowance = f"allowance {texts[-2].split(' ')[1]} {texts[-2].split(' ')[2]}\n"
        self.assertIn(allowance.encode(), self.text("draw"))

    def test_head(self):
        import hmac

        checkpoint = self.note("checkpoint").text.decode()
        text = "assay/head/v1\n7f3a0000000000000000000000000001\n" + checkpoint
        self.assertIn(hmac.digest(MAC_KEY, text.encode(), "sha256").hex(), PAGE)


if __name__ == "__main__":
    unittest.main()
