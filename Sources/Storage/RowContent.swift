import Basics

/// A part of a table's row that a ledger entry vouches for: which columns, never their values. What changes for other reasons (a row's
/// `version`, a counter of tries) is in no kind.
public struct RowKind: Hashable, Sendable {
    /// Stands in the digest: `request`, `request.decision`.
    public let name: String
    public let table: String
    /// In ascending order.
    public let columns: [String]
    /// The columns that find one row.
    public let key: [String]

    public init(_ name: String, of table: String, by key: [String], _ columns: [String] = []) {
        self.name = name
        self.table = table
        self.columns = (key + columns).sorted()
        self.key = key
    }

    /// How people are told which row is meant.
    public func name(of row: Row) -> String {
        let parts = key.map { column -> String in
            guard let value = try? row.value(column) else { return "?" }
            return switch value {
            case .null: "NULL"
            case .integer(let integer): "\(integer)"
            case .text(let text): text.escaped
            case .blob(let octets): ID(bytes: octets)?.description ?? octets.hex
            }
        }
        return "\(table) \(parts.joined(separator: "/"))"
    }
}

/// What stands, or is to stand, in those columns of one row. The same value makes the row, and the digest that the ledger keeps of it, so
/// that the two cannot say different things.
public struct RowContent: Hashable, Sendable {
    public let kind: RowKind
    /// In the order of the kind's columns.
    private let values: [SQLValue]

    /// - Throws: ``StorageError/undecodable(column:)`` with the first column that is missing, or is none of the kind's.
    public init(_ kind: RowKind, _ values: [String: SQLValue]) throws(StorageError) {
        if let other = values.keys.filter({ !kind.columns.contains($0) }).min() { throw .undecodable(column: other) }
        var ordered: [SQLValue] = []
        for column in kind.columns {
            guard let value = values[column] else { throw .undecodable(column: column) }
            ordered.append(value)
        }
        self.kind = kind
        self.values = ordered
    }

    /// What a stored row says.
    public init(_ kind: RowKind, row: Row) throws(StorageError) {
        var values: [SQLValue] = []
        for column in kind.columns { values.append(try row.value(column)) }
        self.kind = kind
        self.values = values
    }

    /// H(`assay/row/v1` ‖ LF ‖ kind ‖ LF ‖ columns), as docs/formats.md, section 9 has it: self-delimiting, so that no two rows share it.
    public var digest: Digest32 {
        var text = Bytes("assay/row/v1\n\(kind.name)\n".utf8)
        for (column, value) in zip(kind.columns, values) {
            switch value {
            case .null: text += Bytes("\(column) null\n".utf8)
            case .integer(let integer): text += Bytes("\(column) integer \(integer)\n".utf8)
            case .text(let string): text += Bytes("\(column) text \(string.utf8.count)\n".utf8) + Bytes(string.utf8) + [0x0a]
            case .blob(let octets): text += Bytes("\(column) blob \(octets.count)\n".utf8) + octets + [0x0a]
            }
        }
        return Digest32(of: text)
    }

    /// The row's INSERT.
    /// - Parameters:
    ///   - others: columns that no entry vouches for.
    ///   - key: for a row that may already be there and is then to say this instead: the columns that find it.
    ///   - known: what the decision for the row rested on; it is written only while that holds.
    public func insertion(
        others: [String: SQLValue] = [:], replacing key: [String] = [], while known: [KnownMentions] = []
    ) -> Write {
        let more = others.sorted { $0.key < $1.key }
        let columns = kind.columns + more.map(\.key)
        let places = (1...columns.count).map { "$\($0)" }.joined(separator: ", ")
        var arguments = values + more.map(\.value)
        var conditions: [String] = []
        for one in known {
            arguments += [.blob(one.object), .integer(one.count)]
            conditions.append("(SELECT count(*) FROM mention WHERE object = $\(arguments.count - 1)) = $\(arguments.count)")
        }
        var sql = "INSERT INTO \(kind.table) (\(columns.joined(separator: ", "))) "
        sql += known.isEmpty ? "VALUES (\(places))" : "SELECT \(places) WHERE \(conditions.joined(separator: " AND "))"
        if !key.isEmpty {
            let changes = columns.filter { !key.contains($0) }.map { "\($0) = excluded.\($0)" }
            sql += " ON CONFLICT (\(key.joined(separator: ", "))) DO UPDATE SET \(changes.joined(separator: ", "))"
        }
        return Write(sql, arguments, expects: 1)
    }
}

/// How many entries the ledger has about an object or a key, as somebody has seen it.
public struct KnownMentions: Hashable, Sendable {
    public let object: Bytes
    public let count: Int64

    public init(of object: Bytes, count: Int64) {
        self.object = object
        self.count = count
    }
}
