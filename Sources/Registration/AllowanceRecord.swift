import Approval
import Basics
import Proofs
import Storage
import Transparency

/// An allowance as the database has it. Nothing in it is believed: the anchor says what is open, and the statement's bytes the rest.
public struct AllowanceRecord: VotedRecord {
    public enum State: String, Hashable, Sendable, CaseIterable {
        /// People vote on it.
        case requested
        /// Enough have approved: the machine may draw.
        case open
        case rejected, closed
    }

    public let voted: VotedRow<State>
    public let machine: String
    public let profile: String
    public let created: UTCTime
    /// How many certificates were drawn from it.
    public let drawn: Int64
}

extension AllowanceRecord: DecidableRecord {
    static var noun: String { "allowance" }
    static var waiting: State { .requested }
    static var rejected: State { .rejected }
    static var rejection: EventType { .allowanceReject }
    static var decision: RowKind { .allowanceDecision }

    init(_ row: Row, _ snapshot: Snapshot) throws {
        voted = try VotedRow(row, snapshot, of: Self.noun)
        machine = try row.text("machine")
        profile = try row.text("profile")
        created = UTCTime(seconds: try row.integer("created"))
        drawn =
            try snapshot.row("SELECT count(*) AS number FROM draw WHERE allowance = $1", [.blob(voted.id.bytes)])?.integer("number") ?? 0
    }

    func evidence(_ submission: SignedNote, _ votes: [SignedNote]) -> AllowanceEvidence {
        AllowanceEvidence(statement: statement, submission: submission, votes: votes)
    }
}
