import Basics
import Crypto
import PKIX
import Testing

@Suite("Signatures: strict values, the right key, the right algorithm")
struct SignatureTests {
    static let message = Bytes("message".utf8)

    /// r and s of a good signature, 32 octets each, with top bits as asked for, so that rows can damage them.
    static func parts(by key: PrivateKey, topBits: (r: Bool, s: Bool)) throws -> (r: Bytes, s: Bytes) {
        for _ in 0..<1000 {
            let raw = Bytes(try P256.Signing.ECDSASignature(derRepresentation: try key.sign(message)).rawRepresentation)
            if raw[0] != 0, raw[32] != 0, (raw[0] >= 0x80) == topBits.r, (raw[32] >= 0x80) == topBits.s {
                return (Bytes(raw[..<32]), Bytes(raw[32...]))
            }
        }
        throw CancellationError()
    }

    @Test("ECDSA: one spelling only")
    func strictECDSA() throws {
        let key = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
        func isValid(_ signature: Bytes) -> Bool {
            SignatureAlgorithm.ecdsaSHA256.isValid(signature, over: Self.message, by: key.publicKey)
        }
        let (r, s) = try Self.parts(by: key, topBits: (false, false))
        #expect(isValid(sequence(element(2, r), element(2, s))))
        let order = try hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551")
        let rows: [(String, Bytes)] = [
            ("empty", []),
            ("no sequence", element(2, r)),
            ("s missing", sequence(element(2, r))),
            ("three values", sequence(element(2, r), element(2, s), element(2, s))),
            ("r padded", sequence(element(2, [0], r), element(2, s))),
            ("s padded", sequence(element(2, r), element(2, [0], s))),
            ("r zero", sequence(element(2, [0]), element(2, s))),
            ("s zero", sequence(element(2, r), element(2, [0]))),
            ("s empty", sequence(element(2, r), element(2))),
            ("r negative", sequence(element(2, [r[0] | 0x80], Bytes(r.dropFirst())), element(2, s))),
            ("r is the order", sequence(element(2, [0], order), element(2, s))),
            ("r longer than the order", sequence(element(2, [1], r, [0]), element(2, s))),
            ("long-form length", [0x30, 0x81, 0x44] + element(2, r) + element(2, s)),
            ("octets behind", sequence(element(2, r), element(2, s)) + [0]),
            ("octets behind, inside", sequence(element(2, r), element(2, s), [0])),
            ("other tag", sequence(element(3, r), element(2, s))),
            ("swapped", sequence(element(2, s), element(2, r))),
            ("raw", r + s),
        ]
        for (name, signature) in rows { #expect(!isValid(signature), "\(name)") }
        let (highR, highS) = try Self.parts(by: key, topBits: (true, true))
        #expect(isValid(sequence(element(2, [0], highR), element(2, [0], highS))))
        #expect(!isValid(sequence(element(2, highR), element(2, [0], highS))))
        #expect(!isValid(sequence(element(2, [0], highR), element(2, highS))))
    }

    @Test("ECDSA: numbers that are shorter than the order verify; so does every signature of a key that is read once")
    func shortECDSA() throws {
        for algorithm in [KeyAlgorithm.ecdsaP256, .ecdsaP384, .ecdsaP521] {
            let key = try algorithm.generate()
            let scheme = SignatureAlgorithm.preferred(for: algorithm)
            let verifier = Verifier(key: key.publicKey, algorithm: scheme)
            let other = Verifier(key: try algorithm.generate().publicKey, algorithm: scheme)
            // One in some hundreds has a number with eight zero bits in front.
            var short: Bytes?
            for _ in 0..<20_000 where short == nil {
                let signature = try key.sign(Self.message, as: scheme)
                if signature.count < algorithm.longestSignature - 2 { short = signature }
            }
            for signature in [try #require(short), try key.sign(Self.message, as: scheme)] {
                #expect(verifier.isValid(signature, over: Self.message) && !verifier.isValid(signature, over: [0]))
                #expect(!other.isValid(signature, over: Self.message))
            }
            let (none, good) = (Verifier(key: key.publicKey, algorithm: .rsaPSSSHA256), try key.sign(Self.message, as: scheme))
            #expect(!none.isValid(good, over: Self.message))
        }
    }

    @Test("Another key, message, hash or kind does not verify")
    func mismatches() throws {
        let key = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
        let other = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
        let signature = try key.sign(Self.message)
        #expect(SignatureAlgorithm.ecdsaSHA256.isValid(signature, over: Self.message, by: key.publicKey))
        #expect(!SignatureAlgorithm.ecdsaSHA256.isValid(signature, over: Self.message, by: other.publicKey))
        #expect(!SignatureAlgorithm.ecdsaSHA256.isValid(signature, over: Self.message + [0], by: key.publicKey))
        #expect(!SignatureAlgorithm.ecdsaSHA384.isValid(signature, over: Self.message, by: key.publicKey))
        #expect(!SignatureAlgorithm.mlDSA65.isValid(signature, over: Self.message, by: key.publicKey))
        let lattice = try SubjectPublicKeyInfo(.mlDSA65, key: Bytes(repeating: 1, count: 1952))
        #expect(!SignatureAlgorithm.ecdsaSHA256.isValid(signature, over: Self.message, by: lattice))
    }

    @Test("SHA-384 and SHA-512 with P-256 verify too")
    func longerHashes() throws {
        let key = P256.Signing.PrivateKey()
        let info = try SubjectPublicKeyInfo(.ecdsaP256, key: Bytes(key.publicKey.x963Representation))
        let long = Bytes(try key.signature(for: SHA384.hash(data: Self.message)).derRepresentation)
        #expect(SignatureAlgorithm.ecdsaSHA384.isValid(long, over: Self.message, by: info))
        let longer = Bytes(try key.signature(for: SHA512.hash(data: Self.message)).derRepresentation)
        #expect(SignatureAlgorithm.ecdsaSHA512.isValid(longer, over: Self.message, by: info))
        #expect(!SignatureAlgorithm.ecdsaSHA384.isValid(longer, over: Self.message, by: info))
    }

    @Test("ML-DSA-65: 3,309 octets, no context")
    func mlDSA() throws {
        let key = try MLDSA65.PrivateKey()
        let info = try SubjectPublicKeyInfo(.mlDSA65, key: Bytes(key.publicKey.rawRepresentation))
        let signature = Bytes(try key.signature(for: Self.message))
        #expect(SignatureAlgorithm.mlDSA65.isValid(signature, over: Self.message, by: info))
        #expect(!SignatureAlgorithm.mlDSA65.isValid(signature + [0], over: Self.message, by: info))
        #expect(!SignatureAlgorithm.mlDSA65.isValid(signature.dropLast(), over: Self.message, by: info))
        #expect(!SignatureAlgorithm.mlDSA65.isValid(signature, over: Self.message + [0], by: info))
        let inContext = Bytes(try key.signature(for: Self.message, context: Bytes("context".utf8)))
        #expect(!SignatureAlgorithm.mlDSA65.isValid(inContext, over: Self.message, by: info))
        #expect(!SignatureAlgorithm.ecdsaSHA256.isValid(signature, over: Self.message, by: info))
    }
}
