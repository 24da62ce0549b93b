import Basics

/// Which tile: 256 hashes of one of the tree's levels 0, 8, 16 … side by side (c2sp.org/tlog-tiles). Hash j of tile (level, index) is the
/// node at the tree's level 8·level and index 256·index + j; the seven levels between are computed again.
public struct TileID: Hashable, Comparable, Sendable {
    /// 0…7: a tree below 2^62 leaves has no more.
    public let level: Int
    /// From 0.
    public let index: Int64

    /// Hashes in a full tile.
    public static let fullWidth = 256

    /// - Returns: nil when no tree within ``Merkle/sizeLimit`` has such a tile.
    public init?(level: Int, index: Int64) {
        guard (0...7).contains(level), index >= 0, index <= Merkle.sizeLimit >> Int64(8 * level + 8) else { return nil }
        self.level = level
        self.index = index
    }

    private init(level: Int, unchecked index: Int64) {
        self.level = level
        self.index = index
    }

    /// Where a node is kept: its tile, and which of the tile's 256 hashes it is.
    /// - Returns: nil when tiles do not hold nodes of this level, or no tree has the node.
    public static func place(level: Int, index: Int64) -> (tile: TileID, position: Int)? {
        guard level % 8 == 0, index >= 0, let tile = TileID(level: level / 8, index: index >> 8) else { return nil }
        return (tile, Int(index & 255))
    }

    /// Every tile of a tree, level by level, the last of each perhaps partial.
    /// - Returns: nothing when `size` is outside of 0…``Merkle/sizeLimit``.
    public static func all(for size: Int64) -> some Sequence<TileID> {
        let inside = (0...Merkle.sizeLimit).contains(size) ? size : 0
        return (0...7).lazy.flatMap { level in
            let nodes = inside >> Int64(8 * level)
            return (0..<(nodes + 255) >> 8).lazy.map { TileID(level: level, unchecked: $0) }
        }
    }

    /// How many hashes the tile has when the tree has `size` leaves: 0…256.
    public func width(in size: Int64) -> Int {
        let nodes = max(0, size) >> Int64(8 * level)
        return Int(min(max(nodes - index << 8, 0), 256))
    }

    /// Where it is published: `tile/0/x001/x234/067`, with `.p/112` behind when it is not full.
    /// - Parameter width: hashes in it, 1…256.
    public func path(width: Int = fullWidth) -> String {
        var text = ""
        var rest = index
        repeat {
            let digits = String(rest % 1000)
            let group = String(repeating: "0", count: 3 - digits.count) + digits
            text = text.isEmpty ? group : "x" + group + "/" + text
            rest /= 1000
        } while rest > 0
        return "tile/\(level)/\(text)" + (width == Self.fullWidth ? "" : ".p/\(width)")
    }

    public static func < (left: TileID, right: TileID) -> Bool { (left.level, left.index) < (right.level, right.index) }
}

extension TileID: CustomStringConvertible {
    public var description: String { path() }
}
