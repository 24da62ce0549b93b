import Approval
import Basics
import Crypto
import Foundation
import PKIX

/// Keys sealed under the master key: the embedded custody.
public struct SealedKeys: KeyProvider {
    private let seal: Seal
    private let entropy: any Entropy
    private let checksOwnSignatures: Bool
    private let counter = SignatureCounter()
    private let threads = SigningThreads()

    init(seal: Seal, checksOwnSignatures: Bool, entropy: any Entropy) {
        self.seal = seal
        self.checksOwnSignatures = checksOwnSignatures
        self.entropy = entropy
    }

    public func signatures(_ kind: Warrant.Kind) -> Int { counter[kind] }

    public func generate(_ algorithm: KeyAlgorithm, id: ID, purposes: Set<Warrant.Kind>) async throws(CustodyError) -> KeyRecord {
        let made: SoftwareKey?
        if algorithm.isSlow { made = await threads.run { try? algorithm.generate() } } else { made = try? algorithm.generate() }
        guard let made else { throw .refused("The library made no \(algorithm.name) key.") }
        let secret = SecretBytes { made.secret }
        return try record(secret, id: id, algorithm: algorithm.name, purposes: purposes, publicKey: made.publicKey.der)
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
        if case .token(let key) = record.place { throw .refused("The key is not sealed here, but lies in \(key).") }
        let secret = try seal.open(record)
        guard let row = KeyAlgorithm(named: record.algorithm) else { throw .sealBroken(key: record.id.description) }
        guard algorithm.fits(row) else { throw .refused("A key of \(row.name) does not sign as \(algorithm.name).") }
        let opened: SoftwareKey
        do { opened = try secret.withBytes { try row.open(secret: $0) } } catch { throw .sealBroken(key: record.id.description) }
        // The log's key is known by its 32 octets, every other by its SubjectPublicKeyInfo.
        let isLog = record.purposes == [.checkpoint] && record.publicKey == opened.publicKey.key
        guard isLog || record.publicKey == opened.publicKey.der else { throw .sealBroken(key: record.id.description) }
        return SoftwareSigner(
            right: SigningRight(key: Digest32(of: record.publicKey), purposes: record.purposes), software: opened, algorithm: algorithm,
            checksOwnSignatures: checksOwnSignatures || row.checksOwnSignatures, threads: threads, counter: counter)
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
