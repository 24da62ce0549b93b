import Approval
import Basics
import Crypto
import PKIX
import Proofs
import Testing

/// Texts whose length, hash and signatures were made by an independent program.
@Suite("Vectors of docs/formats.md")
struct VectorTests {
    static func digest(_ base64: String) throws -> Digest32 { try #require(Digest32(base64: base64)) }

    @Test("The keys are those of the stated scalars")
    func keys() throws {
        let roster = try Roster(text: SignedNote("roster", Vectors.rosterTwo).text)
        let house = try TestHouse()
        for name in ["ada", "ben", "cyd", "dee"] {
            let person = try house.person(name)
            #expect(roster.keys.filter { $0.person == person.handle } == person.keys)
            #expect(roster.person(withLoginKey: person.login.publicKey.digest) == person.handle)
        }
        #expect(roster.log == house.logKey)
        #expect(roster.log.vkey == "assay.example/ledger+d2b49cbb+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4")
    }

    @Test("Rosters 1 and 2: length, hash, signatures, and the second on top of the first")
    func chain() throws {
        let one = try SignedNote("roster", Vectors.rosterOne)
        let two = try SignedNote("roster", Vectors.rosterTwo)
        let pin = try Self.digest("JCmqT2wJucUaTeWoZx9Dj9NMg41WcMMsUGsd0toD+rg=")
        let second = try Self.digest("98imSfTIcSslYkv1UW39MT538keWVJ7wikBluyMNLhg=")
        #expect((one.text.utf8.count, try Roster(text: one.text).digest) == (559, pin))
        #expect((two.text.utf8.count, try Roster(text: two.text).digest) == (1741, second))
        #expect((one.rendered, two.rendered) == (Vectors.rosterOne, Vectors.rosterTwo))
        let first = try Charter(first: one, pin: pin)
        #expect(first.digests == [pin])
        #expect(try first.missingSignatures(two) == 0)
        // The documents are mere words: every rule of the chain comes before them, and is kept.
        #expect(
            refusal { try first.accepting(two, now: UTCTime(seconds: 1_763_998_300)) { _ in nil } }
                == .documentMissing("approval two-officers"))
        #expect(refusal { try first.accepting(two.damaged, now: nil) { _ in nil } } == .rosterSignatureInvalid("ada"))
        var parts = RosterParts(next: try Roster(text: two.text))
        parts.documents = []
        let house = try TestHouse()
        let three = try parts.roster.text.signed(by: [house.person("ada"), house.person("dee")])
        let charter = try Charter(chain: [one, two, three], pin: pin) { _ in nil }
        #expect(Array(charter.digests.prefix(2)) == [pin, second])
    }

    @Test("Persons, with what they read aloud")
    func persons() throws {
        let ada = try Person(SignedNote("person", Vectors.ada))
        #expect((ada.text.utf8.count, ada.digest) == (327, try Self.digest("8nL5QzsNnwaimsOLp5JCHbzFXaCeESwHxF9FInxtJDw=")))
        #expect((ada.fingerprint, ada.instance) == ("Y9SF-JGSV-1PFG-D8MT", nil))
        let ben = try Person(SignedNote("person", Vectors.ben))
        #expect((ben.text.utf8.count, ben.digest) == (358, try Self.digest("DwUNIKj8eFKKzfRR5GpSDfR9wRulsVAxXml7o8xPZVI=")))
        #expect(ben.fingerprint == "1W2G-T858-ZHW5-52PD")
    }

