import Access
import Approval
import Authorities
import Basics
import Foundation
import Node
import Proofs
import Testing

/// What creates something can be called again when an answer was lost: the same key gives the same thing once (docs/issuing.md).
/// Draws, submissions, votes and revocations have this beside their other tests.
@Suite("Retries")
struct RetryTests {
    private func fifty<Value: Hashable & Sendable>(_ body: @escaping @Sendable () async throws -> Value) async throws -> Set<Value> {
        try await withThrowingTaskGroup(of: Value.self) { group in
            for _ in 0..<50 { group.addTask { try await body() } }
            return try await group.reduce(into: []) { $0.insert($1) }
        }
    }

    /// The house as it stands after a crash: custody and database as they are, never stopped.
    private func reopened(_ test: TestHouse) async throws -> (TestHouse, House) {
        let copy = try test.crashed()
        return (copy, try await copy.open())
    }

    @Test("An invitation: one code, one entry; after a crash too; another person's code is refused")
    func invitation() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let name = try #require(Handle("officer-7"))
        let other = try #require(Handle("officer-8"))
        let code = Digest32(of: Bytes(repeating: 9, count: 16))
        let size = house.services.ledger.store.head.size
        let expires = try await fifty { try await house.services.invitations.invite(name, code: code, by: test.adminPrincipal) }
        #expect(expires.count == 1)
        #expect(house.services.ledger.store.head.size == size + 1)
        await expect("officer.code-used") {
            try await house.services.invitations.invite(other, code: code, by: test.adminPrincipal)
        }
        let (copy, again) = try await reopened(test)
        defer { copy.remove() }
        #expect(try await again.services.invitations.invite(name, code: code, by: test.adminPrincipal) == expires.first)
        #expect(again.services.ledger.store.head.size == size + 1)
        // A new code ends the old one.
        _ = try await again.services.invitations.invite(
            name, code: Digest32(of: Bytes(repeating: 8, count: 16)), by: test.adminPrincipal)
        let note = try TestPerson("officer-7").note(try again.services.ledger.view().charter.instance, at: test.clocks.now)
        await expect("enrollment.code-invalid") {
            try await again.services.invitations.redeem(Bytes(repeating: 9, count: 16), person: note)
        }
        // A late retry of the old one, by whomever, does not undo the new one, redeemed or not.
        for isRedeemed in [false, true] {
            if isRedeemed { _ = try await again.services.invitations.redeem(Bytes(repeating: 8, count: 16), person: note) }
            await expect("officer.code-replaced") {
                try await again.services.invitations.invite(name, code: code, by: test.adminPrincipal)
            }
        }
        #expect(try await again.services.invitations.invitation(name).state == .pending)
        try await again.services.ledger.stop()
        try await house.services.ledger.stop()
    }

    @Test("A code is redeemed once; its person's retry is answered, another's text with it is refused")
    func redeeming() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let person = try TestPerson("officer-7")
        let secret = try await test.invite(person.handle, house)
        let note = try person.note(try house.services.ledger.view().charter.instance, at: test.clocks.now)
        let size = house.services.ledger.store.head.size
        #expect(try await fifty { try await house.services.invitations.redeem(secret, person: note).digest }.count == 1)
        #expect(house.services.ledger.store.head.size == size + 1)
        let rival = try TestPerson("officer-7").note(try house.services.ledger.view().charter.instance, at: test.clocks.now)
        await expect("enrollment.code-invalid") { try await house.services.invitations.redeem(secret, person: rival) }
        let (copy, again) = try await reopened(test)
        defer { copy.remove() }
        _ = try await again.services.invitations.redeem(secret, person: note)
        await expect("enrollment.code-invalid") { try await again.services.invitations.redeem(secret, person: rival) }
        #expect(again.services.ledger.store.head.size == size + 1)
        try await test.audit(again)
        try await again.services.ledger.stop()
        try await house.services.ledger.stop()
    }

    @Test("A draft: one key, one content, whatever rows say; another wish with the id is refused")
    func drafting() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let wanted = [JSON.object(TestHouse.Documents.root.merging(["name": .string("root-2")]) { $1 })]
        let call = ID(at: test.clocks.now, entropy: SystemEntropy())
        let size = house.services.ledger.store.head.size
        let drafts = try await fifty { try await house.services.authorities.draft(wanted, call: call, by: test.adminPrincipal) }
        #expect(drafts.count == 1)
        #expect(house.services.ledger.store.head.size == size + 1)
        let other = [JSON.object(TestHouse.Documents.root.merging(["name": .string("root-3")]) { $1 })]
        await expect("authority.call-reused") {
            try await house.services.authorities.draft(other, call: call, by: test.adminPrincipal)
        }
        let (copy, again) = try await reopened(test)
        defer { copy.remove() }
        #expect(try await again.services.authorities.draft(wanted, call: call, by: test.adminPrincipal) == drafts.first)
        #expect(again.services.ledger.store.head.size == size + 1)
        // Another administrator's call by the same id is another call.
        let second = Principal(handle: try #require(Handle("officer-1")), roles: [.administrator])
        #expect(try await again.services.authorities.draft(wanted, call: call, by: second) != drafts.first)
        try await again.services.ledger.stop()
        try await house.services.ledger.stop()
    }

    @Test("Whoever writes the database puts no key of their own into a draft's retry")
    func plantedDraft() async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        let house = try await bench.test.open()
        let wanted = [JSON.object(TestHouse.Documents.root.merging(["name": .string("root-2")]) { $1 })]
        let call = ID(at: bench.test.clocks.now, entropy: SystemEntropy())
        let draft = try #require(
            try await house.services.authorities.draft(wanted, call: call, by: bench.test.adminPrincipal).first)
        var tbs = draft.tbs
        let place = try #require(tbs.firstRange(of: Bytes("Example".utf8))?.lowerBound)
        tbs[place] ^= 1
        let content = Digest32(of: tbs)
        try bench.write("UPDATE draft SET tbs = ?, content = ? WHERE content = ?", [tbs.data, content.data, Digest32(of: draft.tbs).data])
        try bench.write("UPDATE draft_call SET content = ?", [content.data])
        await expect("authority.draft-altered") {
            try await house.services.authorities.draft(wanted, call: call, by: bench.test.adminPrincipal)
        }
        try await house.services.ledger.stop()
    }

    @Test("A roster that is in force is accepted again, and changes nothing")
    func rosters() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let roster = try house.services.ledger.view().charter.roster
        let next = try roster.successor([.remove(test.officers[0].handle)], time: test.clocks.now)
        let note = try test.admin.sign(next.text)
        for _ in 0..<2 {
            let outcome = try await house.services.rosters.propose(note, documents: [], people: [], by: test.adminPrincipal)
            #expect(outcome == .accepted(version: next.version))
        }
        let size = house.services.ledger.store.head.size
        let after = try next.successor([.remove(test.officers[1].handle)], time: test.clocks.now)
        _ = try await house.services.rosters.propose(
            try test.admin.sign(after.text), documents: [], people: [], by: test.adminPrincipal)
        #expect(
            try await house.services.rosters.propose(note, documents: [], people: [], by: test.adminPrincipal)
                == .accepted(version: next.version))
        #expect(house.services.ledger.store.head.size == size + 1)
        try await house.services.ledger.stop()
    }
}
