import Approval
import Basics
import GRDB
import PKIX
import Proofs
import Testing

/// What can be done to votes. A vote that is not one is void; so an attack does not make an error, it makes no difference: the
/// request that lacks one honest vote stays open.
struct VoteAttack: Sendable, CustomTestStringConvertible {
    let name: String
    let tamper: @Sendable (AttackBench) throws -> Void

    init(_ name: String, _ tamper: @escaping @Sendable (AttackBench) throws -> Void) {
        self.name = name
        self.tamper = tamper
    }

    var testDescription: String { name }

    /// Each tries to have `fresh`, on which nobody has voted, look as if one officer had approved it.
    static let all: [VoteAttack] = [
        VoteAttack("copy a vote on another request") { bench in
            try bench.insertVote(try bench.test.ballot(bench.target, bench.test.officers[0]), voter: "officer-1")
        },
        VoteAttack("move a vote from another request") { bench in
            try bench.write(
                "UPDATE vote SET statement_hash = ? WHERE statement_hash = ?",
                [Digest32(of: bench.fresh.statement).data, Digest32(of: bench.target.statement).data])
        },
        VoteAttack("copy a vote from another house") { bench in
            try bench.insertVote(try SignedNote(parsing: bench.foreignVote), voter: "officer-1")
        },
        VoteAttack("a vote for another house, by an officer of this one") { bench in
            let instance = try #require(Instance(bytes: Bytes(repeating: 7, count: 16)))
            try bench.insertVote(
                try bench.ballot(by: bench.test.officers[0], on: bench.fresh.statement, instance: instance), voter: "officer-1")
        },
        VoteAttack("a vote by nobody of the roster") { bench in
            try bench.insertVote(try bench.ballot(by: bench.mallory, on: bench.fresh.statement), voter: "mallory")
        },
        VoteAttack("a vote in an officer's name, by another key") { bench in
            let vote = Vote(
                instance: try Statement(text: bench.fresh.statement).instance, voter: bench.test.officers[0].handle, decision: .approve,
                time: bench.test.clocks.now, statements: [Digest32(of: bench.fresh.statement)])
            try bench.insertVote(try bench.mallory.vote.note(vote.text, as: vote.voter), voter: "officer-1")
        },
        VoteAttack("a vote in an officer's name, signed in one's own") { bench in
            let vote = Vote(
                instance: try Statement(text: bench.fresh.statement).instance, voter: bench.test.officers[0].handle, decision: .approve,
                time: bench.test.clocks.now, statements: [Digest32(of: bench.fresh.statement)])
            try bench.insertVote(try bench.mallory.sign(vote.text), voter: "officer-1")
        },
        VoteAttack("a vote with the key that the officer logs in with") { bench in
            let officer = bench.test.officers[0]
            let text = try bench.ballot(by: officer, on: bench.fresh.statement).text
            try bench.insertVote(try officer.login.note(text, as: officer.handle), voter: "officer-1")
        },
        VoteAttack("the administrator's vote") { bench in
            try bench.insertVote(try bench.ballot(by: bench.test.admin, on: bench.fresh.statement), voter: "officer-1")
        },
        VoteAttack("the requester's own vote") { bench in
            try bench.insertVote(try bench.ballot(by: bench.test.officers[2], on: bench.fresh.statement), voter: "officer-1")
        },
        VoteAttack("the last voter's vote, twice") { bench in
            try bench.insertVote(try bench.ballot(by: bench.test.officers[1], on: bench.fresh.statement), voter: "officer-1")
        },
        VoteAttack("a vote of before the request") { bench in
            let early = try Statement(text: bench.fresh.statement).opened.adding(seconds: -301)
            try bench.insertVote(try bench.ballot(by: bench.test.officers[0], on: bench.fresh.statement, time: early), voter: "officer-1")
        },
        VoteAttack("a vote of the future") { bench in
            let late = bench.test.clocks.now.adding(seconds: 301)
            try bench.insertVote(try bench.ballot(by: bench.test.officers[0], on: bench.fresh.statement, time: late), voter: "officer-1")
        },
    ]
}

