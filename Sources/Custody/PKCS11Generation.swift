import Basics
import PKIX

/// Making keys in a token. A call that makes one is never made twice: after an answer that leaves open what happened, the token is searched.
extension PKCS11Token {
    /// A key that a token has made, with what it says of it.
    struct MadeKey: Sendable {
        let publicKey: SubjectPublicKeyInfo
        let id: Bytes
    }

    /// Makes a pair, checks what the token made of our wishes, and that the halves belong together.
    func generate(_ pair: PKCS11KeyPair, id: Bytes, label: String) async throws(CustodyError) -> MadeKey {
        try await run(
            within: configuration.generating,
            late: .unknownOutcome("\(self) has not said whether it made the key \(id.hex)"),
            dropped: { worker, token, made in try? token.destroy(made.id, worker) },
            { worker, token throws(PKCS11Interruption) in try token.make(pair, id, label, worker) })
    }

    /// Algorithms of the keys that the token makes and signs with, as its mechanisms say.
    public func algorithms() async throws(CustodyError) -> [KeyAlgorithm] {
        var found: [KeyAlgorithm] = []
        for algorithm in KeyAlgorithm.known {
            if let pair = PKCS11KeyPair(algorithm), try await makes(pair) { found.append(algorithm) }
        }
        return found
    }

    /// Labels and serial numbers of all tokens that the module shows, for an operator who has named one that is not there.
    public func shown() async throws(CustodyError) -> [(label: String, serial: String)] {
        try await run(within: configuration.signing) { _, token throws(PKCS11Interruption) in
            do throws(PKCS11Fault) {
                return try token.module.slots(try token.module.initialize()).compactMap { try? token.module.token(in: $0) }
                    .filter { $0.has(PKCS11.TokenFlag.initialized) }.map { (label: $0.label, serial: $0.serial) }
            } catch { throw .failed(token.custodyError(error)) }
        }
    }

    /// Whether the token has the mechanisms that make such a key and sign with it.
    func makes(_ pair: PKCS11KeyPair) async throws(CustodyError) -> Bool {
        try await run(within: configuration.signing) { _, token throws(PKCS11Interruption) in
            let mechanisms = try token.connected().mechanisms
            return (mechanisms[pair.mechanism] ?? 0) & PKCS11.MechanismFlag.makesKeys != 0
                && pair.signing.contains { (mechanisms[$0] ?? 0) & PKCS11.MechanismFlag.sign != 0 }
        }
    }

    private func make(
        _ pair: PKCS11KeyPair, _ id: Bytes, _ label: String, _ worker: PKCS11Threads.Worker
    ) throws(PKCS11Interruption) -> MadeKey {
        let mechanisms = try connected().mechanisms
        guard let flags = mechanisms[pair.mechanism], flags & PKCS11.MechanismFlag.makesKeys != 0 else {
            throw .failed(.refused("\(self) makes no \(pair.algorithm) keys: it has no \(pair.mechanism.name)."))
        }
        guard pair.signing.contains(where: { (mechanisms[$0] ?? 0) & PKCS11.MechanismFlag.sign != 0 }) else {
            throw .failed(.refused("\(self) does not sign with \(pair.algorithm) keys."))
        }
        guard try count(id, worker) == 0 else { throw .failed(.refused("\(self) has an object with the id \(id.hex) already.")) }
        var isMade = false
        do throws(PKCS11Interruption) {
            try call(pair, id, label, worker)
            isMade = true
            return try confirm(pair, id, worker)
        } catch {
            try clear(id, isMade: isMade, worker)
            throw error
        }
    }

    /// Nothing is left of a key that nobody gets.
    /// - Parameter isMade: whether the token has said that it made it; then there is something to remove.
    func clear(_ id: Bytes, isMade: Bool, _ worker: PKCS11Threads.Worker) throws(PKCS11Interruption) {
        do throws(PKCS11Interruption) {
            guard try removed(id, worker) == 0, isMade else { return }
        } catch {
            throw .failed(.unknownOutcome("\(self) may have made the key \(id.hex), and does not answer: remove it by hand"))
        }
        throw .failed(.unknownOutcome("\(self) says that it made the key \(id.hex), and does not show it: look for it by hand"))
    }

    /// Objects with this id, both halves.
    func count(_ id: Bytes, _ worker: PKCS11Threads.Worker) throws(PKCS11Interruption) -> Int {
        try attempt(worker) { lease throws(PKCS11Fault) in
            try loggedIn(lease) { () throws(PKCS11Fault) in try module.find(lease.session, [.init(.id, id)], most: 3).count }
        }
    }

    /// One call of C_GenerateKeyPair that may have an effect. A template that the module refuses has none, so a shorter one may follow.
    private func call(
        _ pair: PKCS11KeyPair, _ id: Bytes, _ label: String, _ worker: PKCS11Threads.Worker
    ) throws(PKCS11Interruption) {
        let templates = pair.parameters.flatMap { parameters in pair.optional.map { (parameters, $0) } }
        var refusal = PKCS11Fault.unacceptable("no template is known")
        for (parameters, optional) in templates {
            let lease = try lease(worker)
            do throws(PKCS11Fault) {
                try withReadWriteSession(lease.connection, worker) { session throws(PKCS11Fault) in
                    _ = try module.generateKeyPair(
                        session, pair.mechanism, publicKey: pair.publicTemplate(id, label, parameters),
                        privateKey: pair.privateTemplate(id, label, optional))
                }
                return
            } catch {
                settle(error, worker, lease.connection, nil)
                // SoftHSM says CKR_GENERAL_ERROR of a curve that it does not know, so this one counts as a refusal where nothing was made.
                let isRefusal = error.reaction == .template || error == .answered(call: "C_GenerateKeyPair", .init(number: 0x5))
                let made = try count(id, worker)
                if made == 2 { return }
                guard made == 0, isRefusal else { throw .failed(custodyError(error)) }
                refusal = error
            }
        }
        throw .failed(.refused("\(self): \(refusal)"))
    }

