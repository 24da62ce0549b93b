import Approval
import Basics
import Crypto
import Foundation

/// Whose key a sealed key is: what the seal is bound to, so that a blob moved elsewhere does not open.
public struct SealContext: Hashable, Sendable {
    public let instance: Instance
    /// H of roster version 1.
    public let pin: Digest32

    public init(instance: Instance, pin: Digest32) {
        self.instance = instance
        self.pin = pin
    }
}

/// A key as the database keeps it: public facts, and the private key under the seal.
public struct KeyRecord: Hashable, Sendable {
    public let id: ID
    /// The name of a ``KeyAlgorithm``; `ed25519` for the log.
    public let algorithm: String
    /// What the key may sign.
    public let purposes: Set<Warrant.Kind>
    /// A SubjectPublicKeyInfo; for the log its 32 octets.
    public let publicKey: Bytes
    /// The private key under the seal, or where it lies: ``place``.
    public let sealed: Bytes

    public init(id: ID, algorithm: String, purposes: Set<Warrant.Kind>, publicKey: Bytes, sealed: Bytes) {
        self.id = id
        self.algorithm = algorithm
        self.purposes = purposes
        self.publicKey = publicKey
        self.sealed = sealed
    }

    /// Comma-separated, in one order: as the database and the seal have it.
    public var purposesText: String { Self.text(purposes) }

    static func text(_ purposes: Set<Warrant.Kind>) -> String { purposes.map(\.rawValue).sorted().joined(separator: ",") }

    public static func purposes(_ text: String) -> Set<Warrant.Kind>? {
        var result: Set<Warrant.Kind> = []
        for word in text.split(separator: ",", omittingEmptySubsequences: false) {
            guard let kind = Warrant.Kind(rawValue: String(word)), result.insert(kind).inserted else { return nil }
        }
        return result
    }
}

/// AES-256-GCM under a key derived for each record; the associated data names house, key, algorithm and purposes.
struct Seal: Sendable {
    let master: MasterKey
    let context: SealContext

    static let version: UInt8 = 1
    static let saltLength = 32

    func associated(_ id: ID, _ algorithm: String, _ purposes: String, _ publicKey: Bytes) -> Bytes {
        Bytes(
            """
            assay/seal/v1
            instance \(context.instance)
            pin \(context.pin)
            key \(id)
            algorithm \(algorithm)
            purposes \(purposes)
            public \(Digest32(of: publicKey))

            """.utf8)
    }

    /// One octet of version, 32 of salt, then nonce, ciphertext and tag.
    func seal(
        _ secret: borrowing SecretBytes, id: ID, algorithm: String, purposes: String, publicKey: Bytes, entropy: some Entropy
    ) throws(CustodyError) -> Bytes {
        let salt = entropy.bytes(Self.saltLength)
        let data = associated(id, algorithm, purposes, publicKey)
        let key = master.derive("assay seal v1", salt: salt, info: Bytes(Digest32(of: data).bytes))
        return [Self.version] + salt + (try Self.box(secret, key, data, id, entropy: entropy))
    }

    /// Nonce, ciphertext and tag.
    static func box(
        _ secret: borrowing SecretBytes, _ key: SymmetricKey, _ data: Bytes, _ id: ID, entropy: some Entropy
    ) throws(CustodyError) -> Bytes {
        do {
            let nonce = try AES.GCM.Nonce(data: entropy.bytes(12))
            let box = try secret.withBytes { try AES.GCM.seal($0, using: key, nonce: nonce, authenticating: data) }
            return Bytes(nonce) + Bytes(box.ciphertext) + Bytes(box.tag)
        } catch { throw .sealBroken(key: id.description) }
    }

    static func unbox(_ box: Bytes, _ key: SymmetricKey, _ data: Bytes, _ id: ID) throws(CustodyError) -> SecretBytes {
        do {
            let box = try AES.GCM.SealedBox(combined: box)
            var opened = try AES.GCM.open(box, using: key, authenticating: data)
            defer { opened.resetBytes(in: opened.startIndex..<opened.endIndex) }
            return SecretBytes(copying: opened)
        } catch { throw .sealBroken(key: id.description) }
    }

    func open(_ record: KeyRecord) throws(CustodyError) -> SecretBytes {
        let blob = record.sealed
        let head = 1 + Self.saltLength
        guard blob.count > head + 28, blob.count < 8192, blob[0] == Self.version else { throw .sealBroken(key: record.id.description) }
        let data = associated(record.id, record.algorithm, record.purposesText, record.publicKey)
        let key = master.derive("assay seal v1", salt: Bytes(blob[1..<head]), info: Bytes(Digest32(of: data).bytes))
        return try Self.unbox(Bytes(blob[head...]), key, data, record.id)
    }
}
