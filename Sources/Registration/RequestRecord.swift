import Approval
import Basics
import PKIX
import Proofs
import Storage
import Transparency

/// A request as the database has it. Nothing in it is believed: every decision is made from the bytes that it carries.
public struct RequestRecord: VotedRecord {
    public enum State: String, Hashable, Sendable, CaseIterable { case open, issued, rejected, expired }

    public let voted: VotedRow<State>
    public let profile: String
    public let csr: Bytes
    public let tbs: Bytes
    public let certificate: Bytes?
    public let opened: UTCTime
    public let expires: UTCTime
}

extension RequestRecord: DecidableRecord {
    static var noun: String { "request" }
    static var waiting: State { .open }
    static var rejected: State { .rejected }
    static var rejection: EventType { .requestReject }
    static var decision: RowKind { .requestDecision }

    init(_ row: Row, _ snapshot: Snapshot) throws {
        voted = try VotedRow(row, snapshot, of: Self.noun)
        profile = try row.text("profile")
        csr = try row.blob("csr")
        tbs = try row.blob("tbs")
        opened = UTCTime(seconds: try row.integer("opened"))
        expires = UTCTime(seconds: try row.integer("expires"))
        certificate = try snapshot.row(
            "SELECT der FROM certificate WHERE statement_hash = $1", [.blob(try row.blob("statement_hash"))])?.blob("der")
    }

    func evidence(_ submission: SignedNote, _ votes: [SignedNote]) -> Evidence {
        Evidence(statement: statement, tbs: tbs, request: csr, submission: submission, votes: votes)
    }
}
