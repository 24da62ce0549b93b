import Basics

/// The Merkle tree of RFC 9162 §2.1 with SHA-256. Nothing here knows where nodes are kept: callers hand in `node`, which gives the hash
/// of the complete subtree over the leaves [index·2^level, (index+1)·2^level).
public enum Merkle {
    /// The root of a tree without leaves: SHA-256 of nothing.
    public static let emptyRoot = Digest32(of: Bytes())
    /// Hashes in a proof at most; no tree below 2^63 leaves needs more.
    public static let pathLimit = 63
    /// Leaves in a tree at most.
    public static let sizeLimit: Int64 = 1 << 62

    /// The hash of one entry: SHA-256(0x00 ‖ entry).
    public static func leafHash(_ entry: Bytes) -> Digest32 { Digest32(of: [0] + entry) }

    /// The hash of two subtrees side by side: SHA-256(0x01 ‖ left ‖ right). The prefix keeps a node from being passed off as an entry.
    public static func nodeHash(_ left: Digest32, _ right: Digest32) -> Digest32 {
        var message: Bytes = [1]
        message.reserveCapacity(65)
        message += left.bytes
        message += right.bytes
        return Digest32(of: message)
    }

    /// The root over complete subtrees, largest first: folded from the right.
    public static func fold(_ peaks: some BidirectionalCollection<Digest32>) -> Digest32 {
        guard var root = peaks.last else { return emptyRoot }
        for peak in peaks.dropLast().reversed() { root = nodeHash(peak, root) }
        return root
    }
}

/// Why a tree cannot answer.
public enum TreeError: Error, Hashable, Sendable {
    /// A tree has 0 to ``Merkle/sizeLimit`` leaves, and an older size is not above the newer.
    case sizeOutOfRange(Int64)
    /// A leaf's index is below the tree's size; a node lies inside of the tree.
    case indexOutOfRange(Int64)
    /// A tile is not whole hashes, wider than 256, or narrower than the tree's size asks for.
    case tileWidth(TileID, octets: Int)
}

extension TreeError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .sizeOutOfRange(let size): "A tree cannot have, or does not have, the size \(size)."
        case .indexOutOfRange(let index): "The index \(index) lies outside of the tree."
        case .tileWidth(let tile, let octets): "\(tile) has \(octets) octets, which is not its width."
        }
    }
}
