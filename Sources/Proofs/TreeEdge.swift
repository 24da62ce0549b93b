import Basics

/// What a writer of tiles holds in memory: the frontier, and the unfinished tile of each level. A value: copy it before a transaction.
public struct TreeEdge: Hashable, Sendable {
    public private(set) var frontier: Frontier
    /// The unfinished tile's hashes, by the tile's level.
    private var rows: [Bytes] = Array(repeating: [], count: 8)
    private var touched: Set<TileID> = []
    private var filled: [Tile] = []

    /// The tree without leaves.
    public init() { frontier = Frontier() }

    /// The edge of a tree of `size` leaves from its tiles.
    /// - Parameter row: the hashes of a tile, exactly as many as the tree of `size` leaves has there.
    /// - Throws: ``TreeError`` when a tile has another width, and whatever `row` throws.
    public init(size: Int64, row: (TileID) throws -> Bytes) throws {
        frontier = try Frontier(size: size) { level, index in try Tile.node(level: level, index: index, row: row) }
        for level in 0...7 {
            guard let id = TileID(level: level, index: size >> Int64(8 * level + 8)), id.width(in: size) > 0 else { continue }
            let hashes = try row(id)
            guard hashes.count == id.width(in: size) * 32 else { throw TreeError.tileWidth(id, octets: hashes.count) }
            rows[level] = hashes
        }
    }

    public var size: Int64 { frontier.size }
    public var root: Digest32 { frontier.root }

    /// Appends one leaf to the tree and to its tiles.
    public mutating func append(_ leaf: Digest32) {
        for node in frontier.append(leaf) {
            guard let (id, position) = TileID.place(level: node.level, index: node.index) else { continue }
            rows[id.level] += node.hash.bytes
            touched.insert(id)
            if position == TileID.fullWidth - 1 {
                filled.append(Tile(id: id, row: rows[id.level]))
                touched.remove(id)
                rows[id.level] = []
            }
        }
    }

    /// The tiles that have changed since the last call, whole, in the order of level and index: what must be written.
    public mutating func takeChangedTiles() -> [Tile] {
        let unfinished = touched.map { Tile(id: $0, row: rows[$0.level]) }
        defer {
            touched = []
            filled = []
        }
        return (filled + unfinished).sorted { $0.id < $1.id }
    }
}
