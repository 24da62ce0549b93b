import Approval
import Basics
import PKIX
import Proofs
import Testing

/// A vote that is void: why, and how it is made for a statement that ben has approved already.
struct VoidVote: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let code: String
    let make: @Sendable (TestHouse, Statement) throws -> SignedNote

    init(_ what: String, _ code: String, _ make: @escaping @Sendable (TestHouse, Statement) throws -> SignedNote) {
        testDescription = what
        self.code = code
        self.make = make
    }

    /// By cyd, its text edited before it is signed.
    init(_ what: String, _ code: String, text old: String, _ new: String) {
        self.init(what, code) { house, statement in
            let text = try house.vote("cyd", on: [statement.digest]).text.replacing(once: old, new)
            return try house.person("cyd").sign(text)
        }
    }
}

@Suite("Votes")
struct VoteTests {
    let house: TestHouse

    init() throws { house = try TestHouse() }

    static let void: [VoidVote] = [
        VoidVote("of another house", "approval.foreign-instance", text: "instance 7f", "instance 6f"),
        VoidVote("on an unknown kind", "statement.unknown-kind", text: "kind certificate", "kind key-export"),
        VoidVote("on another kind", "vote.kind-mismatch", text: "kind certificate", "kind allowance"),
        VoidVote("of a later version", "vote.malformed", text: "assay/vote/v1", "assay/vote/v2"),
        VoidVote("with another decision", "vote.malformed", text: "decision approve", "decision approved"),
        VoidVote("on another statement", "vote.statement-not-listed") { house, _ in
            try house.person("cyd").sign(try house.vote("cyd", on: [Digest32(of: "other")]).text)
        },
        VoidVote("before the statement was opened", "vote.time") { house, statement in
            try house.person("cyd").sign(try house.vote("cyd", on: [statement.digest], time: statement.opened.adding(seconds: -301)).text)
        },
        VoidVote("in the future", "vote.time") { house, statement in
            try house.person("cyd").sign(try house.vote("cyd", on: [statement.digest], time: TestHouse.now.adding(seconds: 301)).text)
        },
        VoidVote("by the requester", "vote.own-request") { try $0.approvals(["eve"], of: $1)[0] },
        VoidVote("by an administrator, who has not the role", "vote.not-eligible") { try $0.approvals(["dee"], of: $1)[0] },
        VoidVote("by an officer for another profile", "vote.not-eligible") { try $0.approvals(["fay"], of: $1)[0] },
        VoidVote("by nobody known", "vote.voter-unknown") { try $0.approvals(["gus"], of: $1)[0] },
        VoidVote("with a damaged signature", "approval.signature-invalid") { try $0.approvals(["cyd"], of: $1)[0].damaged },
        VoidVote("signed by the login key", "approval.signature-invalid") { house, statement in
            try house.person("cyd").login.note(try house.vote("cyd", on: [statement.digest]).text, as: try .named("cyd"))
        },
        VoidVote("signed by another's key in the voter's name", "approval.signature-invalid") { house, statement in
            try house.person("gus").vote.note(try house.vote("cyd", on: [statement.digest]).text, as: try .named("cyd"))
        },
        VoidVote("signed by another officer in their own name", "approval.signature-invalid") { house, statement in
            try house.person("eve").sign(try house.vote("cyd", on: [statement.digest]).text)
        },
        VoidVote("with another signature line after it", "approval.signature-invalid") { house, statement in
            let note = try house.approvals(["cyd"], of: statement)[0]
            return try note.adding(try house.person("eve").sign(note.text))
        },
        VoidVote("with the same line twice", "approval.signature-invalid") { house, statement in
            let note = try house.approvals(["cyd"], of: statement)[0]
            return try note.adding(note)
        },
        VoidVote("a signature of another text", "approval.signature-invalid") { house, statement in
            let other = try house.person("cyd").sign(try house.vote("cyd", on: [Digest32(of: "other")]).text)
            return try SignedNote(text: try house.vote("cyd", on: [statement.digest]).text, signatures: other.signatures)
        },
    ]

    @Test("A void vote counts for nothing, and hurts no other", arguments: void)
    func isVoid(vote: VoidVote) throws {
        var request = try TestRequest(house)
        request.votes = { statement, house in [try vote.make(house, statement)] + (try house.approvals(["ben"], of: statement)) }
        let examined = try house.charter.examine(request.evidence, now: TestHouse.now)
        #expect(examined.void.map(\.code) == [vote.code])
        #expect(examined.approvers.map(\.description) == ["ben"])
        #expect(refusal { try examined.requireQuorum() } == .quorumNotMet(have: 1, need: 2))
        request.votes = { statement, house in [try vote.make(house, statement)] + (try house.approvals(["ben", "cyd"], of: statement)) }
        try house.charter.examine(request.evidence, now: TestHouse.now).requireQuorum()
    }

    @Test("A void rejection is void like an approval: it does not refuse")
    func voidRejection() throws {
        var request = try TestRequest(house)
        request.votes = { try $1.approvals(["ben", "cyd"], of: $0) + [$1.rejection("dee", of: $0), $1.rejection("gus", of: $0)] }
        let examined = try house.charter.examine(request.evidence, now: TestHouse.now)
        #expect(examined.void.map(\.code) == ["vote.not-eligible", "vote.voter-unknown"])
        try examined.requireQuorum()
    }

