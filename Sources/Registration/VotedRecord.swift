import Approval
import Basics
import Proofs
import Storage
import Transparency

/// What the row of every voted statement has, whatever its kind. Nothing in it is believed: ledger and anchor say what was decided, and
/// the statement's bytes the rest.
public struct VotedRow<State: Hashable & Sendable>: Hashable, Sendable {
    public let id: ID
    public let requester: String
    public let statement: String
    public let submission: String
    public let state: State
    /// Who rejected it, or ended it otherwise.
    public let decidedBy: String?
    /// The reason that they gave.
    public let reason: String?
    /// As signed, the oldest first.
    public let votes: [String]
    let version: Int64
}

/// A voted statement of one kind as the database has it.
public protocol VotedRecord: Hashable, Sendable {
    associatedtype State: RawRepresentable<String> & CaseIterable & Hashable & Sendable
    var voted: VotedRow<State> { get }
}

extension VotedRecord {
    public var id: ID { voted.id }
    public var requester: String { voted.requester }
    public var statement: String { voted.statement }
    public var submission: String { voted.submission }
    public var state: State { voted.state }
    public var decidedBy: String? { voted.decidedBy }
    public var reason: String? { voted.reason }
    public var votes: [String] { voted.votes }
}

/// What the flow of votes needs of a kind's record.
protocol DecidableRecord: VotedRecord {
    associatedtype Evidence: StatementEvidence

    /// `request`: what people call it, the table's name, and the beginning of its problems' codes.
    static var noun: String { get }
    /// People vote on it.
    static var waiting: State { get }
    static var rejected: State { get }
    /// The ledger's entry of a rejection.
    static var rejection: EventType { get }
    /// What the ledger keeps of a decision.
    static var decision: RowKind { get }

    init(_ row: Row, _ snapshot: Snapshot) throws

    /// The bytes that speak for it.
    func evidence(_ submission: SignedNote, _ votes: [SignedNote]) -> Evidence
}

extension VotedRow where State: RawRepresentable<String> {
    init(_ row: Row, _ snapshot: Snapshot, of table: String) throws {
        guard let id = ID(bytes: try row.blob("id")), let state = State(rawValue: try row.text("state")) else {
            throw StorageError.damaged("A row of the table \(table) is not as this program writes it.")
        }
        self.id = id
        self.state = state
        requester = try row.text("requester")
        statement = try row.text("statement")
        submission = try row.text("submission")
        decidedBy = try row.optionalText("decided_by")
        reason = try row.optionalText("reason")
        version = try row.integer("version")
        votes = try snapshot.rows(
            "SELECT note FROM vote WHERE statement_hash = $1 ORDER BY created, voter", [.blob(try row.blob("statement_hash"))]
        ).map { try $0.text("note") }
    }
}

extension DecidableRecord {
    static func read(_ id: ID, _ snapshot: Snapshot) throws -> Self? {
        try snapshot.row("SELECT * FROM \(noun) WHERE id = $1", [.blob(id.bytes)]).map { try Self($0, snapshot) }
    }

    static func listQuery(_ state: State?, _ paging: Paging<ID>) -> ListQuery {
        ListQuery("*", from: noun, where: state.map { [("state", .text($0.rawValue))] } ?? [], .falling, paging)
    }

    /// The row as a decision leaves it, and what the ledger keeps of that.
    /// - Parameters:
    ///   - before: the state that it must have until then; nil: any.
    ///   - others: further columns of the kind's decision; NULL where they are not given.
    func decided(
        _ state: State, from before: State? = waiting, by voter: Handle? = nil, reason: String? = nil, others: [String: SQLValue] = [:]
    ) throws(StorageError) -> (write: Write, row: Digest32) {
        var changed: [String: SQLValue] = [
            "state": .text(state.rawValue), "decided_by": .optional(voter?.description), "reason": .optional(reason),
        ]
        for column in Self.decision.columns where !["id", "submission"].contains(column) && changed[column] == nil {
            changed[column] = others[column] ?? .null
        }
        let row = try RowContent(
            Self.decision, changed.merging(["id": .blob(id.bytes), "submission": .text(submission)]) { first, _ in first })
        return (update(changed, from: before), row.digest)
    }

    /// The row as a vote leaves it that decides nothing: whoever has read it before reads it again.
    func stillWaiting() -> Write { update([:], from: Self.waiting) }

    private func update(_ changed: [String: SQLValue], from before: State?) -> Write {
        let ordered = changed.sorted { $0.key < $1.key }
        var arguments = ordered.map(\.value)
        func bound(_ value: SQLValue) -> String {
            arguments.append(value)
            return "$\(arguments.count)"
        }
        let changes = ordered.enumerated().map { "\($1.key) = $\($0 + 1), " }.joined()
        var condition = "id = \(bound(.blob(id.bytes))) AND version = \(bound(.integer(voted.version)))"
        if let before { condition += " AND state = \(bound(.text(before.rawValue)))" }
        return Write("UPDATE \(Self.noun) SET \(changes)version = version + 1 WHERE \(condition)", arguments, expects: 1)
    }

    /// The bytes that speak for it, with one more vote.
    func evidence(adding vote: SignedNote? = nil) throws(Refusal) -> Evidence {
        var notes: [SignedNote] = []
        for text in votes { notes.append(try SignedNote("vote", text)) }
        if let vote { notes.append(vote) }
        return evidence(try SignedNote("submission", submission), notes)
    }

    static func unknown(_ id: ID) -> Problem {
        Problem(.notFound, "\(noun).not-found", title: "There is no such \(noun)", detail: "No \(noun) has the id \(id).", field: "id")
    }

    static var altered: Problem {
        Problem(
            .conflict, "\(noun).record-altered", title: "The \(noun)'s record was altered",
            detail: "What the record says does not belong together. Run `assay ledger verify`.")
    }

    /// - Parameter field: of the body, which has the id.
    static func idTaken(in field: String) -> Problem {
        Problem(
            .conflict, "request.id-taken", title: "The id is taken", detail: "Another \(noun) has this id. Ask again with a new one.",
            field: field)
    }
}
