import Basics
import Proofs
import Testing

@Suite("Checkpoints (c2sp.org/tlog-checkpoint) and proof files (c2sp.org/tlog-proof)")
struct CheckpointTests {
    static let root = "38wTubDKkyxo3j1Z6qqP4mapyAkcAwDoQF6/6w0OWDI="

    @Test("The worked example says what it says")
    func example() throws {
        let checkpoint = try Checkpoint.verified(
            note: try SignedNote(parsing: Example.note), by: try Example.log, origin: Example.origin)
        #expect(checkpoint.size == 8)
        #expect(checkpoint.root.hex == Published.roots[8].root)
        #expect(checkpoint.text == Example.text)
        #expect(try Checkpoint(text: checkpoint.text) == checkpoint)
    }

    @Test("A checkpoint of an empty tree has the empty tree's root")
    func empty() throws {
        #expect(try Checkpoint(text: "a\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n").root == Merkle.emptyRoot)
        #expect(throws: NoteError.malformedCheckpoint) { try Checkpoint(text: "a\n0\n\(Self.root)\n") }
    }

    @Test(
        "What is not origin, size and root is refused",
        arguments: [
            ("", .malformedCheckpoint), ("a\n8\n\(root)", .malformedCheckpoint), ("a\n8\n\(root)\nextension\n", .malformedCheckpoint),
            ("a\n8\n\(root)\n\n", .malformedCheckpoint), ("a\n08\n\(root)\n", .malformedCheckpoint),
            ("a\n-8\n\(root)\n", .malformedCheckpoint), ("a\n+8\n\(root)\n", .malformedCheckpoint),
            ("a\n\n\(root)\n", .malformedCheckpoint), ("a\n9223372036854775807\n\(root)\n", .malformedCheckpoint),
            ("a\n18446744073709551624\n\(root)\n", .malformedCheckpoint), ("a\n8\nAAAA\n", .malformedCheckpoint),
            ("a\n8\n\(root.dropLast())\n", .malformedCheckpoint), ("a\n8\r\n\(root)\n", .malformedCheckpoint),
            ("\n8\n\(root)\n", .origin), ("a b\n8\n\(root)\n", .origin), ("a+b\n8\n\(root)\n", .origin),
            ("a\r\n8\n\(root)\n", .origin), ("assay/vote/v1\n8\n\(root)\n", .origin),
        ] as [(String, NoteError)])
    func refused(text: String, error: NoteError) { #expect(throws: error) { try Checkpoint(text: text) } }

    @Test("Another log's checkpoint, one by another key, and a signed text that is none are refused")
    func foreign() throws {
        let note = try SignedNote(parsing: Example.note)
        let stranger = try VerifierKey.ed25519(name: Example.origin, publicKey: Bytes(repeating: 9, count: 32))
        #expect(throws: NoteError.origin) { try Checkpoint.verified(note: note, by: Example.log, origin: "assay.example/other") }
        #expect(throws: NoteError.notSigned) { try Checkpoint.verified(note: note, by: stranger, origin: Example.origin) }
        #expect(try Checkpoint.verified(note: note, by: [stranger, Example.log], origin: Example.origin).size == 8)
        let words = try Example.signed("words\n")
        #expect(throws: NoteError.malformedCheckpoint) { try Checkpoint.verified(note: words, by: Example.log, origin: Example.origin) }
    }

    static let proof =
        "c2sp.org/tlog-proof@v1\nindex 5\nGUu1otW9EOXRqm/V1CmAs1bK8dpiPNmYfEv6L4F3Htc=\n"
        + "1EgFk1RgUwW/k2qmoOTHCTIclg4rpskhuYuaFlMZy+I=\nJWueiCXl03CkrgBdCQHqKRl34pJ/XPjj5yZg3QlRnts=\n\n" + Example.note

    @Test("The published proof file is made, read and verified")
    func proofFile() throws {
        let path = try Merkle.inclusionProof(index: 5, size: 8, node: TestTree(size: 8).node)
        let made = try InclusionProofFile(index: 5, path: path, checkpoint: try SignedNote(parsing: Example.note))
        #expect(made.rendered == Self.proof)
        #expect(made.rendered.utf8.count == 482)
        #expect(Digest32(of: made.rendered).hex == "7431da88d9973c8465571a932be9e2af7323eb387a2c4cab40f65f216a8afce3")
        let read = try InclusionProofFile(parsing: Bytes(Self.proof.utf8))
        #expect(read == made)
        #expect(try read.verify(entry: Bytes("entry-5".utf8), key: Example.log, origin: Example.origin).size == 8)
    }

    @Test("A proof is refused for another entry, index, origin or key, and with another path")
    func proofRefused() throws {
        let proof = try InclusionProofFile(parsing: Bytes(Self.proof.utf8))
        let entry = Bytes("entry-5".utf8)
        let log = try Example.log
        func verify(_ path: [Digest32], index: Int64 = 5) throws {
            try InclusionProofFile(index: index, path: path, checkpoint: proof.checkpoint)
                .verify(entry: entry, key: log, origin: Example.origin)
        }
        try verify(proof.path)
        for path in damage(proof.path) { #expect(throws: NoteError.notIncluded) { try verify(path) } }
        for index in [0, 4, 6, 8, .max] as [Int64] { #expect(throws: NoteError.notIncluded) { try verify(proof.path, index: index) } }
        #expect(throws: NoteError.notIncluded) { try proof.verify(entry: Bytes("entry-6".utf8), key: log, origin: Example.origin) }
        #expect(throws: NoteError.origin) { try proof.verify(entry: entry, key: log, origin: "assay.example/other") }
        // The path's lines behind an empty line are part of another text, which nobody has signed.
        let moved = try InclusionProofFile(parsing: Bytes(Self.proof.replacing("index 5\n", with: "index 5\n\n").utf8))
        #expect(throws: NoteError.invalidSignature(name: Example.origin)) {
            try moved.verify(entry: entry, key: log, origin: Example.origin)
        }
        let stranger = try VerifierKey.ed25519(name: Example.origin, publicKey: Bytes(repeating: 9, count: 32))
        #expect(throws: NoteError.notSigned) { try proof.verify(entry: entry, key: stranger, origin: Example.origin) }
        #expect(throws: NoteError.malformedProof) { try verify(proof.path, index: -1) }
        #expect(throws: NoteError.malformedProof) { try verify(Array(repeating: .zero, count: 64)) }
    }

    @Test("Extra octets are kept and prove nothing")
    func extra() throws {
        let text = Self.proof.replacing("index 5", with: "extra AAEC\nindex 5")
        let proof = try InclusionProofFile(parsing: Bytes(text.utf8))
        #expect(proof.extra == [0, 1, 2])
        #expect(proof.rendered == text)
    }

    @Test(
        "What is no proof file is refused",
        arguments: [
            "", "\n\n", "c2sp.org/tlog-proof@v1\n\n" + Example.note, proof.replacing("@v1", with: "@v2"),
            proof.replacing("index 5", with: "index 05"), proof.replacing("index 5", with: "index -5"),
            proof.replacing("index 5", with: "index 5 "), proof.replacing("index 5", with: "index 5\r"),
            proof.replacing("index 5", with: "extra \nindex 5"), proof.replacing("index 5", with: "index 5\nextra AAEC"),
            proof.replacing("GUu1otW9", with: "GUu1otW"),
            proof.replacing("index 5\n", with: "index 5\n" + String(repeating: root + "\n", count: 61)),
            Example.note,
        ])
    func notAProof(file: String) {
        #expect(throws: NoteError.self) { try InclusionProofFile(parsing: Bytes(file.utf8)) }
    }

    @Test("Every prefix and every turned bit of a proof file is read or refused, and none but the whole proves the entry")
    func total() throws {
        let bytes = Bytes(Self.proof.utf8)
        let log = try Example.log
        func proves(_ file: Bytes) -> Bool {
            (try? InclusionProofFile(parsing: file).verify(entry: Bytes("entry-5".utf8), key: log, origin: Example.origin)) != nil
        }
        #expect(proves(bytes))
        let witness = bytes.count - Example.witnessLine.utf8.count
        for length in 0..<bytes.count where length != witness { #expect(!proves(Bytes(bytes[..<length]))) }
        for bit in 0..<witness * 8 {
            var damaged = bytes
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(!proves(damaged), "bit \(bit)")
        }
    }
}
