import Approval
import Basics
import Proofs
import Storage
import Transparency

/// What goes with a person who leaves the roster: their votes count no more, and what rests on them can be closed in the same act.
public struct Removals: Sendable {
    /// What is closed at once at most; more is refused before anything is changed.
    public static let most = 500

    private let ledger: Ledger

    public init(ledger: Ledger) { self.ledger = ledger }

    /// What closes with a removal: rows, entries, anchor lines, and the ids.
    public struct Closing: Sendable {
        public var change = Change()
        public var lines: [AnchorLine] = []
        public var closed: [ID] = []
    }

    /// Closes every open request, allowance and revocation that carries a vote of the people who leave; and every open allowance whose
    /// stored votes no longer show why it was opened, because one that was taken away could be theirs.
    /// - Parameter administrator: who hands in the roster, and is named for it.
    public func closing(_ removed: Set<Handle>, by administrator: Handle, now: UTCTime) async throws(Problem) -> Closing {
        guard !removed.isEmpty else { return Closing() }
        let view = try ledger.view()
        let actor = try await ledger.actor(administrator)
        let reason = "removed from the roster: " + removed.sorted().map(\.description).joined(separator: ", ")
        do {
            let open = view.allowances.filter { !view.isClosed($0.value.statement) && $0.value.until > now }.keys.sorted()
            let found = try await ledger.store.read { snapshot in
                (
                    requests: try Self.waiting(RequestRecord.self, removed, snapshot),
                    allowances: try Self.waiting(AllowanceRecord.self, removed, snapshot),
                    open: try open.compactMap { try AllowanceRecord.read($0, snapshot) },
                    revocations: try Self.waiting(RevocationRecord.self, removed, snapshot)
                )
            }
            var closing = Closing()
            func close(_ record: some DecidableRecord, _ type: EventType, _ document: Digest32?, _ decided: (write: Write, row: Digest32))
                throws
            {
                var digests = [Entry.DigestKey.statement: Digest32(of: record.statement), Entry.DigestKey.row: decided.row]
                digests[Entry.DigestKey.document] = document
                let entry = try ledger.entry(
                    type, at: now, actor: actor, digests: digests, roster: view.charter.roster.version, object: record.id,
                    outcome: "person-removed")
                closing.change.writes.append(decided.write)
                closing.change.entries.append(entry)
                closing.lines += View.closings(of: try Entry(decoding: entry))
                closing.closed.append(record.id)
            }
            func reject<Record: DecidableRecord>(_ records: [Record]) throws {
                for record in records {
                    let submission = try? SignedNote("submission", record.submission)
                    try close(
                        record, Record.rejection, submission.map { Digest32(of: $0.text) },
                        try record.decided(Record.rejected, by: administrator, reason: reason))
                }
            }
            try reject(found.requests)
            try reject(found.allowances)
            for record in found.open where Self.restsOn(removed, record, view, now) {
                try close(record, .allowanceClose, nil, try record.decided(.closed, from: nil, by: administrator, reason: reason))
            }
            try reject(found.revocations)
            guard closing.closed.count <= Self.most else {
                throw Problem(
                    .conflict, "roster.too-much-to-close", title: "Too much would be closed at once",
                    detail:
                        "\(closing.closed.count) rest on votes of who leaves; \(Self.most) are closed at once at most. Decide some first.")
            }
            return closing
        } catch { throw Problem(wrapping: error) }
    }

    /// What waits for votes and carries one of theirs.
    private static func waiting<Record: DecidableRecord>(
        _: Record.Type, _ removed: Set<Handle>, _ snapshot: Snapshot
    ) throws -> [Record] {
        try removed.sorted().flatMap { handle in
            try snapshot.rows(
                """
                SELECT id FROM \(Record.noun) AS voted JOIN vote ON vote.statement_hash = voted.statement_hash
                WHERE state = $1 AND voter = $2 ORDER BY id LIMIT $3
                """, [.text(Record.waiting.rawValue), .text(handle.description), .integer(Int64(most) + 1)]
            ).compactMap { ID(bytes: try $0.blob("id")) }
        }
        // Two who leave may have voted on the same.
        .reduce(into: [ID]()) { ids, id in if !ids.contains(id) { ids.append(id) } }
        .compactMap { try Record.read($0, snapshot) }
    }

    private static func restsOn(_ removed: Set<Handle>, _ record: AllowanceRecord, _ view: View, _ now: UTCTime) -> Bool {
        guard let anchored = view.allowances[record.id], Digest32(of: record.statement) == anchored.statement,
            let evidence = try? record.evidence(), let statement = try? Allowance(text: record.statement)
        else { return true }
        let voters = evidence.votes.compactMap { try? Vote(text: $0.text) }.map(\.voter)
        if voters.contains(where: removed.contains) { return true }
        // As of the time when it could be opened; who left the roster since then voids a vote too, and it is closed for that.
        guard let examined = try? view.charter.examine(evidence, now: min(now, statement.expires.adding(seconds: -1))) else { return true }
        return !examined.isApproved
    }
}
