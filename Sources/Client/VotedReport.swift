import Approval
import Basics
import PKIX
import Proofs
import Wire

/// A voted statement of one kind as its bytes say: what the node claims beside them was compared, and does not contradict.
public protocol VotedReport: Sendable {
    associatedtype State: RawRepresentable<String> & CaseIterable & Hashable & Sendable
    associatedtype Amount: ExaminedStatement

    /// `request`: what people call it, and the beginning of its problems' codes.
    static var noun: String { get }
    /// People vote on it.
    static var waiting: State { get }
    static var one: Route { get }
    static var voting: Route { get }
    /// What one can do about a decided one, for ``Session/check(_:on:)``.
    static var afterwards: String { get }

    var statement: Amount.Voted { get }
    /// The node's word, which votes and other bytes do not contradict.
    var state: State { get }
    /// Who rejected it or ended it otherwise: the node's word.
    var decidedBy: String? { get }
    /// What the guard would say: at the present time while it waits for votes, at its own time afterwards.
    var examined: Result<Amount, Refusal> { get }

    /// - Parameter id: which one was asked for; nil: any.
    /// - Throws: `client.server-lied` when bytes contradict each other, or the node's words contradict the bytes.
    init(_ fields: inout JSONFields, id: ID?, charter: Charter, now: UTCTime) throws(Problem)

    /// What a voter is told when it cannot be voted on.
    static func problem(of refusal: Refusal) -> Problem
}

extension VotedReport {
    public var id: ID { statement.subject }
    public static func problem(of refusal: Refusal) -> Problem { refusal.problem }

    static func state(_ fields: inout JSONFields) throws(Problem) -> State {
        let known = State.allCases.map(\.rawValue)
        return try fields.parsed("state", expected: known.joined(separator: ", ")) { State(rawValue: $0) }
    }
}

/// What the node's answer about a voted statement has, whatever its kind.
struct AnsweredStatement<Voted: VotedStatement> {
    let text: String
    let statement: Voted
    let submission: SignedNote?
    let votes: [SignedNote]
    let decidedBy: String?
    /// A rejection's words with their salt.
    let reason: String?

    /// - Parameters:
    ///   - noun: what it is called.
    ///   - beside: members that must say the same as the statement.
    init(
        _ fields: inout JSONFields, _ noun: String, id: ID?, charter: Charter, beside: (Voted) -> [String: String]
    ) throws(Problem) {
        text = try fields.string("statement")
        do throws(Refusal) { statement = try Voted(text: text) } catch { throw .lied(error.detail) }
        guard try fields.id("id") == statement.subject, id == nil || id == statement.subject else {
            throw .lied("Another \(noun) was asked for than the one that came.")
        }
        guard statement.instance == charter.instance else { throw .lied("The statement names another instance.") }
        let requester = fields.isNull("requester") ? "-" : try fields.string("requester")
        guard requester == statement.requester?.description ?? "-" else {
            throw .lied("The statement names another requester than the node's answer beside it.")
        }
        for (member, value) in beside(statement).sorted(by: { $0.key < $1.key }) {
            guard try fields.string(member) == value else {
                throw .lied("The statement names another \(member) than the node's answer beside it.")
            }
        }
        decidedBy = fields.isNull("decidedBy") ? nil : try fields.string("decidedBy")
        reason = fields.isNull("reason") ? nil : try fields.string("reason")
        submission = fields.isNull("submission") ? nil : try Self.note(try fields.string("submission"))
        var votes: [SignedNote] = []
        for text in try fields.strings("votes") { votes.append(try Self.note(text)) }
        self.votes = votes
    }

    private static func note(_ text: String) throws(Problem) -> SignedNote {
        do { return try SignedNote(parsing: text) } catch { throw .lied("A vote or submission is not a signed note.") }
    }
}

extension StatementEvidence {
    /// What it amounts to, or why it amounts to nothing.
    /// - Parameter limit: when it ended; what is decided is looked at as of the time when it could still be voted on.
    func result(_ charter: Charter, isWaiting: Bool, now: UTCTime, until limit: UTCTime) -> Result<Amount, Refusal> {
        do throws(Refusal) {
            return .success(try examined(under: charter, now: isWaiting ? now : min(now, limit.adding(seconds: -1))))
        } catch { return .failure(error) }
    }
}
