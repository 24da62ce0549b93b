import Basics
import Crypto
import PKIX
import Testing

@Suite("Public keys (RFC 5280 §4.1.2.7, RFC 5480, RFC 9881)")
struct PublicKeyTests {
    static let ecPublicKey = OID.ecPublicKey.encoded
    static let generatorX = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    static let generatorY = "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
    static let negativeY = "b01cbd1c01e58065711814b583f061e9d431cca994cea1313449bf97c840ae0a"
    static let doubleX = "7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978"
    static let doubleY = "07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1"
    static let prime = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
    /// The point with x = 0: its x may be written as p too.
    static let zeroY = "66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4"

    static func p256(_ point: Bytes, parameters: Bytes = OID.p256.encoded, unused: UInt8 = 0, behind: Bytes = []) -> Bytes {
        sequence(sequence(ecPublicKey, parameters), element(3, [unused], point), behind)
    }

    static func point(_ x: String, _ y: String) throws -> Bytes { [4] + (try hex(x + y)) }

    static func good() throws -> Bytes { Bytes(P256.Signing.PrivateKey().publicKey.x963Representation) }

    @Test("A P-256 key is read, and its identifiers are made, as elsewhere")
    func goldenKey() throws {
        let der = try Golden.file("p256.spki.der")
        let key = try SubjectPublicKeyInfo(der: der)
        #expect(key.der == der)
        #expect(key.keyAlgorithm == .ecdsaP256)
        #expect(key.key == Bytes(der.suffix(65)))
        #expect(key.digest == Digest32(of: der))
        #expect(key.keyIdentifier == Bytes(Digest32(of: key.key).bytes.prefix(20)))
        #expect(try SubjectPublicKeyInfo(.ecdsaP256, key: key.key) == key)
    }

