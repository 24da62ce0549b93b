import Basics

/// One row of hashes as it is kept and published: 32 octets each, 1 to 256 of them.
public struct Tile: Hashable, Sendable {
    public let id: TileID
    /// 32 to 8,192 octets.
    public let hashes: Bytes

    /// - Throws: ``TreeError/tileWidth(_:octets:)``
    public init(id: TileID, hashes: Bytes) throws(TreeError) {
        guard hashes.count % 32 == 0, (1...TileID.fullWidth).contains(hashes.count / 32) else {
            throw .tileWidth(id, octets: hashes.count)
        }
        self.id = id
        self.hashes = hashes
    }

    /// - Parameter row: 1 to 256 whole hashes.
    init(id: TileID, row: Bytes) {
        self.id = id
        hashes = row
    }

    /// How many hashes it holds.
    public var width: Int { hashes.count / 32 }

    public var path: String { id.path(width: width) }

    /// - Returns: nil at or beyond the tile's width.
    public func hash(at position: Int) -> Digest32? {
        guard position >= 0, position < width else { return nil }
        return Digest32(bytes: Bytes(hashes[position * 32..<position * 32 + 32]))
    }

    /// A node of the tree from tiles alone: one tile is read, and at most 127 pairs are hashed.
    /// - Parameters:
    ///   - level: the node's level in the tree, 0 for leaves.
    ///   - row: the hashes of a tile, as many as there are by now: tiles only grow.
    /// - Throws: ``TreeError`` when no tree has the node or the tile is too narrow for it, and whatever `row` throws.
    public static func node(level: Int, index: Int64, row: (TileID) throws -> Bytes) throws -> Digest32 {
        guard (0...62).contains(level), (0...Merkle.sizeLimit >> Int64(level)).contains(index) else {
            throw TreeError.indexOutOfRange(index)
        }
        let height = level % 8
        let first = index << Int64(height)
        guard let id = TileID(level: level / 8, index: first >> 8) else { throw TreeError.indexOutOfRange(index) }
        let tile = try Tile(id: id, hashes: try row(id))
        let start = Int(first & 255)
        var hashes: [Digest32] = []
        for position in start..<start + (1 << height) {
            guard let hash = tile.hash(at: position) else { throw TreeError.tileWidth(id, octets: tile.hashes.count) }
            hashes.append(hash)
        }
        while hashes.count > 1 {
            hashes = stride(from: 0, to: hashes.count, by: 2).map { Merkle.nodeHash(hashes[$0], hashes[$0 + 1]) }
        }
        return hashes[0]
    }
}
