import Approval
import Basics
import PKIX

/// Keys that a PKCS#11 token makes, keeps and signs with. Its records say which token and which key, authenticated by the house's custody.
public struct PKCS11Keys: KeyProvider {
    private let seal: Seal
    private let token: PKCS11Token
    private let counter = SignatureCounter()

    init(seal: Seal, token: PKCS11Token) {
        self.seal = seal
        self.token = token
    }

    public func signatures(_ kind: Warrant.Kind) -> Int { counter[kind] }

    /// Makes the key in the token: sensitive, never extractable, for signing only.
    /// - Throws: ``CustodyError/refused(_:)`` when the token cannot make such a key, ``CustodyError/unknownOutcome(_:)`` when it has not said
    ///   whether it did. It is never tried a second time.
    public func generate(_ algorithm: KeyAlgorithm, id: ID, purposes: Set<Warrant.Kind>) async throws(CustodyError) -> KeyRecord {
        guard let pair = PKCS11KeyPair(algorithm) else { throw .refused("No PKCS#11 mechanism is known for \(algorithm.name) keys.") }
        let made = try await token.generate(pair, id: id.bytes, label: "assay \(id)")
        let place = TokenKey(label: token.configuration.label, serial: token.configuration.serial, id: made.id)
        let sealed = seal.reference(
            place, id: id, algorithm: algorithm.name, purposes: KeyRecord.text(purposes), publicKey: made.publicKey.der)
        return KeyRecord(id: id, algorithm: algorithm.name, purposes: purposes, publicKey: made.publicKey.der, sealed: sealed)
    }

    public func signer(for record: KeyRecord, as algorithm: SignatureAlgorithm) async throws(CustodyError) -> any Signer {
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
        let signing = PKCS11Signing(publicKey: publicKey, scheme: algorithm, mechanism: mechanism)
        try await token.requireKey(id, signing)
        return PKCS11Signer(
            right: SigningRight(key: publicKey.digest, purposes: record.purposes), id: id, signing: signing, token: token, counter: counter)
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
    public func tokenKeys(_ context: SealContext, in token: PKCS11Token) -> PKCS11Keys {
        PKCS11Keys(seal: Seal(master: master, context: context), token: token)
    }
}

extension PKCS11Keys: CustomStringConvertible, CustomReflectable {
    public var description: String { "keys in \(token)" }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
