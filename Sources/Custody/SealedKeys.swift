import Approval
import Basics
import Crypto
import Foundation
import PKIX

/// Keys sealed under the master key: the embedded custody.
public struct SealedKeys: KeyProvider {
    private let seal: Seal
    private let entropy: any Entropy
    private let counter = SignatureCounter()
    private let software: SoftwareKeys

    init(seal: Seal, checksOwnSignatures: Bool, entropy: any Entropy) {
        self.seal = seal
        self.entropy = entropy
        software = SoftwareKeys(checksOwnSignatures: checksOwnSignatures, counter: counter)
    }

    public func signatures(_ kind: Warrant.Kind) -> Int { counter[kind] }

    public func generate(_ algorithm: KeyAlgorithm, id: ID, purposes: Set<Warrant.Kind>) async throws(CustodyError) -> KeyRecord {
        let made = try await software.generate(algorithm)
        let secret = SecretBytes { made.secret }
        return try record(secret, id: id, algorithm: algorithm.name, purposes: purposes, publicKey: made.publicKey.der)
    }

    /// Whether this house's custody wrote the record, wherever its key lies.
    func isAuthentic(_ record: KeyRecord) -> Bool {
        do throws(CustodyError) {
            switch record.place {
            case .sealed: _ = try seal.open(record)
            case .token: _ = try seal.token(of: record)
            case .sealedUnder: _ = try seal.moduleSealed(of: record)
            case .unknown: return false
            }
            return true
        } catch { return false }
    }

    /// Seals the log's key, which was made before the house had a pin.
    func adopt(_ log: FreshLogKey, id: ID) throws(CustodyError) -> KeyRecord {
        let secret = SecretBytes { Bytes(log.key.rawRepresentation) }
        return try record(secret, id: id, algorithm: "ed25519", purposes: [.checkpoint], publicKey: log.publicKey)
    }

    private func record(
        _ secret: borrowing SecretBytes, id: ID, algorithm: String, purposes: Set<Warrant.Kind>, publicKey: Bytes
    ) throws(CustodyError) -> KeyRecord {
        let sealed = try seal.seal(
            secret, id: id, algorithm: algorithm, purposes: KeyRecord.text(purposes), publicKey: publicKey, entropy: entropy)
        return KeyRecord(id: id, algorithm: algorithm, purposes: purposes, publicKey: publicKey, sealed: sealed)
    }

    public func signer(for record: KeyRecord, as algorithm: SignatureAlgorithm) async throws(CustodyError) -> any Signer {
        switch record.place {
        case .token(let key): throw .refused("The key is not sealed here, but lies in \(key).")
        case .sealedUnder(let key): throw .refused("The key opens only with \(key).")
        case .sealed, .unknown: return try software.signer(try seal.open(record), record, as: algorithm)
        }
    }
}

/// The log's key before there is a roster that names it.
public struct FreshLogKey: Sendable {
    let key: Curve25519.Signing.PrivateKey
    public var publicKey: Bytes { Bytes(key.publicKey.rawRepresentation) }

    public init() { key = Curve25519.Signing.PrivateKey() }
}

extension SealedKeys: CustomStringConvertible, CustomReflectable {
    public var description: String { "sealed keys" }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension FreshLogKey: CustomStringConvertible, CustomReflectable {
    public var description: String { "log key \(Digest32(of: publicKey))" }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
