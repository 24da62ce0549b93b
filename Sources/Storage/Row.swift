import Basics
import Foundation
import GRDB

/// One row of an answer. Whatever stands in the database, reading it gives a value of the kind asked for or throws.
public struct Row: Hashable, Sendable {
    private let names: [String]
    private let values: [SQLValue]

    /// - Throws: ``StorageError/undecodable(column:)`` for a REAL, which no column of ours holds.
    init(_ row: GRDB.Row) throws(StorageError) {
        var names: [String] = []
        var values: [SQLValue] = []
        for (name, value) in row {
            names.append(name)
            switch value.storage {
            case .null: values.append(.null)
            case .int64(let integer): values.append(.integer(integer))
            case .string(let text): values.append(.text(text))
            case .blob(let data): values.append(.blob(Bytes(data)))
            case .double: throw .undecodable(column: name)
            }
        }
        self.names = names
        self.values = values
    }

    /// The column's value, whatever its kind.
    public func value(_ column: String) throws(StorageError) -> SQLValue {
        guard let place = names.firstIndex(of: column), place < values.count else { throw .undecodable(column: column) }
        return values[place]
    }

    public func integer(_ column: String) throws(StorageError) -> Int64 {
        guard case .integer(let integer) = try value(column) else { throw .undecodable(column: column) }
        return integer
    }

    public func text(_ column: String) throws(StorageError) -> String {
        guard case .text(let text) = try value(column) else { throw .undecodable(column: column) }
        return text
    }

    public func blob(_ column: String) throws(StorageError) -> Bytes {
        guard case .blob(let blob) = try value(column) else { throw .undecodable(column: column) }
        return blob
    }

    /// A BLOB of exactly 32 octets.
    public func digest(_ column: String) throws(StorageError) -> Digest32 {
        guard let digest = Digest32(bytes: try blob(column)) else { throw .undecodable(column: column) }
        return digest
    }

    /// nil for NULL.
    public func optionalInteger(_ column: String) throws(StorageError) -> Int64? {
        if case .null = try value(column) { nil } else { try integer(column) }
    }

    /// nil for NULL.
    public func optionalText(_ column: String) throws(StorageError) -> String? {
        if case .null = try value(column) { nil } else { try text(column) }
    }

    /// nil for NULL.
    public func optionalBlob(_ column: String) throws(StorageError) -> Bytes? {
        if case .null = try value(column) { nil } else { try blob(column) }
    }

    /// nil for NULL; otherwise a BLOB of exactly 32 octets.
    public func optionalDigest(_ column: String) throws(StorageError) -> Digest32? {
        if case .null = try value(column) { nil } else { try digest(column) }
    }
}
