import Basics
import Proofs

/// A person's signed decision on one statement or many.
public struct Vote: Hashable, Sendable {
    public static let context = "assay/vote/v1"
    public static let mostStatements = 1000
    /// How far a voter's clock may be off, in seconds.
    public static let clockSlack: Int64 = 300

    public enum Decision: String, Hashable, Sendable, CaseIterable { case approve, reject }

    public let instance: Instance
    public let voter: Handle
    public let decision: Decision
    public let time: UTCTime
    /// H of no octets, or a salted commitment to the reason's text (docs/formats.md, commitment).
    public let reason: Digest32
    public let kind: String
    /// Sorted, distinct.
    public let statements: [Digest32]

    public static let noReason = Digest32(of: Bytes())

    public init(
        instance: Instance, voter: Handle, decision: Decision, time: UTCTime, reason: Digest32 = noReason, kind: String = Statement.kind,
        statements: Set<Digest32>
    ) {
        self.instance = instance
        self.voter = voter
        self.decision = decision
        self.time = time
        self.reason = reason
        self.kind = kind
        self.statements = statements.sorted { $0.base64.utf8.lexicographicallyPrecedes($1.base64.utf8) }
    }

    public var text: String {
        """
        \(Self.context)
        instance \(instance)
        voter \(voter)
        decision \(decision.rawValue)
        time \(time.seconds)
        reason \(reason)
        kind \(kind)

        """ + statements.map { "statement \($0)\n" }.joined()
    }

    public var digest: Digest32 { Digest32(of: text) }

    /// Parses the text; who signed it is for ``isSigned(_:in:)`` to say.
    public init(text: String) throws(Refusal) {
        do throws(TextError) {
            var reader = try TextReader(text, context: Self.context)
            instance = try reader.parsed("instance") { Instance($0) }
            voter = try reader.handle("voter")
            decision = try reader.parsed("decision") { Decision(rawValue: String($0)) }
            time = try reader.time("time")
            reason = try reader.digest("reason")
            kind = String(try reader.value("kind"))
            var statements: [Digest32] = []
            while reader.peek == "statement", statements.count < Self.mostStatements { statements.append(try reader.digest("statement")) }
            self.statements = statements
            try reader.end()
            guard !statements.isEmpty else { throw TextError.missing(key: "statement") }
        } catch { throw .malformed("vote", error) }
        guard VotedKind.known.contains(kind) else { throw .unknownKind(kind) }
        guard statements.count == 1 || VotedKind.listed.contains(kind) else { throw .malformed("vote", .value(key: "statement")) }
        let spelled = statements.map(\.base64)
        guard zip(spelled, spelled.dropFirst()).allSatisfy({ $0.utf8.lexicographicallyPrecedes($1.utf8) }), self.text == text else {
            throw .malformed("vote", .notCanonical)
        }
    }

    /// Whether the note, whose text this is, carries one signature, by a vote key that the voter has in `roster`.
    public func isSigned(_ note: SignedNote, in roster: Roster) -> Bool {
        guard note.signatures.count == 1 else { return false }
        return roster.voteKeys(of: voter).contains { note.isSigned(by: voter, key: $0) }
    }

    /// The rules that one vote must keep to count for `statement`; a vote that breaks one is void, nothing else.
    /// - Throws: the first rule that it breaks.
    public static func check<Voted: VotedStatement>(
        _ note: SignedNote, on statement: Voted, policy: ApprovalPolicy, roster: Roster, now: UTCTime
    ) throws(Refusal) -> Vote {
        let vote = try Vote(text: note.text)
        guard vote.instance == roster.instance else { throw .foreignInstance }
        guard vote.kind == Voted.kind else { throw .voteKind }
        guard !roster.voteKeys(of: vote.voter).isEmpty else { throw .voterUnknown }
        guard vote.isSigned(note, in: roster) else { throw .badSignature(by: vote.voter) }
        guard vote.statements.contains(statement.digest) else { throw .voteNotListed }
        let isRequester = vote.voter == statement.requester
        // A requester may take the own request back, by a rejection, whatever roles they hold.
        if isRequester, vote.decision == .approve { throw .voterIsRequester }
        guard isRequester || policy.roles.contains(where: { roster.holds(vote.voter, $0, for: statement.profile.name) }) else {
            throw .voterNotEligible
        }
        guard vote.time >= statement.opened.adding(seconds: -clockSlack), vote.time <= now.adding(seconds: clockSlack) else {
            throw .voteTime
        }
        return vote
    }
}
