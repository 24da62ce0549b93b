import Basics

/// A random key of 32 octets that a token has encrypted: what lies under it opens only with the token.
struct WrappedKey: Hashable, Sendable {
    /// The AES key in the token.
    let place: TokenKey
    /// What the token took for its nonce.
    let iv: Bytes
    /// 32 octets and the tag.
    let wrapped: Bytes

    static let ivLength = 12
    static let wrappedLength = 48
}

/// An AES-256 key that a token has made and that never leaves it: it seals what the token cannot keep itself.
extension PKCS11Token {
    /// Whether the token can have such a key.
    public func canSeal() async throws(CustodyError) -> Bool {
        try await run(within: configuration.signing) { _, token throws(PKCS11Interruption) in
            let mechanisms = try token.connected().mechanisms
            let both = PKCS11.MechanismFlag.encrypt | PKCS11.MechanismFlag.decrypt
            return (mechanisms[.aesKey] ?? 0) & PKCS11.MechanismFlag.generate != 0 && (mechanisms[.aesGCM] ?? 0) & both == both
        }
    }

    /// Makes the key, reads back how the token keeps it, and tries it.
    /// - Parameter id: CKA_ID, drawn for this key.
    public func addSealingKey(id: Bytes) async throws(CustodyError) {
        try await run(
            within: configuration.generating, late: .unknownOutcome("\(self) has not said whether it made the key \(id.hex)"),
            dropped: { worker, token, _ in try? token.destroy(id, worker) },
            { worker, token throws(PKCS11Interruption) in try token.makeSealingKey(id, worker) })
    }

    private func makeSealingKey(_ id: Bytes, _ worker: PKCS11Threads.Worker) throws(PKCS11Interruption) {
        guard try count(id, worker) == 0 else { throw .failed(.refused("\(self) has an object with the id \(id.hex) already.")) }
        var isMade = false
        do throws(PKCS11Interruption) {
            try callForSealingKey(id, worker)
            isMade = true
            try attempt(worker, key: id) { lease throws(PKCS11Fault) in
                let handle = try handle(of: id, lease, kind: .secretKey)
                try Self.requireSafe(try module.attributes(lease.session, handle, Self.types))
                var iv = Bytes(repeating: 0, count: WrappedKey.ivLength)
                let probe = Bytes(repeating: 7, count: 32)
                let sealed = try module.seal(lease.session, key: handle, iv: &iv, associated: id, probe)
                guard sealed.count == WrappedKey.wrappedLength, iv.count == WrappedKey.ivLength,
                    try module.open(lease.session, key: handle, iv: iv, associated: id, sealed) == probe
                else { throw .unacceptable("what it encrypts by CKM_AES_GCM does not decrypt") }
            }
        } catch {
            try clear(id, isMade: isMade, worker)
            throw error
        }
    }

    /// One call of C_GenerateKey that may have an effect. A template that the module refuses has none, so a shorter one may follow.
    private func callForSealingKey(_ id: Bytes, _ worker: PKCS11Threads.Worker) throws(PKCS11Interruption) {
        var refusal = PKCS11Fault.unacceptable("no template is known")
        // Not every module knows CKA_MODIFIABLE.
        for optional in [[.init(.modifiable, false)], []] as [[PKCS11Attribute]] {
            let lease = try lease(worker)
            do throws(PKCS11Fault) {
                try withReadWriteSession(lease.connection, worker) { session throws(PKCS11Fault) in
                    _ = try module.generateKey(session, .aesKey, Self.template(id) + optional)
                }
                return
            } catch {
                settle(error, worker, lease.connection, nil)
                // An answer that got lost: the key is there.
                let made = try count(id, worker)
                if made == 1 { return }
                guard made == 0, error.reaction == .template else { throw .failed(custodyError(error)) }
                refusal = error
            }
        }
        throw .failed(custodyError(refusal))
    }

    private static func template(_ id: Bytes) -> [PKCS11Attribute] {
        [
            .init(.class, PKCS11.ObjectClass.secretKey.rawValue), .init(.keyType, PKCS11.KeyType.aes.rawValue), .init(.token, true),
            .init(.isPrivate, true), .init(.sensitive, true), .init(.extractable, false), .init(.encrypt, true), .init(.decrypt, true),
            .init(.sign, false), .init(.verify, false), .init(.wrap, false), .init(.unwrap, false), .init(.derive, false),
            .init(.valueLength, 32 as UInt), .init(.id, id), .init(.label, Bytes("assay seal".utf8)),
        ]
    }

    private static let types: [PKCS11.AttributeType] = [
        .sensitive, .extractable, .alwaysSensitive, .neverExtractable, .wrap, .unwrap, .derive,
    ]

    private static func requireSafe(_ facts: [PKCS11.AttributeType: Bytes]) throws(PKCS11Fault) {
        guard facts[.sensitive] == [1], facts[.extractable] == [0], facts[.alwaysSensitive] == [1], facts[.neverExtractable] == [1] else {
            throw .unacceptable("the sealing key that it made could leave it")
        }
        guard [.wrap, .unwrap, .derive].allSatisfy({ facts[$0] ?? [0] == [0] }) else {
            throw .unacceptable("the sealing key that it made has other uses")
        }
    }

    /// Whether the key is there, and as safe as it was made.
    public func requireSealingKey(_ id: Bytes) async throws(CustodyError) {
        try await run(within: configuration.signing) { worker, token throws(PKCS11Interruption) in
            try token.attempt(worker, key: id) { lease throws(PKCS11Fault) in
                let handle = try token.handle(of: id, lease, kind: .secretKey)
                try Self.requireSafe(try token.module.attributes(lease.session, handle, Self.types))
            }
        }
    }

    /// Has 32 octets encrypted.
    /// - Parameter iv: 12 random octets.
    func wrap(_ octets: Bytes, under id: Bytes, iv: Bytes, associated: Bytes) async throws(CustodyError) -> WrappedKey {
        let place = TokenKey(label: configuration.label, serial: configuration.serial, id: id)
        return try await run(within: configuration.signing) { worker, token throws(PKCS11Interruption) in
            try token.attempt(worker, key: id) { lease throws(PKCS11Fault) in
                var iv = iv
                let handle = try token.handle(of: id, lease, kind: .secretKey)
                let wrapped = try token.module.seal(lease.session, key: handle, iv: &iv, associated: associated, octets)
                guard wrapped.count == WrappedKey.wrappedLength, iv.count == WrappedKey.ivLength, wrapped.prefix(32) != octets[...] else {
                    throw .unacceptable("what it encrypts by CKM_AES_GCM is not of the expected form")
                }
                return WrappedKey(place: place, iv: iv, wrapped: wrapped)
            }
        }
    }

    func unwrap(_ key: WrappedKey, associated: Bytes) async throws(CustodyError) -> Bytes {
        guard key.place.label == configuration.label, key.place.serial == configuration.serial else {
            throw .refused("The key lies in \(key.place), which is not \(self).")
        }
        let octets = try await run(within: configuration.signing) { worker, token throws(PKCS11Interruption) in
            try token.attempt(worker, key: key.place.id) { lease throws(PKCS11Fault) in
                let handle = try token.handle(of: key.place.id, lease, kind: .secretKey)
                return try token.module.open(lease.session, key: handle, iv: key.iv, associated: associated, key.wrapped)
            }
        }
        guard octets.count == 32 else { throw .refused("\(self) opened something else than a key.") }
        return octets
    }
}