    @Test("Every other form of a P-256 key is refused by its rule")
    func refusedP256() throws {
        let point = try Self.good()
        let (x, y) = (Bytes(point[1..<33]), Bytes(point[33...]))
        var flipped = point
        flipped[64] ^= 1
        let koblitz = OID(content: try hex("2b8104000a"))
        let rows: [(Bytes, PKIXError)] = [
            (Self.p256([2 + (y.last ?? 0) % 2] + x), .keyForm),
            (Self.p256([6 + (y.last ?? 0) % 2] + x + y), .keyForm),
            (Self.p256([0]), .keyForm),
            (Self.p256([]), .keyLength),
            (Self.p256([4] + x), .keyLength),
            (Self.p256(point + [0]), .keyLength),
            (Self.p256(flipped), .keyNotOnCurve),
            (Self.p256([4] + y + x), .keyNotOnCurve),
            (Self.p256([4] + Bytes(repeating: 0, count: 64)), .keyNotOnCurve),
            (Self.p256([4] + Bytes(repeating: 0xff, count: 64)), .keyNotOnCurve),
            (Self.p256(try Self.point(Self.prime, Self.zeroY)), .keyNotOnCurve),
            (Self.p256(try Self.point(Self.generatorX, Self.generatorY)), .keyWeak),
            (Self.p256(try Self.point(Self.generatorX, Self.negativeY)), .keyWeak),
            (Self.p256(try Self.point(Self.doubleX, Self.doubleY)), .keyWeak),
            (Self.p256(point, parameters: try #require(koblitz).encoded), .unknownKeyAlgorithm(try #require(koblitz))),
            (Self.p256(point, parameters: []), .algorithmParameters(.ecPublicKey)),
            (Self.p256(point, parameters: [5, 0]), .algorithmParameters(.ecPublicKey)),
            (try Golden.file("explicit.spki.der"), .algorithmParameters(.ecPublicKey)),
            (Self.p256(point, unused: 1), .der(.bitString, offset: 23)),
            (Self.p256(point, behind: [5, 0]), .der(.trailing, offset: 91)),
            (Self.p256(point) + [0], .der(.trailing, offset: 91)),
            (sequence(sequence(Self.ecPublicKey, OID.p256.encoded, [5, 0]), element(3, [0], point)), .der(.trailing, offset: 23)),
            (Bytes(repeating: 0x30, count: 8193), .tooLong(limit: 8192)),
        ]
        for (row, (der, error)) in rows.enumerated() {
            #expect(throws: error, "row \(row)") { try SubjectPublicKeyInfo(der: der) }
        }
        // What the rows start from is good, the point with x = 0 too.
        _ = try SubjectPublicKeyInfo(der: Self.p256(point))
        _ = try SubjectPublicKeyInfo(der: Self.p256(try Self.point(String(repeating: "0", count: 64), Self.zeroY)))
    }

    @Test("An ML-DSA-65 key has no parameters and 1,952 octets")
    func mlDSA() throws {
        let octets = Bytes(repeating: 7, count: 1952)
        let key = try SubjectPublicKeyInfo(.mlDSA65, key: octets)
        #expect(key.der.count == 1974)
        #expect(key.keyAlgorithm == .mlDSA65)
        #expect(throws: PKIXError.keyLength) { try SubjectPublicKeyInfo(.mlDSA65, key: octets.dropLast()) }
        #expect(throws: PKIXError.keyLength) { try SubjectPublicKeyInfo(.mlDSA65, key: octets + [0]) }
        let withNull = sequence(sequence(OID.mlDSA65.encoded, [5, 0]), element(3, [0], octets))
        #expect(throws: PKIXError.algorithmParameters(.mlDSA65)) { try SubjectPublicKeyInfo(der: withNull) }
        let withCurve = sequence(sequence(OID.mlDSA65.encoded, OID.p256.encoded), element(3, [0], octets))
        #expect(throws: PKIXError.algorithmParameters(.mlDSA65)) { try SubjectPublicKeyInfo(der: withCurve) }
    }

    @Test("Another program's RSA key is read")
    func rsa() throws {
        let key = try SubjectPublicKeyInfo(der: try Golden.file("rsa.spki.der"))
        #expect(key.keyAlgorithm == .rsa2048)
    }

    @Test("On the curve is what swift-crypto calls on the curve, and no neighbor of it")
    func randomPoints() throws {
        var random = Repeatable(state: 7)
        for _ in 0..<500 {
            let point = try Self.good()
            #expect(throws: Never.self) { try SubjectPublicKeyInfo(.ecdsaP256, key: point) }
            var neighbor = point
            neighbor[Int.random(in: 1...64, using: &random)] ^= 1 << UInt8.random(in: 0...7, using: &random)
            #expect(throws: PKIXError.keyNotOnCurve) { try SubjectPublicKeyInfo(.ecdsaP256, key: neighbor) }
        }
    }

    @Test("Points with unusual coordinates, from another program's arithmetic")
    func unusualPoints() throws {
        let lines = String(decoding: try Golden.file("p256-points.txt"), as: UTF8.self).split(separator: "\n")
        #expect(lines.count > 200)
        for line in lines {
            let words = line.split(separator: " ").map(String.init)
            try #require(words.count == 3)
            let point = try Self.point(words[1], words[2])
            if words[0] == "on" {
                #expect(throws: Never.self, "\(line)") { try SubjectPublicKeyInfo(.ecdsaP256, key: point) }
            } else {
                #expect(throws: PKIXError.keyNotOnCurve, "\(line)") { try SubjectPublicKeyInfo(.ecdsaP256, key: point) }
            }
        }
    }

    @Test("The algorithms are found by name and by identifier")
    func names() throws {
        #expect(
            KeyAlgorithm.known.map(\.name) == [
                "ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "rsa-2048", "rsa-3072", "rsa-4096", "ed25519", "ml-dsa-65", "ml-dsa-87",
            ])
        for row in KeyAlgorithm.known {
            #expect(KeyAlgorithm(named: row.name) == row)
            #expect(SignatureAlgorithm.preferred(for: row).fits(row))
        }
        #expect(KeyAlgorithm(named: "rsa") == nil)
        #expect(SignatureAlgorithm.preferred(for: .ecdsaP256).identifier.der.hex == "300a06082a8648ce3d040302")
        #expect(SignatureAlgorithm.preferred(for: .mlDSA65).identifier.der.hex == "300b0609608648016503040312")
        for row in SignatureAlgorithm.known {
            #expect(try SignatureAlgorithm(row.identifier) == row)
            #expect(SignatureAlgorithm(named: row.name) == row)
        }
        #expect(throws: PKIXError.algorithmParameters(.ecdsaSHA256)) {
            try SignatureAlgorithm(AlgorithmIdentifier(oid: .ecdsaSHA256, parameters: [5, 0]))
        }
        let pss = try OID("1.2.840.113549.1.1.10")
        #expect(throws: PKIXError.algorithmParameters(pss)) { try SignatureAlgorithm(AlgorithmIdentifier(oid: pss)) }
    }
}
