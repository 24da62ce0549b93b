import Basics
import PKIX
import Profiles
import Proofs

/// Everything that speaks for a certificate, as bytes; where they come from does not matter.
public struct Evidence: Sendable {
    public let statement: String
    /// The TBSCertificate as it will be signed.
    public let tbs: Bytes
    /// The certificate signing request as submitted.
    public let request: Bytes
    public let submission: SignedNote?
    public let votes: [SignedNote]

    public init(statement: String, tbs: Bytes, request: Bytes, submission: SignedNote?, votes: [SignedNote]) {
        self.statement = statement
        self.tbs = tbs
        self.request = request
        self.submission = submission
        self.votes = votes
    }
}

/// What evidence amounts to under a charter: the same for guard and clients.
public struct Examined: CountedStatement {
    public let statement: Statement
    public let tbs: TBSCertificate
    public let request: CertificateRequest
    public let submission: Submission?
    public let policy: ApprovalPolicy
    public let profile: Profile
    public let authority: AuthorityDocument
    /// Votes that count, one for each person.
    public internal(set) var votes: [Vote]
    /// Why others do not count.
    public let void: [Refusal]
}

extension Charter {
    /// Rules 1 to 4 of the guard (docs/formats.md), but the quorum: everything that can be said from bytes and the charter.
    public func examine(_ evidence: Evidence, now: UTCTime) throws(Refusal) -> Examined {
        let statement = try Statement(text: evidence.statement)
        let (policy, profile, authority) = try frame(statement, now: now)
        let (tbs, request) = try certificate(
            evidence.tbs, evidence.request, content: statement.content, wish: statement.request, opened: statement.opened, profile,
            authority)
        let submission = try submission(statement, evidence.submission, policy)
        let (votes, void) = count(evidence.votes, statement, policy, now)
        return Examined(
            statement: statement, tbs: tbs, request: request, submission: submission, policy: policy, profile: profile,
            authority: authority, votes: votes, void: void)
    }

    /// What holds for every voted statement: its house, its roster, its documents in force, and its time.
    func frame(
        _ statement: some VotedStatement, now: UTCTime
    ) throws(Refusal) -> (ApprovalPolicy, Profile, AuthorityDocument) {
        guard statement.instance == instance else { throw .foreignInstance }
        guard statement.rosterVersion >= 1, statement.rosterVersion <= Int64(digests.count),
            digests[Int(statement.rosterVersion) - 1] == statement.rosterDigest
        else { throw .rosterUnknown }
        let (policy, profile, authority) = try inForce(statement)
        guard statement.expires > statement.opened, statement.expires <= statement.opened.adding(days: policy.days),
            statement.expires.seconds(since: statement.opened) <= Statement.longestSpan
        else { throw .statementTooLong }
        guard statement.opened <= now.adding(seconds: Vote.clockSlack) else { throw .statementNotYetOpen }
        guard now < statement.expires else { throw .statementExpired }
        return (policy, profile, authority)
    }

    /// The documents that the statement names are in force with its hashes, and fit one another.
    func inForce(_ statement: some VotedStatement) throws(Refusal) -> (ApprovalPolicy, Profile, AuthorityDocument) {
        guard let policy = documents.approvals[statement.policy.name], policy.reference == statement.policy else {
            throw .documentNotInForce("approval \(statement.policy.name)")
        }
        guard let profile = documents.profiles[statement.profile.name], profile.reference == statement.profile else {
            throw .documentNotInForce("profile \(statement.profile.name)")
        }
        guard let authority = documents.authorities[statement.authority.name], authority.reference == statement.authority else {
            throw .documentNotInForce("authority \(statement.authority.name)")
        }
        guard profile.value.approval == policy.value.name else { throw .documentMismatch("The profile names another approval policy.") }
        guard profile.value.authority == authority.value.name else { throw .documentMismatch("The profile names another authority.") }
        return (policy.value, profile.value, authority.value)
    }

    /// The rules about the certificate to be signed, whatever speaks for it.
    /// - Parameters:
    ///   - wish: H of the certificate signing request.
    ///   - opened: the time from which the profile counts.
    func certificate(
        _ bytes: Bytes, _ csr: Bytes, content: Digest32, wish: Digest32, opened: UTCTime, _ profile: Profile,
        _ authority: AuthorityDocument
    ) throws(Refusal) -> (TBSCertificate, CertificateRequest) {
        guard authority.issues(profile.name) else { throw .authorityPurpose }
        guard Digest32(of: csr) == wish else { throw .requestMismatch }
        guard Digest32(of: bytes) == content else { throw .contentMismatch }
        let request: CertificateRequest
        do throws(PKIXError) {
            request = try CertificateRequest(der: csr, leniencies: profile.leniencies)
            try request.verifyPossession()
        } catch { throw .request(error) }
        let tbs: TBSCertificate
        do { tbs = try TBSCertificate(der: bytes) } catch { throw .tbs(error) }
        guard tbs.content == content else { throw .contentMismatch }
        guard tbs.publicKey == request.publicKey else { throw .keyMismatch }
        guard profile.keys.contains(tbs.publicKey.keyAlgorithm) else { throw .keyNotAllowed }
        // A device with an authority's or an officer's key would lend that key's name to the device.
        let own = request.publicKeys
        guard !documents.authorities.values.contains(where: { $0.value.signingKeys.contains { own.contains($0.publicKey) } }),
            !roster.keys.contains(where: { own.contains($0.key) })
        else { throw .keyNotAllowed }
        do {
            try profile.check(tbs, issuer: try authority.asIssuer(), request: request, opened: opened)
        } catch { throw .template(error) }
        return (tbs, request)
    }

    func submission(_ statement: some VotedStatement, _ note: SignedNote?, _ policy: ApprovalPolicy) throws(Refusal) -> Submission? {
        guard let requester = statement.requester else {
            guard policy.allowsNoRequester else { throw .submissionMissing }
            return nil
        }
        guard let note else { throw .submissionMissing }
        let submission = try Submission(note, roster: roster)
        guard submission.requester == requester, submission.subject == statement.subject, submission.profile == statement.profile,
            submission.request == statement.wish,
            (-Submission.freshness...Submission.freshness).contains(submission.time.seconds(since: statement.opened))
        else { throw .submissionMismatch }
        return submission
    }

    /// One vote for each person: a rejection, wherever it stands, else the first approval.
    func count(
        _ notes: [SignedNote], _ statement: some VotedStatement, _ policy: ApprovalPolicy, _ now: UTCTime
    ) -> (votes: [Vote], void: [Refusal]) {
        var votes: [Handle: Vote] = [:]
        var void: [Refusal] = []
        for note in notes {
            do throws(Refusal) {
                let vote = try Vote.check(note, on: statement, policy: policy, roster: roster, now: now)
                if votes[vote.voter] == nil || vote.decision == .reject { votes[vote.voter] = vote }
            } catch { void.append(error) }
        }
        return (votes.values.sorted { $0.voter < $1.voter }, void)
    }
}
