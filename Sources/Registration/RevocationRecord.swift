import Approval
import Basics
import Proofs
import Storage
import Transparency

/// A revocation as the database has it. Nothing in it is believed: the ledger's entries say what is revoked, and the statement's bytes
/// the rest.
public struct RevocationRecord: Hashable, Sendable {
    public enum State: String, Hashable, Sendable, CaseIterable {
        /// People vote on it.
        case requested
        /// The certificate is revoked.
        case revoked
        case rejected
    }

    public let id: ID
    public let requester: String
    public let certificate: Digest32
    public let statement: String
    public let submission: String
    public let state: State
    /// Who rejected it.
    public let decidedBy: String?
    /// The reason that the rejecter gave.
    public let reason: String?
    public let created: UTCTime
    public let votes: [String]
    /// The certificate's DER, as stored.
    public let der: Bytes
    let version: Int64

    static func read(_ id: ID, _ snapshot: Snapshot) throws -> RevocationRecord? {
        guard let row = try snapshot.row("SELECT * FROM revocation WHERE id = $1", [.blob(id.bytes)]) else { return nil }
        return try RevocationRecord(row, snapshot)
    }

    init(_ row: Row, _ snapshot: Snapshot) throws {
        guard let id = ID(bytes: try row.blob("id")), let state = State(rawValue: try row.text("state")) else {
            throw StorageError.damaged("A row of the table revocation is not as this program writes it.")
        }
        self.id = id
        self.state = state
        requester = try row.text("requester")
        certificate = try row.digest("certificate")
        statement = try row.text("statement")
        submission = try row.text("submission")
        decidedBy = try row.optionalText("decided_by")
        reason = try row.optionalText("reason")
        created = UTCTime(seconds: try row.integer("created"))
        version = try row.integer("version")
        let hash = try row.blob("statement_hash")
        votes = try snapshot.rows("SELECT note FROM vote WHERE statement_hash = $1 ORDER BY created, voter", [.blob(hash)])
            .map { try $0.text("note") }
        der = try snapshot.row("SELECT der FROM certificate WHERE fingerprint = $1", [.blob(certificate)])?.blob("der") ?? []
    }

    /// The row as a decision leaves it, and what the ledger keeps of that.
    func decided(_ state: State, by voter: Handle? = nil, reason: String? = nil) throws(StorageError) -> (write: Write, row: Digest32) {
        let row = try RowContent(
            .revocationDecision,
            [
                "id": .blob(id.bytes), "submission": .text(submission), "state": .text(state.rawValue),
                "decided_by": .optional(voter?.description), "reason": .optional(reason),
            ])
        let write = Write(
            """
            UPDATE revocation SET state = $1, decided_by = $2, reason = $3, version = version + 1
            WHERE id = $4 AND version = $5 AND state = 'requested'
            """,
            [.text(state.rawValue), .optional(voter?.description), .optional(reason), .blob(id.bytes), .integer(version)], expects: 1)
        return (write, row.digest)
    }

    /// The bytes that speak for it.
    func evidence(adding vote: SignedNote? = nil) throws(Refusal) -> RevocationEvidence {
        var notes: [SignedNote] = []
        for text in votes { notes.append(try SignedNote("vote", text)) }
        if let vote { notes.append(vote) }
        return RevocationEvidence(
            statement: statement, certificate: der, submission: try SignedNote("submission", submission), votes: notes)
    }
}
