import Basics

/// Making proofs (RFC 9162 §2.1.3.1, §2.1.4.1), with about log2(size) nodes read for each.
extension Merkle {
    /// The root of the tree's first `size` leaves.
    /// - Throws: ``TreeError/sizeOutOfRange(_:)``, and whatever `node` throws.
    public static func root(size: Int64, node: (_ level: Int, _ index: Int64) throws -> Digest32) throws -> Digest32 {
        guard (0...sizeLimit).contains(size) else { throw TreeError.sizeOutOfRange(size) }
        return try hash(of: 0..<size, node: node)
    }

    /// The proof that leaf `index` is in the tree of `size` leaves: its sibling first.
    /// - Throws: ``TreeError``, and whatever `node` throws.
    public static func inclusionProof(
        index: Int64, size: Int64, node: (_ level: Int, _ index: Int64) throws -> Digest32
    ) throws -> [Digest32] {
        guard (0...sizeLimit).contains(size) else { throw TreeError.sizeOutOfRange(size) }
        guard (0..<size).contains(index) else { throw TreeError.indexOutOfRange(index) }
        var low: Int64 = 0
        var high = size
        var siblings: [Range<Int64>] = []
        while high - low > 1 {
            let middle = low + powerOfTwo(below: high - low)
            if index < middle {
                siblings.append(middle..<high)
                high = middle
            } else {
                siblings.append(low..<middle)
                low = middle
            }
        }
        return try siblings.reversed().map { try hash(of: $0, node: node) }
    }

    /// The proof that the tree of `new` leaves begins with the tree of `old` leaves. Empty for `old` 0, which proves nothing.
    /// - Throws: ``TreeError``, and whatever `node` throws.
    public static func consistencyProof(
        from old: Int64, to new: Int64, node: (_ level: Int, _ index: Int64) throws -> Digest32
    ) throws -> [Digest32] {
        guard (0...sizeLimit).contains(new) else { throw TreeError.sizeOutOfRange(new) }
        guard (0...new).contains(old) else { throw TreeError.sizeOutOfRange(old) }
        if old == 0 || old == new { return [] }
        var low: Int64 = 0
        var high = new
        var siblings: [Range<Int64>] = []
        while high != old {
            let middle = low + powerOfTwo(below: high - low)
            if old <= middle {
                siblings.append(middle..<high)
                high = middle
            } else {
                siblings.append(low..<middle)
                low = middle
            }
        }
        // A verifier knows the old root; it is not repeated when it is itself a node.
        if low > 0 { siblings.append(low..<high) }
        return try siblings.reversed().map { try hash(of: $0, node: node) }
    }

    /// The largest power of two strictly below `count`, which is at least 2.
    private static func powerOfTwo(below count: Int64) -> Int64 { 1 << Int64(63 - (count - 1).leadingZeroBitCount) }

    /// The hash of leaves that begin at a multiple of the largest power of two in their number.
    private static func hash(of leaves: Range<Int64>, node: (Int, Int64) throws -> Digest32) throws -> Digest32 {
        var peaks: [Digest32] = []
        var low = leaves.lowerBound
        while low < leaves.upperBound {
            let level = 63 - (leaves.upperBound - low).leadingZeroBitCount
            peaks.append(try node(level, low >> Int64(level)))
            low += 1 << Int64(level)
        }
        return fold(peaks)
    }
}
