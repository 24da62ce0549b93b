import Basics
import Crypto
import Foundation

/// ECDSA on a curve (FIPS 186-5 §6).
struct ECOperations<Rules: CurveRules>: KeyOperations {
    let curve: Rules.Type

    func check(_ key: Bytes) throws(PKIXError) { try curve.check(key) }

    func verify(_ signature: Bytes, over message: Bytes, by key: Bytes, as scheme: SignatureAlgorithm) -> Bool {
        guard ECDSAValue.isStrict(signature, longest: curve.octets), let hash = scheme.hash,
            let key = try? Rules.Private.Public(x963Representation: key),
            let signature = try? Rules.Private.Public.Value(derRepresentation: signature)
        else { return false }
        return key.isValid(signature, hash.digest(of: message))
    }

    func generate() throws(PKIXError) -> any HeldKey { Held(key: Rules.Private()) }

    func open(_ secret: Bytes) throws(PKIXError) -> any HeldKey {
        guard let key = try? Rules.Private(rawRepresentation: secret) else { throw .privateKeyOutOfRange }
        return Held(key: key)
    }

    private struct Held: HeldKey {
        let key: Rules.Private
        var publicOctets: Bytes { Bytes(key.publicKey.x963Representation) }
        var secret: Bytes { Bytes(key.rawRepresentation) }

        func sign(_ message: Bytes, as scheme: SignatureAlgorithm) throws -> Bytes {
            guard let hash = scheme.hash else { throw PKIXError.signatureAlgorithmDoesNotFitKey }
            return Bytes(try key.signature(of: hash.digest(of: message)).derRepresentation)
        }
    }
}

/// ECDSA signature values: SEQUENCE of two positive, shortest INTEGERs below the order's length; the library sees nothing else.
enum ECDSAValue {
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

/// What the library's curves have in common.
protocol ECPrivateKey: Sendable {
    associatedtype Public: ECPublicKey
    init()
    init<Octets: ContiguousBytes>(rawRepresentation: Octets) throws
    var rawRepresentation: Data { get }
    var publicKey: Public { get }
    func signature(of digest: some Digest) throws -> Public.Value
}

protocol ECPublicKey {
    associatedtype Value: ECSignatureValue
    init<Octets: ContiguousBytes>(x963Representation: Octets) throws
    var x963Representation: Data { get }
    func isValid(_ signature: Value, _ digest: some Digest) -> Bool
}

protocol ECSignatureValue {
    init<Octets: DataProtocol>(derRepresentation: Octets) throws
    var derRepresentation: Data { get }
}

extension P256.Signing.ECDSASignature: ECSignatureValue {}
extension P256.Signing.PublicKey: ECPublicKey {
    func isValid(_ signature: P256.Signing.ECDSASignature, _ digest: some Digest) -> Bool { isValidSignature(signature, for: digest) }
}
extension P256.Signing.PrivateKey: ECPrivateKey {
    init() { self.init(compactRepresentable: false) }
    func signature(of digest: some Digest) throws -> P256.Signing.ECDSASignature { try signature(for: digest) }
}

extension P384.Signing.ECDSASignature: ECSignatureValue {}
extension P384.Signing.PublicKey: ECPublicKey {
    func isValid(_ signature: P384.Signing.ECDSASignature, _ digest: some Digest) -> Bool { isValidSignature(signature, for: digest) }
}
extension P384.Signing.PrivateKey: ECPrivateKey {
    init() { self.init(compactRepresentable: false) }
    func signature(of digest: some Digest) throws -> P384.Signing.ECDSASignature { try signature(for: digest) }
}

extension P521.Signing.ECDSASignature: ECSignatureValue {}
extension P521.Signing.PublicKey: ECPublicKey {
    func isValid(_ signature: P521.Signing.ECDSASignature, _ digest: some Digest) -> Bool { isValidSignature(signature, for: digest) }
}
extension P521.Signing.PrivateKey: ECPrivateKey {
    init() { self.init(compactRepresentable: false) }
    func signature(of digest: some Digest) throws -> P521.Signing.ECDSASignature { try signature(for: digest) }
}
