import Basics
import Foundation
import PKIX
import Testing

/// People's keys are files that other programs read.
@Suite("Private keys, read and made by openssl")
struct KeyFileTests {
    private static func temporary(_ content: String = "") throws -> String {
        let file = FileManager.default.temporaryDirectory.appending(path: "key-\(UUID().uuidString).pem")
        try content.write(to: file, atomically: false, encoding: .utf8)
        return file.path(percentEncoded: false)
    }

    @Test("openssl reads our key, plain and under a passphrase, and finds the same public key; not with another passphrase")
    func ours() throws {
        let key = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
        let sealed = PEM.encode(
            "ENCRYPTED PRIVATE KEY", try key.encryptedPKCS8(passphrase: Bytes("correct horse".utf8), entropy: SystemEntropy()))
        let publicKey = PEM.encode("PUBLIC KEY", key.publicKey.der)
        for (text, passphrase) in [(PEM.encode("PRIVATE KEY", key.pkcs8), "-"), (sealed, "correct horse")] {
            let file = try Self.temporary(text)
            defer { try? FileManager.default.removeItem(atPath: file) }
            let answer = try Program.named("openssl").run(["pkey", "-in", file, "-pubout", "-passin", "pass:\(passphrase)"])
            #expect(answer.status == 0 && answer.text.contains(publicKey), "\(answer.text)")
        }
        let file = try Self.temporary(sealed)
        defer { try? FileManager.default.removeItem(atPath: file) }
        #expect(try Program.named("openssl").run(["pkey", "-in", file, "-pubout", "-passin", "pass:wrong"]).status != 0)
    }

    @Test("We read keys that openssl has made")
    func theirs() throws {
        let file = try Self.temporary()
        defer { try? FileManager.default.removeItem(atPath: file) }
        let made = try Program.named("openssl").run([
            "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-aes-256-cbc", "-pass", "pass:correct horse", "-out",
            file,
        ])
        #expect(made.status == 0, "\(made.text)")
        let block = try #require(
            try PEM.decode(Bytes(try Data(contentsOf: URL(filePath: file))), accepting: ["ENCRYPTED PRIVATE KEY"], limit: 1).first)
        let key = try PrivateKey(encryptedPKCS8: block.der, passphrase: Bytes("correct horse".utf8))
        let answer = try Program.named("openssl").run(["pkey", "-in", file, "-pubout", "-passin", "pass:correct horse"])
        #expect(answer.text.contains(PEM.encode("PUBLIC KEY", key.publicKey.der)))
        #expect(throws: PKIXError.wrongPassphrase) { try PrivateKey(encryptedPKCS8: block.der, passphrase: Bytes("wrong".utf8)) }
    }
}
