import Approval
import Basics
import PKIX
import Proofs
import Storage

/// A request as the database has it. Nothing in it is believed: every decision is made from the bytes that it carries.
public struct RequestRecord: Hashable, Sendable {
    public enum State: String, Hashable, Sendable, CaseIterable { case open, issued, rejected, expired }

    public let id: ID
    public let requester: String
    public let profile: String
    public let statement: String
    public let submission: String
    public let csr: Bytes
    public let tbs: Bytes
    public let state: State
    /// Who rejected it.
    public let decidedBy: String?
    /// The reason that the rejecter gave.
    public let reason: String?
    public let certificate: Bytes?
    public let opened: UTCTime
    public let expires: UTCTime
    public let votes: [String]
    let version: Int64

    static func read(_ id: ID, _ snapshot: Snapshot) throws -> RequestRecord? {
        guard let row = try snapshot.row("SELECT * FROM request WHERE id = $1", [.blob(id.bytes)]) else { return nil }
        let hash = try row.blob("statement_hash")
        let votes = try snapshot.rows("SELECT note FROM vote WHERE statement_hash = $1 ORDER BY created, voter", [.blob(hash)])
        let certificate = try snapshot.row("SELECT der FROM certificate WHERE statement_hash = $1", [.blob(hash)])
        return try RequestRecord(row, votes: votes.map { try $0.text("note") }, certificate: try certificate?.blob("der"))
    }

    init(_ row: Row, votes: [String], certificate: Bytes?) throws {
        guard let id = ID(bytes: try row.blob("id")), let state = State(rawValue: try row.text("state")) else {
            throw StorageError.damaged("A row of the table request is not as this program writes it.")
        }
        self.id = id
        self.state = state
        requester = try row.text("requester")
        profile = try row.text("profile")
        statement = try row.text("statement")
        submission = try row.text("submission")
        csr = try row.blob("csr")
        tbs = try row.blob("tbs")
        decidedBy = try row.optionalText("decided_by")
        reason = try row.optionalText("reason")
        opened = UTCTime(seconds: try row.integer("opened"))
        expires = UTCTime(seconds: try row.integer("expires"))
        version = try row.integer("version")
        self.votes = votes
        self.certificate = certificate
    }

    /// The row as a decision leaves it, and what the ledger keeps of that.
    func decided(
        _ state: State, by voter: Handle? = nil, reason: String? = nil, certificate: Digest32? = nil
    ) throws(StorageError) -> (write: Write, row: Digest32) {
        let row = try RowContent(
            .requestDecision,
            [
                "id": .blob(id.bytes), "submission": .text(submission), "state": .text(state.rawValue),
                "decided_by": .optional(voter?.description), "reason": .optional(reason), "certificate": .optional(certificate),
            ])
        let write = Write(
            """
            UPDATE request SET state = $1, decided_by = $2, reason = $3, certificate = $4, version = version + 1
            WHERE id = $5 AND version = $6 AND state = 'open'
            """,
            [
                .text(state.rawValue), .optional(voter?.description), .optional(reason), .optional(certificate), .blob(id.bytes),
                .integer(version),
            ], expects: 1)
        return (write, row.digest)
    }

    /// The bytes that speak for the certificate, with one more vote.
    func evidence(adding vote: SignedNote? = nil) throws(Refusal) -> Evidence {
        var notes: [SignedNote] = []
        for text in votes { notes.append(try SignedNote("vote", text)) }
        if let vote { notes.append(vote) }
        return Evidence(statement: statement, tbs: tbs, request: csr, submission: try SignedNote("submission", submission), votes: notes)
    }
}
