import Basics

/// How a signature is made: what a certificate calls its signatureAlgorithm. A row is data; the key's row does the work.
public struct SignatureAlgorithm: Hashable, Sendable {
    /// How an RSA signature fills the modulus (RFC 8017 §8).
    public enum Padding: String, Hashable, Sendable {
        case pkcs1
        /// MGF1 with the same hash, a salt as long as the digest, trailer field 1.
        case pss
    }

    public let name: String
    /// Object identifier and parameters, exactly as they stand in the certificate.
    public let identifier: AlgorithmIdentifier
    /// Which keys sign so.
    public let keys: [KeyAlgorithm]
    /// What is signed is the message's digest by this; nil: the message itself, pure (Ed25519, ML-DSA with an empty context).
    public let hash: HashFunction?
    /// For RSA keys only.
    public let padding: Padding?

    private static let curves: [KeyAlgorithm] = [.ecdsaP256, .ecdsaP384, .ecdsaP521]
    private static let moduli: [KeyAlgorithm] = [.rsa2048, .rsa3072, .rsa4096]

    public static let ecdsaSHA256 = ecdsa(.sha256, .ecdsaSHA256)
    public static let ecdsaSHA384 = ecdsa(.sha384, .ecdsaSHA384)
    public static let ecdsaSHA512 = ecdsa(.sha512, .ecdsaSHA512)
    public static let rsaSHA256 = rsa(.sha256, .rsaSHA256)
    public static let rsaSHA384 = rsa(.sha384, .rsaSHA384)
    public static let rsaSHA512 = rsa(.sha512, .rsaSHA512)
    public static let rsaPSSSHA256 = pss(.sha256)
    public static let rsaPSSSHA384 = pss(.sha384)
    public static let rsaPSSSHA512 = pss(.sha512)
    public static let ed25519 = pure(.ed25519)
    public static let mlDSA65 = pure(.mlDSA65)
    public static let mlDSA87 = pure(.mlDSA87)
    public static let known = [
        ecdsaSHA256, ecdsaSHA384, ecdsaSHA512, rsaSHA256, rsaSHA384, rsaSHA512, rsaPSSSHA256, rsaPSSSHA384, rsaPSSSHA512, ed25519, mlDSA65,
        mlDSA87,
    ]

    private init(name: String, identifier: AlgorithmIdentifier, keys: [KeyAlgorithm], hash: HashFunction? = nil, padding: Padding? = nil) {
        self.name = name
        self.identifier = identifier
        self.keys = keys
        self.hash = hash
        self.padding = padding
    }

    private static func ecdsa(_ hash: HashFunction, _ oid: OID) -> SignatureAlgorithm {
        SignatureAlgorithm(name: "ecdsa-with-\(hash.rawValue)", identifier: AlgorithmIdentifier(oid: oid), keys: curves, hash: hash)
    }

    private static func rsa(_ hash: HashFunction, _ oid: OID) -> SignatureAlgorithm {
        SignatureAlgorithm(
            name: "rsa-with-\(hash.rawValue)", identifier: AlgorithmIdentifier(oid: oid, parameters: DERWriter.encode { $0.null() }),
            keys: moduli, hash: hash, padding: .pkcs1)
    }

    private static func pss(_ hash: HashFunction) -> SignatureAlgorithm {
        SignatureAlgorithm(
            name: "rsa-pss-with-\(hash.rawValue)", identifier: AlgorithmIdentifier(oid: .rsaPSS, parameters: pssParameters(hash)),
            keys: moduli, hash: hash, padding: .pss)
    }

    private static func pure(_ key: KeyAlgorithm) -> SignatureAlgorithm {
        SignatureAlgorithm(name: key.name, identifier: AlgorithmIdentifier(oid: key.identifier.oid), keys: [key])
    }

    /// RSASSA-PSS-params (RFC 4055 §3.1): `[0]` hash, `[1]` MGF1 with the same hash, `[2]` the salt's length; the trailer field
    /// is at its default, which DER leaves out.
    private static func pssParameters(_ hash: HashFunction) -> Bytes {
        let inner = AlgorithmIdentifier(oid: hash.oid, parameters: DERWriter.encode { $0.null() }).der
        return DERWriter.encode { writer in
            writer.sequence { writer in
                writer.constructed(.context(0, constructed: true)) { $0.raw(inner) }
                writer.constructed(.context(1, constructed: true)) { $0.raw(AlgorithmIdentifier(oid: .mgf1, parameters: inner).der) }
                writer.constructed(.context(2, constructed: true)) { $0.integer(hash.length) }
            }
        }
    }

    /// - Throws: ``PKIXError/unknownSignatureAlgorithm(_:)``, or ``PKIXError/algorithmParameters(_:)`` when only the parameters differ.
    public init(_ identifier: AlgorithmIdentifier) throws(PKIXError) {
        guard let row = Self.known.first(where: { $0.identifier == identifier }) else {
            guard Self.known.contains(where: { $0.identifier.oid == identifier.oid }) else {
                throw .unknownSignatureAlgorithm(identifier.oid)
            }
            throw .algorithmParameters(identifier.oid)
        }
        self = row
    }

    public init?(named name: String) {
        guard let row = Self.known.first(where: { $0.name == name }) else { return nil }
        self = row
    }

    /// What a key of this kind signs with unless its document says otherwise: the hash that fits the curve's strength, else SHA-256.
    public static func preferred(for key: KeyAlgorithm) -> SignatureAlgorithm {
        known.first { $0.fits(key) && $0.hash == key.hash } ?? ecdsaSHA256
    }

    /// Whether such a key signs so.
    public func fits(_ key: KeyAlgorithm) -> Bool { keys.contains(key) }

    /// Whether `signature` is this algorithm's signature over `message` by `key`. False for a key of another kind.
    public func isValid(_ signature: Bytes, over message: Bytes, by key: SubjectPublicKeyInfo) -> Bool {
        Verifier(key: key, algorithm: self).isValid(signature, over: message)
    }

    public static func == (left: SignatureAlgorithm, right: SignatureAlgorithm) -> Bool { left.identifier == right.identifier }
    public func hash(into hasher: inout Hasher) { hasher.combine(identifier) }
}

extension SignatureAlgorithm: CustomStringConvertible {
    public var description: String { name }
}
