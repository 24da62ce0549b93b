import Basics
import Crypto
import Proofs
import Testing

@Suite("Verifier keys (c2sp.org/signed-note)")
struct VerifierKeyTests {
    @Test("The example's keys are read and written again, and made from their parts")
    func example() throws {
        for vkey in [Example.logVkey, Example.witnessVkey] { #expect(try VerifierKey(vkey: vkey).vkey == vkey) }
        let publicKey = try #require(Bytes(hex: "03a107bff3ce10be1d70dd18e74bc09967e4d6309ba50d5f1ddc8664125531b8"))
        #expect(try VerifierKey.ed25519(name: Example.origin, publicKey: publicKey) == Example.log)
        #expect(try Example.log.keyID == 0xd2b4_9cbb)
        #expect(try Example.witness.type == VerifierKey.cosignature)
        #expect(try Example.witness.key.hex == "29acbae141bccaf0b22e1a94d34d0bc7361e526d0bfe12c89794bc9322966dd7")
    }

    @Test(
        "What is no verifier key is refused",
        arguments: [
            ("", .malformedKey), ("a+b", .malformedKey), ("assay.example/ledger", .malformedKey),
            (Example.logVkey + "=", .malformedKey), (Example.logVkey + "+", .malformedKey),
            (Example.logVkey.replacing("d2b49cbb", with: "D2B49CBB"), .malformedKey),
            (Example.logVkey.replacing("d2b49cbb", with: "d2b49c"), .malformedKey),
            (Example.logVkey.replacing("d2b49cbb", with: "d2b49cbc"), .keyID),
            (Example.logVkey.replacing("assay", with: "essay"), .keyID),
            (Example.logVkey.replacing("assay", with: ""), .keyID),
            (Example.logVkey.replacing("assay.", with: "a b"), .keyName),
            ("+d2b49cbb+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4", .keyName),
            (Example.logVkey.replacing("+AQ", with: "+Aw"), .unknownKeyType(3)),
            (Example.logVkey.replacing("+AQ", with: "+/w"), .unknownKeyType(255)),
            ("a+00000000+AQ==", .malformedKey), ("a+00000000+AgID", .malformedKey), ("a+00000000+", .malformedKey),
        ] as [(String, NoteError)])
    func refused(vkey: String, error: NoteError) { #expect(throws: error) { try VerifierKey(vkey: vkey) } }

    @Test("Names are not empty, and have neither spaces nor plus signs")
    func names() {
        for name in ["ada", "assay.example/ledger", "é", String(repeating: "x", count: 255)] { #expect(VerifierKey.isName(name)) }
        for name in ["", "a b", "a+b", "a\n", "a\u{2003}b", "\u{a0}", "a\u{85}", "a\u{1}", String(repeating: "x", count: 256)] {
            #expect(!VerifierKey.isName(name))
        }
    }

    @Test("A person's ECDSA key: its id is that of the published vote, and the vote verifies until a word changes")
    func ecdsa() throws {
        let spki = try #require(
            Bytes(
                base64:
                    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEUVw9brnjlrkE0/7Kf1T9zQzB6Ze/N13KUVrQpsO0A19FNr46UPMY+/mlR1kCoiFQK+8NV+CMU7LMClbxfZ+TVA=="
            ))
        let vote = """
            assay/vote/v1
            instance 7f3a0000000000000000000000000001
            voter ben
            decision approve
            time 1764000300
            reason 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
            kind certificate
            statement d5yrmNCkz6GiXjG0RZKtrsU3BVQ+NtHNJIUN60Jxnaw=

            — ben 8dWUSTBEAiBm4BnrcwnYOWOBtLQgYGNzFzFpD6h8JnvKVv7hrN3t1QIgZXBXpDf+7v16Gr+B2Db+Nco7aqwCaHmD1bTeRmDYLKs=

            """
        let note = try SignedNote(parsing: vote)
        let key = try VerifierKey(name: "ben", type: VerifierKey.ecdsa, key: spki)
        #expect(note.signatures[0].keyID == VerifierKey.keyID(spki: spki))
        #expect(try note.verify(by: [key]) == [key])
        #expect(try VerifierKey(vkey: key.vkey) == key)
        #expect(Digest32(of: note.message).base64 == "8bQqWr9IQnmTz64eQV8WKS1Mzi8eRvvk21kCNMeZQLM=")
        let rejected = try SignedNote(parsing: vote.replacing("approve", with: "reject"))
        #expect(throws: NoteError.invalidSignature(name: "ben")) { try rejected.verify(by: [key]) }
        // The same numbers in a longer form would be a second signature of one text.
        let signature = note.signatures[0].signature
        #expect(key.isValid(signature, over: note.text))
        #expect(!key.isValid(signature + [0], over: note.text))
        #expect(!key.isValid([0x30, 0x81, 0x44] + signature.dropFirst(2), over: note.text))
        #expect(!key.isValid([], over: note.text))
    }

    @Test("A key of another curve, and a key with something behind it, are no keys of type 2")
    func otherCurve() throws {
        let p384 = Bytes(P384.Signing.PrivateKey().publicKey.derRepresentation)
        let p256 = Bytes(P256.Signing.PrivateKey().publicKey.derRepresentation)
        for key in [p384, p256 + [0], []] {
            #expect(throws: NoteError.malformedKey) { try VerifierKey(name: "a", type: VerifierKey.ecdsa, key: key) }
        }
        for length in [0, 31, 33] {
            #expect(throws: NoteError.malformedKey) { try VerifierKey.ed25519(name: "a", publicKey: Bytes(repeating: 1, count: length)) }
        }
    }
}
