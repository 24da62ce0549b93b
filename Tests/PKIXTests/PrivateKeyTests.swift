import Basics
import Crypto
import PKIX
import Testing

@Suite("Private keys (RFC 5208, RFC 5915)")
struct PrivateKeyTests {
    static let identifier = sequence(OID.ecPublicKey.encoded, OID.p256.encoded)

    static func inner(_ secret: Bytes, version: Bytes = [2, 1, 1], curve: Bytes = [], point: Bytes? = nil, behind: Bytes = []) -> Bytes {
        sequence(version, element(4, secret), curve, point.map { element(0xa1, element(3, [0], $0)) } ?? [], behind)
    }

    static func pkcs8(_ inner: Bytes, version: Bytes = [2, 1, 0], identifier: Bytes = identifier, behind: Bytes = []) -> Bytes {
        sequence(version, identifier, element(4, inner), behind)
    }

    @Test("OpenSSL's key is read, and written octet by octet as OpenSSL does")
    func golden() throws {
        let der = try Golden.file("p256.key.der")
        let key = try PrivateKey(pkcs8: der)
        #expect(der.count == 138 && key.pkcs8 == der)
        #expect(try key.publicKey.der == Golden.file("p256.spki.der"))
        #expect(try PEM.derOrPEM(Golden.file("p256.key.pem"), labels: ["PRIVATE KEY"]) == der)
        let signature = try key.sign([1, 2, 3])
        #expect(SignatureAlgorithm.ecdsaSHA256.isValid(signature, over: [1, 2, 3], by: key.publicKey))
    }

    @Test("A generated key comes back from its file")
    func generated() throws {
        let key = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
        let read = try PrivateKey(pkcs8: key.pkcs8)
        #expect(read.publicKey == key.publicKey)
        let other = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
        #expect(other.publicKey != key.publicKey)
        let fixed = try PrivateKey.generate(.ecdsaP256, entropy: FixedEntropy(octet: 7))
        #expect(try PrivateKey(pkcs8: Self.pkcs8(Self.inner(Bytes(repeating: 7, count: 32)))).publicKey == fixed.publicKey)
    }

    @Test("A broken random source, and other kinds, give no key")
    func notGenerated() {
        #expect(throws: PKIXError.keyWeak) { try PrivateKey.generate(.ecdsaP256, entropy: FixedEntropy(octet: 0)) }
        #expect(throws: PKIXError.keyWeak) { try PrivateKey.generate(.ecdsaP256, entropy: FixedEntropy(octet: 0xff)) }
        #expect(throws: PKIXError.unsupportedPrivateKey) { try PrivateKey.generate(.mlDSA65, entropy: SystemEntropy()) }
    }

    @Test("Optional parts may be there when they fit")
    func optional() throws {
        let raw = P256.Signing.PrivateKey()
        let secret = Bytes(raw.rawRepresentation)
        let point = Bytes(raw.publicKey.x963Representation)
        let curve = element(0xa0, OID.p256.encoded)
        for form in [
            Self.inner(secret), Self.inner(secret, curve: curve), Self.inner(secret, point: point),
            Self.inner(secret, curve: curve, point: point),
        ] {
            #expect(try PrivateKey(pkcs8: Self.pkcs8(form)).publicKey.key == point)
        }
    }

    @Test("Other forms are refused by their rule")
    func refused() throws {
        let raw = P256.Signing.PrivateKey()
        let secret = Bytes(raw.rawRepresentation)
        let point = Bytes(raw.publicKey.x963Representation)
        let good = Self.pkcs8(Self.inner(secret, point: point))
        let p384 = element(6, [0x2b, 0x81, 4, 0, 0x22])
        let sec1 = try PEM.derOrPEM(Golden.file("p256.sec1.pem"), labels: ["EC PRIVATE KEY"])
        let rows: [(String, Bytes, PKIXError)] = [
            ("SEC 1", sec1, .unsupportedPrivateKey),
            ("PKCS#1", sequence([2, 1, 0], [2, 1, 5], [2, 1, 3]), .unsupportedPrivateKey),
            ("version 2", Self.pkcs8(Self.inner(secret), version: [2, 1, 1]), .unsupportedPrivateKey),
            ("another curve", Self.pkcs8(Self.inner(secret), identifier: sequence(OID.ecPublicKey.encoded, p384)), .unsupportedPrivateKey),
            ("no curve", Self.pkcs8(Self.inner(secret), identifier: sequence(OID.ecPublicKey.encoded)), .unsupportedPrivateKey),
            ("another kind", Self.pkcs8(Self.inner(secret), identifier: sequence(OID.mlDSA65.encoded)), .unsupportedPrivateKey),
            ("attributes", Self.pkcs8(Self.inner(secret), behind: element(0xa0)), .unsupportedPrivateKey),
            ("inner version", Self.pkcs8(Self.inner(secret, version: [2, 1, 2])), .unsupportedPrivateKey),
            ("another inner curve", Self.pkcs8(Self.inner(secret, curve: element(0xa0, p384))), .unsupportedPrivateKey),
            ("explicit inner curve", Self.pkcs8(Self.inner(secret, curve: element(0xa0, sequence()))), .unsupportedPrivateKey),
            ("31 octets", Self.pkcs8(Self.inner(secret.dropLast())), .keyLength),
            ("33 octets", Self.pkcs8(Self.inner([0] + secret)), .keyLength),
            ("zero", Self.pkcs8(Self.inner(Bytes(repeating: 0, count: 32))), .privateKeyOutOfRange),
            ("above the order", Self.pkcs8(Self.inner(Bytes(repeating: 0xff, count: 32))), .privateKeyOutOfRange),
            ("one", Self.pkcs8(Self.inner(Bytes(repeating: 0, count: 31) + [1])), .keyWeak),
            ("another public key", Self.pkcs8(Self.inner(secret, point: try PublicKeyTests.good())), .privateKeyDoesNotFitPublicKey),
            ("empty public key", Self.pkcs8(Self.inner(secret, point: [])), .privateKeyDoesNotFitPublicKey),
            ("octets behind", good + [0], .der(.trailing, offset: good.count)),
            ("too long", Bytes(repeating: 0x30, count: 4097), .tooLong(limit: 4096)),
        ]
        for (name, der, error) in rows { #expect(throws: error, "\(name)") { try PrivateKey(pkcs8: der) } }
        #expect(throws: PKIXError.self) { try PrivateKey(pkcs8: Self.pkcs8(Self.inner(secret, behind: [5, 0]))) }
        #expect(throws: PKIXError.self) { try PrivateKey(pkcs8: Self.pkcs8(Self.inner(secret) + [0])) }
    }

    @Test("Printing shows no secret")
    func redacted() throws {
        let key = try Golden.key()
        var dumped = ""
        dump(key, to: &dumped)
        for text in ["\(key)", String(reflecting: key), dumped] {
            #expect(!text.contains("PrivateKey(key") && !text.contains("rawRepresentation") && !text.contains("impl"))
            #expect(text.contains(key.publicKey.digest.description))
        }
    }
}
