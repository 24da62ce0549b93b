import Basics
import Foundation
import GRDB

/// What can be seen of a database without its lock, read only: for `assay doctor`, also while a node runs on it. Nothing here was proven, and
/// nothing beside the database is made, changed or left.
public struct DatabaseLook: Hashable, Sendable {
    /// A row of the table `key`.
    public struct Key: Hashable, Sendable {
        public let publicKey: Bytes
        public let sealed: Bytes
    }

    public let entries: Int64
    /// Whether a node has run on it: each makes a checkpoint within a second, or has made entries beyond those of the founding.
    public let hasRun: Bool
    /// The newest roster's text with its signatures.
    public let roster: String?
    /// The documents that the database has.
    public let documents: [Bytes]
    public let keys: [Key]
    /// Migrations that this program would apply at the next start.
    public let pending: Int
    /// SQLite's own complaint about its pages, nil when it has none.
    public let complaint: String?

    /// The house, its administrator, the log's key.
    private static let foundingEntries = 3
    public enum Outcome: Sendable {
        case seen(DatabaseLook)
        /// It could not be looked at, which says nothing about the database: why, as a sentence.
        case unseen(String)
    }

    /// - Parameters:
    ///   - isServed: whether a node is known to run on it. One that is not known of is noticed by what it writes.
    ///   - scratch: a directory on whose disk a copy may lie for a moment.
    /// - Throws: ``StorageError/missing(path:)``, ``StorageError/unopenable(_:)``, ``StorageError/newer``,
    ///   ``StorageError/schemaAltered(_:)``, ``StorageError/damaged(_:)``
    public static func look(at path: String, isServed: Bool, scratch: String) throws(StorageError) -> Outcome {
        guard Opening.exists(path) else { throw .missing(path: path) }
        // A node's own reader's marks are beside it already.
        if isServed { return .seen(try open(path)) }
        for _ in 0..<3 {
            let files = DatabaseFiles(path)
            let found: Result<Outcome, StorageError>
            do throws(StorageError) {
                // Not closed in order: a reader would begin to mend it, so it looks at a copy. Else SQLite is told that nobody writes.
                found = .success(files.hasLog ? try files.inCopy(scratch, open) : .seen(try open(files.immutable)))
            } catch { found = .failure(error) }
            // Whatever was seen while somebody wrote may be half of the old and half of the new.
            if DatabaseFiles(path) == files { return try found.get() }
        }
        return .unseen("Somebody wrote to it each time it was looked at.")
    }

    private static func open(_ name: String) throws(StorageError) -> DatabaseLook {
        do { return try DatabaseLook(opening: name) } catch { throw StorageError(error) }
    }

    private init(opening path: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
        configuration.prepareDatabase(Opening.harden)
        let queue = try DatabaseQueue(path: path, configuration: configuration)
        defer { try? queue.close() }
        self = try queue.read { db in
            let applied = try SchemaCheck.applied(db)
            let check = try String.fetchOne(db, sql: "PRAGMA quick_check(1)")
            let entries = try Int64.fetchOne(db, sql: "SELECT count(*) FROM entry") ?? 0
            let checkpoints = try Int64.fetchOne(db, sql: "SELECT count(*) FROM checkpoint") ?? 0
            return DatabaseLook(
                entries: entries, hasRun: checkpoints > 0 || entries > Self.foundingEntries,
                roster: try String.fetchOne(db, sql: "SELECT note FROM roster ORDER BY version DESC LIMIT 1"),
                documents: try GRDB.Row.fetchAll(db, sql: "SELECT bytes FROM document").map { try Row($0).blob("bytes") },
                keys: try GRDB.Row.fetchAll(db, sql: "SELECT spki, sealed FROM key").map { row in
                    Key(publicKey: try Row(row).blob("spki"), sealed: try Row(row).blob("sealed"))
                }, pending: Schema.migrations.count - applied, complaint: check == "ok" ? nil : check)
        }
    }

    private init(
        entries: Int64, hasRun: Bool, roster: String?, documents: [Bytes], keys: [Key], pending: Int, complaint: String?
    ) {
        self.entries = entries
        self.hasRun = hasRun
        self.roster = roster
        self.documents = documents
        self.keys = keys
        self.pending = pending
        self.complaint = complaint
    }
}
