import Basics
import CSQLite
import Foundation
import GRDB

/// How the database is opened: hardened, durable, and only when it is ours (approval.md §5).
enum Opening {
    /// Makes the empty file, readable by its owner only; the directory knows of it when this returns.
    /// - Throws: ``StorageError/exists(path:)`` also when only a journal is left: SQLite would play it into the new file.
    static func makeFile(at path: String) throws(StorageError) {
        for name in [path, path + "-wal", path + "-shm", path + "-journal"] where exists(name) { throw .exists(path: name) }
        let descriptor = Foundation.open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .unopenable("\(path.escaped) cannot be made: \(String(cString: strerror(errno))).") }
        close(descriptor)
        let directory = Foundation.open(URL(fileURLWithPath: path).deletingLastPathComponent().path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { if directory >= 0 { close(directory) } }
        guard directory >= 0, fsync(directory) == 0 else { throw .unopenable("The directory of \(path.escaped) cannot be flushed.") }
    }

    /// Whether something has this name, be it a link to nothing.
    static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    /// Opens the file and sets what must hold; nothing of its content is used yet.
    static func pool(at path: String) throws -> DatabasePool {
        var configuration = Configuration()
        configuration.label = "assay.storage"
        configuration.busyMode = .timeout(5)
        configuration.maximumReaderCount = 4
        // A transaction that cannot be rolled back stops the committer; it must not stop the process.
        configuration.allowsUnsafeTransactions = true
        configuration.prepareDatabase(harden)
        let pool = try DatabasePool(path: path, configuration: configuration)
        try pool.writeWithoutTransaction { db in
            // GRDB has set NORMAL by now: a commit would be told before it is on the disk.
            try set("synchronous", "FULL", reads: 2, db)
            try set("fullfsync", "ON", reads: 1, db)
            try set("wal_autocheckpoint", "16000", reads: 16_000, db)
        }
        return pool
    }

    /// What holds on every connection: functions and tables that a foreign schema names are not trusted, pages are checked when they are
    /// read, nothing lies in temporary files, and no statement of ours can damage the file or write the schema by hand.
    static func harden(_ db: Database) throws {
        guard let connection = db.sqliteConnection, assay_sqlite_make_defensive(connection) == 1 else {
            throw StorageError.unopenable("SQLite does not accept SQLITE_DBCONFIG_DEFENSIVE.")
        }
        try set("trusted_schema", "OFF", reads: 0, db)
        try set("cell_size_check", "ON", reads: 1, db)
        try set("temp_store", "MEMORY", reads: 2, db)
    }

    private static func set(_ name: String, _ value: String, reads expected: Int, _ db: Database) throws {
        try db.execute(sql: "PRAGMA \(name) = \(value)")
        guard try Int.fetchOne(db, sql: "PRAGMA \(name)") == expected else {
            throw StorageError.unopenable("SQLite does not accept \(name) = \(value).")
        }
    }
}
