import Basics

/// Checks a whole ledger from bytes alone, in one pass and in little memory: entries in their order, and, at the latest when their size is
/// reached, the heads that somebody vouched for: checkpoints, an anchor's head, a checkpoint that an auditor kept.
///
///     var check = LedgerCheck(origin: origin, keys: [key], tile: tiles)
///     for each checkpoint and entry by size: try check.expect(note), try check.add(body)
///     let head = try check.finish()
///
/// After a fault it is worth nothing more.
public struct LedgerCheck {
    private let origin: String
    private let keys: [VerifierKey]
    private let tile: ((TileID) throws -> Bytes?)?
    private var frontier = Frontier()
    /// Heads not yet reached, by size.
    private var expected: [Int64: Digest32] = [:]
    /// The largest size whose root was found as expected.
    private var agreed: Int64 = 0
    /// The stored tile that is being compared, at each tile level.
    private var rows: [Tile?] = Array(repeating: nil, count: 8)

    /// - Parameters:
    ///   - keys: the log's, all that were ever in use.
    ///   - tile: a stored tile's hashes, nil when there is none. Without it the tree is built from the entries and compared at the heads only.
    public init(origin: String, keys: [VerifierKey], tile: ((TileID) throws -> Bytes?)? = nil) {
        self.origin = origin
        self.keys = keys
        self.tile = tile
    }

    /// Entries so far.
    public var size: Int64 { frontier.size }
    /// The root over the entries so far.
    public var root: Digest32 { frontier.root }

    /// A checkpoint that the log signed, as it is stored.
    /// - Throws: ``LedgerFault``
    /// - Returns: what it says.
    @discardableResult
    public mutating func expect(checkpoint note: String) throws(LedgerFault) -> Checkpoint {
        let checkpoint: Checkpoint
        do {
            checkpoint = try Checkpoint.verified(note: try SignedNote(parsing: note), by: keys, origin: origin)
        } catch { throw .invalidCheckpoint(size: size, error) }
        try expect(size: checkpoint.size, root: checkpoint.root)
        return checkpoint
    }

    /// A head that is believed for another reason than the log's signature.
    /// - Throws: ``LedgerFault/outOfOrder(size:)`` when it lies behind; ``LedgerFault/changedHistory(size:agreed:)`` when it is another
    ///   root for a size that is already expected, or for the present one.
    public mutating func expect(size: Int64, root: Digest32) throws(LedgerFault) {
        guard size >= self.size else { throw .outOfOrder(size: size) }
        if size == self.size {
            guard root == self.root else { throw .changedHistory(size: size, agreed: agreed) }
            agreed = size
        } else if let other = expected.updateValue(root, forKey: size), other != root {
            throw .changedHistory(size: size, agreed: agreed)
        }
    }

    /// The next entry, as it was hashed.
    /// - Throws: ``LedgerFault``; whatever `tile` throws.
    public mutating func add(_ body: Bytes) throws {
        let index = size
        // A changed entry may no longer be one; what the tree says about it comes first.
        for node in frontier.append(Merkle.leafHash(body)) { try compare(node) }
        if let root = expected.removeValue(forKey: size) { try expect(size: size, root: root) }
        do {
            let entry = try Entry(decoding: body)
            guard index > 0 || entry.type == .ledgerCreated else { throw LedgerFault.wrongBeginning }
        } catch let error as EntryError { throw LedgerFault.malformedEntry(index: index, error) }
    }

    /// The end: nothing that was vouched for is missing, and the stored tiles hold nothing more.
    /// - Returns: size and root of the whole.
    /// - Throws: ``LedgerFault``; whatever `tile` throws.
    @discardableResult
    public func finish() throws -> (size: Int64, root: Digest32) {
        if let most = expected.keys.max() { throw LedgerFault.truncated(size: size, expected: most) }
        if let tile {
            for level in 0...7 {
                let nodes = size >> Int64(8 * level)
                guard let id = TileID(level: level, index: nodes >> 8) else { continue }
                // The last tile was compared as far as the entries reach; it, or the one to be begun next, must end there.
                guard (try tile(id) ?? []).count == Int(nodes & 255) * 32 else {
                    throw LedgerFault.tileWidth(id, firstIndex: size)
                }
            }
        }
        return (size, root)
    }

    private mutating func compare(_ node: (level: Int, index: Int64, hash: Digest32)) throws {
        guard let tile, let (id, position) = TileID.place(level: node.level, index: node.index) else { return }
        let first = node.index << Int64(node.level)
        if position == 0 { rows[id.level] = try tile(id).flatMap { try? Tile(id: id, hashes: $0) } }
        guard let stored = rows[id.level]?.hash(at: position) else { throw LedgerFault.tileWidth(id, firstIndex: first) }
        guard stored == node.hash else {
            throw node.level == 0
                ? LedgerFault.changedEntry(index: first) : LedgerFault.changedNode(id, position: position, firstIndex: first)
        }
    }
}
