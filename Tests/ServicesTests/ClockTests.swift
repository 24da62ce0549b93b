import Approval
import Basics
import Node
import Registration
import Testing

/// A clock that cannot be right is refused before anything is committed under it.
@Suite("Clocks")
struct ClockTests {
    @Test(
        "Behind the anchor, or more than a day ahead: the house does not open",
        arguments: [(-301, "clock.behind"), (86_401, "clock.ahead")] as [(Int64, String)])
    func opening(seconds: Int64, code: String) async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        let before = try bench.counts()
        bench.test.clocks.pass(seconds: seconds)
        await expect(code) { try await bench.test.open() }
        #expect(try bench.counts() == before)
        bench.test.clocks.pass(seconds: -seconds)
        let house = try await bench.test.open()
        #expect(try await bench.test.vote(bench.target, bench.test.officers[1], house).state == .issued)
        try await house.services.ledger.stop()
    }

    @Test("Five minutes behind and a day ahead are accepted; more than a day only when somebody says so")
    func borders() async throws {
        for (seconds, accepts) in [(Int64(-300), false), (86_400, false), (400 * 86_400, true)] {
            let bench = try await AttackBench.copy()
            defer { bench.test.remove() }
            bench.test.clocks.pass(seconds: seconds)
            let house = try await House.open(bench.test.paths, bench.test.surroundings, acceptClock: accepts)
            try await house.services.ledger.stop()
        }
    }

    @Test("A decision is not forgotten by a clock that was wrong once")
    func notForgotten() async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        bench.test.clocks.pass(seconds: 400 * 86_400)
        await expect("clock.ahead") { try await bench.test.open() }
        bench.test.clocks.pass(seconds: -400 * 86_400)
        try bench.write("UPDATE request SET state = 'open', decided_by = NULL, reason = NULL WHERE state = 'rejected'")
        try bench.write("DELETE FROM vote WHERE decision = 'reject'")
        let house = try await bench.test.open()
        await expect("request.record-missing") { try await bench.test.vote(bench.rejected, bench.test.officers[1], house) }
        #expect(house.keys.signatures(.certificate) == 0)
        try await house.services.ledger.stop()
    }

    @Test(
        "A clock that jumps while the house runs stops every act, and nothing is committed",
        arguments: [301, -301, 86_400 * 365] as [Int64])
    func jump(seconds: Int64) async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        let house = try await bench.test.open()
        let before = try bench.counts()
        bench.test.clocks.jump(seconds: seconds)
        let ballot = try bench.test.ballot(bench.target, bench.test.officers[1])
        await expect("clock.jumped") {
            try await house.services.registrar.vote(
                ballot, on: bench.target.id, reason: nil, by: bench.test.officers[1].principal(.registrationOfficer))
        }
        await expect("clock.jumped") { try await bench.test.submit(house, serial: "SN-0006") }
        await expect("clock.jumped") { try await house.services.registrar.expire() }
        await expect("clock.jumped") {
            try await bench.test.invite(bench.mallory.handle, house)
        }
        await expect("clock.jumped") {
            try await house.services.authorities.draft(
                [.object(TestHouse.Documents.root)], call: ID(at: TestHouse.start, entropy: SystemEntropy()), by: bench.test.adminPrincipal)
        }
        #expect(try bench.counts() == before)
        #expect(house.keys.signatures(.certificate) == 0)
        bench.test.clocks.jump(seconds: -seconds)
        #expect(try await bench.test.vote(bench.target, bench.test.officers[1], house).state == .issued)
        try await house.services.ledger.stop()
    }
}
