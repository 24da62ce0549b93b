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

    init(seal: Seal, entropy: any Entropy) {
        self.seal = seal
        self.entropy = entropy
    }

    public func signatures(_ kind: Warrant.Kind) -> Int { counter[kind] }

    public func generate(_ algorithm: KeyAlgorithm, id: ID, purposes: Set<Warrant.Kind>) async throws(CustodyError) -> KeyRecord {
        guard algorithm == .ecdsaP256 else { throw .refused("Sealed custody makes ecdsa-p256 keys; \(algorithm.name) is not among them.") }
        let key = P256.Signing.PrivateKey(compactRepresentable: false)
        let spki: SubjectPublicKeyInfo
        do { spki = try SubjectPublicKeyInfo(der: Bytes(key.publicKey.derRepresentation)) } catch { throw .refused(error.text) }
        let secret = SecretBytes { Bytes(key.rawRepresentation) }
        return try record(secret, id: id, algorithm: algorithm.name, purposes: purposes, publicKey: spki.der)
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

    public func signer(for record: KeyRecord) async throws(CustodyError) -> any Signer {
        let secret = try seal.open(record)
        let opened: (SoftwareKey, Bytes)
        do {
            opened = try secret.withBytes { octets in
                if record.algorithm == "ed25519" {
                    let key = try Curve25519.Signing.PrivateKey(rawRepresentation: octets)
                    return (.ed25519(key), Bytes(key.publicKey.rawRepresentation))
                }
                let key = try P256.Signing.PrivateKey(rawRepresentation: octets)
                return (.ecdsaP256(key), Bytes(key.publicKey.derRepresentation))
            }
        } catch { throw .sealBroken(key: record.id.description) }
        guard opened.1 == record.publicKey else { throw .sealBroken(key: record.id.description) }
        return SoftwareSigner(key: Digest32(of: record.publicKey), purposes: record.purposes, software: opened.0, counter: counter)
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
