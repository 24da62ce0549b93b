import Basics
import Foundation
import GRDB
import Proofs

extension StorageError {
    /// What GRDB, SQLite or a tree says, in our words. SQLite's message names tables and columns; GRDB adds no values to it.
    init(_ error: any Error) {
        switch error {
        case let error as StorageError: self = error
        case let error as TreeError: self = .damaged(error.description)
        case let error as DatabaseError:
            let text = Self.text(of: error)
            switch error.resultCode {
            case .SQLITE_CORRUPT, .SQLITE_NOTADB, .SQLITE_FORMAT: self = .damaged(text)
            case .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_READONLY: self = .unopenable(text)
            default: self = .failed(text)
            }
        default: self = .failed("\(error)".escaped)
        }
    }

    /// How a change fails by an error of one of its writes, or nil when the error is the whole group's: disk full, I/O, damage.
    init?(ofChange error: DatabaseError) {
        switch (error.resultCode, error.extendedResultCode) {
        case (_, .SQLITE_CONSTRAINT_UNIQUE), (_, .SQLITE_CONSTRAINT_PRIMARYKEY), (_, .SQLITE_CONSTRAINT_ROWID): self = .conflict
        case (.SQLITE_CONSTRAINT, _), (.SQLITE_ERROR, _), (.SQLITE_MISMATCH, _), (.SQLITE_TOOBIG, _), (.SQLITE_RANGE, _),
            (.SQLITE_MISUSE, _):
            self = .refused(Self.text(of: error))
        default: return nil
        }
    }

    static func text(of error: DatabaseError) -> String {
        "SQLite error \(error.extendedResultCode.rawValue): \((error.message ?? "no message").escaped)."
    }
}

extension StatementArguments {
    /// Values for `$1…$n`. By name, because SQLite numbers such parameters in the order in which they first stand in the text.
    /// - Throws: ``StorageError/refused(_:)`` for a text with NUL in it: it would be bound, and compared, as if it ended there.
    init(_ values: [SQLValue]) throws(StorageError) {
        var named: [String: (any DatabaseValueConvertible)?] = [:]
        for (place, value) in values.enumerated() {
            if case .text(let text) = value, text.utf8.contains(0) { throw .refused("The text of $\(place + 1) has a NUL in it.") }
            named[String(place + 1)] = value.databaseValue
        }
        self.init(named)
    }
}

extension SQLValue {
    fileprivate var databaseValue: DatabaseValue {
        switch self {
        case .null: .null
        case .integer(let integer): integer.databaseValue
        case .text(let text): text.databaseValue
        case .blob(let blob): Data(blob).databaseValue
        }
    }
}