    /// - Parameter body: may change what the token keeps.
    func withReadWriteSession(
        _ connection: PKCS11Connection, _ worker: PKCS11Threads.Worker, _ body: (PKCS11Session) throws(PKCS11Fault) -> Void
    ) throws(PKCS11Fault) {
        let session = try open(in: connection.slot, flags: PKCS11.SessionFlag.readWrite, owner: worker.number)
        defer { close(session, owner: worker.number) }
        try body(session)
    }

    /// Reads back what was made: exactly one pair, secret for ever, with the uses that were asked for; and proves the pair by a signature.
    private func confirm(_ pair: PKCS11KeyPair, _ id: Bytes, _ worker: PKCS11Threads.Worker) throws(PKCS11Interruption) -> MadeKey {
        try attempt(worker, key: id) { lease throws(PKCS11Fault) in
            let handle = try handle(of: id, lease)
            let publics = try module.find(
                lease.session, [.init(.class, PKCS11.ObjectClass.publicKey.rawValue), .init(.id, id)], most: 2)
            guard let publicHandle = publics.first, publics.count == 1 else {
                throw .unacceptable("it keeps \(publics.count) public keys with the new id")
            }
            try PKCS11KeyFacts(try module.attributes(lease.session, handle, PKCS11KeyFacts.types)).requireSafe()
            let publicKey = try pair.publicKey(
                try module.attributes(lease.session, publicHandle, pair.publicAttributes))
            let scheme = SignatureAlgorithm.preferred(for: pair.algorithm)
            guard let mechanism = PKCS11SigningMechanism(scheme, pair.algorithm) else { throw .unacceptable("nothing signs with it") }
            let signing = PKCS11Signing(verifier: Verifier(key: publicKey, algorithm: scheme), mechanism: mechanism)
            _ = try sign(signing, probeMessage, handle, lease)
            return MadeKey(publicKey: publicKey, id: id)
        }
    }

    /// Removes every object with this id.
    func destroy(_ id: Bytes, _ worker: PKCS11Threads.Worker) throws(PKCS11Interruption) { _ = try removed(id, worker) }

    /// The same, and how many there were.
    private func removed(_ id: Bytes, _ worker: PKCS11Threads.Worker) throws(PKCS11Interruption) -> Int {
        var removed = 0
        try attempt(worker, key: id) { lease throws(PKCS11Fault) in
            try withReadWriteSession(lease.connection, worker) { session throws(PKCS11Fault) in
                let found = try loggedIn(lease) { () throws(PKCS11Fault) in try module.find(session, [.init(.id, id)], most: 16) }
                for object in found {
                    try module.destroy(session, object)
                    removed += 1
                }
            }
            forget(id, lease.connection)
        }
        return removed
    }
}

/// How a token keeps a private key, read back from it. nil: the module does not say.
public struct PKCS11KeyFacts: Hashable, Sendable {
    public let isSensitive: Bool?
    public let isExtractable: Bool?
    public let wasAlwaysSensitive: Bool?
    public let wasNeverExtractable: Bool?
    /// Whether its attributes can still be changed.
    public let isModifiable: Bool?
    public let signs: Bool?
    /// Names of uses beside signing that it has.
    public let otherUses: [String]

    private static let uses: [(PKCS11.AttributeType, String)] = [
        (.decrypt, "decrypt"), (.unwrap, "unwrap"), (.derive, "derive"), (.signRecover, "sign-recover"),
    ]
    static let types: [PKCS11.AttributeType] =
        [.sensitive, .extractable, .alwaysSensitive, .neverExtractable, .modifiable, .sign] + uses.map(\.0)

    init(_ attributes: [PKCS11.AttributeType: Bytes]) {
        // Anything but one octet says nothing.
        func fact(_ type: PKCS11.AttributeType) -> Bool? { attributes[type].flatMap { $0.count == 1 ? $0 != [0] : nil } }
        isSensitive = fact(.sensitive)
        isExtractable = fact(.extractable)
        wasAlwaysSensitive = fact(.alwaysSensitive)
        wasNeverExtractable = fact(.neverExtractable)
        isModifiable = fact(.modifiable)
        signs = fact(.sign)
        otherUses = Self.uses.filter { fact($0.0) ?? (attributes[$0.0] != nil) }.map(\.1)
    }

    /// - Throws: ``PKCS11Fault/unacceptable(_:)`` unless the key is sensitive, was never extractable, and signs and does nothing else.
    func requireSafe() throws(PKCS11Fault) {
        guard isSensitive == true, isExtractable == false, wasAlwaysSensitive == true, wasNeverExtractable == true else {
            throw .unacceptable("the key that it made could leave it")
        }
        guard signs == true, otherUses.isEmpty else {
            throw .unacceptable("the key that it made has other uses: \(otherUses.joined(separator: ", "))")
        }
    }
}
