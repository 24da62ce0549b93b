import Basics
import Proofs
import Testing

/// The tiles of 70,000 leaves, cut as a writer cuts them: in batches, each time only what has changed.
private struct Cut {
    private(set) var rows: [TileID: Bytes] = [:]
    private(set) var edge = TreeEdge()
    private(set) var roots: [Int: String] = [:]

    init() {
        let sizes = Set(Published.roots.map(\.size))
        for index in 0..<70_000 {
            if sizes.contains(index) { roots[index] = edge.root.hex }
            edge.append(Merkle.leafHash(Bytes("entry-\(index)".utf8)))
            if index % 999 == 0 { write() }
        }
        roots[70_000] = edge.root.hex
        write()
    }

    private mutating func write() {
        for tile in edge.takeChangedTiles() { rows[tile.id] = tile.hashes }
    }

    struct Missing: Error {}

    func row(_ id: TileID) throws -> Bytes {
        guard let row = rows[id] else { throw Missing() }
        return row
    }

    func node(level: Int, index: Int64) throws -> Digest32 { try Tile.node(level: level, index: index, row: row) }
}

@Suite("Tiles (c2sp.org/tlog-tiles)")
struct TileTests {
    private static let cut = Cut()

    @Test("Roots on the way to 70,000 leaves are those published")
    func roots() throws {
        for (size, root) in Published.roots {
            #expect(Self.cut.roots[size] == root)
            #expect(try Merkle.root(size: Int64(size), node: Self.cut.node).hex == root)
        }
    }

    @Test(
        "The tiles' octets are those published",
        arguments: [
            (0, 0, "tile/0/000", "8921c57d2f65271c82bf0f686c002793863c80c8d1cbbbf5db6046ff59e8b590"),
            (0, 273, "tile/0/273.p/112", "41c090f240cc1bbcec93391099da9f3bde6e87927975e789b8f7794061b27f1d"),
            (1, 0, "tile/1/000", "3f2180f39b716a1f9ba5b330e55deac1781861f2854c705884f31806688285e0"),
            (1, 1, "tile/1/001.p/17", "e7be92bf44b56bfc274e384835c09a9b949542f7ef3bed21a46195a871173926"),
        ])
    func octets(level: Int, index: Int64, path: String, digest: String) throws {
        let id = try #require(TileID(level: level, index: index))
        let tile = try Tile(id: id, hashes: try Self.cut.row(id))
        #expect(tile.path == path)
        #expect(Digest32(of: tile.hashes).hex == digest)
        #expect(tile.width == id.width(in: 70_000))
    }

    @Test("The third level's only hash is the root of the 65,536 leaves below it")
    func top() throws {
        let id = try #require(TileID(level: 2, index: 0))
        #expect(try Self.cut.row(id).hex == "df2c606d114416fa600bf3495152e09e39e8be3d0e2e5501c352826539abda8e")
        #expect(id.path(width: 1) == "tile/2/000.p/1")
    }

    @Test("There are exactly the tiles that the size asks for, of the widths that it asks for")
    func all() {
        let ids = Array(TileID.all(for: 70_000))
        #expect(ids.count == 274 + 2 + 1)
        #expect(Set(ids) == Set(Self.cut.rows.keys))
        for id in ids { #expect(Self.cut.rows[id]?.count == id.width(in: 70_000) * 32) }
        #expect(Array(TileID.all(for: 0)).isEmpty)
        #expect(Array(TileID.all(for: -1)).isEmpty)
        #expect(Array(TileID.all(for: 256)).map { $0.width(in: 256) } == [256, 1])
    }

    @Test("Proofs made from tiles alone have the published lengths and verify, for every size that once was")
    func proofs() throws {
        for (index, length) in [(0, 17), (69_999, 9)] as [(Int64, Int)] {
            #expect(try Merkle.inclusionProof(index: index, size: 70_000, node: Self.cut.node).count == length)
        }
        for size in [1, 2, 255, 256, 257, 1_000, 65_535, 65_536, 65_537, 70_000] as [Int64] {
            let root = try Merkle.root(size: size, node: Self.cut.node)
            for index in Set([0, size / 3, size - 1]) {
                let path = try Merkle.inclusionProof(index: index, size: size, node: Self.cut.node)
                let leaf = Merkle.leafHash(Bytes("entry-\(index)".utf8))
                #expect(Merkle.verifyInclusion(index: index, size: size, leaf: leaf, path: path, root: root))
            }
            let path = try Merkle.consistencyProof(from: size, to: 70_000, node: Self.cut.node)
            #expect(
                Merkle.verifyConsistency(from: size, to: 70_000, oldRoot: root, newRoot: Self.cut.edge.root, path: path))
        }
    }

