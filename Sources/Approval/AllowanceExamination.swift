import Basics
import PKIX
import Profiles
import Proofs

/// Everything that speaks for an allowance, as bytes.
public struct AllowanceEvidence: Sendable {
    public let statement: String
    public let submission: SignedNote?
    public let votes: [SignedNote]

    public init(statement: String, submission: SignedNote?, votes: [SignedNote]) {
        self.statement = statement
        self.submission = submission
        self.votes = votes
    }
}

/// What that amounts to under a charter: the same for guard and clients.
public struct ExaminedAllowance: CountedStatement {
    public let statement: Allowance
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
    /// Every rule for the opening of an allowance that can be said from bytes and the charter, but the quorum.
    public func examine(_ evidence: AllowanceEvidence, now: UTCTime) throws(Refusal) -> ExaminedAllowance {
        let statement = try Allowance(text: evidence.statement)
        let (policy, profile, authority) = try frame(statement, now: now)
        guard authority.issues(profile.name) else { throw .authorityPurpose }
        guard (1...Allowance.mostCertificates).contains(statement.number) else {
            throw .allowanceInvalid("`number` is from 1 to \(Allowance.mostCertificates).")
        }
        guard statement.from < statement.until, now < statement.until,
            statement.until.seconds(since: statement.opened) <= Allowance.longestWindow
        else {
            throw .allowanceInvalid("The window must end behind its beginning, not in the past, and at most 366 days after the opening.")
        }
        // People vote and machines draw: no key and no name does both.
        guard !roster.keys.contains(where: { $0.key.digest == statement.machine.key }),
            !documents.authorities.values.contains(where: { authority in
                authority.value.signingKeys.contains { $0.publicKey.digest == statement.machine.key }
            }),
            !roster.people.contains(statement.machine.name)
        else { throw .allowanceInvalid("The machine's key or name is a person's, or an authority's.") }
        let submission = try submission(statement, evidence.submission, policy)
        let (votes, void) = count(evidence.votes, statement, policy, now)
        return ExaminedAllowance(
            statement: statement, submission: submission, policy: policy, profile: profile, authority: authority, votes: votes, void: void)
    }
}
