import Approval
import Basics
import PKIX

/// How one key signs, and what its signatures are checked with.
struct PKCS11Signing: Sendable {
    let verifier: Verifier
    let mechanism: PKCS11SigningMechanism
}

/// Signs with a key in a token. Every signature is verified before it leaves: a handle may mean another key by now, and a module may fail.
struct PKCS11Signer: Signer {
    let right: SigningRight
    /// CKA_ID.
    let id: Bytes
    let signing: PKCS11Signing
    let token: PKCS11Token
    let counter: SignatureCounter

    var key: Digest32 { right.key }

    func sign(_ message: Bytes, under warrant: consuming Warrant) async throws(CustodyError) -> Bytes {
        try right.check(message, warrant)
        counter.count(warrant.kind)
        return try await token.sign(message, with: id, signing)
    }

    func probe() async throws(CustodyError) { _ = try await token.sign(probeMessage, with: id, signing) }
}

extension PKCS11Token {
    /// May be tried again: of several signatures over the same octets one is released. Every one is verified first: on the session's thread;
    /// or here, where that is quick and another caller waits for the session.
    /// - Parameter fault: what an earlier try has shown, to be settled first.
    func sign(
        _ message: Bytes, with key: Bytes, _ signing: PKCS11Signing, tries: Int = mostTries, after fault: PKCS11Fault? = nil
    ) async throws(CustodyError) -> Bytes {
        let mayWait = fault == nil && !signing.verifier.key.keyAlgorithm.isSlow
        let (signature, isVerified) = try await run(within: configuration.signing) { worker, token throws(PKCS11Interruption) in
            if let fault { token.settle(fault, worker, try token.connected(), key) }
            return try token.attempt(worker, key: key, tries: tries) { lease throws(PKCS11Fault) in
                let handle = try token.handle(of: key, lease)
                guard mayWait, worker.isAwaited else { return (try token.sign(signing, message, handle, lease), true) }
                return (try token.unverified(signing, message, handle, lease), false)
            }
        }
        if isVerified || signing.verifier.isValid(signature, over: message) { return signature }
        return try await sign(message, with: key, signing, tries: Self.mostTries - 1, after: .wrongSignature)
    }

    func sign(_ signing: PKCS11Signing, _ message: Bytes, _ handle: UInt, _ lease: PKCS11Lease) throws(PKCS11Fault) -> Bytes {
        let signature = try unverified(signing, message, handle, lease)
        guard signing.verifier.isValid(signature, over: message) else { throw .wrongSignature }
        return signature
    }

    private func unverified(
        _ signing: PKCS11Signing, _ message: Bytes, _ handle: UInt, _ lease: PKCS11Lease
    ) throws(PKCS11Fault) -> Bytes {
        let (scheme, algorithm) = (signing.verifier.algorithm, signing.verifier.key.keyAlgorithm)
        let raw = try module.sign(lease.session, signing.mechanism, key: handle, scheme.rawInput(message, by: algorithm))
        guard let signature = try? scheme.signature(raw: raw, by: algorithm) else { throw .wrongSignature }
        return signature
    }

    /// - Throws: ``CustodyError/refused(_:)`` when the token lacks the mechanism, ``CustodyError/keyMissing(key:)``
    func requireKey(_ key: Bytes, _ signing: PKCS11Signing) async throws(CustodyError) {
        try await run(within: configuration.signing) { worker, token throws(PKCS11Interruption) in
            try token.attempt(worker, key: key) { lease throws(PKCS11Fault) in
                let mechanism = signing.mechanism.mechanism
                guard (lease.connection.mechanisms[mechanism] ?? 0) & PKCS11.MechanismFlag.sign != 0 else {
                    throw .unacceptable("it does not sign by \(mechanism.name)")
                }
                _ = try token.handle(of: key, lease)
            }
        }
    }

    func facts(of key: Bytes) async throws(CustodyError) -> PKCS11KeyFacts {
        try await run(within: configuration.signing) { worker, token throws(PKCS11Interruption) in
            try token.attempt(worker, key: key) { lease throws(PKCS11Fault) in
                PKCS11KeyFacts(try token.module.attributes(lease.session, try token.handle(of: key, lease), PKCS11KeyFacts.types))
            }
        }
    }

    /// Removes every object with this id (CKA_ID), for ever.
    public func remove(_ key: Bytes) async throws(CustodyError) {
        try await run(within: configuration.signing) { worker, token throws(PKCS11Interruption) in try token.destroy(key, worker) }
    }

    private static let mostListed = 65_536

    func ids() async throws(CustodyError) -> [Bytes] {
        try await run(within: configuration.signing) { worker, token throws(PKCS11Interruption) in
            try token.attempt(worker) { lease throws(PKCS11Fault) in
                let keys = try token.loggedIn(lease) { () throws(PKCS11Fault) in
                    try token.module.find(
                        lease.session, [.init(.class, PKCS11.ObjectClass.privateKey.rawValue)], most: Self.mostListed)
                }
                var ids: [Bytes] = []
                for key in keys { ids.append(try token.module.attributes(lease.session, key, [.id])[.id] ?? []) }
                return ids
            }
        }
    }
}

extension PKCS11Signer: CustomStringConvertible, CustomReflectable {
    var description: String { "signer with key \(key) for \(KeyRecord.text(right.purposes)), in \(token)" }
    var customMirror: Mirror { Mirror(self, children: [:]) }
}
