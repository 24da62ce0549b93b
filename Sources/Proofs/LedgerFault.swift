import Basics

/// The first thing in a ledger that does not fit.
public enum LedgerFault: Error, Hashable, Sendable {
    /// The entry's bytes are no entry.
    case malformedEntry(index: Int64, EntryError)
    /// Entry 0 is not the one with which a ledger begins.
    case wrongBeginning
    /// The entry's bytes do not have the hash that the tiles hold for it.
    case changedEntry(index: Int64)
    /// A tile is missing, or narrower or wider than the ledger's size asks for.
    case tileWidth(TileID, firstIndex: Int64)
    /// A hash in a tile is not that of the entries below it, of which this is the first.
    case changedNode(TileID, position: Int, firstIndex: Int64)
    /// The entries up to `size` do not have the root that was vouched for; up to `agreed` they still had.
    case changedHistory(size: Int64, agreed: Int64)
    /// The log vouched for `expected` entries, and only `size` are there.
    case truncated(size: Int64, expected: Int64)
    /// A checkpoint of this ledger is not what its log signs.
    case invalidCheckpoint(size: Int64, NoteError)
    /// A head of `size` was handed in after more entries had gone by.
    case outOfOrder(size: Int64)

    /// The first entry that is, or may be, concerned.
    public var index: Int64 {
        switch self {
        case .malformedEntry(let index, _), .changedEntry(let index): index
        case .wrongBeginning: 0
        case .tileWidth(_, let first), .changedNode(_, _, let first): first
        case .changedHistory(_, let agreed): agreed
        case .truncated(let size, _), .invalidCheckpoint(let size, _), .outOfOrder(let size): size
        }
    }
}

extension LedgerFault: CustomStringConvertible {
    public var description: String {
        switch self {
        case .malformedEntry(let index, let error): "Entry \(index) cannot be read (\(error))."
        case .wrongBeginning: "Entry 0 is not \(EventType.ledgerCreated)."
        case .changedEntry(let index): "Entry \(index) is not what the tree holds for it: one of both was changed."
        case .tileWidth(let tile, _): "\(tile) is missing, or does not have the width of the ledger's size."
        case .changedNode(let tile, let position, let first):
            "Hash \(position) of \(tile), which stands for the entries from \(first) on, was changed."
        case .changedHistory(let size, let agreed):
            "The entries up to \(size) are not those that were vouched for; the first \(agreed) are."
        case .truncated(let size, let expected): "\(expected) entries were vouched for; only \(size) are there."
        case .invalidCheckpoint(let size, let error): "The checkpoint read after \(size) entries is not valid: \(error)"
        case .outOfOrder(let size): "The head of size \(size) came after more entries than that."
        }
    }
}
