import Access
import Approval
import Basics
import Proofs
import Storage
import Transparency

/// A vote as it came in: its voter asks, and is a person of the roster. Whether it counts is for the charter to say.
struct Ballot: Sendable {
    let note: SignedNote
    let vote: Vote
    /// A rejection's reason in words; its commitment stands in the vote.
    let reason: String?
    /// What ledger entries call the voter.
    let actor: Bytes
    /// The size of a head that is durable: what the decision rests on may not lie behind it.
    let durable: Int64
    let now: UTCTime

    /// Octets of a reason at most.
    static let longestReason = 4096

    init(_ note: SignedNote, reason: String?, by principal: Principal, in ledger: Ledger) async throws {
        now = try ledger.now()
        try Self.checkReason(reason)
        vote = try Vote(text: note.text)
        guard vote.voter == principal.handle else { throw Refusal.badSignature(by: principal.handle) }
        let view = try ledger.view()
        guard !view.charter.roster.voteKeys(of: vote.voter).isEmpty else { throw Refusal.voterUnknown }
        actor = try await ledger.actor(principal.handle)
        durable = view.anchored.size
        self.note = note
        self.reason = reason
    }

    /// - Throws: `vote.reason-invalid`
    static func checkReason(_ reason: String?) throws(Problem) {
        guard let reason else { return }
        guard reason.utf8.count <= longestReason, !reason.utf8.contains(0) else {
            throw Problem(
                .invalid, "vote.reason-invalid", title: "The reason is not accepted",
                detail: "At most \(longestReason) octets of text without NUL.", field: "reason")
        }
    }

    /// What the entry of a rejection commits to.
    var commitment: Digest32? { vote.reason == Vote.noReason ? nil : vote.reason }

    /// The vote's own row and entry.
    func cast(on statement: some VotedStatement, in ledger: Ledger) throws -> Change {
        let digest = statement.digest
        let row = try RowContent(
            .vote,
            [
                "hash": .blob(vote.digest), "statement_hash": .blob(digest), "voter": .text(vote.voter.description),
                "decision": .text(vote.decision.rawValue), "note": .text(note.rendered), "created": .integer(now.seconds),
            ])
        let entry = try ledger.entry(
            .voteCast, at: now, actor: actor,
            digests: [
                Entry.DigestKey.votes: vote.digest, Entry.DigestKey.statement: digest, Entry.DigestKey.row: row.digest,
            ],
            roster: try ledger.view().charter.roster.version, object: statement.subject, outcome: vote.decision.rawValue)
        // A row that somebody else put there in the voter's name gives way.
        return Change(writes: [row.insertion(replacing: ["statement_hash", "voter"])], entries: [entry])
    }
}
