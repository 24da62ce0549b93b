import Approval
import Basics
import Glibc
import PKIX

/// Keys that a PKCS#11 token makes, keeps and signs with. Its records say which token and which key, authenticated by the house's custody.
/// What the token cannot do is sealed under an AES key that never leaves it, and is a software key while in use.
public struct PKCS11Keys: KeyProvider {
    private let seal: Seal
    let token: PKCS11Token
    /// CKA_ID of the token's AES key; nil: nothing is sealed under the token.
    private let sealingKey: Bytes?
    private let entropy: any Entropy
    private let counter = SignatureCounter()
    private let software: SoftwareKeys

    init(seal: Seal, token: PKCS11Token, sealingKey: Bytes?, checksOwnSignatures: Bool, entropy: any Entropy) {
        self.seal = seal
        self.token = token
        self.sealingKey = sealingKey
        self.entropy = entropy
        software = SoftwareKeys(checksOwnSignatures: checksOwnSignatures, counter: counter)
    }

    public func signatures(_ kind: Warrant.Kind) -> Int { counter[kind] }

    /// Makes the key in the token, sensitive, never extractable, for signing only; or, where the token has no mechanism for the algorithm,
    /// here, and seals it under the token.
    /// - Throws: ``CustodyError/refused(_:)`` when the token can do neither, ``CustodyError/unknownOutcome(_:)`` when it has not said
    ///   whether it made the key. It is never tried a second time.
    public func generate(_ algorithm: KeyAlgorithm, id: ID, purposes: Set<Warrant.Kind>) async throws(CustodyError) -> KeyRecord {
        let text = KeyRecord.text(purposes)
        if let pair = PKCS11KeyPair(algorithm), try await token.makes(pair) {
            let made = try await token.generate(pair, id: id.bytes, label: "assay \(id)")
            let place = TokenKey(label: token.configuration.label, serial: token.configuration.serial, id: made.id)
            let sealed = seal.reference(place, id: id, algorithm: algorithm.name, purposes: text, publicKey: made.publicKey.der)
            return KeyRecord(id: id, algorithm: algorithm.name, purposes: purposes, publicKey: made.publicKey.der, sealed: sealed)
        }
        guard let sealingKey else {
            throw .refused("\(token) makes no \(algorithm.name) keys, and has no sealing key for what it cannot do itself.")
        }
        let made = try await software.generate(algorithm)
        let publicKey = made.publicKey.der
        var random = entropy.bytes(32)
        defer { explicit_bzero(&random, random.count) }
        let half = SecretBytes(copying: random)
        let wrapped = try await token.wrap(
            random, under: sealingKey, iv: entropy.bytes(WrappedKey.ivLength), associated: seal.bound(id, algorithm.name, text, publicKey))
        let sealed = try seal.seal(
            SecretBytes { made.secret }, under: half, wrapped, id: id, algorithm: algorithm.name, purposes: text, publicKey: publicKey,
            entropy: entropy)
        return KeyRecord(id: id, algorithm: algorithm.name, purposes: purposes, publicKey: publicKey, sealed: sealed)
    }

    public func signer(for record: KeyRecord, as algorithm: SignatureAlgorithm) async throws(CustodyError) -> any Signer {
        if case .sealedUnder = record.place { return try await softwareSigner(record, as: algorithm) }
        let id = try key(of: record)
        guard let publicKey = try? SubjectPublicKeyInfo(der: record.publicKey), publicKey.keyAlgorithm.name == record.algorithm else {
            throw .sealBroken(key: record.id.description)
        }
        guard algorithm.fits(publicKey.keyAlgorithm) else {
            throw .refused("A key of \(record.algorithm) does not sign as \(algorithm.name).")
        }
        guard let mechanism = PKCS11SigningMechanism(algorithm, publicKey.keyAlgorithm) else {
            throw .refused("No PKCS#11 mechanism is known for \(algorithm.name).")
        }
        let signing = PKCS11Signing(verifier: Verifier(key: publicKey, algorithm: algorithm), mechanism: mechanism)
        try await token.requireKey(id, signing)
        return PKCS11Signer(
            right: SigningRight(key: publicKey.digest, purposes: record.purposes), id: id, signing: signing, token: token, counter: counter)
    }

    private func softwareSigner(_ record: KeyRecord, as algorithm: SignatureAlgorithm) async throws(CustodyError) -> any Signer {
        let parts = try seal.moduleSealed(of: record)
        var random = try await token.unwrap(
            parts.key, associated: seal.bound(record.id, record.algorithm, record.purposesText, record.publicKey))
        defer { explicit_bzero(&random, random.count) }
        return try software.signer(try seal.open(record, parts, SecretBytes(copying: random)), record, as: algorithm)
    }

    /// How the token keeps the key.
    public func facts(of record: KeyRecord) async throws(CustodyError) -> PKCS11KeyFacts { try await token.facts(of: try key(of: record)) }

    /// Removes both halves from the token, for ever.
    public func destroy(_ record: KeyRecord) async throws(CustodyError) { try await token.remove(try key(of: record)) }

    /// The ids (CKA_ID) of all private keys in the token, ours or not.
    public func ids() async throws(CustodyError) -> [Bytes] { try await token.ids() }

    /// - Throws: ``CustodyError/sealBroken(key:)`` for a record that custody did not write, ``CustodyError/refused(_:)`` for another token's.
    private func key(of record: KeyRecord) throws(CustodyError) -> Bytes {
        let place = try seal.token(of: record)
        guard place.label == token.configuration.label, place.serial == token.configuration.serial else {
            throw .refused("The key lies in \(place), which is not \(token).")
        }
        return place.id
    }
}

extension CustodyDirectory {
    /// Keys of this house in a token.
    /// - Parameter sealingKey: CKA_ID of the token's AES key, which ``PKCS11Token/addSealingKey(id:)`` made.
    public func tokenKeys(
        _ context: SealContext, in token: PKCS11Token, sealingKey: Bytes? = nil, checksOwnSignatures: Bool = false, entropy: any Entropy
    ) -> PKCS11Keys {
        PKCS11Keys(
            seal: Seal(master: master, context: context), token: token, sealingKey: sealingKey, checksOwnSignatures: checksOwnSignatures,
            entropy: entropy)
    }
}

extension PKCS11Keys: CustomStringConvertible, CustomReflectable {
    public var description: String { "keys in \(token)" }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