    @Test("A rejection refuses wherever it stands, by whoever may vote or has asked", arguments: ["ben", "eve"], 0...2)
    func rejection(by name: String, at place: Int) throws {
        var request = try TestRequest(house)
        request.votes = { statement, house in
            var votes = try house.approvals(["ben", "cyd"], of: statement)
            votes.insert(try house.rejection(name, of: statement), at: place)
            return votes
        }
        let examined = try house.charter.examine(request.evidence, now: TestHouse.now)
        #expect(refusal { try examined.requireQuorum() } == .rejected(by: try .named(name)))
    }

    @Test("People are counted, not votes")
    func counted() throws {
        var request = try TestRequest(house)
        request.votes = { statement, house in
            try house.approvals(["ben", "ben"], of: statement)
                + [house.person("ben").sign(try house.vote("ben", on: [statement.digest, Digest32(of: "x")]).text)]
        }
        let examined = try house.charter.examine(request.evidence, now: TestHouse.now)
        #expect(examined.votes.count == 1)
        #expect(refusal { try examined.requireQuorum() } == .quorumNotMet(have: 1, need: 2))
    }

    @Test("A person who was removed since counts no more; the same keys under another name are another person")
    func removed() throws {
        let request = try TestRequest(house)
        let evidence = try request.evidence
        var next = house.parts
        next.keys.removeAll { $0.person.description == "cyd" }
        next.grants.removeAll { $0.person.description == "cyd" }
        let without = try house.accepting(next)
        let examined = try without.examine(evidence, now: TestHouse.now)
        #expect(examined.void == [.voterUnknown])
        #expect(refusal { try examined.requireQuorum() } == .quorumNotMet(have: 1, need: 2))
        let again = try Handle.named("cyd-2")
        next.keys += try house.person("cyd").keys.map { .init(person: again, use: $0.use, key: $0.key) }
        next.grants.append(.init(person: again, role: .registrationOfficer, profile: nil))
        #expect(try house.accepting(next).examine(evidence, now: TestHouse.now).void == [.voterUnknown])
    }

    @Test("Votes follow the roster's keys: swapped between two people, neither counts")
    func swappedKeys() throws {
        let evidence = try TestRequest(house).evidence
        var next = house.parts
        let (ben, cyd) = (try house.person("ben"), try house.person("cyd"))
        next.keys.removeAll { $0.use == .vote && ($0.person == ben.handle || $0.person == cyd.handle) }
        next.keys += [
            .init(person: ben.handle, use: .vote, key: cyd.vote.publicKey), .init(person: cyd.handle, use: .vote, key: ben.vote.publicKey),
        ]
        let examined = try house.accepting(next).examine(evidence, now: TestHouse.now)
        #expect(examined.void == [.badSignature(by: ben.handle), .badSignature(by: cyd.handle)])
    }

    @Test("Without a requester one more approves, and only where the policy says so")
    func withoutRequester() throws {
        var request = try TestRequest(house, profile: "kiosk")
        request.requester = nil
        request.submission = { _, _ in nil }
        request.votes = { try $1.approvals(["ben"], of: $0) }
        let one = try house.charter.examine(request.evidence, now: TestHouse.now)
        #expect(refusal { try one.requireQuorum() } == .quorumNotMet(have: 1, need: 2))
        request.votes = { try $1.approvals(["ben", "eve"], of: $0) }
        let two = try house.charter.examine(request.evidence, now: TestHouse.now)
        #expect(two.submission == nil)
        try two.requireQuorum()
    }

    @Test("A vote on a thousand statements is one text; on one more, on none, unsorted or doubled it is none")
    func many() throws {
        let digests = Set((0..<1000).map { Digest32(of: "\($0)") })
        let vote = try house.vote("ben", on: digests)
        #expect(try Vote(text: vote.text) == vote)
        #expect(refusal { try Vote(text: try house.vote("ben", on: digests.union([Digest32(of: "x")])).text) }?.code == "vote.malformed")
        #expect(refusal { try Vote(text: try house.vote("ben", on: []).text) }?.code == "vote.malformed")
        let lines = try house.vote("ben", on: [Digest32(of: "1"), Digest32(of: "2")]).text.split(separator: "\n")
        for tail in [[lines[8], lines[7]], [lines[7], lines[7]]] {
            #expect(refusal { try Vote(text: (lines[..<7] + tail).joined(separator: "\n") + "\n") }?.code == "vote.malformed")
        }
    }
}

extension TestHouse {
    /// The charter with `parts` on top, signed by both administrators.
    func accepting(_ parts: RosterParts, signers: [String] = ["ada", "dee"], supply more: [Bytes] = []) throws -> Charter {
        try accepting(try parts.roster.text, signers: signers, supply: more)
    }

    func accepting(
        _ text: String, signers: [String] = ["ada", "dee"], supply more: [Bytes] = [], now: UTCTime? = TestHouse.now
    ) throws -> Charter {
        let note = try text.signed(by: try signers.map { try person($0) })
        return try charter.accepting(note, now: now) { wanted in more.first { Digest32(of: $0) == wanted } }
    }
}
