import Basics

/// The right edge of a tree: what is needed to append to it and to know its root. A value of at most 63 hashes: copy it before a
/// transaction, keep the copy when the transaction is rolled back.
public struct Frontier: Hashable, Sendable {
    /// Leaves so far.
    public private(set) var size: Int64
    /// The complete subtrees from left to right, one for each bit that is set in the size, largest first.
    private var peaks: [Digest32]

    /// The tree without leaves.
    public init() {
        size = 0
        peaks = []
    }

    /// The frontier of a tree of `size` leaves, whose nodes `read` gives: one read for each bit set in `size`.
    /// - Throws: ``TreeError/sizeOutOfRange(_:)``, and whatever `read` throws.
    public init(size: Int64, read: (_ level: Int, _ index: Int64) throws -> Digest32) throws {
        guard (0...Merkle.sizeLimit).contains(size) else { throw TreeError.sizeOutOfRange(size) }
        self.size = size
        peaks = []
        var low: Int64 = 0
        while low < size {
            let level = 63 - (size - low).leadingZeroBitCount
            peaks.append(try read(level, low >> Int64(level)))
            low += 1 << Int64(level)
        }
    }

    /// Appends one leaf.
    /// - Returns: the nodes that it completed, the leaf itself (level 0) first: each is final and never changes again.
    @discardableResult
    public mutating func append(_ leaf: Digest32) -> [(level: Int, index: Int64, hash: Digest32)] {
        var hash = leaf
        var index = size
        var level = 0
        var completed = [(level: level, index: index, hash: hash)]
        while index & 1 == 1, let left = peaks.popLast() {
            hash = Merkle.nodeHash(left, hash)
            level += 1
            index >>= 1
            completed.append((level: level, index: index, hash: hash))
        }
        peaks.append(hash)
        size += 1
        return completed
    }

    /// The root of the tree as it stands.
    public var root: Digest32 { Merkle.fold(peaks) }
}
