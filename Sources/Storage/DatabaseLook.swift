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
    /// Octets of a database that are copied at most, to be looked at elsewhere.
    private static let mostCopied = 1 << 30

    /// - Parameter isServed: whether a node runs on it.
    /// - Throws: ``StorageError/missing(path:)``, ``StorageError/unopenable(_:)``, ``StorageError/newer``,
    ///   ``StorageError/schemaAltered(_:)``, ``StorageError/damaged(_:)``
    /// - Returns: nil for a database that was not closed in order, and is too large to be copied.
    public static func look(at path: String, isServed: Bool) throws(StorageError) -> DatabaseLook? {
        guard Opening.exists(path) else { throw .missing(path: path) }
        do {
            // A node's own reader's marks are beside it already.
            if isServed { return try DatabaseLook(opening: path) }
            let left = ["", "-wal"].map { ($0, Self.size(path + $0)) }
            // Closed in order: SQLite is told that nobody writes, and makes nothing.
            if (left[1].1 ?? 0) == 0 { return try DatabaseLook(opening: Self.immutable(path)) }
            guard left.reduce(0, { $0 + ($1.1 ?? 0) }) <= mostCopied else { return nil }
            // Not closed in order: a reader would begin to mend it, so it looks at a copy.
            let folder = FileManager.default.temporaryDirectory.appending(path: "assay-doctor-\(UUID().uuidString)")
            try FileManager.default.createDirectory(
                at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
            defer { try? FileManager.default.removeItem(at: folder) }
            let copy = folder.appending(path: "copy.db").path(percentEncoded: false)
            for (suffix, _) in left { try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix) }
            return try DatabaseLook(opening: copy)
        } catch { throw StorageError(error) }
    }

    private static func size(_ path: String) -> Int? {
        ((try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? NSNumber)?.intValue
    }

    /// A URI (SQLite's `immutable=1`); what has a meaning in one is escaped.
    private static func immutable(_ path: String) -> String {
        let plain = CharacterSet.alphanumerics.union(CharacterSet(charactersIn: "/-._~"))
        return "file:\(path.addingPercentEncoding(withAllowedCharacters: plain) ?? path)?immutable=1"
    }

    private init(opening path: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(5)
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
