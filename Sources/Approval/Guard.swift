import Basics
import PKIX
import Proofs

/// Leave to sign one message with one key, once. Only the guard, in this file, makes one; who holds it is trusted no further.
public struct Warrant: ~Copyable, Sendable {
    /// What the message was parsed as.
    public enum Kind: String, Hashable, Sendable, CaseIterable { case certificate, checkpoint }

    /// SHA-256 of the signing key as its document or roster has it: an authority's SubjectPublicKeyInfo, the log's 32 octets.
    public let key: Digest32
    public let kind: Kind
    /// SHA-256 of the exact message.
    public let digest: Digest32

    fileprivate init(key: Digest32, kind: Kind, message: Bytes) {
        self.key = key
        self.kind = kind
        digest = Digest32(of: message)
    }
}

/// Turns evidence into a warrant, or refuses with one reason. It sees bytes and the process's verified view; no row is evidence.
public struct Guard: Sendable {
    public let view: View
    public let now: UTCTime

    public init(view: View, now: UTCTime) {
        self.view = view
        self.now = now
    }

    /// A certificate that enough people have voted for.
    /// - Parameters:
    ///   - unfinished: with the signatures that were made before this one; nil: none.
    ///   - key: the key that would sign.
    public func certificate(
        _ evidence: Evidence, signing unfinished: UnfinishedCertificate? = nil, key: SubjectPublicKeyInfo
    ) throws(Refusal) -> Warrant {
        guard !view.isClosed(Digest32(of: evidence.statement)) else { throw .statementClosed }
        let examined = try view.charter.examine(evidence, now: now)
        // One wish, one decision: whoever writes the database could open a decided submission as a new statement.
        if let submission = examined.submission, view.isClosed(submission.digest) { throw .statementClosed }
        guard !view.isKeyRevoked(in: examined.request) else { throw .keyRevoked }
        try view.checkBlocklists(examined.request.publicKeys)
        try examined.requireQuorum()
        return try warrant(for: examined.tbs, unfinished, by: examined.authority, key)
    }

    /// Leave for the next of a certificate's signatures, once its content is decided. What was signed before must be exactly that content
    /// with a good signature of the same authority: nobody puts anything else into the certificate between two signatures.
    private func warrant(
        for tbs: TBSCertificate, _ made: UnfinishedCertificate?, by authority: AuthorityDocument, _ key: SubjectPublicKeyInfo
    ) throws(Refusal) -> Warrant {
        var unfinished: UnfinishedCertificate
        do throws(PKIXError) {
            unfinished = try UnfinishedCertificate(tbs)
            if let signature = made?.tbs.alternativeSignature { unfinished = try unfinished.adding(signature) }
        } catch { throw .tbs(error) }
        guard made == nil || made == unfinished else { throw .contentMismatch }
        guard let slot = unfinished.next, authority.signingKeys.contains(where: { $0.slot == slot && $0.publicKey == key }) else {
            throw .wrongKey
        }
        if let signature = unfinished.tbs.alternativeSignature {
            guard let alternative = authority.alternative,
                alternative.algorithm.isValid(signature, over: unfinished.tbs.alternativeMessage, by: alternative.publicKey)
            else { throw .alternativeSignature }
        }
        return Warrant(key: key.digest, kind: .certificate, message: unfinished.message)
    }

    /// A revocation that enough people have voted for. It signs nothing by itself.
    public func revocation(_ evidence: RevocationEvidence) throws(Refusal) -> ExaminedRevocation {
        guard !view.isClosed(Digest32(of: evidence.statement)) else { throw .statementClosed }
        let examined = try view.charter.examine(evidence, now: now)
        guard !view.isRevoked(examined.statement.certificate) else { throw .certificateRevoked }
        try examined.requireQuorum()
        return examined
    }

    /// An allowance that enough people have voted for: what its opening rests on. It signs nothing by itself.
    public func allowance(_ evidence: AllowanceEvidence) throws(Refusal) -> ExaminedAllowance {
        guard !view.isClosed(Digest32(of: evidence.statement)) else { throw .statementClosed }
        let examined = try view.charter.examine(evidence, now: now)
        guard examined.statement.node == view.node else { throw .allowanceNode }
        guard view.allowances[examined.statement.subject] == nil else { throw .statementClosed }
        guard !view.isClosed(examined.statement.machine.key) else { throw .keyRevoked }
        try examined.requireQuorum()
        return examined
    }

