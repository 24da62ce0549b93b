import Basics
import Foundation
import Proofs
import Testing

@Suite("The Merkle tree, compared with pymerkle")
struct TreeTests {
    @Test("Roots, inclusion and consistency proofs agree; a damaged proof is named")
    func tree() throws {
        let entries = (0..<70).map { Bytes("entry-\($0)".utf8) }
        var nodes: [[Digest32]] = []
        var frontier = Frontier()
        for entry in entries {
            for (level, _, hash) in frontier.append(Merkle.leafHash(entry)) {
                if nodes.count <= level { nodes.append([]) }
                nodes[level].append(hash)
            }
        }
        func node(_ level: Int, _ index: Int64) throws -> Digest32 { try #require(nodes[level].dropFirst(Int(index)).first) }
        var lines = entries.map { JSON.object(["entry": .string($0.base64)]) }
        for size in Int64(1)...70 {
            let root = try Merkle.root(size: size, node: node)
            lines.append(.object(["size": .integer(size), "root": .string(root.hex)]))
            for index in stride(from: Int64(0), to: size, by: 7) {
                let path = try Merkle.inclusionProof(index: index, size: size, node: node)
                lines.append(
                    .object(["size": .integer(size), "index": .integer(index), "path": .array(path.map { .string($0.hex) })]))
            }
            for old in stride(from: Int64(1), to: size, by: 11) {
                let path = try Merkle.consistencyProof(from: old, to: size, node: node)
                lines.append(.object(["size": .integer(size), "from": .integer(old), "path": .array(path.map { .string($0.hex) })]))
            }
        }
        func ask(_ lines: [JSON]) throws -> Program.Answer {
            let input = lines.map { String(decoding: $0.canonicalBytes, as: UTF8.self) + "\n" }.joined()
            return try Program.python.run(["-B", "Tests/InteropTests/Python/tree_check.py"], input: input)
        }
        let answer = try ask(lines)
        #expect(answer.status == 0 && answer.text.hasPrefix("ok 70 "), "\(answer.text)")

        let wrong = JSON.object(["size": .integer(70), "index": .integer(3), "path": .array([.string(Digest32.zero.hex)])])
        #expect(try ask(lines + [wrong]).status == 1)
    }
}
