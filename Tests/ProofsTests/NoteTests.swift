import Basics
import Crypto
import Proofs
import Testing

/// The worked example: made with Python's cryptography, opened and reproduced by Go's x/mod sumdb/note.
enum Example {
    static let text = "assay.example/ledger\n8\n38wTubDKkyxo3j1Z6qqP4mapyAkcAwDoQF6/6w0OWDI=\n"
    static let logLine =
        "— assay.example/ledger 0rScu6TvkuYbiNl9RE+eKgnZW0WuGA3hfaxxmp8auoPzMMdPdzCCh1IUa8Ug1YaNFFhaGPgfg5S6t+SJjRnQP87BAg8=\n"
    static let witnessLine =
        "— witness.example/w1 IDJKvgAAAABpJIEAMwiPKtVJqOcHBJVSe7KUGDYqxxts4Q0IuLubIBGJgqL1xtw+iZ0dG8L/fnGRCogzhMLXt/fUK/ogESLSAs/rCQ==\n"
    static let note = text + "\n" + logLine + witnessLine
    static let origin = "assay.example/ledger"
    static let logVkey = "assay.example/ledger+d2b49cbb+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
    static let witnessVkey = "witness.example/w1+20324abe+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X"
    static let logSeed = Bytes(0..<32)
    static let witnessSeed = Bytes(32..<64)

    static var log: VerifierKey { get throws { try VerifierKey(vkey: logVkey) } }
    static var witness: VerifierKey { get throws { try VerifierKey(vkey: witnessVkey) } }

    static func sign(_ message: Bytes, seed: Bytes) throws -> Bytes {
        Bytes(try Curve25519.Signing.PrivateKey(rawRepresentation: seed).signature(for: message))
    }

    /// A note over `text` by the log's key.
    static func signed(_ text: String) throws -> SignedNote {
        let signature = try SignedNote.Signature(
            name: origin, keyID: log.keyID, signature: sign(Bytes(text.utf8), seed: logSeed))
        return try SignedNote(text: text, signatures: [signature])
    }
}

@Suite("Signed notes (c2sp.org/signed-note)")
struct NoteTests {
    @Test("The worked example is reproduced octet for octet from its seeds")
    func reproduced() throws {
        let root = try #require(Digest32(hex: Published.roots[8].root))
        let text = try Checkpoint(origin: Example.origin, size: 8, root: root).text
        #expect(text == Example.text)
        let time = Bytes([0, 0, 0, 0, 0x69, 0x24, 0x81, 0])
        let cosigned = Bytes("cosignature/v1\ntime 1764000000\n".utf8) + Bytes(text.utf8)
        let note = try SignedNote(
            text: text,
            signatures: [
                SignedNote.Signature(
                    name: Example.origin, keyID: Example.log.keyID, signature: Example.sign(Bytes(text.utf8), seed: Example.logSeed)),
                SignedNote.Signature(
                    name: "witness.example/w1", keyID: Example.witness.keyID,
                    signature: time + Example.sign(cosigned, seed: Example.witnessSeed)),
            ])
        #expect(note.rendered == Example.note)
        #expect(note.rendered.utf8.count == 315)
        #expect(Digest32(of: note.rendered).hex == "45caae1cd382112b6465e1c3b8abc2968cc51a91ae45c9f9a6b79fcbb0778a15")
        #expect(Digest32(of: note.message).hex == "6c34a0677b40634a4682ceba70c1bd8dabbd9aa71788e4c768906449410b892e")
    }

    @Test("The worked example is read, verified by log and witness, and written again")
    func opened() throws {
        let note = try SignedNote(parsing: Example.note)
        #expect(note.text == Example.text)
        #expect(note.signatures.map(\.keyID) == [0xd2b4_9cbb, 0x2032_4abe])
        #expect(try note.verify(by: [Example.log]) == [Example.log])
        #expect(try note.verify(by: [Example.witness, Example.log]) == [Example.witness, Example.log])
        #expect(note.rendered == Example.note)
    }

