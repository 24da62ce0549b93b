import Basics
import Crypto
import PKIX
import Testing

@Suite("What a key that does not hash is given, and what becomes of its answer")
struct RawSigningTests {
    /// RFC 8017 §9.2, note 1.
    @Test(
        "PKCS#1: the DigestInfo",
        arguments: [
            (SignatureAlgorithm.rsaSHA256, "3031300d060960864801650304020105000420", 32),
            (.rsaSHA384, "3041300d060960864801650304020205000430", 48), (.rsaSHA512, "3051300d060960864801650304020305000440", 64),
        ])
    func digestInfo(scheme: SignatureAlgorithm, prefix: String, length: Int) throws {
        let input = scheme.rawInput(Bytes("abc".utf8), by: .rsa2048)
        #expect(input.count == prefix.utf8.count / 2 + length)
        #expect(Bytes(input.prefix(prefix.utf8.count / 2)).hex == prefix)
        if scheme == .rsaSHA256 { #expect(Bytes(input.suffix(32)) == Bytes(SHA256.hash(data: Bytes("abc".utf8)))) }
    }

    /// FIPS 186-5 §6.4.1: the leftmost bits, as many as the order has.
    @Test("ECDSA: the digest, no longer than the order; PSS: the digest; pure: the message")
    func others() {
        let message = Bytes("abc".utf8)
        let long = Bytes(SHA512.hash(data: message))
        #expect(SignatureAlgorithm.ecdsaSHA512.rawInput(message, by: .ecdsaP256) == Bytes(long.prefix(32)))
        #expect(SignatureAlgorithm.ecdsaSHA512.rawInput(message, by: .ecdsaP384) == Bytes(long.prefix(48)))
        #expect(SignatureAlgorithm.ecdsaSHA512.rawInput(message, by: .ecdsaP521) == long)
        #expect(SignatureAlgorithm.ecdsaSHA256.rawInput(message, by: .ecdsaP384) == Bytes(SHA256.hash(data: message)))
        #expect(SignatureAlgorithm.rsaPSSSHA512.rawInput(message, by: .rsa2048) == long)
        #expect(SignatureAlgorithm.ed25519.rawInput(message, by: .ed25519) == message)
    }

    private static func half(_ last: Bytes, _ octets: Int = 32) -> Bytes { Bytes(repeating: 0, count: octets - last.count) + last }

    /// RFC 3279 §2.2.3.
    @Test(
        "r and s become shortest positive INTEGERs",
        arguments: [
            ([1], [2], "3006020101020102"), ([0x80], [0x7f], "300702020080" + "02017f"),
            ([1, 0], [0xff, 0xff], "3009020201000203" + "00ffff"),
        ] as [(Bytes, Bytes, String)])
    func sequence(r: Bytes, s: Bytes, der: String) throws {
        let made = try SignatureAlgorithm.ecdsaSHA256.signature(raw: Self.half(r) + Self.half(s), by: .ecdsaP256)
        #expect(made.hex == der)
    }

    @Test("The largest values fit, P-521's behind a long length")
    func largest() throws {
        for (key, octets, count) in [(KeyAlgorithm.ecdsaP256, 32, 72), (.ecdsaP384, 48, 104), (.ecdsaP521, 66, 141)] {
            let raw = Bytes(repeating: 0xff, count: 2 * octets)
            #expect(try SignatureAlgorithm.preferred(for: key).signature(raw: raw, by: key).count == count)
        }
    }

    @Test("A wrong length and a zero are no signature")
    func refused() {
        let good = Self.half([1]) + Self.half([2])
        for raw in [[], Bytes(good.dropLast()), good + [0], Self.half([]) + Self.half([2]), Self.half([1]) + Self.half([])] as [Bytes] {
            #expect(throws: PKIXError.signingFailed) { try SignatureAlgorithm.ecdsaSHA256.signature(raw: raw, by: .ecdsaP256) }
        }
    }

    @Test("Signatures of RSA and pure algorithms stay as they are")
    func unchanged() throws {
        #expect(try SignatureAlgorithm.rsaSHA256.signature(raw: [0, 1, 2], by: .rsa2048) == [0, 1, 2])
        #expect(try SignatureAlgorithm.ed25519.signature(raw: [0, 1, 2], by: .ed25519) == [0, 1, 2])
    }

    @Test("An RSA key from its numbers is the key, with zeros in front or without")
    func rsa() throws {
        let key = try KeyAlgorithm.rsa2048.generate().publicKey
        var reader = try DERReader(key.key, limit: 2048)
        var fields = try reader.sequence()
        let (modulus, exponent) = (try fields.integer(), try fields.integer())
        for zeros in 0...2 {
            let padded = Bytes(repeating: 0, count: zeros)
            let stripped = Bytes(modulus.drop { $0 == 0 })
            #expect(try SubjectPublicKeyInfo(rsa: .rsa2048, modulus: padded + stripped, exponent: padded + exponent) == key)
        }
        #expect(throws: PKIXError.self) { try SubjectPublicKeyInfo(rsa: .rsa3072, modulus: modulus, exponent: exponent) }
        #expect(throws: PKIXError.self) { try SubjectPublicKeyInfo(rsa: .rsa2048, modulus: [], exponent: exponent) }
        #expect(throws: PKIXError.self) { try SubjectPublicKeyInfo(rsa: .rsa2048, modulus: modulus, exponent: [0]) }
    }
}
