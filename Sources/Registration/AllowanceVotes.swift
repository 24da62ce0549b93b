import Access
import Approval
import Basics
import Proofs
import Storage
import Transparency

extension Allowances {
    /// A person's vote on an allowance that was asked for. The last approval that is needed opens it in the same act.
    /// - Parameter reason: a rejection's reason in words; its commitment stands in the vote.
    public func vote(_ note: SignedNote, on id: ID, reason: String?, by principal: Principal) async throws(Problem) -> AllowanceRecord {
        do {
            let ballot = try await Ballot(note, reason: reason, by: principal, in: ledger)
            let (outcome, _) = try await ledger.store.act { snapshot in
                try snapshot.requireOwn(from: ballot.durable)
                return try AllowanceRecord.read(id, snapshot)
            } decide: { record in
                guard let record else { throw Self.unknown(id) }
                return try decide(record, ballot)
            }
            if let outcome { try await ledger.anchor(outcome.lines, opening: outcome.opening) }
            return try await allowance(id)
        } catch { throw Problem(wrapping: error) }
    }

    /// What the answer waits for.
    private struct Outcome: Sendable {
        var lines: [AnchorLine] = []
        var opening: Allowance?
    }

    private func decide(_ record: AllowanceRecord, _ ballot: Ballot) throws -> (Outcome?, Change) {
        let view = try ledger.view()
        // The anchor says what was decided; a row that says "requested" does not open it again.
        let digest = Digest32(of: record.statement)
        guard view.allowances[record.id] == nil, !view.isClosed(digest) else { return (nil, Change()) }
        let before = try view.charter.examine(try record.evidence(), now: ballot.now)
        guard before.statement.subject == record.id, record.state == .requested else { throw Self.recordAltered }
        let examined = try view.charter.adding(ballot.note, to: before, now: ballot.now)
        let (vote, now, actor) = (ballot.vote, ballot.now, ballot.actor)
        var change = try ballot.cast(on: examined.statement, in: ledger)
        var digests = [Entry.DigestKey.statement: digest]
        digests[Entry.DigestKey.document] = examined.submission?.digest
        switch vote.decision {
        case .reject:
            let decided = try record.decided(.rejected, by: vote.voter, reason: ballot.reason)
            change.writes.append(decided.write)
            digests[Entry.DigestKey.votes] = vote.digest
            digests[Entry.DigestKey.row] = decided.row
            let entry = try ledger.entry(
                .allowanceReject, at: now, actor: actor, commitment: ballot.commitment, digests: digests,
                roster: view.charter.roster.version, object: record.id)
            change.entries.append(entry)
            return (Outcome(lines: View.closings(of: try Entry(decoding: entry))), change)
        case .approve where !examined.isApproved:
            change.writes.append(
                Write(
                    "UPDATE allowance SET version = version + 1 WHERE id = $1 AND version = $2 AND state = 'requested'",
                    [.blob(record.id.bytes), .integer(record.version)], expects: 1))
            return (Outcome(), change)
        case .approve:
            let opened = try Guard(view: view, now: now).allowance(try record.evidence(adding: ballot.note))
            let decided = try record.decided(.open)
            change.writes.append(decided.write)
            digests[Entry.DigestKey.row] = decided.row
            digests[Entry.DigestKey.votes] = Digest32(of: opened.votes.map(\.digest).sorted().flatMap(\.bytes))
            change.entries.append(
                try ledger.entry(
                    .allowanceOpen, at: now, actor: actor, digests: digests, roster: view.charter.roster.version, object: record.id))
            let statement = opened.statement
            return (
                Outcome(
                    lines: [
                        .allowance(statement.subject, statement.digest, number: statement.number, until: statement.until),
                        .reserve(statement.subject, upTo: Allowance.block(of: statement.number)),
                    ], opening: statement), change
            )
        }
    }

    static let recordAltered = Problem(
        .conflict, "allowance.record-altered", title: "The allowance's record was altered",
        detail: "Statement and state of the record do not belong together. Run `assay ledger verify`.")
}