extension AttackBench {
    /// Puts a vote beside the request on which nobody has voted.
    func insertVote(_ note: SignedNote, voter: String) throws {
        try write(
            "INSERT INTO vote (statement_hash, voter, hash, decision, note, created) VALUES (?, ?, ?, 'approve', ?, 0)",
            [Digest32(of: fresh.statement).data, voter, Digest32(of: note.text).data, note.rendered])
    }
}

@Suite("The attacker with the database: votes")
struct VoteAttackTests {
    @Test("A vote that is none makes no difference", arguments: VoteAttack.all)
    func votes(_ attack: VoteAttack) async throws {
        for isRunning in [false, true] {
            let bench = try await AttackBench.copy()
            defer { bench.test.remove() }
            if !isRunning { try attack.tamper(bench) }
            let house = try await bench.test.open()
            if isRunning { try attack.tamper(bench) }
            let second = bench.test.officers[1]
            if attack.name.contains("twice") {
                // It stands there already.
                await expect("vote.twice") { try await bench.test.vote(bench.fresh, second, house) }
            } else {
                #expect(try await bench.test.vote(bench.fresh, second, house).state == .open)
            }
            #expect(house.keys.signatures(.certificate) == 0)
            // With one honest vote more it is issued, whatever lies beside it.
            let first = bench.test.officers[0]
            #expect(try await bench.test.vote(bench.fresh, first, house).state == .issued)
            #expect(house.keys.signatures(.certificate) == 1)
            try await house.services.ledger.stop()
        }
    }

    @Test(
        "What somebody rejected stays rejected: votes, request or both are removed, before or while the house runs",
        arguments: [false, true])
    func deletedRejection(isRunning: Bool) async throws {
        let deletions = [
            ["UPDATE request SET state = 'open', decided_by = NULL, reason = NULL WHERE state = 'rejected'"],
            [
                "UPDATE request SET state = 'open', decided_by = NULL, reason = NULL WHERE state = 'rejected'",
                "DELETE FROM vote WHERE decision = 'reject'",
            ],
        ]
        for statements in deletions {
            let bench = try await AttackBench.copy()
            defer { bench.test.remove() }
            if !isRunning { for sql in statements { try bench.write(sql) } }
            let house = try await bench.test.open()
            if isRunning { for sql in statements { try bench.write(sql) } }
            await expect("request.record-missing") { try await bench.test.vote(bench.rejected, bench.test.officers[1], house) }
            #expect(house.keys.signatures(.certificate) == 0)
            try await house.services.ledger.stop()
        }
    }

    @Test("A malformed vote stops the request, and says so")
    func malformed() async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        try bench.write("UPDATE vote SET note = 'approve' WHERE statement_hash = ?", [Digest32(of: bench.target.statement).data])
        let house = try await bench.test.open()
        await expect("vote.malformed") { try await bench.test.vote(bench.target, bench.test.officers[1], house) }
        #expect(house.keys.signatures(.certificate) == 0)
        try await house.services.ledger.stop()
    }

    @Test("One vote over two requests counts for both, and is cast on each")
    func several() async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        let house = try await bench.test.open()
        let officer = bench.test.officers[1]
        let statements = try [bench.target, bench.other].map { try Statement(text: $0.statement) }
        let vote = Vote(
            instance: statements[0].instance, voter: officer.handle, decision: .approve, time: bench.test.clocks.now,
            statements: Set(statements.map(\.digest)))
        let note = try officer.sign(vote.text)
        for record in [bench.target, bench.other] {
            let answer = try await house.services.registrar.vote(
                note, on: record.id, reason: nil, by: officer.principal(.registrationOfficer))
            #expect(answer.state == .issued)
        }
        await expect("vote.statement-not-listed") {
            try await house.services.registrar.vote(note, on: bench.fresh.id, reason: nil, by: officer.principal(.registrationOfficer))
        }
        #expect(house.keys.signatures(.certificate) == 2)
        try await house.services.ledger.stop()
    }
}
