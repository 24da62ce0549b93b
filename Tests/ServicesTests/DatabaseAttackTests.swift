import Approval
import Basics
import Node
import PKIX
import Proofs
import Registration
import Testing

/// Somebody may write every byte of the database, put old bytes back, and work with one officer; they have neither the process nor
/// custody nor people's keys (docs/formats.md, attackers). Nothing is signed for them, and each attempt is refused by its own code.
@Suite("The attacker with the database")
struct DatabaseAttackTests {
    @Test("Without an attack, the last vote issues")
    func control() async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        let house = try await bench.test.open()
        #expect(try await bench.test.vote(bench.target, bench.test.officers[1], house).state == .issued)
        #expect(house.keys.signatures(.certificate) == 1)
        try await house.services.ledger.stop()
    }

    @Test("Rows of a request", arguments: Attack.requests)
    func requests(_ attack: Attack) async throws { try await refusedAtLastVote(attack) }

    @Test("States that were not reached", arguments: Attack.states)
    func states(_ attack: Attack) async throws { try await refusedAtLastVote(attack) }

    @Test("Statements that were never opened, with every vote they need", arguments: Attack.planted)
    func planted(_ attack: Attack) async throws { try await refusedAtLastVote(attack) }

    @Test("The chain of rosters", arguments: Attack.rosters)
    func rosters(_ attack: Attack) async throws { try await refusedAtOpening(attack) }

    @Test("The documents in force", arguments: Attack.documents)
    func documents(_ attack: Attack) async throws { try await refusedAtOpening(attack) }

    @Test("The ledger, the schema and the file", arguments: Attack.ledger)
    func ledger(_ attack: Attack) async throws { try await refusedAtOpening(attack) }

    @Test("Authorities, their keys, and people's texts", arguments: Attack.authorities)
    func authorities(_ attack: Attack) async throws { try await refusedAtLastVote(attack) }

    private func refusedAtOpening(_ attack: Attack) async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        try await bench.isRefusedAtOpening(attack)
    }

    private func refusedAtLastVote(_ attack: Attack) async throws {
        for moment in attack.moments {
            let bench = try await AttackBench.copy()
            defer { bench.test.remove() }
            try await bench.isRefusedAtLastVote(attack, moment)
        }
    }
}
