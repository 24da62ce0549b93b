import Basics
import Proofs
import Testing

@Suite("The Merkle tree (RFC 9162 §2.1)")
struct MerkleTests {
    static let tree = TestTree(size: 300)

    @Test("Leaves, nodes and the empty root are those published")
    func nodes() throws {
        #expect(Merkle.emptyRoot.hex == Published.roots[0].root)
        for index in 0..<8 { #expect(Merkle.leafHash(Bytes("entry-\(index)".utf8)).hex == Published.nodes["h\(index)"]) }
        let names =
            ["h01": (1, 0), "h23": (1, 1), "h45": (1, 2), "h67": (1, 3), "h0123": (2, 0), "h4567": (2, 1)] as [String: (Int, Int64)]
        for (name, place) in names {
            #expect(try Self.tree.node(level: place.0, index: place.1).hex == Published.nodes[name])
        }
        let (h45, h6) = (try Self.tree.node(level: 1, index: 2), Self.tree.leaf(6))
        #expect(Merkle.nodeHash(h45, h6).hex == Published.nodes["h456"])
    }

    @Test("Roots of small trees are those published", arguments: Published.roots.filter { $0.size <= 257 })
    func roots(size: Int, root: String) throws {
        #expect(TestTree(size: size).frontier.root.hex == root)
        #expect(try Merkle.root(size: Int64(size), node: Self.tree.node).hex == root)
    }

    @Test("Every root up to 300 is the one of the recursive definition, also from a frontier that was read back")
    func everyRoot() throws {
        let leaves = (0..<300).map { Self.tree.leaf($0) }
        var frontier = Frontier()
        for size in 0...300 {
            let expected = recursiveRoot(leaves[..<size])
            #expect(frontier.root == expected)
            #expect(try Merkle.root(size: Int64(size), node: Self.tree.node) == expected)
            #expect(try Frontier(size: Int64(size), read: Self.tree.node) == frontier)
            if size < 300 {
                let completed = frontier.append(leaves[size])
                #expect(completed.count == 1 + (~size).trailingZeroBitCount)
            }
        }
    }

    @Test("The eight leaves of other logs' tests have the root of other logs' tests")
    func foreignLeaves() throws {
        let hex = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
        let tree = TestTree(leaves: hex.compactMap { Bytes(hex: $0) })
        #expect(tree.frontier.root.hex == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")
        let parts = [(7, "ddb89be4", "74c8c"), (6, "76e67dad", "2087ef"), (1, "6e340b9c", "17afa01d")] as [(Int64, String, String)]
        for (size, start, end) in parts {
            let root = try Merkle.root(size: size, node: tree.node).hex
            #expect(root.hasPrefix(start) && root.hasSuffix(end))
        }
    }

    @Test(
        "Inclusion proofs are those published",
        arguments: [
            (0, 1, ""), (0, 2, "h1"), (1, 2, "h0"), (0, 3, "h1,h2"), (2, 3, "h01"), (0, 5, "h1,h23,h4"), (4, 5, "h0123"),
            (3, 6, "h2,h01,h45"), (5, 6, "h4,h0123"), (0, 7, "h1,h23,h456"), (4, 7, "h5,h6,h0123"), (6, 7, "h45,h0123"),
            (0, 8, "h1,h23,h4567"), (5, 8, "h4,h67,h0123"), (7, 8, "h6,h45,h0123"),
        ] as [(Int64, Int64, String)])
    func inclusion(index: Int64, size: Int64, path: String) throws {
        #expect(try Merkle.inclusionProof(index: index, size: size, node: Self.tree.node) == Published.digests(path))
    }

    @Test(
        "Consistency proofs are those published",
        arguments: [
            (1, 2, "h1"), (1, 3, "h1,h2"), (2, 3, "h2"), (3, 4, "h2,h3,h01"), (1, 8, "h1,h23,h4567"), (2, 5, "h23,h4"),
            (3, 5, "h2,h3,h01,h4"), (3, 7, "h2,h3,h01,h456"), (4, 7, "h456"), (6, 7, "h45,h6,h0123"), (4, 8, "h4567"),
            (5, 8, "h4,h5,h67,h0123"), (6, 8, "h45,h67,h0123"), (7, 8, "h6,h7,h45,h0123"), (8, 8, ""),
        ] as [(Int64, Int64, String)])
    func consistency(old: Int64, new: Int64, path: String) throws {
        #expect(try Merkle.consistencyProof(from: old, to: new, node: Self.tree.node) == Published.digests(path))
    }

    @Test("Every proof up to 40 leaves verifies; damaged, shortened, lengthened or for something else it does not")
    func everyProof() throws {
        let roots = try (0...41).map { try Merkle.root(size: $0, node: Self.tree.node) }
        for size in 1...40 as ClosedRange<Int64> {
            for index in 0..<size {
                let path = try Merkle.inclusionProof(index: index, size: size, node: Self.tree.node)
                let leaf = Self.tree.leaf(Int(index))
                func holds(
                    _ path: [Digest32], index: Int64 = index, size: Int64 = size, leaf: Digest32 = leaf, root: Digest32? = nil
                ) -> Bool {
                    Merkle.verifyInclusion(index: index, size: size, leaf: leaf, path: path, root: root ?? roots[Int(size)])
                }
                #expect(holds(path))
                for damaged in damage(path) { #expect(!holds(damaged)) }
                #expect(!holds(path, leaf: flipped(leaf)))
                #expect(!holds(path, root: flipped(roots[Int(size)])))
                #expect(!holds(path, size: size + 1))
                #expect(!holds(path, index: size))
                #expect(!holds(path, index: -1))
                for other in 0..<size where other != index { #expect(!holds(path, index: other)) }
            }
            for old in 1...size {
                let path = try Merkle.consistencyProof(from: old, to: size, node: Self.tree.node)
                let (oldRoot, newRoot) = (roots[Int(old)], roots[Int(size)])
                func holds(_ path: [Digest32], from: Int64 = old, to: Int64 = size, _ first: Digest32, _ second: Digest32) -> Bool {
                    Merkle.verifyConsistency(from: from, to: to, oldRoot: first, newRoot: second, path: path)
                }
                #expect(holds(path, oldRoot, newRoot))
                for damaged in damage(path) { #expect(!holds(damaged, oldRoot, newRoot)) }
                #expect(!holds(path, flipped(oldRoot), newRoot))
                #expect(!holds(path, oldRoot, flipped(newRoot)))
                #expect(!holds(path, from: old - 1, oldRoot, newRoot))
                #expect(!holds(path, to: size + 1, oldRoot, roots[Int(size) + 1]))
                if old < size { #expect(!holds(path, from: size, to: old, newRoot, oldRoot)) }
            }
        }
    }

    @Test("A tree without leaves is the beginning of every tree, and only with its own root")
    func fromNothing() throws {
        let root = try Merkle.root(size: 5, node: Self.tree.node)
        #expect(try Merkle.consistencyProof(from: 0, to: 5, node: Self.tree.node).isEmpty)
        #expect(Merkle.verifyConsistency(from: 0, to: 5, oldRoot: Merkle.emptyRoot, newRoot: root, path: []))
        #expect(!Merkle.verifyConsistency(from: 0, to: 5, oldRoot: .zero, newRoot: root, path: []))
        #expect(!Merkle.verifyConsistency(from: 0, to: 5, oldRoot: Merkle.emptyRoot, newRoot: root, path: [root]))
        #expect(Merkle.verifyConsistency(from: 0, to: 0, oldRoot: Merkle.emptyRoot, newRoot: Merkle.emptyRoot, path: []))
        #expect(!Merkle.verifyConsistency(from: 0, to: 0, oldRoot: .zero, newRoot: .zero, path: []))
    }

    @Test("Proofs for what is not in the tree are not made; sizes beyond the limit neither made nor accepted")
    func outOfRange() {
        let node: (Int, Int64) throws -> Digest32 = Self.tree.node
        for (index, size) in [(0, 0), (5, 5), (-1, 5)] as [(Int64, Int64)] {
            #expect(throws: TreeError.indexOutOfRange(index)) { try Merkle.inclusionProof(index: index, size: size, node: node) }
        }
        #expect(throws: TreeError.sizeOutOfRange(.max)) { try Merkle.inclusionProof(index: 0, size: .max, node: node) }
        #expect(throws: TreeError.sizeOutOfRange(6)) { try Merkle.consistencyProof(from: 6, to: 5, node: node) }
        #expect(throws: TreeError.sizeOutOfRange(-1)) { try Merkle.consistencyProof(from: -1, to: 5, node: node) }
        #expect(throws: TreeError.sizeOutOfRange(-1)) { try Merkle.root(size: -1, node: node) }
        #expect(throws: TreeError.sizeOutOfRange(.max)) { try Frontier(size: .max, read: node) }
        let path = Array(repeating: Digest32.zero, count: 64)
        #expect(!Merkle.verifyInclusion(index: 0, size: .max, leaf: .zero, path: path, root: .zero))
        #expect(!Merkle.verifyConsistency(from: 1, to: .max, oldRoot: .zero, newRoot: .zero, path: path))
        #expect(!Merkle.verifyInclusion(index: .min, size: .min, leaf: .zero, path: [], root: .zero))
    }
}

/// The digest with its last bit turned.
func flipped(_ digest: Digest32) -> Digest32 {
    var bytes = digest.bytes
    bytes[31] ^= 1
    return Digest32(bytes: bytes) ?? .zero
}

/// One hash turned, one away, one more, two exchanged.
func damage(_ path: [Digest32]) -> [[Digest32]] {
    var results = [path + [.zero], [.zero] + path]
    for index in path.indices {
        var turned = path
        turned[index] = flipped(turned[index])
        var shorter = path
        shorter.remove(at: index)
        results += [turned, shorter]
        if index > 0 {
            var exchanged = path
            exchanged.swapAt(index, index - 1)
            results.append(exchanged)
        }
    }
    return results
}
