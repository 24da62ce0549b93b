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
                    requests: try Self.ids("request", "open", removed, snapshot).compactMap { try RequestRecord.read($0, snapshot) },
                    requested: try Self.ids("allowance", "requested", removed, snapshot)
                        .compactMap { try AllowanceRecord.read($0, snapshot) },
                    open: try open.compactMap { try AllowanceRecord.read($0, snapshot) },
                    revocations: try Self.ids("revocation", "requested", removed, snapshot)
                        .compactMap { try RevocationRecord.read($0, snapshot) }
                )
            }
            var closing = Closing()
            func close(_ type: EventType, _ id: ID, _ text: String, _ submission: String?, _ decided: (write: Write, row: Digest32)) throws
            {
                var digests = [Entry.DigestKey.statement: Digest32(of: text), Entry.DigestKey.row: decided.row]
                digests[Entry.DigestKey.document] = submission.flatMap { try? SignedNote("submission", $0) }.map { Digest32(of: $0.text) }
                let entry = try ledger.entry(
                    type, at: now, actor: actor, digests: digests, roster: view.charter.roster.version, object: id,
                    outcome: "person-removed")
                closing.change.writes.append(decided.write)
                closing.change.entries.append(entry)
                closing.lines += View.closings(of: try Entry(decoding: entry))
                closing.closed.append(id)
            }
            for record in found.requests {
                try close(
                    .requestReject, record.id, record.statement, record.submission,
                    try record.decided(.rejected, by: administrator, reason: reason))
            }
            for record in found.requested {
                try close(
                    .allowanceReject, record.id, record.statement, record.submission,
                    try record.decided(.rejected, by: administrator, reason: reason))
            }
            for record in found.open where Self.restsOn(removed, record, view, now) {
                try close(
                    .allowanceClose, record.id, record.statement, nil,
                    try record.decided(.closed, from: nil, by: administrator, reason: reason))
            }
            for record in found.revocations {
                try close(
                    .revocationReject, record.id, record.statement, record.submission,
                    try record.decided(.rejected, by: administrator, reason: reason))
            }
            guard closing.closed.count <= Self.most else {
                throw Problem(
                    .conflict, "roster.too-much-to-close", title: "Too much would be closed at once",
                    detail:
                        "\(closing.closed.count) rest on votes of who leaves; \(Self.most) are closed at once at most. Decide some first.")
            }
            return closing
        } catch { throw Problem(wrapping: error) }
    }

    private static func ids(_ table: String, _ state: String, _ removed: Set<Handle>, _ snapshot: Snapshot) throws -> [ID] {
        try removed.sorted().flatMap { handle in
            try snapshot.rows(
                """
                SELECT id FROM \(table) JOIN vote ON vote.statement_hash = \(table).statement_hash
                WHERE state = $1 AND voter = $2 ORDER BY id LIMIT $3
                """, [.text(state), .text(handle.description), .integer(Int64(most) + 1)]
            ).compactMap { ID(bytes: try $0.blob("id")) }
        }
        // Two who leave may have voted on the same.
        .reduce(into: []) { ids, id in if !ids.contains(id) { ids.append(id) } }
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
