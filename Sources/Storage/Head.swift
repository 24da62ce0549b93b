import Basics
import GRDB

extension Store {
    /// The committed tree: how many entries, their root, and the proof that this house wrote it (ledger.md §4).
    public struct Head: Hashable, Sendable {
        public let size: Int64
        public let root: Digest32
        /// HMAC over size and root under a key that custody derives.
        public let mac: Bytes

        public init(size: Int64, root: Digest32, mac: Bytes) {
            self.size = size
            self.root = root
            self.mac = mac
        }
    }
}

extension Store.Head {
    /// The head row as it stands.
    static func read(_ db: Database) throws -> Store.Head {
        let statement = try db.cachedStatement(sql: "SELECT size, root, mac FROM head WHERE id = 1")
        guard let raw = try GRDB.Row.fetchOne(statement) else { throw StorageError.damaged("There is no head row.") }
        let row = try Row(raw)
        return Store.Head(size: try row.integer("size"), root: try row.digest("root"), mac: try row.blob("mac"))
    }

    /// The head row of a new ledger.
    func insert(_ db: Database) throws {
        try db.execute(
            sql: "INSERT INTO head (id, size, root, mac) VALUES (1, $1, $2, $3)",
            arguments: try StatementArguments([.integer(size), .blob(root), .blob(mac)]))
    }

    /// Puts this head in place of `old`.
    /// - Throws: ``StorageError/headMoved`` when `old` is not there any more.
    func replace(_ old: Store.Head, _ db: Database) throws {
        let statement = try db.cachedStatement(
            sql: "UPDATE head SET size = $1, root = $2, mac = $3 WHERE id = 1 AND size = $4 AND root = $5")
        try statement.execute(
            arguments: try StatementArguments([.integer(size), .blob(root), .blob(mac), .integer(old.size), .blob(old.root)]))
        guard db.changesCount == 1 else { throw StorageError.headMoved }
    }
}
