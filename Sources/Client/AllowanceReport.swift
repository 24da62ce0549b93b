import Approval
import Basics
import Proofs

/// What an allowance can be, as the node says.
public enum AllowanceState: String, Hashable, Sendable, CaseIterable {
    case requested, open, rejected, closed
}

/// An allowance as its bytes say: what the node claims beside them was compared, and does not contradict.
public struct AllowanceReport: Sendable {
    public let statement: Allowance
    public let state: AllowanceState
    /// How many were drawn: the node's word.
    public let drawn: Int64
    public let decidedBy: String?
    /// What the guard would say: at the present time while it waits for votes, at its own time afterwards.
    public let examined: Result<ExaminedAllowance, Refusal>

    public var id: ID { statement.subject }

    /// - Throws: `client.server-lied` when the node's words contradict the bytes.
    init(_ fields: inout JSONFields, id: ID?, charter: Charter, now: UTCTime) throws(Problem) {
        let text = try fields.string("statement")
        do throws(Refusal) { statement = try Allowance(text: text) } catch { throw .lied(error.detail) }
        guard try fields.id("id") == statement.subject, id == nil || id == statement.subject else {
            throw .lied("Another allowance was asked for than the one that came.")
        }
        guard statement.instance == charter.instance else { throw .lied("The statement names another instance.") }
        guard try fields.string("requester") == (statement.requester?.description ?? "-"),
            try fields.string("profile") == statement.profile.name.description,
            try fields.string("machine") == statement.machine.name.description
        else { throw .lied("The statement names another requester, profile or machine than the node's answer beside it.") }
        state = try fields.parsed("state", expected: "requested, open, rejected or closed") { AllowanceState(rawValue: $0) }
        drawn = try fields.integer("drawn")
        decidedBy = fields.isNull("decidedBy") ? nil : try fields.string("decidedBy")
        var votes: [SignedNote] = []
        let submission: SignedNote
        do {
            submission = try SignedNote(parsing: try fields.string("submission"))
            for text in try fields.strings("votes") { votes.append(try SignedNote(parsing: text)) }
        } catch { throw .lied("A vote or submission is not a signed note.") }
        let time = state == .requested ? now : min(now, min(statement.expires, statement.until).adding(seconds: -1))
        do throws(Refusal) {
            examined = .success(
                try charter.examine(AllowanceEvidence(statement: text, submission: submission, votes: votes), now: time))
        } catch { examined = .failure(error) }
    }
}
