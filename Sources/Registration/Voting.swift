import Access
import Approval
import Basics
import Proofs
import Storage
import Transparency

/// A service whose statements people vote on. Votes are taken, counted and recorded in the same way for every kind; a kind says what the
/// ledger knows of one already, and what is done when enough have approved.
protocol Votable: Sendable {
    associatedtype Record: DecidableRecord
    typealias Amount = Record.Evidence.Amount

    var ledger: Ledger { get }

    /// For a record that is decided, as ledger and anchor say, whatever its row does.
    /// - Returns: what is written all the same, mostly nothing; nil: it still waits for votes.
    /// - Throws: when the row says what cannot be true.
    func settled(_ record: Record, in view: View, now: UTCTime) async throws -> Change?

    /// Enough have approved: the guard is asked, and what they approved is prepared.
    func carryOut(_ record: Record, _ examined: Amount, with ballot: Ballot, in view: View) async throws -> Carried<Record>
}

/// What came of it when enough had approved.
enum Carried<Record: DecidableRecord> {
    case done(Effect<Record>)
    /// Somebody else's last vote was committed while this one was judged.
    case settled(Change)
}

/// A decision on a record, to be written with its entry.
struct Effect<Record: DecidableRecord> {
    let state: Record.State
    let type: EventType
    /// Beside those that every decision has: statement, submission, votes, and the record's row.
    var digests: [UInt8: Digest32] = [:]
    var outcome: String?
    /// Further columns of the record.
    var columns: [String: SQLValue] = [:]
    /// Further rows.
    var writes: [Write] = []
    /// Where the entry has the digest of the record's row.
    var rowKey = Entry.DigestKey.row
    /// What the anchor learns, beside what the entry closes.
    var lines: [AnchorLine] = []
    /// The statement of an allowance that is open from now on.
    var opening: Allowance?
}

extension Votable {
    /// A person's vote. The last approval that is needed carries out the statement in the same act. A vote on what is decided already is
    /// not recorded; its caller gets what it became.
    /// - Parameter reason: a rejection's reason in words; its commitment stands in the vote.
    func cast(_ note: SignedNote, on id: ID, reason: String?, by principal: Principal) async throws(Problem) -> Record {
        do {
            let ballot = try await Ballot(note, reason: reason, by: principal, in: ledger)
            let (awaited, _) = try await ledger.store.act { snapshot in
                try snapshot.requireOwn(from: ballot.durable)
                return try Record.read(id, snapshot)
            } decide: { record in
                guard let record else { throw Record.unknown(id) }
                return try await decide(record, ballot)
            }
            if let awaited { try await ledger.anchor(awaited.lines, opening: awaited.opening) }
            return try await record(id)
        } catch { throw Problem(wrapping: error) }
    }

    /// - Returns: what the answer waits for, nil when nothing was changed; and the change.
    private func decide(_ record: Record, _ ballot: Ballot) async throws -> (Awaited?, Change) {
        let view = try ledger.view()
        if let change = try await settled(record, in: view, now: ballot.now) { return (nil, change) }
        // Everything is judged from bytes; a row that was altered is a refusal here.
        let before = try record.evidence().examined(under: view.charter, now: ballot.now)
        guard before.statement.subject == record.id, record.state == Record.waiting else { throw Record.altered }
        let examined = try before.adding(ballot.note, under: view.charter, now: ballot.now)
        var change = try ballot.cast(on: examined.statement, in: ledger)
        let effect: Effect<Record>
        switch ballot.vote.decision {
        case .reject: effect = Effect(state: Record.rejected, type: Record.rejection)
        case .approve where !examined.isApproved:
            change.writes.append(record.stillWaiting())
            return (Awaited(), change)
        case .approve:
            switch try await carryOut(record, examined, with: ballot, in: view) {
            case .done(let done): effect = done
            case .settled(let change): return (nil, change)
            }
        }
        let isRejection = ballot.vote.decision == .reject
        let decided = try record.decided(
            effect.state, by: isRejection ? ballot.vote.voter : nil, reason: isRejection ? ballot.reason : nil, others: effect.columns)
        var digests = effect.digests
        digests[Entry.DigestKey.statement] = examined.statement.digest
        digests[Entry.DigestKey.document] = examined.submission?.digest
        digests[Entry.DigestKey.votes] =
            isRejection ? ballot.vote.digest : Digest32(of: examined.votes.map(\.digest).sorted().flatMap(\.bytes))
        digests[effect.rowKey] = decided.row
        let entry = try ledger.entry(
            effect.type, at: ballot.now, actor: ballot.actor, commitment: isRejection ? ballot.commitment : nil, digests: digests,
            roster: view.charter.roster.version, object: record.id, outcome: effect.outcome)
        change.writes += [decided.write] + effect.writes
        change.entries.append(entry)
        return (Awaited(lines: View.closings(of: try Entry(decoding: entry)) + effect.lines, opening: effect.opening), change)
    }

    /// - Throws: `….not-found`
    func record(_ id: ID) async throws(Problem) -> Record {
        do {
            if let record = try await ledger.store.read({ try Record.read(id, $0) }) { return record }
        } catch { throw Problem(wrapping: error) }
        throw Record.unknown(id)
    }

    /// The newest first, in one state or in all.
    func page(_ state: Record.State?, _ paging: Paging<ID>) async throws(Problem) -> Page<Record> {
        do {
            return try await ledger.store.read { snapshot in
                try snapshot.page(Record.listQuery(state, paging), place: \.id.description) { try Record($0, snapshot) }
            }
        } catch { throw Problem(wrapping: error) }
    }
}

/// What an answer waits for: the anchor's lines, durable.
private struct Awaited: Sendable {
    var lines: [AnchorLine] = []
    var opening: Allowance?
}
