import Basics
import Proofs

/// A tree whose nodes are all in memory.
struct TestTree {
    private(set) var frontier = Frontier()
    private var nodes: [[Digest32]] = []

    init(leaves: some Sequence<Bytes>) {
        for leaf in leaves {
            for node in frontier.append(Merkle.leafHash(leaf)) {
                if node.level == nodes.count { nodes.append([]) }
                precondition(nodes[node.level].count == Int(node.index))
                nodes[node.level].append(node.hash)
            }
        }
    }

    /// The leaves of the published vectors: the ASCII octets `entry-0`, `entry-1` …
    init(size: Int) { self.init(leaves: (0..<size).map { Bytes("entry-\($0)".utf8) }) }

    struct Missing: Error {}

    func node(level: Int, index: Int64) throws -> Digest32 {
        guard level < nodes.count, index < nodes[level].count else { throw Missing() }
        return nodes[level][Int(index)]
    }

    func leaf(_ index: Int) -> Digest32 { nodes[0][index] }
}

/// RFC 9162 §2.1.1 as it is written, without anything that the room does.
func recursiveRoot(_ leaves: ArraySlice<Digest32>) -> Digest32 {
    if leaves.isEmpty { return Digest32(of: Bytes()) }
    if leaves.count == 1 { return leaves[leaves.startIndex] }
    var split = 1
    while split * 2 < leaves.count { split *= 2 }
    let middle = leaves.startIndex + split
    return Digest32(of: [1] + recursiveRoot(leaves[..<middle]).bytes + recursiveRoot(leaves[middle...]).bytes)
}

/// The published nodes over the leaves `entry-0` to `entry-7`, made by a program of its own and compared with Go's x/mod sumdb/tlog.
enum Published {
    static let nodes: [String: String] = [
        "h0": "40766b2033429026f53d54502679a839706b4741f8dcaf3a8bba5f41b5ffe075",
        "h1": "e868811a482c27d50b6d45dde79c465d6adb9b06645100477a90cf3d8518898b",
        "h2": "049d7dcdb56bcfebd313304c9839f196a3d4b6ef3bdc0b08298f93ac8191f0a8",
        "h3": "27479b6ab321d2ee477452f68ba527748e863cafe8fbd1df2bf89d1570d1b697",
        "h4": "194bb5a2d5bd10e5d1aa6fd5d42980b356caf1da623cd9987c4bfa2f81771ed7",
        "h5": "514158527515064c7bbd35b44c9f11addcfc38b439554fc9bb0d8b7c661c3e8f",
        "h6": "0cfda576ff4b29ea33c3afdaeed1bd637eb654b28a04302fcab5fd7db07801cc",
        "h7": "c8d81ba4fdd46c6c3c73c87b209eeaf944cf511327211f1f9a81586cf7d4d5a4",
        "h01": "2f27a5082c1d42afa488ac350a9fc4390c084f54f71ecdff859e98db8429b479",
        "h23": "b17003e0b3bbc81fe116edb140c39727254849cc4652b0f7c4f26f8b9d9f987d",
        "h45": "4a136a70087b637e34c3d3daa6cea768b1db13ec475902d2e240b60e3d999c7a",
        "h67": "d448059354605305bf936aa6a0e4c709321c960e2ba6c921b98b9a165319cbe2",
        "h0123": "256b9e8825e5d370a4ae005d0901ea291977e2927f5cf8e3e72660dd09519edb",
        "h4567": "5b6680e3035dba9b8a221ee819e805e1c17b333cd66664e76402ea43d7b64a83",
        "h456": "e429c5b5ccaa9523c37297f1846766f903137e82195c5199e6be57130d1006c8",
    ]

    static let roots: [(size: Int, root: String)] = [
        (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (1, nodes["h0"] ?? ""),
        (2, nodes["h01"] ?? ""),
        (3, "a64bf26e09128f6fe2fe6f8b2d8c801e166b57c047a7cd9b2b809e7a96a2f1cb"),
        (4, nodes["h0123"] ?? ""),
        (5, "1aa68d3074905a581f84cbbd0f753794904fd80451bc4c13e69d9a53bc59502c"),
        (6, "08783a523d260480de2ccf0976d7411ed8adaf06f75d5a5de2254c58f968eca9"),
        (7, "9139601cc1ca8ab2a7a0c2c134c04845f2b1ba549a83d6c845cfcda439cc585d"),
        (8, "dfcc13b9b0ca932c68de3d59eaaa8fe266a9c8091c0300e8405ebfeb0d0e5832"),
        (255, "45da9f374748e17a372f71c00422b12e2bf96842f1f61c5740fe494e4becff0f"),
        (256, "f85f4ead34080710b4d1e808301543aaab81aa04deb88599350dc26a4f2f58de"),
        (257, "918b1cec64f317c76e3cf55c0536841c039eff06772ebb8828ce7c176028b5ac"),
        (1_000, "d03d63b772af99019817ee3e018286d36a26161bdb5bfe8228e92c02abe9115d"),
        (65_536, "df2c606d114416fa600bf3495152e09e39e8be3d0e2e5501c352826539abda8e"),
        (70_000, "a62a54be33294ffd5a5c4c637fd754630b71a892e8356e3a666a5c8a7ffd1518"),
    ]

    static func digests(_ names: String) -> [Digest32] {
        names.split(separator: ",").compactMap { nodes[String($0)].flatMap { Digest32(hex: $0) } }
    }
}
