import Approval
import Basics
import PKIX
import Synchronization

/// The only public way to a private key: signs what a warrant names, and nothing else.
public protocol Signer: Sendable {
    /// SHA-256 of the public key, as warrants name it.
    var key: Digest32 { get }
    /// Signs `message`, having compared key, kind and the message's own digest with the warrant.
    func sign(_ message: Bytes, under warrant: consuming Warrant) async throws(CustodyError) -> Bytes
    /// Whether the key signs, tried now: over octets that stand for nothing, and verified. It needs no leave, for nobody gets the signature.
    func probe() async throws(CustodyError)
}

/// No message that anybody could take for a certificate or a checkpoint.
let probeMessage = Bytes("assay/probe/v1\n".utf8)

/// Makes keys and opens them for signing.
public protocol KeyProvider: Sendable {
    /// A new key, sealed, in nobody's use yet.
    func generate(_ algorithm: KeyAlgorithm, id: ID, purposes: Set<Warrant.Kind>) async throws(CustodyError) -> KeyRecord
    /// - Parameter algorithm: how it signs; must fit the key.
    func signer(for record: KeyRecord, as algorithm: SignatureAlgorithm) async throws(CustodyError) -> any Signer
    /// Signatures made since the start, by kind.
    func signatures(_ kind: Warrant.Kind) -> Int
}

/// Counts signatures by kind.
public final class SignatureCounter: Sendable {
    private let counts = Mutex<[Warrant.Kind: Int]>([:])

    public init() {}

    public subscript(kind: Warrant.Kind) -> Int { counts.withLock { $0[kind] ?? 0 } }
    func count(_ kind: Warrant.Kind) { counts.withLock { $0[kind, default: 0] += 1 } }
}

/// What every signer asks of a warrant before its key is touched.
struct SigningRight: Hashable, Sendable {
    /// SHA-256 of the public key.
    let key: Digest32
    let purposes: Set<Warrant.Kind>

    /// - Throws: ``CustodyError/refused(_:)`` when the warrant is for another key, a kind that the key is not for, or another message.
    func check(_ message: Bytes, _ warrant: borrowing Warrant) throws(CustodyError) {
        guard warrant.key == key else { throw .refused("The warrant is for another key.") }
        guard purposes.contains(warrant.kind) else { throw .refused("The key's purposes do not include \(warrant.kind.rawValue).") }
        guard warrant.digest == Digest32(of: message) else { throw .refused("The warrant is for another message.") }
    }
}

/// Signs with a key in this process's memory: inline where that takes less time than handing it to another thread.
struct SoftwareSigner: Signer {
    let right: SigningRight
    let software: SoftwareKey
    let algorithm: SignatureAlgorithm
    /// Of its own signatures, where they are to be checked.
    let verifier: Verifier?
    let threads: SigningThreads
    let counter: SignatureCounter

    var key: Digest32 { right.key }

    func sign(_ message: Bytes, under warrant: consuming Warrant) async throws(CustodyError) -> Bytes {
        try right.check(message, warrant)
        counter.count(warrant.kind)
        let signature = software.publicKey.keyAlgorithm.isSlow ? await threads.run { made(message) } : made(message)
        guard let signature else { throw .refused("The key did not sign.") }
        return signature
    }

    func probe() async throws(CustodyError) {
        guard await threads.run({ made(probeMessage) }) != nil else { throw .refused("The key did not sign.") }
    }

    /// nil also for a signature that does not verify: it never leaves, for it may tell of the key.
    private func made(_ message: Bytes) -> Bytes? {
        guard let signature = try? software.sign(message, as: algorithm) else { return nil }
        guard let verifier else { return signature }
        return verifier.isValid(signature, over: message) ? signature : nil
    }
}

/// Whoever prints a signer, or looks into it, sees which key it is, and nothing of the key.
extension SoftwareSigner: CustomStringConvertible, CustomReflectable {
    var description: String { "signer with key \(key) for \(KeyRecord.text(right.purposes))" }
    var customMirror: Mirror { Mirror(self, children: [:]) }
}
