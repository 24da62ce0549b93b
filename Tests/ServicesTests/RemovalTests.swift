import Approval
import Basics
import Foundation
import Node
import PKIX
import Policies
import Proofs
import Registration
import Testing

@Suite("A person leaves, and what rests on their votes")
struct RemovalTests {
    /// One of each: with the first officer's vote, and without it.
    private struct Resting {
        let test: TestHouse
        let house: House
        let station: TestStation
        let request: RequestRecord
        let untouched: RequestRecord
        let open: Allowance
        let requested: Allowance
        let revocation: Revocation
    }

    private func resting() async throws -> Resting {
        let (test, house) = try await TestHouse.found()
        let station = try TestStation()
        let certificate = try await test.issued(house)
        let request = try await test.submit(house, serial: "SN-1")
        let untouched = try await test.submit(house, serial: "SN-2")
        try await test.vote(request, test.officers[0], house)
        try await test.vote(untouched, test.officers[1], house)
        let open = try await test.opened(house, station)
        let requested = try test.allowance(house, station)
        _ = try await test.request(requested, house)
        try await test.vote(requested, test.officers[0], house)
        let revocation = try test.revocation(certificate, house)
        _ = try await test.request(revocation, house)
        try await test.vote(revocation, test.officers[0], house)
        return Resting(
            test: test, house: house, station: station, request: request, untouched: untouched, open: open, requested: requested,
            revocation: revocation)
    }

    private func remove(_ one: Resting, closes: Bool) async throws -> Rosters.Outcome {
        let roster = try one.house.services.ledger.view().charter.roster
        let next = try roster.successor([.remove(one.test.officers[0].handle)], time: one.test.clocks.now)
        return try await one.house.services.rosters.propose(
            try one.test.admin.sign(next.text), documents: [], people: [], closes: closes, by: one.test.adminPrincipal)
    }

    @Test("With --close everything that carries their vote ends in the same act; nothing else does")
    func closing() async throws {
        let one = try await resting()
        defer { one.test.remove() }
        _ = try await one.test.draw(one.house, one.station)
        let outcome = try await remove(one, closes: true)
        guard case .accepted(_, let closed) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(Set(closed) == [one.request.id, one.open.subject, one.requested.subject, one.revocation.subject])
        let before = one.house.keys.signatures(.certificate)
        for again in [false, true] {
            let house = again ? try await one.test.open() : one.house
            let services = house.services
            #expect(try await services.registrar.request(one.request.id).state == .rejected)
            #expect(try await services.registrar.request(one.untouched.id).state == .open)
            #expect(try await services.allowances.allowance(one.open.subject).state == .closed)
            #expect(try await services.allowances.allowance(one.open.subject).decidedBy == "admin")
            #expect(try await services.allowances.allowance(one.requested.subject).state == .rejected)
            #expect(try await services.revocations.revocation(one.revocation.subject).state == .rejected)
            await expect("allowance.closed") { try await one.test.draw(house, one.station) }
            try await one.test.audit(house)
            let entries = try await services.ledger.entries(about: one.open.subject)
            #expect(try entries.last.map { try Entry(decoding: $0.entry).outcome } == "person-removed")
            try await services.ledger.stop()
        }
        #expect(one.house.keys.signatures(.certificate) == before)
    }

    @Test("Without it the votes count no more, and an open allowance stays open")
    func leaving() async throws {
        let one = try await resting()
        defer { one.test.remove() }
        #expect(try await remove(one, closes: false) == .accepted(version: one.house.services.ledger.view().charter.roster.version))
        _ = try await one.test.draw(one.house, one.station)
        #expect(try await one.test.vote(one.request, one.test.officers[1], one.house).state == .open)
        try await one.house.services.ledger.stop()
    }

    /// Whoever writes the database hides that an open allowance rests on the vote of who leaves.
    static let hidings = [
        "DELETE FROM vote WHERE voter = 'officer-1'", "UPDATE vote SET voter = 'officer-9' WHERE voter = 'officer-1'",
        "UPDATE vote SET note = (SELECT note FROM vote WHERE voter = 'officer-2' LIMIT 1) WHERE voter = 'officer-1'",
    ]

    @Test("An open allowance whose votes were taken away is closed too", arguments: hidings)
    func hidden(_ sql: String) async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        let house = try await bench.test.open()
        let station = try TestStation()
        let open = try await bench.test.opened(house, station)
        try bench.write(sql)
        let roster = try house.services.ledger.view().charter.roster
        let next = try roster.successor([.remove(bench.test.officers[0].handle)], time: bench.test.clocks.now)
        _ = try await house.services.rosters.propose(
            try bench.test.admin.sign(next.text), documents: [], people: [], closes: true, by: bench.test.adminPrincipal)
        await expect("allowance.closed") { try await bench.test.draw(house, station) }
        #expect(try house.services.ledger.view().isClosed(open.digest))
        try await house.services.ledger.stop()
    }

    @Test("Where two administrators must sign, the first one's wish holds until the second has signed")
    func twoAdministrators() async throws {
        let one = try await resting()
        defer { one.test.remove() }
        let second = try TestPerson("admin-2")
        let instance = try one.house.services.ledger.view().charter.instance
        let note = try second.note(instance, at: one.test.clocks.now)
        let roster = try one.house.services.ledger.view().charter.roster
        let both = try roster.successor([.add(try Person(note), roles: [.administrator])], time: one.test.clocks.now)
        #expect(both.quorum == 2)
        let signed = try SignedNote(
            text: both.text, signatures: try one.test.admin.sign(both.text).signatures + second.sign(both.text).signatures)
        _ = try await one.house.services.rosters.propose(signed, documents: [], people: [note], by: one.test.adminPrincipal)
        #expect(try await remove(one, closes: true) == .proposed(try removal(one).digest, missing: 1))
        let outcome = try await one.house.services.rosters.propose(
            try second.sign(try removal(one).text), documents: [], people: [], by: second.principal(.administrator))
        guard case .accepted(_, let closed) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(closed.count == 4)
        try await one.house.services.ledger.stop()
    }

    private func removal(_ one: Resting) throws -> Roster {
        try one.house.services.ledger.view().charter.roster.successor([.remove(one.test.officers[0].handle)], time: one.test.clocks.now)
    }
}
