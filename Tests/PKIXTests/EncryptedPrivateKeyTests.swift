import Basics
import PKIX
import Testing

@Suite("Private keys under a passphrase (RFC 8018)")
struct EncryptedPrivateKeyTests {
    static let passphrase = Bytes("correct-horse".utf8)

    static func golden(_ name: String) throws -> Bytes { try PEM.derOrPEM(Golden.file(name), labels: ["ENCRYPTED PRIVATE KEY"]) }

    @Test("OpenSSL's file is read")
    func readGolden() throws {
        let key = try PrivateKey(encryptedPKCS8: try Self.golden("p256.encrypted.pem"), passphrase: Self.passphrase)
        #expect(try key.pkcs8 == Golden.file("p256.key.der"))
    }

    @Test("With the salt and vector of another program's file, the same file is written")
    func sameOctets() throws {
        let golden = try Self.golden("p256.pyca.pem")
        let key = try PrivateKey(encryptedPKCS8: golden, passphrase: Self.passphrase)
        var file = try DERReader(golden)
        var fields = try file.sequence()
        var scheme = try fields.sequence()
        #expect(try scheme.oid() == .pbes2)
        var parameters = try scheme.sequence()
        var derivation = try parameters.sequence()
        #expect(try derivation.oid() == .pbkdf2)
        var values = try derivation.sequence()
        let salt = try values.octetString()
        let iterations = try values.smallInteger()
        var cipher = try parameters.sequence()
        #expect(try cipher.oid() == .aes256CBC)
        let vector = try cipher.octetString()
        let written = try key.encryptedPKCS8(passphrase: Self.passphrase, entropy: TableEntropy([salt, vector]), iterations: iterations)
        #expect(written == golden)
    }

    @Test("What is written is read, and no two files are alike", arguments: ["", "correct-horse", "Größe 🐎"])
    func roundTrip(passphrase: String) throws {
        let key = try Golden.key()
        let passphrase = Bytes(passphrase.utf8)
        let file = try key.encryptedPKCS8(passphrase: passphrase, entropy: SystemEntropy(), iterations: 1000)
        #expect(try PrivateKey(encryptedPKCS8: file, passphrase: passphrase).pkcs8 == key.pkcs8)
        #expect(try key.encryptedPKCS8(passphrase: passphrase, entropy: SystemEntropy(), iterations: 1000) != file)
        #expect(throws: PKIXError.wrongPassphrase) { try PrivateKey(encryptedPKCS8: file, passphrase: passphrase + [0x21]) }
    }