    /// A certificate under an allowance, within the call that authenticated the machine. The number must be the caller's alone.
    /// - Parameters:
    ///   - request: the certificate signing request as received.
    ///   - machine: SHA-256 of the key whose possession this call's handshake has proven.
    ///   - unfinished: with the signatures that were made before this one; nil: none.
    ///   - key: the key that would sign.
    public func draw(
        _ draw: Draw, tbs: Bytes, request: Bytes, machine: Digest32, signing unfinished: UnfinishedCertificate? = nil,
        key: SubjectPublicKeyInfo
    ) throws(Refusal) -> Warrant {
        guard let anchored = view.allowances[draw.allowance], anchored.statement == draw.allowanceDigest else { throw .allowanceUnknown }
        guard let allowance = view.statements[draw.allowance], allowance.digest == anchored.statement else { throw .allowanceMissing }
        guard !view.isClosed(anchored.statement) else { throw .allowanceClosed }
        guard allowance.node == view.node else { throw .allowanceNode }
        guard allowance.from <= now, now < allowance.until else { throw .allowanceWindow }
        guard machine == allowance.machine.key else { throw .allowanceMachine }
        guard draw.number >= 0, draw.number < min(anchored.reserved, min(anchored.number, allowance.number)) else {
            throw .drawNotReserved
        }
        let charter = view.charter
        guard draw.instance == charter.instance, draw.machine == allowance.machine.name, draw.time == now,
            draw.rosterVersion == charter.roster.version, draw.rosterDigest == charter.roster.digest
        else { throw .drawMismatch }
        let (_, profile, authority) = try charter.inForce(allowance)
        let (certificate, wish) = try charter.certificate(
            tbs, request, content: draw.content, wish: draw.request, opened: draw.time, profile, authority)
        // A device with a machine's key could draw in that machine's name.
        let own = wish.publicKeys.map(\.digest)
        guard !view.statements.values.contains(where: { own.contains($0.machine.key) }) else { throw .keyNotAllowed }
        guard !view.isKeyRevoked(in: wish) else { throw .keyRevoked }
        try view.checkBlocklists(wish.publicKeys)
        return try warrant(for: certificate, unfinished, by: authority, key)
    }

    /// An authority's own certificate: its content stands in a document that the roster's quorum has signed.
    /// - Parameter unfinished: with the signatures that were made before this one; nil: none.
    public func authorityCertificate(
        _ tbs: Bytes, of name: Handle, signing unfinished: UnfinishedCertificate? = nil, key: SubjectPublicKeyInfo
    ) throws(Refusal) -> Warrant {
        let documents = view.charter.documents
        guard let authority = documents.authorities[name]?.value else { throw .documentNotInForce("authority \(name)") }
        let content = Digest32(of: tbs)
        guard content == authority.content else { throw .contentMismatch }
        guard !view.isClosed(content) else { throw .statementClosed }
        let issuer: AuthorityDocument
        if let name = authority.issuer {
            guard let parent = documents.authorities[name]?.value else { throw .documentNotInForce("authority \(name)") }
            guard parent.purposes.contains(.authority) else { throw .authorityPurpose }
            issuer = parent
        } else {
            issuer = authority
        }
        let parsed = try authority.check(tbs, issuer: issuer)
        return try warrant(for: parsed, unfinished, by: issuer, key)
    }

    /// A checkpoint over the tree that was committed and anchored. Its key is in the roster's `log` line.
    public func checkpoint(_ text: String) throws(Refusal) -> Warrant {
        let log = view.charter.roster.log
        guard let checkpoint = try? Checkpoint(text: text), checkpoint.origin == view.origin, checkpoint.size == view.anchored.size,
            checkpoint.root == view.anchored.root
        else { throw .checkpointMismatch }
        return Warrant(key: Digest32(of: log.key), kind: .checkpoint, message: Bytes(text.utf8))
    }
}
