import Basics
import Crypto
import Foundation

/// A kind of key; one row of a table. Nobody switches over kinds: what differs stands in the row.
public struct KeyAlgorithm: Hashable, Sendable {
    /// As profiles and documents name it.
    public let name: String
    /// What a SubjectPublicKeyInfo of this kind carries, parameters included.
    let identifier: AlgorithmIdentifier
    /// Whether the octets of the BIT STRING are a good key of this kind, its length included.
    private let checkKey: @Sendable (Bytes) throws(PKIXError) -> Void

    public static let ecdsaP256 = KeyAlgorithm(
        name: "ecdsa-p256",
        identifier: AlgorithmIdentifier(oid: .ecPublicKey, parameters: DERWriter.encode { $0.oid(.p256) }),
        checkKey: { point throws(PKIXError) in try P256Curve.check(point) })
    /// FIPS 204. Every octet string of the right length is a key.
    public static let mlDSA65 = KeyAlgorithm(
        name: "ml-dsa-65", identifier: AlgorithmIdentifier(oid: .mlDSA65),
        checkKey: { key throws(PKIXError) in guard key.count == 1952 else { throw .keyLength } })
    public static let known = [ecdsaP256, mlDSA65]

    public init?(named name: String) {
        guard let row = Self.known.first(where: { $0.name == name }) else { return nil }
        self = row
    }

    private init(
        name: String, identifier: AlgorithmIdentifier, checkKey: @escaping @Sendable (Bytes) throws(PKIXError) -> Void
    ) {
        self.name = name
        self.identifier = identifier
        self.checkKey = checkKey
    }

    func check(_ key: Bytes) throws(PKIXError) { try checkKey(key) }

    public static func == (left: KeyAlgorithm, right: KeyAlgorithm) -> Bool { left.name == right.name }
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// How a signature is made: what a certificate calls its signatureAlgorithm.
public struct SignatureAlgorithm: Hashable, Sendable {
    public let name: String
    /// Object identifier and parameters, exactly as they stand in the certificate.
    public let identifier: AlgorithmIdentifier
    /// Which keys sign so.
    public let keyAlgorithm: KeyAlgorithm
    private let verify: @Sendable (_ signature: Bytes, _ message: Bytes, _ key: Bytes) -> Bool

    public static let ecdsaSHA256 = SignatureAlgorithm(
        name: "ecdsa-with-sha256", identifier: AlgorithmIdentifier(oid: .ecdsaSHA256), keyAlgorithm: .ecdsaP256,
        verify: { ECDSAVerification.p256($0, digest: SHA256.hash(data: $1), key: $2) })
    public static let ecdsaSHA384 = SignatureAlgorithm(
        name: "ecdsa-with-sha384", identifier: AlgorithmIdentifier(oid: .ecdsaSHA384), keyAlgorithm: .ecdsaP256,
        verify: { ECDSAVerification.p256($0, digest: SHA384.hash(data: $1), key: $2) })
    public static let ecdsaSHA512 = SignatureAlgorithm(
        name: "ecdsa-with-sha512", identifier: AlgorithmIdentifier(oid: .ecdsaSHA512), keyAlgorithm: .ecdsaP256,
        verify: { ECDSAVerification.p256($0, digest: SHA512.hash(data: $1), key: $2) })
    public static let mlDSA65 = SignatureAlgorithm(
        name: "ml-dsa-65", identifier: AlgorithmIdentifier(oid: .mlDSA65), keyAlgorithm: .mlDSA65,
        verify: { signature, message, key in
            guard signature.count == 3309, let key = try? MLDSA65.PublicKey(rawRepresentation: key) else { return false }
            return key.isValidSignature(signature, for: message)
        })
    /// Several rows may belong to one kind of key; the first is what we sign with.
    public static let known = [ecdsaSHA256, ecdsaSHA384, ecdsaSHA512, mlDSA65]

    private init(
        name: String, identifier: AlgorithmIdentifier, keyAlgorithm: KeyAlgorithm,
        verify: @escaping @Sendable (_ signature: Bytes, _ message: Bytes, _ key: Bytes) -> Bool
    ) {
        self.name = name
        self.identifier = identifier
        self.keyAlgorithm = keyAlgorithm
        self.verify = verify
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

    /// What a key of this kind signs with.
    public static func preferred(for key: KeyAlgorithm) -> SignatureAlgorithm { known.first { $0.keyAlgorithm == key } ?? ecdsaSHA256 }

    /// Whether `signature` is this algorithm's signature over `message` by `key`. False for a key of another kind.
    public func isValid(_ signature: Bytes, over message: Bytes, by key: SubjectPublicKeyInfo) -> Bool {
        key.keyAlgorithm == keyAlgorithm && verify(signature, message, key.key)
    }

    public static func == (left: SignatureAlgorithm, right: SignatureAlgorithm) -> Bool { left.identifier == right.identifier }
    public func hash(into hasher: inout Hasher) { hasher.combine(identifier) }
}

/// ECDSA signature values: SEQUENCE of two positive, shortest INTEGERs below the order's length; the library sees nothing else.
enum ECDSAVerification {
    static func p256(_ signature: Bytes, digest: some Digest, key: Bytes) -> Bool {
        guard isStrict(signature, longest: 32), let key = try? P256.Signing.PublicKey(x963Representation: key),
            let signature = try? P256.Signing.ECDSASignature(derRepresentation: signature)
        else { return false }
        return key.isValidSignature(signature, for: digest)
    }

    static func isStrict(_ signature: Bytes, longest: Int) -> Bool {
        do throws(PKIXError) {
            var reader = try DERReader(signature, limit: 256)
            var fields = try reader.sequence()
            for _ in 0..<2 {
                let value = try fields.integer()
                guard let first = value.first, first < 0x80, value != [0], value.count <= longest + 1 else { return false }
            }
            try fields.finish()
            try reader.finish()
            return true
        } catch { return false }
    }
}
