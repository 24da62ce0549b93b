import Approval
import Basics
import Proofs
import Wire

/// What an allowance can be, as the node says.
public enum AllowanceState: String, Hashable, Sendable, CaseIterable {
    case requested, open, rejected, closed
}

/// An allowance as its bytes say.
public struct AllowanceReport: VotedReport {
    public let statement: Allowance
    public let state: AllowanceState
    /// How many were drawn: the node's word.
    public let drawn: Int64
    public let decidedBy: String?
    public let examined: Result<ExaminedAllowance, Refusal>

    public static var noun: String { "allowance" }
    public static var waiting: AllowanceState { .requested }
    public static var one: Route { Routes.allowance }
    public static var voting: Route { Routes.voteAllowance }
    public static var afterwards: String { "An open one is ended with: assay allowance close" }

    public init(_ fields: inout JSONFields, id: ID?, charter: Charter, now: UTCTime) throws(Problem) {
        let answer = try AnsweredStatement<Allowance>(&fields, Self.noun, id: id, charter: charter) { statement in
            ["profile": statement.profile.name.description, "machine": statement.machine.name.description]
        }
        statement = answer.statement
        decidedBy = answer.decidedBy
        state = try Self.state(&fields)
        drawn = try fields.integer("drawn")
        examined = AllowanceEvidence(statement: answer.text, submission: answer.submission, votes: answer.votes)
            .result(charter, isWaiting: state == .requested, now: now, until: min(statement.expires, statement.until))
    }
}
