import Approval
import Basics
import Foundation
import GRDB
import Node
import PKIX
import Proofs
import Registration
import Testing

/// A house in which somebody may write every byte of the database, and nothing else. It was made once and is copied for each attack:
/// open requests with one genuine vote each, one that was rejected, one that was issued, and the database as it was before all that.
struct AttackBench: Sendable {
    let test: TestHouse
    /// Open; the first officer has approved it.
    let target: RequestRecord
    /// Open; the first officer has approved it too.
    let other: RequestRecord
    /// Open, without votes.
    let fresh: RequestRecord
    /// The first officer approved, the second rejected.
    let rejected: RequestRecord
    let issued: RequestRecord
    /// The first officer's approval of a request in another house.
    let foreignVote: String
    /// Somebody with keys of their own, and no place in any roster.
    let mallory: TestPerson

    var database: String { test.paths.database }
    /// The database of an hour ago.
    var old: String { test.paths.data + "/old.db" }

    private static let template = Task { try await make() }

    private static func make() async throws -> AttackBench {
        let (elsewhere, otherHouse) = try await TestHouse.found()
        let foreign = try await elsewhere.submit(otherHouse)
        let foreignVote = try elsewhere.ballot(foreign, elsewhere.officers[0]).rendered
        try await otherHouse.services.ledger.stop()
        elsewhere.remove()

        let (test, house) = try await TestHouse.found()
        // A policy that was in force, and is not any more.
        try await test.put(.approval, "two-officers", TestHouse.Documents.policy.merging(["days": .integer(6)]) { $1 }, house)
        try await house.services.ledger.stop()
        try FileManager.default.copyItem(atPath: test.paths.database, toPath: test.paths.data + "/old.db")
        test.clocks.pass(seconds: 3600)

        let again = try await test.open()
        let target = try await test.submit(again, serial: "SN-0001")
        let other = try await test.submit(again, serial: "SN-0002")
        let fresh = try await test.submit(again, serial: "SN-0003")
        let rejected = try await test.submit(again, serial: "SN-0004")
        let issued = try await test.submit(again, serial: "SN-0005")
        for record in [target, other, rejected, issued] { try await test.vote(record, test.officers[0], again) }
        try await test.vote(rejected, test.officers[1], again, .reject)
        let final = try await test.vote(issued, test.officers[1], again)
        try await again.services.ledger.stop()
        return AttackBench(
            test: test, target: target, other: other, fresh: fresh, rejected: rejected, issued: final, foreignVote: foreignVote,
            mallory: try TestPerson("mallory"))
    }

    /// A copy with a clock of its own, stopped.
    static func copy() async throws -> AttackBench {
        let bench = try await template.value
        let paths = HousePaths(data: FileManager.default.temporaryDirectory.appendingPathComponent("assay-\(UUID().uuidString)").path)
        try FileManager.default.copyItem(atPath: bench.test.paths.data, toPath: paths.data)
        let test = TestHouse(
            paths: paths, clocks: TestClocks(bench.test.clocks.now), admin: bench.test.admin, officers: bench.test.officers,
            pin: bench.test.pin)
        return AttackBench(
            test: test, target: bench.target, other: bench.other, fresh: bench.fresh, rejected: bench.rejected, issued: bench.issued,
            foreignVote: bench.foreignVote, mallory: bench.mallory)
    }

    /// The database as the template has it, put back as from a backup.
    func restore() async throws {
        let bench = try await Self.template.value
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: database + suffix) }
        try FileManager.default.copyItem(atPath: bench.database, toPath: database)
    }
}

// What the attacker does: a second connection to the file, whether the house runs or not.
extension AttackBench {
    func write(_ sql: String, _ arguments: StatementArguments = []) throws {
        try connected { db in
            try db.execute(sql: sql, arguments: arguments)
            // An attack that touches nothing would be refused for another reason than it seems.
            guard db.changesCount > 0 || sql.hasPrefix("CREATE") else { throw Untouched(sql: sql) }
        }
    }

    func connected<T>(_ body: (Database) throws -> T) throws -> T {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        let queue = try DatabaseQueue(path: database, configuration: configuration)
        let result = try queue.write(body)
        try queue.close()
        return result
    }

    struct Untouched: Error {
        let sql: String
    }
}

extension Bytes {
    var data: Data { Data(self) }
}

extension Digest32 {
    var data: Data { Data(bytes) }
}

extension AttackBench {
    /// How many rows each table has.
    func counts() throws -> [String: Int] {
        try connected { db in
            let tables = try String.fetchAll(db, sql: "SELECT name FROM sqlite_master WHERE type = 'table'")
            return try Dictionary(
                uniqueKeysWithValues: tables.map { ($0, try Int.fetchOne(db, sql: "SELECT count(*) FROM \"\($0)\"") ?? 0) })
        }
    }

    /// Takes a vote away in a house at another place.
    func remove(vote record: RequestRecord, by voter: String, in test: TestHouse) throws {
        let queue = try DatabaseQueue(path: test.paths.database)
        try queue.write { db in
            try db.execute(
                sql: "DELETE FROM vote WHERE statement_hash = ? AND voter = ?", arguments: [Digest32(of: record.statement).data, voter])
        }
        try queue.close()
    }
}
