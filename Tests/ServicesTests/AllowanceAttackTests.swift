import Approval
import Basics
import Foundation
import Node
import PKIX
import Proofs
import Registration
import Testing

/// What somebody with the database tries to get more certificates than people voted for.
@Suite("The attacker with the database: allowances")
struct AllowanceAttackTests {
    /// Rows that an attacker writes, while the house runs or not; nothing more can be drawn by it.
    static let rows = [
        "DELETE FROM draw", "UPDATE draw SET number = number + 100", "UPDATE allowance SET state = 'requested'",
        "UPDATE allowance SET statement = replace(statement, 'number 1' || char(10), 'number 9' || char(10))",
        "DELETE FROM mention", "DELETE FROM allowance",
    ]

    @Test("Its rows reset, the number raised, the record removed: used up stays used up", arguments: rows, [false, true])
    func usedUp(sql: String, isRunning: Bool) async throws {
        let (test, first) = try await TestHouse.found()
        defer { test.remove() }
        let station = try TestStation()
        let allowance = try await test.opened(first, station, number: 1)
        _ = try await test.draw(first, station)
        try await first.services.ledger.stop()
        if !isRunning { try test.write(sql) }
        let house = try await test.open()
        if isRunning { try test.write(sql) }
        do {
            try await test.draw(house, station)
            Issue.record("a certificate was drawn after: \(sql)")
        } catch let problem as Problem {
            #expect(["allowance.exhausted", "allowance.other-profile"].contains(problem.code), "\(problem)")
        }
        // Nor do votes open it once more.
        _ = try? await test.vote(allowance, test.officers[0], house)
        _ = try? await test.vote(allowance, test.officers[1], house)
        _ = try? await test.draw(house, station)
        #expect(house.keys.signatures(.certificate) == 0)
        try await house.services.ledger.stop()
    }

    @Test("Closed stays closed, whatever its row says", arguments: ["open", "requested"])
    func reopened(state: String) async throws {
        let (test, first) = try await TestHouse.found()
        defer { test.remove() }
        let station = try TestStation()
        let allowance = try await test.opened(first, station)
        _ = try await first.services.allowances.close(
            allowance.subject, reason: nil, by: test.officers[0].principal(.registrationOfficer))
        try await first.services.ledger.stop()
        try test.write("UPDATE allowance SET state = '\(state)', decided_by = NULL")
        let house = try await test.open()
        await expect("allowance.closed") { try await test.draw(house, station) }
        _ = try await test.vote(allowance, test.officers[0], house)
        await expect("allowance.closed") { try await test.draw(house, station) }
        #expect(house.keys.signatures(.certificate) == 0)
        try await house.services.ledger.stop()
    }

    @Test("Without the anchor's line there is no allowance: rows that say so are nothing")
    func withoutLine() async throws {
        let (test, first) = try await TestHouse.found()
        defer { test.remove() }
        let station = try TestStation()
        let allowance = try test.allowance(first, station)
        _ = try await test.request(allowance, first)
        try await test.vote(allowance, test.officers[0], first)
        try await first.services.ledger.stop()
        try test.write("UPDATE allowance SET state = 'open'")
        let house = try await test.open()
        #expect(try house.services.ledger.machine(key: station.key.publicKey.digest) == nil)
        await expect("allowance.other-profile") { try await test.draw(house, station) }
        await expect("allowance.record-altered") { try await test.vote(allowance, test.officers[1], house) }
        #expect(house.keys.signatures(.certificate) == 0)
        try await house.services.ledger.stop()
    }

    @Test("Rows that make every commit fail: no certificate, and never more signatures than were voted")
    func failingCommits() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let station = try TestStation()
        let allowance = try await test.opened(house, station, number: 3)
        for number in 0..<3 {
            try test.write(
                """
                INSERT INTO draw (allowance, number, machine, call, wish, fingerprint, created)
                VALUES (x'\(allowance.subject.bytes.hex)', \(number), x'0\(number)', x'00', x'00', x'0\(number)', 0)
                """)
        }
        let before = house.keys.signatures(.certificate)
        for _ in 0..<3 { await expect("storage.conflict") { try await test.draw(house, station) } }
        for _ in 0..<3 { await expect("allowance.exhausted") { try await test.draw(house, station) } }
        #expect(house.keys.signatures(.certificate) == before + 3)
        #expect(try await house.services.registrar.certificates().elements.isEmpty)
        try await house.services.ledger.stop()
    }

    @Test("Crash and roll back within the last second, a hundred times: never more signatures than were voted")
    func rolledBack() async throws {
        let (founded, first) = try await TestHouse.found()
        defer { founded.remove() }
        let station = try TestStation()
        // Blocks of three: with one draw of each, no block is reserved ahead, which would anchor the draw.
        let number: Int64 = 300
        _ = try await founded.opened(first, station, number: number)
        try await first.services.ledger.stop()
        var test = founded
        var house = try await test.open()
        var signed = 0
        var rolledBack = 0
        var refusals: [String: Int] = [:]
        for _ in 0...100 {
            let image = test.paths.data + "/image.db"
            for suffix in ["", "-wal", "-shm"] where FileManager.default.fileExists(atPath: test.paths.database + suffix) {
                try? FileManager.default.removeItem(atPath: image + suffix)
                try FileManager.default.copyItem(atPath: test.paths.database + suffix, toPath: image + suffix)
            }
            let isDrawn = (try? await test.draw(house, station)) != nil
            signed += house.keys.signatures(.certificate)
            // The process ends here; the database of a moment ago is put back where the anchor lets it.
            var next = try test.crashed(database: image)
            var reopened: House?
            do throws(Problem) { reopened = try await next.open() } catch { refusals["\(error.code): \(error.detail)", default: 0] += 1 }
            if isDrawn, reopened != nil { rolledBack += 1 }
            if reopened == nil {
                next.remove()
                next = try test.crashed()
                reopened = try await next.open()
            }
            try? await house.services.ledger.stop()
            if test.paths.data != founded.paths.data { test.remove() }
            test = next
            house = try #require(reopened)
        }
        defer { test.remove() }
        #expect(signed <= Int(number))
        #expect(signed > 0)
        #expect(rolledBack > 0, "\(refusals)")
        await expect("allowance.exhausted") { try await test.draw(house, station) }
        #expect(try await house.services.ledger.unaccounted().map(\.code) == ["allowance.unaccounted"])
        try await house.services.ledger.stop()
    }
}
