import Basics
import Proofs

/// What evidence for a statement amounts to under a charter. How votes are counted is the same for every kind.
public protocol ExaminedStatement: Sendable {
    associatedtype Voted: VotedStatement
    var statement: Voted { get }
    var policy: ApprovalPolicy { get }
    /// Votes that count, one for each person.
    var votes: [Vote] { get }
}

extension ExaminedStatement {
    /// How many distinct people must approve: one more where nobody asks in their own name.
    public var needed: Int { policy.quorum + (statement.requester == nil ? 1 : 0) }
    public var approvers: [Handle] { votes.filter { $0.decision == .approve }.map(\.voter).sorted() }
    public var rejecter: Handle? { votes.first { $0.decision == .reject }?.voter }
    /// Whether nothing is missing and nobody has rejected it.
    public var isApproved: Bool { rejecter == nil && approvers.count >= needed }

    /// - Throws: ``Refusal/rejected(by:)`` or ``Refusal/quorumNotMet(have:need:)``.
    public func requireQuorum() throws(Refusal) {
        if let rejecter { throw .rejected(by: rejecter) }
        guard isApproved else { throw .quorumNotMet(have: approvers.count, need: needed) }
    }
}

/// Only this room puts a vote among those that count, having checked it.
protocol CountedStatement: ExaminedStatement {
    var votes: [Vote] { get set }
}

extension Charter {
    /// What was examined, with one more vote, which must count by the same rules; nothing is verified a second time.
    /// - Throws: the first rule that the vote breaks, or ``Refusal/voteTwice``.
    public func adding(_ note: SignedNote, to examined: Examined, now: UTCTime) throws(Refusal) -> Examined {
        try counting(note, in: examined, now)
    }

    /// The same for an allowance.
    public func adding(_ note: SignedNote, to examined: ExaminedAllowance, now: UTCTime) throws(Refusal) -> ExaminedAllowance {
        try counting(note, in: examined, now)
    }

    /// The same for a revocation.
    public func adding(_ note: SignedNote, to examined: ExaminedRevocation, now: UTCTime) throws(Refusal) -> ExaminedRevocation {
        try counting(note, in: examined, now)
    }

    private func counting<Kind: CountedStatement>(_ note: SignedNote, in examined: Kind, _ now: UTCTime) throws(Refusal) -> Kind {
        let vote = try Vote.check(note, on: examined.statement, policy: examined.policy, roster: roster, now: now)
        guard vote.decision == .reject || !examined.votes.contains(where: { $0.voter == vote.voter }) else { throw .voteTwice }
        var counted = examined
        counted.votes = (examined.votes.filter { $0.voter != vote.voter } + [vote]).sorted { $0.voter < $1.voter }
        return counted
    }
}
