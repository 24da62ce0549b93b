import Basics
import Foundation
import GRDBSQLite
import Proofs
import Storage
import Synchronization

/// The committer without anything before it: 32 callers, each change one row of 1,200 octets and one entry. Beside it SQLite by its C
/// interface on the same disk, writing the same two rows for each change and the same number of changes in a transaction.
enum CommitterAlone {
    private static let callers = 32
    private static let changes = 32_000
    private static let row = Bytes(repeating: 0x5a, count: 1200)

    static func run() async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("assay-bench-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let entry = try Entry(
            type: .certificateIssue, time: 1_764_000_000_123, actor: Bytes(repeating: 1, count: 16),
            digests: Dictionary(uniqueKeysWithValues: (0..<8).map { (UInt8($0), Digest32.zero) }), roster: 7,
            object: Bytes(repeating: 2, count: 16)
        ).encoded
        // Ours and SQLite's in turns, so that what else the machine does falls on both.
        var shares: [Double] = []
        var ours: [Double] = []
        var raw: [Double] = []
        var sizes: [Double] = []
        for round in 0..<5 {
            let (rate, size) = try await commits(directory + "/ours-\(round)", entry)
            let limit = try sqlite(directory + "/raw-\(round)", entry, inOneTransaction: Int(size.rounded()))
            ours.append(rate)
            raw.append(limit)
            sizes.append(size)
            shares.append(rate / limit * 100)
        }
        Bench.line("changes through the committer, \(callers) callers", Bench.median(ours), "1/s")
        Bench.line("  changes in one transaction, on average", Bench.median(sizes), "")
        Bench.line("SQLite alone, as many in one transaction", Bench.median(raw), "1/s")
        Bench.line("  share", Bench.median(shares), "%")
    }

    private static func commits(_ path: String, _ entry: Bytes) async throws -> (rate: Double, size: Double) {
        let groups = Mutex(0)
        let store = try await Store.create(
            at: path, headMAC: { _, _ in Bytes(repeating: 0, count: 32) }, onCommit: { _ in groups.withLock { $0 += 1 } })
        let clock = ContinuousClock()
        let start = clock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<callers {
                group.addTask {
                    for number in stride(from: caller, to: changes, by: callers) {
                        let write = Write(
                            "INSERT INTO authority (content, name, key_id, der, created) VALUES ($1, $2, $3, $4, $5)",
                            [.blob(key(number)), .text("a"), .blob([]), .blob(row), .integer(0)], expects: 1)
                        try await store.commit(Change(writes: [write], entries: [entry]))
                    }
                }
            }
            try await group.waitForAll()
        }
        let took = Bench.seconds(clock.now - start)
        try await store.close()
        return (Double(changes) / took, Double(changes) / Double(groups.withLock { $0 }))
    }

    /// Random, as fingerprints are: the index is written all over.
    private static func key(_ number: Int) -> Bytes { Digest32(of: "\(number)").bytes }

    private static func sqlite(_ path: String, _ entry: Bytes, inOneTransaction size: Int) throws -> Double {
        var connection: OpaquePointer?
        guard sqlite3_open(path, &connection) == SQLITE_OK else { throw Failed() }
        defer { sqlite3_close_v2(connection) }
        for sql in [
            "PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL", "PRAGMA wal_autocheckpoint = 16000",
            "CREATE TABLE authority (content BLOB NOT NULL PRIMARY KEY, der BLOB NOT NULL)",
            "CREATE TABLE entry (idx INTEGER PRIMARY KEY, body BLOB NOT NULL)",
        ] { guard sqlite3_exec(connection, sql, nil, nil, nil) == SQLITE_OK else { throw Failed() } }
        var rows: OpaquePointer?
        var entries: OpaquePointer?
        defer {
            sqlite3_finalize(rows)
            sqlite3_finalize(entries)
        }
        guard sqlite3_prepare_v2(connection, "INSERT INTO authority VALUES (?, ?)", -1, &rows, nil) == SQLITE_OK,
            sqlite3_prepare_v2(connection, "INSERT INTO entry VALUES (?, ?)", -1, &entries, nil) == SQLITE_OK
        else { throw Failed() }
        let clock = ContinuousClock()
        let start = clock.now
        var number = 0
        while number < changes {
            sqlite3_exec(connection, "BEGIN IMMEDIATE", nil, nil, nil)
            for _ in 0..<max(1, min(size, changes - number)) {
                try key(number).withUnsafeBytes { key in
                    try row.withUnsafeBytes { row in
                        sqlite3_bind_blob(rows, 1, key.baseAddress, Int32(key.count), nil)
                        sqlite3_bind_blob(rows, 2, row.baseAddress, Int32(row.count), nil)
                        guard sqlite3_step(rows) == SQLITE_DONE else { throw Failed() }
                        sqlite3_reset(rows)
                    }
                }
                try entry.withUnsafeBytes { entry in
                    sqlite3_bind_int64(entries, 1, Int64(number))
                    sqlite3_bind_blob(entries, 2, entry.baseAddress, Int32(entry.count), nil)
                    guard sqlite3_step(entries) == SQLITE_DONE else { throw Failed() }
                    sqlite3_reset(entries)
                }
                number += 1
            }
            guard sqlite3_exec(connection, "COMMIT", nil, nil, nil) == SQLITE_OK else { throw Failed() }
        }
        return Double(changes) / Bench.seconds(clock.now - start)
    }

    private struct Failed: Error {}
}
