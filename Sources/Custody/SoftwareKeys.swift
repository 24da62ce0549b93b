import Approval
import Basics
import PKIX

/// Keys that are made and used in this process, whoever keeps their secret meanwhile.
struct SoftwareKeys: Sendable {
    /// Whether every signature is checked before it leaves; RSA's always are.
    let checksOwnSignatures: Bool
    let counter: SignatureCounter
    private let threads = SigningThreads()

    func generate(_ algorithm: KeyAlgorithm) async throws(CustodyError) -> SoftwareKey {
        let made: SoftwareKey?
        if algorithm.isSlow { made = await threads.run { try? algorithm.generate() } } else { made = try? algorithm.generate() }
        guard let made else { throw .refused("The library made no \(algorithm.name) key.") }
        return made
    }

    /// - Throws: ``CustodyError/sealBroken(key:)`` when the secret is not that of the record's public key.
    func signer(_ secret: borrowing SecretBytes, _ record: KeyRecord, as algorithm: SignatureAlgorithm) throws(CustodyError)
        -> SoftwareSigner
    {
        guard let row = KeyAlgorithm(named: record.algorithm) else { throw .sealBroken(key: record.id.description) }
        guard algorithm.fits(row) else { throw .refused("A key of \(row.name) does not sign as \(algorithm.name).") }
        let opened: SoftwareKey
        do { opened = try secret.withBytes { try row.open(secret: $0) } } catch { throw .sealBroken(key: record.id.description) }
        // The log's key is known by its 32 octets, every other by its SubjectPublicKeyInfo.
        let isLog = record.purposes == [.checkpoint] && record.publicKey == opened.publicKey.key
        guard isLog || record.publicKey == opened.publicKey.der else { throw .sealBroken(key: record.id.description) }
        return SoftwareSigner(
            right: SigningRight(key: Digest32(of: record.publicKey), purposes: record.purposes), software: opened, algorithm: algorithm,
            verifier: checksOwnSignatures || row.checksOwnSignatures ? Verifier(key: opened.publicKey, algorithm: algorithm) : nil,
            threads: threads, counter: counter)
    }
}
