import Basics
import Crypto
import Foundation

/// ECDSA on a curve (FIPS 186-5 §6).
struct ECOperations<Rules: CurveRules>: KeyOperations {
    let curve: Rules.Type

    func check(_ key: Bytes) throws(PKIXError) { try curve.check(key) }

    func read(_ key: Bytes, for scheme: SignatureAlgorithm) -> (any ReadKey)? {
        guard let hash = scheme.hash, let key = try? Rules.Private.Public(x963Representation: key) else { return nil }
        return Read(key: key, hash: hash, octets: curve.octets)
    }

    private struct Read: ReadKey {
        let key: Rules.Private.Public
        let hash: HashFunction
        let octets: Int

        func isValid(_ signature: Bytes, over message: Bytes) -> Bool {
            guard let raw = ECDSAValue.raw(signature, octets: octets),
                let signature = try? Rules.Private.Public.Value(rawRepresentation: raw)
            else { return false }
            return key.isValid(signature, hash.digest(of: message))
        }
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

/// ECDSA signature values (RFC 3279 §2.2.3): SEQUENCE of two positive, shortest INTEGERs.
enum ECDSAValue {
    /// r ‖ s, each of so many octets; nil for what is not such a value. Whether they are below the order is the library's to say.
    static func raw(_ signature: Bytes, octets: Int) -> Bytes? {
        do throws(PKIXError) {
            var reader = try DERReader(signature, limit: 256)
            var fields = try reader.sequence()
            var raw: Bytes = []
            raw.reserveCapacity(2 * octets)
            for _ in 0..<2 {
                let value = try fields.integer()
                guard let first = value.first, first < 0x80, value != [0] else { return nil }
                let number = first == 0 ? value.dropFirst() : value[...]
                guard number.count <= octets else { return nil }
                for _ in number.count..<octets { raw.append(0) }
                raw += number
            }
            try fields.finish()
            try reader.finish()
            return raw
        } catch { return nil }
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

protocol ECPublicKey: Sendable {
    associatedtype Value: ECSignatureValue
    init<Octets: ContiguousBytes>(x963Representation: Octets) throws
    var x963Representation: Data { get }
    func isValid(_ signature: Value, _ digest: some Digest) -> Bool
}

protocol ECSignatureValue {
    init<Octets: DataProtocol>(rawRepresentation: Octets) throws
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
