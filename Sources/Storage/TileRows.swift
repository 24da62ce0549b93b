import Basics
import GRDB
import Proofs

/// The tree's rows.
enum TileRows {
    /// - Throws: ``StorageError/damaged(_:)`` when the row is not there.
    static func read(_ id: TileID, _ db: Database) throws -> Bytes {
        let statement = try db.cachedStatement(sql: "SELECT hashes FROM tile WHERE level = $1 AND idx = $2")
        let arguments = try StatementArguments([.integer(Int64(id.level)), .integer(id.index)])
        guard let row = try GRDB.Row.fetchOne(statement, arguments: arguments) else { throw StorageError.damaged("\(id) is not there.") }
        return try Row(row).blob("hashes")
    }

    static func write(_ tile: Tile, _ db: Database) throws {
        let statement = try db.cachedStatement(
            sql: """
                INSERT INTO tile (level, idx, hashes) VALUES ($1, $2, $3)
                ON CONFLICT (level, idx) DO UPDATE SET hashes = excluded.hashes
                """)
        try statement.execute(
            arguments: try StatementArguments([.integer(Int64(tile.id.level)), .integer(tile.id.index), .blob(tile.hashes)]))
    }

    /// Writes an entry at its index.
    /// - Throws: ``StorageError/headMoved`` when the index is taken: somebody wrote beyond the head.
    static func insert(_ body: Bytes, at index: Int64, _ db: Database) throws {
        let statement = try db.cachedStatement(sql: "INSERT INTO entry (idx, body) VALUES ($1, $2)")
        do {
            try statement.execute(arguments: try StatementArguments([.integer(index), .blob(body)]))
        } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
            throw StorageError.headMoved
        }
    }

    /// Notes which object and keys an entry is about, so that their entries are found without reading all. It proves nothing: a row that
    /// somebody else put there must not stop the ledger.
    static func mention(_ body: Bytes, at index: Int64, _ db: Database) throws {
        guard let entry = try? Entry(decoding: body) else { return }
        let statement = try db.cachedStatement(
            sql: "INSERT INTO mention (object, idx) VALUES ($1, $2) ON CONFLICT (object, idx) DO NOTHING")
        for object in entry.mentions { try statement.execute(arguments: try StatementArguments([.blob(object), .integer(index)])) }
    }
}