    @Test("600,000 iterations unless said otherwise; the parameters stand in the file as OpenSSL writes them")
    func parameters() throws {
        let file = try Golden.key().encryptedPKCS8(passphrase: Self.passphrase, entropy: FixedEntropy(octet: 7))
        let salt = element(4, Bytes(repeating: 7, count: 16))
        #expect(Bytes(file.dropFirst(3)).starts(with: Self.scheme(salt: salt, iterations: [2, 3, 9, 0x27, 0xc0])))
        #expect(try PrivateKey(encryptedPKCS8: file, passphrase: Self.passphrase).pkcs8 == Golden.key().pkcs8)
        for iterations in [0, -1, 10_000_001] {
            #expect(throws: PKIXError.parametersTooLarge) {
                try Golden.key().encryptedPKCS8(passphrase: Self.passphrase, entropy: SystemEntropy(), iterations: iterations)
            }
        }
    }

    @Test("A damaged file looks like a wrong passphrase, wherever it is damaged")
    func damaged() throws {
        let key = try Golden.key()
        let file = try key.encryptedPKCS8(passphrase: Self.passphrase, entropy: SystemEntropy(), iterations: 1)
        for index in file.indices.suffix(144) {
            var damaged = file
            damaged[index] ^= 0x40
            // CBC has no authenticator: an octet of the vector or of a block flips one of the plain text, and the key's own checks see it.
            #expect(throws: PKIXError.self) { try PrivateKey(encryptedPKCS8: damaged, passphrase: Self.passphrase) }
        }
        for wrong in 0..<300 {
            #expect(throws: PKIXError.wrongPassphrase) { try PrivateKey(encryptedPKCS8: file, passphrase: Bytes("wrong \(wrong)".utf8)) }
        }
    }

    @Test("Other schemes are refused before any work")
    func otherSchemes() throws {
        for name in ["p256.pbes1.pem", "p256.scrypt.pem"] {
            #expect(throws: PKIXError.unsupportedEncryption) {
                try PrivateKey(encryptedPKCS8: try Self.golden(name), passphrase: Self.passphrase)
            }
        }
        #expect(throws: PKIXError.unsupportedPrivateKey) {
            try PrivateKey(encryptedPKCS8: try Self.golden("p384.encrypted.pem"), passphrase: Self.passphrase)
        }
        #expect(throws: PKIXError.unsupportedPrivateKey) {
            try PrivateKey(encryptedPKCS8: Golden.file("p256.key.der"), passphrase: Self.passphrase)
        }
    }

    static let sha256 = sequence(OID.hmacSHA256.encoded, [5, 0])
    static let salt = element(4, Bytes(repeating: 7, count: 16))
    static let cipher = sequence(OID.aes256CBC.encoded, salt)

    static func scheme(
        salt: Bytes = salt, iterations: Bytes = [2, 1, 1], length: Bytes = [], function: Bytes = sha256, cipher: Bytes = cipher
    ) -> Bytes {
        sequence(
            OID.pbes2.encoded,
            sequence(sequence(OID.pbkdf2.encoded, sequence(salt, iterations, length, function)), cipher))
    }

    @Test("Parameters are bounded and exact")
    func bounds() throws {
        let content = element(4, Bytes(repeating: 1, count: 144))
        let rows: [(String, Bytes, PKIXError)] = [
            ("good, but the passphrase", sequence(Self.scheme(), content), .wrongPassphrase),
            ("key length named", sequence(Self.scheme(length: [2, 1, 32]), content), .wrongPassphrase),
            (
                "most iterations plus one", sequence(Self.scheme(iterations: element(2, [0, 0x98, 0x96, 0x81])), content),
                .parametersTooLarge
            ),
            ("iterations of five octets", sequence(Self.scheme(iterations: element(2, [1, 0, 0, 0, 0])), content), .parametersTooLarge),
            (
                "iterations beyond any number", sequence(Self.scheme(iterations: element(2, [1], Bytes(repeating: 0, count: 40))), content),
                .parametersTooLarge
            ),
            ("no iterations", sequence(Self.scheme(iterations: [2, 1, 0]), content), .unsupportedEncryption),
            ("negative iterations", sequence(Self.scheme(iterations: [2, 1, 0xff]), content), .unsupportedEncryption),
            ("salt of 65", sequence(Self.scheme(salt: element(4, Bytes(repeating: 7, count: 65))), content), .parametersTooLarge),
            ("no salt", sequence(Self.scheme(salt: element(4)), content), .unsupportedEncryption),
            ("salt from elsewhere", sequence(Self.scheme(salt: sequence()), content), .unsupportedEncryption),
            ("key length of another cipher", sequence(Self.scheme(length: [2, 1, 16]), content), .unsupportedEncryption),
            ("SHA-1 by default", sequence(Self.scheme(function: []), content), .unsupportedEncryption),
            ("function without NULL", sequence(Self.scheme(function: sequence(OID.hmacSHA256.encoded)), content), .unsupportedEncryption),
            (
                "vector of 15", sequence(Self.scheme(cipher: sequence(OID.aes256CBC.encoded, element(4, Bytes(0..<15)))), content),
                .unsupportedEncryption
            ),
            ("another cipher", sequence(Self.scheme(cipher: sequence(OID.p256.encoded, Self.salt)), content), .unsupportedEncryption),
            ("content of no blocks", sequence(Self.scheme(), element(4)), .wrongPassphrase),
            ("content of a half block", sequence(Self.scheme(), element(4, Bytes(repeating: 1, count: 24))), .wrongPassphrase),
            ("too long", Bytes(repeating: 0x30, count: 8193), .tooLong(limit: 8192)),
        ]
        for (name, der, error) in rows {
            #expect(throws: error, "\(name)") { try PrivateKey(encryptedPKCS8: der, passphrase: Self.passphrase) }
        }
        #expect(throws: PKIXError.self) {
            try PrivateKey(encryptedPKCS8: sequence(Self.scheme(), content) + [0], passphrase: Self.passphrase)
        }
        #expect(throws: PKIXError.self) {
            try PrivateKey(encryptedPKCS8: sequence(Self.scheme(), content, [5, 0]), passphrase: Self.passphrase)
        }
    }
}
