import Basics
import PKIX
import Testing

@Suite("Lists of keys that others have")
struct KeyBlocklistTests {
    private static let listed = String(repeating: "0f", count: 32)

    @Test("Comments, empty lines, both cases of digits and both kinds of line ends are read; a key twice counts once")
    func read() throws {
        let key = try KeyAlgorithm.ecdsaP256.generate().publicKey
        let hash = key.digest.bytes.hex
        let file = "# a comment\r\n\n\(Self.listed)\r\n\(hash.uppercased())\n\(hash)"
        let list = try KeyBlocklist(.spkiSHA256, file: Bytes(file.utf8))
        #expect(list.count == 2)
        #expect(list.contains(key))
        #expect(try !list.contains(KeyAlgorithm.ecdsaP256.generate().publicKey))
    }

    @Test(
        "What is no list is refused with its line",
        arguments: [
            ("", nil), ("# only a comment\n", nil), ("0f\n", 1), ("\(listed)0\n", 1), ("\(listed)\n\(listed.dropLast())g\n", 2),
            ("\(listed) \n", 1), ("\(listed)\n\u{fe}", 2),
        ] as [(String, Int?)])
    func faults(text: String, line: Int?) {
        #expect { try KeyBlocklist(.spkiSHA256, file: Bytes(text.utf8)) } throws: { ($0 as? KeyBlocklist.Fault)?.line == line }
    }

    @Test("Each of many is found, and what lies between two is not")
    func many() throws {
        let keys = try (0..<50).map { _ in try KeyAlgorithm.ed25519.generate().publicKey }
        let file = keys.prefix(25).map { $0.digest.bytes.hex + "\n" }.joined()
        let list = try KeyBlocklist(.spkiSHA256, file: Bytes(file.utf8))
        for (index, key) in keys.enumerated() { #expect(list.contains(key) == (index < 25)) }
    }

    @Test("A list of RSA keys says nothing of others")
    func others() throws {
        let list = try KeyBlocklist(.openSSLModulus, file: Bytes(String(repeating: "0", count: 20).utf8))
        for kind in [KeyAlgorithm.ecdsaP256, .ed25519, .mlDSA65, .rsa2048] { #expect(try !list.contains(kind.generate().publicKey)) }
    }
}
