import Basics
import Proofs

/// What evidence for a statement amounts to under a charter. How votes are counted is the same for every kind.
public protocol ExaminedStatement: Sendable {
    associatedtype Voted: VotedStatement
    var statement: Voted { get }
    var policy: ApprovalPolicy { get }
    /// Votes that count, one for each person.
    var votes: [Vote] { get }
    /// Who asked, and when; nil where the policy lets nobody ask in their own name.
    var submission: Submission? { get }

    /// With one more vote, which must count by the same rules; nothing is verified a second time.
    /// - Throws: the first rule that the vote breaks, or ``Refusal/voteTwice``.
    func adding(_ note: SignedNote, under charter: Charter, now: UTCTime) throws(Refusal) -> Self
}

/// Everything that speaks for a statement of one kind, as bytes.
public protocol StatementEvidence: Sendable {
    associatedtype Amount: ExaminedStatement

    /// What it amounts to: every rule that can be said from bytes and the charter, but the quorum.
    func examined(under charter: Charter, now: UTCTime) throws(Refusal) -> Amount
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

extension CountedStatement {
    fileprivate func counting(_ note: SignedNote, _ charter: Charter, _ now: UTCTime) throws(Refusal) -> Self {
        let vote = try Vote.check(note, on: statement, policy: policy, roster: charter.roster, now: now)
        guard vote.decision == .reject || !votes.contains(where: { $0.voter == vote.voter }) else { throw .voteTwice }
        var counted = self
        counted.votes = (votes.filter { $0.voter != vote.voter } + [vote]).sorted { $0.voter < $1.voter }
        return counted
    }
}

// The kinds. What only this room may do cannot be said once for all of them.
extension Examined {
    public func adding(_ note: SignedNote, under charter: Charter, now: UTCTime) throws(Refusal) -> Examined {
        try counting(note, charter, now)
    }
}

extension ExaminedAllowance {
    public func adding(_ note: SignedNote, under charter: Charter, now: UTCTime) throws(Refusal) -> ExaminedAllowance {
        try counting(note, charter, now)
    }
}

extension ExaminedRevocation {
    public func adding(_ note: SignedNote, under charter: Charter, now: UTCTime) throws(Refusal) -> ExaminedRevocation {
        try counting(note, charter, now)
    }
}

extension Evidence: StatementEvidence {
    public func examined(under charter: Charter, now: UTCTime) throws(Refusal) -> Examined { try charter.examine(self, now: now) }
}

extension AllowanceEvidence: StatementEvidence {
    public func examined(under charter: Charter, now: UTCTime) throws(Refusal) -> ExaminedAllowance { try charter.examine(self, now: now) }
}

extension RevocationEvidence: StatementEvidence {
    public func examined(under charter: Charter, now: UTCTime) throws(Refusal) -> ExaminedRevocation { try charter.examine(self, now: now) }
}
