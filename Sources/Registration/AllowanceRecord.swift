import Approval
import Basics
import Proofs
import Storage

/// An allowance as the database has it. Nothing in it is believed: the anchor says what is open, and the statement's bytes the rest.
public struct AllowanceRecord: Hashable, Sendable {
    public enum State: String, Hashable, Sendable, CaseIterable {
        /// People vote on it.
        case requested
        /// Enough have approved: the machine may draw.
        case open
        case rejected, closed
    }

    public let id: ID
    public let requester: String
    public let machine: String
    public let profile: String
    public let statement: String
    public let submission: String
    public let state: State
    /// Who rejected or closed it.
    public let decidedBy: String?
    public let reason: String?
    public let created: UTCTime
    public let votes: [String]
    /// How many certificates were drawn from it.
    public let drawn: Int64
    let version: Int64

    static func read(_ id: ID, _ snapshot: Snapshot) throws -> AllowanceRecord? {
        guard let row = try snapshot.row("SELECT * FROM allowance WHERE id = $1", [.blob(id.bytes)]) else { return nil }
        return try AllowanceRecord(row, snapshot)
    }

    init(_ row: Row, _ snapshot: Snapshot) throws {
        guard let id = ID(bytes: try row.blob("id")), let state = State(rawValue: try row.text("state")) else {
            throw StorageError.damaged("A row of the table allowance is not as this program writes it.")
        }
        self.id = id
        self.state = state
        requester = try row.text("requester")
        machine = try row.text("machine")
        profile = try row.text("profile")
        statement = try row.text("statement")
        submission = try row.text("submission")
        decidedBy = try row.optionalText("decided_by")
        reason = try row.optionalText("reason")
        created = UTCTime(seconds: try row.integer("created"))
        version = try row.integer("version")
        let hash = try row.blob("statement_hash")
        votes = try snapshot.rows("SELECT note FROM vote WHERE statement_hash = $1 ORDER BY created, voter", [.blob(hash)])
            .map { try $0.text("note") }
        drawn =
            try snapshot.row("SELECT count(*) AS number FROM draw WHERE allowance = $1", [.blob(id.bytes)])?.integer("number") ?? 0
    }

    /// The row as a decision leaves it, and what the ledger keeps of that.
    /// - Parameter before: the state that it must have until then; nil: any.
    func decided(
        _ state: State, from before: State? = .requested, by voter: Handle? = nil, reason: String? = nil
    ) throws(StorageError) -> (write: Write, row: Digest32) {
        let row = try RowContent(
            .allowanceDecision,
            [
                "id": .blob(id.bytes), "submission": .text(submission), "state": .text(state.rawValue),
                "decided_by": .optional(voter?.description), "reason": .optional(reason),
            ])
        let write = Write(
            """
            UPDATE allowance SET state = $1, decided_by = $2, reason = $3, version = version + 1
            WHERE id = $4 AND version = $5\(before == nil ? "" : " AND state = $6")
            """,
            [.text(state.rawValue), .optional(voter?.description), .optional(reason), .blob(id.bytes), .integer(version)]
                + (before.map { [.text($0.rawValue)] } ?? []), expects: 1)
        return (write, row.digest)
    }

    /// The bytes that speak for it, with one more vote.
    func evidence(adding vote: SignedNote? = nil) throws(Refusal) -> AllowanceEvidence {
        var notes: [SignedNote] = []
        for text in votes { notes.append(try SignedNote("vote", text)) }
        if let vote { notes.append(vote) }
        return AllowanceEvidence(statement: statement, submission: try SignedNote("submission", submission), votes: notes)
    }
}
