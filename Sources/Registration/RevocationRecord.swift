import Approval
import Basics
import Proofs
import Storage
import Transparency

/// A revocation as the database has it. Nothing in it is believed: the ledger's entries say what is revoked, and the statement's bytes
/// the rest.
public struct RevocationRecord: VotedRecord {
    public enum State: String, Hashable, Sendable, CaseIterable {
        /// People vote on it.
        case requested
        /// The certificate is revoked.
        case revoked
        case rejected
    }

    public let voted: VotedRow<State>
    public let certificate: Digest32
    public let created: UTCTime
    /// The certificate's DER, as stored.
    public let der: Bytes
}

extension RevocationRecord: DecidableRecord {
    static var noun: String { "revocation" }
    static var waiting: State { .requested }
    static var rejected: State { .rejected }
    static var rejection: EventType { .revocationReject }
    static var decision: RowKind { .revocationDecision }

    init(_ row: Row, _ snapshot: Snapshot) throws {
        voted = try VotedRow(row, snapshot, of: Self.noun)
        certificate = try row.digest("certificate")
        created = UTCTime(seconds: try row.integer("created"))
        der = try snapshot.row("SELECT der FROM certificate WHERE fingerprint = $1", [.blob(certificate)])?.blob("der") ?? []
    }

    func evidence(_ submission: SignedNote, _ votes: [SignedNote]) -> RevocationEvidence {
        RevocationEvidence(statement: statement, certificate: der, submission: submission, votes: votes)
    }
}
