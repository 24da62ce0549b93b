import Basics
import GRDB

/// What can be seen of a database without its lock, read only: for `assay doctor`, also while a node runs on it. Nothing here was proven.
public struct DatabaseLook: Hashable, Sendable {
    public let entries: Int64
    /// The newest roster's text with its signatures.
    public let roster: String?
    /// The documents that the database has.
    public let documents: [Bytes]
    /// Migrations that this program would apply at the next start.
    public let pending: Int
    /// SQLite's own complaint about its pages, nil when it has none.
    public let complaint: String?

    /// - Throws: ``StorageError/missing(path:)``, ``StorageError/unopenable(_:)``, ``StorageError/newer``,
    ///   ``StorageError/schemaAltered(_:)``, ``StorageError/damaged(_:)``
    public init(at path: String) throws(StorageError) {
        guard Opening.exists(path) else { throw .missing(path: path) }
        do {
            var configuration = Configuration()
            configuration.readonly = true
            configuration.busyMode = .timeout(5)
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            defer { try? queue.close() }
            self = try queue.read { db in
                let applied = try SchemaCheck.applied(db)
                let check = try String.fetchOne(db, sql: "PRAGMA quick_check(1)")
                return DatabaseLook(
                    entries: try Int64.fetchOne(db, sql: "SELECT count(*) FROM entry") ?? 0,
                    roster: try String.fetchOne(db, sql: "SELECT note FROM roster ORDER BY version DESC LIMIT 1"),
                    documents: try GRDB.Row.fetchAll(db, sql: "SELECT bytes FROM document").map { try Row($0).blob("bytes") },
                    pending: Schema.migrations.count - applied, complaint: check == "ok" ? nil : check)
            }
        } catch { throw StorageError(error) }
    }

    private init(entries: Int64, roster: String?, documents: [Bytes], pending: Int, complaint: String?) {
        self.entries = entries
        self.roster = roster
        self.documents = documents
        self.pending = pending
        self.complaint = complaint
    }
}
