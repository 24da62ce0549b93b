import Basics

/// A value as it is bound to a parameter, or stands in a column.
public enum SQLValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case text(String)
    case blob(Bytes)

    /// The digest's 32 octets.
    public static func blob(_ digest: Digest32) -> SQLValue { .blob(digest.bytes) }

    /// NULL for nil.
    public static func optional(_ integer: Int64?) -> SQLValue { integer.map { .integer($0) } ?? .null }
    public static func optional(_ text: String?) -> SQLValue { text.map { .text($0) } ?? .null }
    public static func optional(_ blob: Bytes?) -> SQLValue { blob.map { .blob($0) } ?? .null }
    public static func optional(_ digest: Digest32?) -> SQLValue { digest.map { .blob($0.bytes) } ?? .null }
}

/// One INSERT, UPDATE or DELETE in portable SQL.
public struct Write: Hashable, Sendable {
    public let sql: String
    /// Bound to `$1…$n` in this order; a parameter may stand in the text more than once.
    public let arguments: [SQLValue]
    /// How many rows it must touch; with any other number the change fails with ``StorageError/conflict``. nil: any number.
    public let expects: Int?

    public init(_ sql: String, _ arguments: [SQLValue], expects: Int?) {
        self.sql = sql
        self.arguments = arguments
        self.expects = expects
    }
}

/// What shall become durable together: rows, and the ledger's entries about them. A value: nothing waits and nothing signs inside.
public struct Change: Hashable, Sendable {
    public var writes: [Write]
    /// Encoded entries, exactly as they are hashed.
    public var entries: [Bytes]

    public init(writes: [Write] = [], entries: [Bytes] = []) {
        self.writes = writes
        self.entries = entries
    }

    public var isEmpty: Bool { writes.isEmpty && entries.isEmpty }

    /// An entry's octets at most.
    public static let entryLimit = 16_384

    /// Both, in this order.
    public static func + (left: Change, right: Change) -> Change {
        Change(writes: left.writes + right.writes, entries: left.entries + right.entries)
    }

    public static func += (left: inout Change, right: Change) { left = left + right }
}

/// A change that is durable.
public struct Committed: Hashable, Sendable {
    /// Where the change's entries begin in the ledger; the size before it when it has none.
    public let firstIndex: Int64
    /// How many entries the change has.
    public let count: Int
    /// The ledger's size after the group that the change was committed with.
    public let size: Int64
    /// The tree's root at that size.
    public let root: Digest32

    public init(firstIndex: Int64, count: Int, size: Int64, root: Digest32) {
        self.firstIndex = firstIndex
        self.count = count
        self.size = size
        self.root = root
    }
}

/// What one commit added to the ledger. Whoever listens hears of each group once, in order, before anybody is answered.
public struct CommittedGroup: Hashable, Sendable {
    public let firstIndex: Int64
    /// At least one.
    public let entries: [Bytes]
    /// The size after the group: `firstIndex + entries.count`.
    public let size: Int64
    public let root: Digest32

    public init(firstIndex: Int64, entries: [Bytes], size: Int64, root: Digest32) {
        self.firstIndex = firstIndex
        self.entries = entries
        self.size = size
        self.root = root
    }
}