    @Test("Each turned bit of the worked example is refused, or is another text, name or signature that nobody has signed")
    func turnedBits() throws {
        let bytes = Bytes(Example.note.utf8)
        let keys = [try Example.log, try Example.witness]
        for bit in 0..<bytes.count * 8 {
            var damaged = bytes
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            // A line whose name or key id is turned is nobody's, and is ignored: then only one of the two has signed.
            let signers = (try? SignedNote(parsing: damaged).verify(by: keys)) ?? []
            #expect(signers.count < 2, "bit \(bit)")
        }
        for length in 0..<bytes.count { #expect((try? SignedNote(parsing: Bytes(bytes[..<length])).verify(by: keys).count) != 2) }
    }

    @Test(
        "What is no note is refused",
        arguments: [
            ("", .notANote), ("\n", .notANote), ("\n\n", .notANote), ("text\n", .notANote), (Example.text, .notANote),
            (Example.text + "\n", .notANote), (String(Example.note.dropLast()), .notANote),
            (Example.text + "\n\n", .malformedSignature(line: 1)),
            (Example.text + "\n" + Example.logLine + "— x\n", .malformedSignature(line: 2)),
            (Example.text + "\n- assay.example/ledger AAAAAAA=\n", .malformedSignature(line: 1)),
            (Example.text + "\n—  AAAAAAA=\n", .malformedSignature(line: 1)),
            (Example.text + "\n— a+b AAAAAAA=\n", .malformedSignature(line: 1)),
            (Example.text + "\n— a\u{a0}b AAAAAAA=\n", .malformedSignature(line: 1)),
            (Example.text + "\n— ab AAAAAAA\n", .malformedSignature(line: 1)),
            (Example.text + "\n— ab AAAAAAB=\n", .malformedSignature(line: 1)),
            (Example.text + "\n— ab AAAAAA==\n", .malformedSignature(line: 1)),
            (Example.text + "\n— ab AAAAAAA= \n", .malformedSignature(line: 1)),
            (Example.text + "\n— ab \n", .malformedSignature(line: 1)),
            (Example.text.replacing("\n", with: "\r\n") + "\n" + Example.logLine, .notText),
            ("tab\there\n\n" + Example.logLine, .notText),
            (Example.text + "\n" + String(repeating: Example.logLine, count: 101), .tooManySignatures),
            (String(repeating: "x", count: SignedNote.textLimit) + "\n\n" + Example.logLine, .tooLong),
            (String(repeating: "x", count: SignedNote.sizeLimit), .notANote),
            (String(repeating: "x", count: SignedNote.sizeLimit + 1), .tooLong),
        ] as [(String, NoteError)])
    func refused(note: String, error: NoteError) { #expect(throws: error) { try SignedNote(parsing: note) } }

    @Test("Octets that are not UTF-8 are refused")
    func notUTF8() { #expect(throws: NoteError.notText) { try SignedNote(parsing: [0xff] + Bytes(Example.note.utf8)) } }

    @Test("A text may hold empty lines: the note is split at the last")
    func emptyLines() throws {
        let note = try Example.signed("a\n\nb\n\n\nc\n")
        #expect(try SignedNote(parsing: note.rendered) == note)
        #expect(note.text == "a\n\nb\n\n\nc\n")
    }

    @Test("Texts that look alike and differ in octets are different notes")
    func lookAlike() throws {
        let (composed, decomposed) = (try Example.signed("\u{e9}\n"), try Example.signed("e\u{301}\n"))
        #expect(composed.message != decomposed.message)
        #expect(try SignedNote(parsing: composed.rendered) != SignedNote(parsing: decomposed.rendered))
    }

    @Test("Unknown lines are ignored, but one known line that does not verify voids the note")
    func voided() throws {
        let note = try SignedNote(parsing: Example.note)
        let (log, other) = (note.signatures[0], note.signatures[1])
        let broken = try SignedNote.Signature(name: log.name, keyID: log.keyID, signature: Bytes(repeating: 1, count: 64))
        let stranger = try SignedNote.Signature(name: log.name, keyID: 1, signature: Bytes(repeating: 1, count: 64))
        let keys = [try Example.log]
        #expect(try SignedNote(text: note.text, signatures: [stranger, log, other]).verify(by: keys) == keys)
        #expect(try SignedNote(text: note.text, signatures: [log, log]).verify(by: keys) == keys)
        #expect(throws: NoteError.invalidSignature(name: log.name)) {
            try SignedNote(text: note.text, signatures: [log, broken]).verify(by: keys)
        }
        #expect(throws: NoteError.notSigned) { try SignedNote(text: note.text, signatures: [stranger, other]).verify(by: keys) }
        #expect(throws: NoteError.notSigned) { try note.verify(by: []) }
        #expect(throws: NoteError.invalidSignature(name: log.name)) {
            try SignedNote(text: note.text + "x\n", signatures: [log]).verify(by: keys)
        }
    }

    @Test("A note is not made without a signature, without a last line feed, or with a name or signature that is none")
    func notMade() throws {
        let line = try SignedNote(parsing: Example.note).signatures[0]
        #expect(throws: NoteError.notANote) { try SignedNote(text: "a\n", signatures: []) }
        #expect(throws: NoteError.notANote) { try SignedNote(text: "a", signatures: [line]) }
        #expect(throws: NoteError.notANote) { try SignedNote(text: "", signatures: [line]) }
        #expect(throws: NoteError.notText) { try SignedNote(text: "a\r\n", signatures: [line]) }
        #expect(throws: NoteError.tooManySignatures) { try SignedNote(text: "a\n", signatures: Array(repeating: line, count: 101)) }
        #expect(throws: NoteError.keyName) { try SignedNote.Signature(name: "a b", keyID: 1, signature: [1]) }
        for length in [0, 8193] {
            #expect(throws: NoteError.signatureLength) {
                try SignedNote.Signature(name: "a", keyID: 1, signature: Bytes(repeating: 1, count: length))
            }
        }
    }

    @Test("A cosignature holds for its own time only")
    func cosignatureTime() throws {
        let line = try SignedNote(parsing: Example.note).signatures[1]
        var later = line.signature
        later[7] ^= 1
        #expect(try Example.witness.isValid(line.signature, over: Example.text))
        #expect(try !Example.witness.isValid(later, over: Example.text))
        #expect(try !Example.witness.isValid(Bytes(line.signature.dropFirst(8)), over: Example.text))
        later[0] = 0x80
        #expect(try !Example.witness.isValid(later, over: Example.text))
    }
}