    @Test("An edge read back from tiles goes on as if nothing had happened", arguments: [0, 1, 255, 256, 257, 511, 512, 1_000])
    func readBack(size: Int64) throws {
        var written = TreeEdge()
        var rows: [TileID: Bytes] = [:]
        for index in 0..<size { written.append(Self.cut.leaf(index)) }
        for tile in written.takeChangedTiles() { rows[tile.id] = tile.hashes }
        #expect(written.takeChangedTiles().isEmpty)
        var read = try TreeEdge(size: size) { try #require(rows[$0]) }
        #expect(read == written)
        for index in size..<size + 300 {
            written.append(Self.cut.leaf(index))
            read.append(Self.cut.leaf(index))
        }
        #expect(read.root == written.root)
        #expect(read.takeChangedTiles() == written.takeChangedTiles())
    }

    @Test("An edge is not read from tiles of another width than its size asks for")
    func otherWidth() throws {
        let id = try #require(TileID(level: 0, index: 0))
        for width in [2, 4] {
            let hashes = Bytes(repeating: 7, count: width * 32)
            #expect(throws: TreeError.tileWidth(id, octets: hashes.count)) { try TreeEdge(size: 3) { _ in hashes } }
        }
    }

    @Test("A copy that is kept is what a rolled-back transaction returns to")
    func rollBack() {
        var edge = TreeEdge()
        edge.append(Self.cut.leaf(0))
        let kept = edge
        edge.append(Self.cut.leaf(1))
        #expect(edge != kept)
        edge = kept
        edge.append(Self.cut.leaf(1))
        #expect(edge.root.hex == Published.nodes["h01"])
    }

    @Test(
        "Where a tile is published",
        arguments: [
            (0, 0, 256, "tile/0/000"), (1, 999, 256, "tile/1/999"), (0, 1_000, 256, "tile/0/x001/000"),
            (0, 1_234_067, 256, "tile/0/x001/x234/067"), (3, 5, 17, "tile/3/005.p/17"), (0, 1_000_000, 1, "tile/0/x001/x000/000.p/1"),
        ])
    func path(level: Int, index: Int64, width: Int, path: String) throws {
        #expect(try #require(TileID(level: level, index: index)).path(width: width) == path)
    }

    @Test("Tiles that no tree has do not exist, and rows that are none are refused")
    func refused() throws {
        #expect(TileID(level: 8, index: 0) == nil)
        #expect(TileID(level: -1, index: 0) == nil)
        #expect(TileID(level: 0, index: -1) == nil)
        #expect(TileID(level: 0, index: .max) == nil)
        let id = try #require(TileID(level: 0, index: 0))
        for octets in [0, 31, 33, 257 * 32] {
            #expect(throws: TreeError.tileWidth(id, octets: octets)) { try Tile(id: id, hashes: Bytes(repeating: 0, count: octets)) }
        }
        let narrow = Bytes(repeating: 1, count: 32)
        #expect(throws: TreeError.tileWidth(id, octets: 32)) { try Tile.node(level: 1, index: 0) { _ in narrow } }
        for (level, index) in [(63, 0), (-1, 0), (0, -1), (0, .max), (62, 2)] as [(Int, Int64)] {
            #expect(throws: TreeError.indexOutOfRange(index)) { try Tile.node(level: level, index: index) { _ in narrow } }
        }
        #expect(try Tile(id: id, hashes: narrow).hash(at: 0) == Digest32(bytes: narrow))
        #expect(try Tile(id: id, hashes: narrow).hash(at: 1) == nil)
        #expect(try Tile(id: id, hashes: narrow).hash(at: -1) == nil)
    }

    @Test("Only every eighth level is kept in tiles")
    func place() throws {
        let place = try #require(TileID.place(level: 8, index: 273))
        #expect(place.tile == TileID(level: 1, index: 1))
        #expect(place.position == 17)
        for level in [1, 7, 9, -8, 64] { #expect(TileID.place(level: level, index: 0) == nil) }
        #expect(TileID.place(level: 0, index: -1) == nil)
    }
}

extension Cut {
    func leaf(_ index: Int64) -> Digest32 { Merkle.leafHash(Bytes("entry-\(index)".utf8)) }
}