    @Test("Statement: read, rendered, hashed")
    func statement() throws {
        let statement = try Statement(text: Vectors.statement)
        #expect(statement.text == Vectors.statement)
        #expect((statement.text.utf8.count, statement.digest) == (531, try Self.digest("d5yrmNCkz6GiXjG0RZKtrsU3BVQ+NtHNJIUN60Jxnaw=")))
        #expect(
            (statement.request, statement.content) == (Digest32(of: "csr"), try Self.digest("HvCue75M5smat0T+jCdYIXjWnGYFOO9qSyAc9alE4Xo="))
        )
        #expect(
            (statement.policy.digest, statement.profile.digest, statement.authority.digest)
                == (Digest32(of: "policy"), Digest32(of: "profile"), Digest32(of: "authority")))
        #expect((statement.opened.seconds, statement.expires.seconds, statement.rosterVersion) == (1_764_000_000, 1_764_086_400, 2))
    }

    @Test("Allowance: read, rendered, hashed")
    func allowance() throws {
        let allowance = try Allowance(text: Vectors.allowance)
        #expect(allowance.text == Vectors.allowance)
        #expect((allowance.text.utf8.count, allowance.digest) == (539, try Self.digest("Z96YHlaALsvcNi8K0buxkYrveFMFfYg0NrtU6MSOXpM=")))
        #expect((allowance.machine.name.description, allowance.node.description, allowance.number) == ("line-3", "node-1", 100))
        #expect((allowance.from.seconds, allowance.until.seconds) == (1_764_000_000, 1_764_604_800))
        #expect(allowance.wish == allowance.digest)
    }

    @Test("Draw: derived, hashed; its entry's object is the allowance's id and the number")
    func draw() throws {
        let draw = Draw(
            instance: try #require(Instance("7f3a0000000000000000000000000001")),
            subject: try #require(ID("01930f3e-0000-7000-8000-0000000000b1")), machine: try .named("line-3"), rosterVersion: 2,
            rosterDigest: try Self.digest("98imSfTIcSslYkv1UW39MT538keWVJ7wikBluyMNLhg="),
            allowance: try #require(ID("01930f3e-0000-7000-8000-0000000000a1")),
            allowanceDigest: try Allowance(text: Vectors.allowance).digest, number: 17, request: Digest32(of: "csr"),
            content: try Self.digest("HvCue75M5smat0T+jCdYIXjWnGYFOO9qSyAc9alE4Xo="), time: UTCTime(seconds: 1_764_000_060))
        #expect(draw.text == Vectors.draw)
        #expect((draw.text.utf8.count, draw.digest) == (409, try Self.digest("tu51mNgSMYRIxeH5uyOCBscVk8QPb5gyErBB1wb/qSg=")))
        #expect(draw.object.hex == "01930f3e0000700080000000000000a10000000000000011")
    }

    @Test("A statement is read as its own kind only, and nobody votes on a draw")
    func otherKinds() throws {
        #expect(refusal { try Statement(text: Vectors.allowance) } == .unknownKind("allowance"))
        #expect(refusal { try Statement(text: Vectors.draw) } == .unknownKind("draw"))
        #expect(refusal { try Allowance(text: Vectors.draw) } == .unknownKind("draw"))
        #expect(refusal { try Allowance(text: Vectors.statement) } == .unknownKind("certificate"))
        let vote = try SignedNote("vote", Vectors.vote1).text
        #expect(refusal { try Vote(text: vote.replacing(once: "kind certificate", "kind draw")) } == .unknownKind("draw"))
        _ = try Vote(text: vote.replacing(once: "kind certificate", "kind allowance"))
        let many = try SignedNote("vote", Vectors.vote3).text
        #expect(
            refusal { try Vote(text: many.replacing(once: "kind certificate", "kind allowance")) }
                == .malformed("vote", .value(key: "statement")))
    }

    @Test("Votes: read, rendered, hashed, verified by ben's key; any other decision has no signature")
    func votes() throws {
        let roster = try Roster(text: SignedNote("roster", Vectors.rosterTwo).text)
        for (vector, count, length, hash) in [
            (Vectors.vote1, 1, 223, "8bQqWr9IQnmTz64eQV8WKS1Mzi8eRvvk21kCNMeZQLM="),
            (Vectors.vote3, 3, 333, "ztu0Qc2uTd+iVsCsiJkCgpyl3nhCK4jTWywb8TGzMok="),
        ] {
            let note = try SignedNote("vote", vector)
            #expect(note.rendered == vector)
            let vote = try Vote(text: note.text)
            #expect(vote.text == note.text)
            #expect((vote.text.utf8.count, vote.digest) == (length, try Self.digest(hash)))
            #expect(vote.statements.count == count)
            #expect(vote.statements.contains(try Statement(text: Vectors.statement).digest))
            #expect(vote.isSigned(note, in: roster))
            let again = Vote(
                instance: vote.instance, voter: vote.voter, decision: .approve, time: vote.time, statements: Set(vote.statements))
            #expect(again == vote)
            let reversed = try SignedNote(text: note.text.replacing(once: "approve", "reject"), signatures: note.signatures)
            #expect(!(try Vote(text: reversed.text)).isSigned(reversed, in: roster))
            #expect(!vote.isSigned(try note.damaged, in: roster))
        }
    }

    @Test("Submission: signed by ada; who has no officer's role may not submit")
    func submission() throws {
        let note = try SignedNote("submission", Vectors.submission)
        #expect((note.text.utf8.count, Digest32(of: note.text)) == (255, try Self.digest("4yZq9we70nGFAZtWUm9fU20MwRuRUdIyl34TOpmqJ34=")))
        let roster = try Roster(text: SignedNote("roster", Vectors.rosterTwo).text)
        #expect(refusal { try Submission(note, roster: roster) } == .requesterUnknown)
        var parts = RosterParts(next: roster)
        parts.grants.append(.init(person: try .named("ada"), role: .registrationOfficer, profile: try .named("device-identity")))
        let submission = try Submission(note, roster: parts.roster)
        #expect((submission.text, submission.digest) == (note.text, Digest32(of: note.text)))
        #expect(submission.subject == (try Statement(text: Vectors.statement)).subject)
    }
}
