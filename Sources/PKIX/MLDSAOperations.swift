import Basics
import Crypto
import Foundation

/// ML-DSA (FIPS 204), pure, with an empty context (RFC 9881).
struct MLDSAOperations<Rules: MLDSARules>: KeyOperations {
    let rules: Rules.Type

    /// Every octet string of the right length is a key.
    func check(_ key: Bytes) throws(PKIXError) {
        guard key.count == rules.keyLength else { throw .keyLength }
    }

    func read(_ key: Bytes, for scheme: SignatureAlgorithm) -> (any ReadKey)? { try? rules.read(key) }

    func generate() throws(PKIXError) -> any HeldKey {
        guard let key = try? rules.generate() else { throw .keyWeak }
        return key
    }

    func open(_ secret: Bytes) throws(PKIXError) -> any HeldKey {
        guard secret.count == 32, let key = try? rules.open(secret) else { throw .privateKeyOutOfRange }
        return key
    }
}

/// A parameter set of FIPS 204.
protocol MLDSARules: Sendable {
    static var keyLength: Int { get }
    static func read(_ key: Bytes) throws -> any ReadKey
    static func generate() throws -> any HeldKey
    /// - Parameter seed: 32 octets.
    static func open(_ seed: Bytes) throws -> any HeldKey
}

enum MLDSA65Rules: MLDSARules {
    static let keyLength = 1952

    static func read(_ key: Bytes) throws -> any ReadKey { Read(key: try MLDSA65.PublicKey(rawRepresentation: key)) }
    static func generate() throws -> any HeldKey { Held(key: try MLDSA65.PrivateKey()) }
    static func open(_ seed: Bytes) throws -> any HeldKey { Held(key: try MLDSA65.PrivateKey(seedRepresentation: seed, publicKey: nil)) }

    private struct Read: ReadKey {
        let key: MLDSA65.PublicKey

        func isValid(_ signature: Bytes, over message: Bytes) -> Bool {
            signature.count == 3309 && key.isValidSignature(signature, for: message)
        }
    }

    private struct Held: HeldKey {
        let key: MLDSA65.PrivateKey
        var publicOctets: Bytes { Bytes(key.publicKey.rawRepresentation) }
        var secret: Bytes { Bytes(key.seedRepresentation) }

        func sign(_ message: Bytes, as scheme: SignatureAlgorithm) throws -> Bytes { Bytes(try key.signature(for: message)) }
    }
}

enum MLDSA87Rules: MLDSARules {
    static let keyLength = 2592

    static func read(_ key: Bytes) throws -> any ReadKey { Read(key: try MLDSA87.PublicKey(rawRepresentation: key)) }
    static func generate() throws -> any HeldKey { Held(key: try MLDSA87.PrivateKey()) }
    static func open(_ seed: Bytes) throws -> any HeldKey { Held(key: try MLDSA87.PrivateKey(seedRepresentation: seed, publicKey: nil)) }

    private struct Read: ReadKey {
        let key: MLDSA87.PublicKey

        func isValid(_ signature: Bytes, over message: Bytes) -> Bool {
            signature.count == 4627 && key.isValidSignature(signature, for: message)
        }
    }

    private struct Held: HeldKey {
        let key: MLDSA87.PrivateKey
        var publicOctets: Bytes { Bytes(key.publicKey.rawRepresentation) }
        var secret: Bytes { Bytes(key.seedRepresentation) }

        func sign(_ message: Bytes, as scheme: SignatureAlgorithm) throws -> Bytes { Bytes(try key.signature(for: message)) }
    }
}
