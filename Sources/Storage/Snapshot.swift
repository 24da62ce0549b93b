import Basics
import GRDB
import Proofs

/// The database as it was at one moment, for as long as the closure runs that it was given to.
public struct Snapshot {
    private let db: Database
    private let house: House
    private let memory = Memory()

    init(_ db: Database, _ house: House) {
        self.db = db
        self.house = house
    }

    /// What was true of the database when it was opened, and must stay so.
    struct House: Sendable {
        let headMAC: Store.HeadMAC
        let schemaVersion: Int64
    }

    /// What was read once; a snapshot does not change.
    private final class Memory {
        var head: Store.Head?
        var tiles: [TileID: Bytes] = [:]
    }

    /// The rows that a query answers with, in its order.
    /// - Parameter arguments: bound to `$1…$n`.
    /// - Throws: ``StorageError/refused(_:)`` when the query is wrong, ``StorageError/undecodable(column:)``,
    ///   ``StorageError/damaged(_:)``, ``StorageError/failed(_:)``
    public func rows(_ sql: String, _ arguments: [SQLValue] = []) throws(StorageError) -> [Row] {
        try translated {
            let statement = try db.cachedStatement(sql: sql)
            guard statement.isReadonly else { throw StorageError.refused("A snapshot is only read.") }
            let cursor = try GRDB.Row.fetchCursor(statement, arguments: try StatementArguments(arguments))
            var rows: [Row] = []
            while let row = try cursor.next() { rows.append(try Row(row)) }
            return rows
        }
    }

    /// Hands over one row after the other, so that a large table is read in little memory.
    /// - Throws: as ``rows(_:_:)``, and whatever `body` throws.
    public func each(_ sql: String, _ arguments: [SQLValue] = [], _ body: (Row) throws -> Void) throws {
        do {
            let statement = try db.makeStatement(sql: sql)
            guard statement.isReadonly else { throw StorageError.refused("A snapshot is only read.") }
            let cursor = try GRDB.Row.fetchCursor(statement, arguments: try StatementArguments(arguments))
            while let row = try cursor.next() { try body(try Row(row)) }
        } catch let error as DatabaseError { throw StorageError(ofChange: error) ?? StorageError(error) }
    }

    /// The first row, nil when there is none.
    public func row(_ sql: String, _ arguments: [SQLValue] = []) throws(StorageError) -> Row? { try rows(sql, arguments).first }

    /// Whether the database is still as this house left it. To be asked before something is signed on the strength of what is read here:
    /// the commit asks again, but a signature is made before it.
    /// - Parameter size: of a head that is known to be durable.
    /// - Throws: ``StorageError/headMoved``, ``StorageError/schemaAltered(_:)``
    public func requireOwn(from size: Int64) throws(StorageError) {
        guard try row("PRAGMA schema_version")?.integer("schema_version") == house.schemaVersion else {
            throw .schemaAltered("It was altered while the store was open.")
        }
        let head = try head()
        guard head.size >= size, house.headMAC(head.size, head.root).isEqualInConstantTime(to: head.mac),
            try row("SELECT idx FROM entry WHERE idx >= $1 LIMIT 1", [.integer(head.size)]) == nil
        else { throw .headMoved }
    }

    /// The head row. Its MAC is what makes it believable, not that it stands here.
    public func head() throws(StorageError) -> Store.Head {
        if let head = memory.head { return head }
        let head = try translated { try Store.Head.read(db) }
        memory.head = head
        return head
    }

    /// A tile's hashes, as many as there are.
    /// - Throws: ``StorageError/outsideLedger``, ``StorageError/damaged(_:)``
    public func tile(_ id: TileID) throws(StorageError) -> Bytes {
        guard id.width(in: try head().size) > 0 else { throw .outsideLedger }
        return try storedTile(id)
    }

    /// The hash of the complete subtree over the leaves [index·2^level, (index+1)·2^level): what proofs are made of.
    /// - Throws: ``StorageError/outsideLedger`` when the ledger does not have them all, ``StorageError/damaged(_:)``
    public func node(level: Int, index: Int64) throws(StorageError) -> Digest32 {
        guard (0...62).contains(level), index >= 0, index < (try head().size) >> Int64(level) else { throw .outsideLedger }
        return try translated { try Tile.node(level: level, index: index) { id in try storedTile(id) } }
    }

    /// An entry's octets, exactly as they were hashed.
    /// - Throws: ``StorageError/outsideLedger``, ``StorageError/damaged(_:)``
    public func entry(_ index: Int64) throws(StorageError) -> Bytes {
        guard index >= 0, index < Int64.max, let entry = try entries(index..<index + 1).first else { throw .outsideLedger }
        return entry
    }

    /// The entries of a range, in order.
    /// - Throws: ``StorageError/outsideLedger`` when the ledger does not have them all, ``StorageError/damaged(_:)``
    public func entries(_ range: Range<Int64>) throws(StorageError) -> [Bytes] {
        guard range.lowerBound >= 0, range.upperBound <= (try head().size) else { throw .outsideLedger }
        let rows = try rows(
            "SELECT idx, body FROM entry WHERE idx >= $1 AND idx < $2 ORDER BY idx",
            [.integer(range.lowerBound), .integer(range.upperBound)])
        var entries: [Bytes] = []
        for row in rows {
            guard try row.integer("idx") == range.lowerBound + Int64(entries.count) else { break }
            entries.append(try row.blob("body"))
        }
        guard entries.count == range.count else { throw .damaged("Entry \(range.lowerBound + Int64(entries.count)) is not there.") }
        return entries
    }

    private func storedTile(_ id: TileID) throws(StorageError) -> Bytes {
        if let hashes = memory.tiles[id] { return hashes }
        let hashes = try translated { try TileRows.read(id, db) }
        memory.tiles[id] = hashes
        return hashes
    }

    private func translated<T>(_ body: () throws -> T) throws(StorageError) -> T {
        do {
            return try body()
        } catch let error as DatabaseError {
            throw StorageError(ofChange: error) ?? StorageError(error)
        } catch {
            throw StorageError(error)
        }
    }
}
