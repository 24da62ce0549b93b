import Basics
import Testing

@Suite("Canonical text, JSON, CBOR")
struct EncodingTests {
    @Test("A canonical document is accepted as it is", arguments: [#"{"a":1,"b":[true,null,"x\n"]}"#, #""é""#, "-5", "[]"])
    func canonical(text: String) throws {
        #expect(try JSON(canonical: Bytes(text.utf8)).canonicalBytes == Bytes(text.utf8))
    }

    @Test(
        "Anything but the one spelling is refused",
        arguments: [
            #"{"b":1,"a":2}"#, #"{"a":1, "b":2}"#, #"{"a":1,"a":1}"#, "1.0", "1e3", "01", "-0", "\"\\u0041\"", "\"e\u{301}\"", #""\/""#,
            " 1", "1 ",
            "\"\\ud800\"", "[1,]", "{", "\"", "nul", "[" + String(repeating: "[", count: 40),
        ])
    func notCanonical(text: String) { #expect(throws: JSONError.self) { try JSON(canonical: Bytes(text.utf8)) } }

    @Test("Invalid UTF-8 in a string is refused")
    func invalidUTF8() { #expect(throws: JSONError.self) { try JSON(parsing: [0x22, 0xff, 0x22]) } }

    @Test("CBOR: the vector of the ledger's digest decodes and encodes to itself")
    func cborVector() throws {
        let hex =
            "a80001017163657274696669636174652e6973737565021b0000019ab697e87b035000112233445566778899aabbccddeeff045820afce06c9f22953c466bd7522f1164f8bc6af03e550f66a5ff8f16b503f25fd9205a3005820c27338c453067b437471afbce792704d816112c6031bb996b62c698ea599ef800158203595d0af0f0ba42721b917ff183f98a4f8208bee7c84efa02badb2d41e22d69f02582006298432e8066b29e2223bcc23aa9504b56ae508fabf3435508869b9c3190e2206070704"
        let bytes = try #require(Bytes(hex: hex))
        let value = try CBOR(decoding: bytes)
        #expect(value.encoded == bytes)
        guard case .map(let members) = value else { return #expect(Bool(false)) }
        #expect(members[1] == .text("certificate.issue"))
        #expect(members[2] == .unsigned(1_764_000_000_123))
    }

    @Test(
        "CBOR outside the subset, or not shortest, is refused",
        arguments: [
            "1817", "190001", "f6", "fb3ff0000000000000", "20", "c000", "9f00ff", "a20000" + "0000", "a2010100" + "00",
            "8181818181" + "8100", "5803aabb", "0000",
            "a1181800", "a1616100", "62c328", "",
        ])
    func cborRefused(hex: String) throws {
        let bytes = try #require(Bytes(hex: hex))
        #expect(throws: CBORError.self) { try CBOR(decoding: bytes) }
    }

    @Test("Every prefix and every flipped bit of a text, a document and an entry gives a value or an error")
    func total() {
        let seeds: [Bytes] = [
            Bytes(#"{"a":[1,{"b":"\u00e9\ud83d\ude00"}],"c":-12}"#.utf8), CBOR.map([0: .array([.bytes([1, 2]), .text("x")])]).encoded,
        ]
        for seed in seeds {
            for length in 0...seed.count {
                _ = try? JSON(parsing: Bytes(seed.prefix(length)))
                _ = try? CBOR(decoding: Bytes(seed.prefix(length)))
            }
            for bit in 0..<seed.count * 8 {
                var damaged = seed
                damaged[bit / 8] ^= 1 << UInt8(bit % 8)
                _ = try? JSON(parsing: damaged)
                _ = try? CBOR(decoding: damaged)
            }
        }
    }

    @Test("A canonical text is read in its order, and nothing else")
    func text() throws {
        var reader = try TextReader("assay/x/v1\nname ada\ntime 5\n", context: "assay/x/v1")
        #expect(try reader.handle("name").description == "ada")
        #expect(try reader.time("time").seconds == 5)
        try reader.end()
    }

    @Test(
        "Carriage returns, missing line feeds, two spaces, other context, leading zeros are refused",
        arguments: [
            "assay/x/v1\r\ntime 5\n", "assay/x/v1\ntime 5", "assay/x/v1\ntime  5\n", "assay/y/v1\ntime 5\n", "assay/x/v1\ntime 05\n",
            "assay/x/v1\n\ntime 5\n",
            "assay/x/v1\ntime 5\nmore 1\n", "assay/x/v1\ntime é\n", "assay/x/v1\ntime 5 \n", "assay/x/v1\r\n", "",
        ])
    func textRefused(text: String) {
        #expect(throws: TextError.self) {
            var reader = try TextReader(text, context: "assay/x/v1")
            _ = try reader.time("time")
            try reader.end()
        }
    }
}
