import Approval
import Basics
import Proofs
import Storage
import Synchronization

/// What a comparison of the whole database with its ledger found in order.
public struct LedgerAudit: Hashable, Sendable {
    /// Entries that were read, and the root over them.
    public let size: Int64
    public let root: Digest32
    /// Checkpoints whose signature and root were checked.
    public let checkpoints: Int
    /// Rows that the entries vouch for, in the order of ``RowKind/all``.
    public let rows: [Rows]

    public struct Rows: Hashable, Sendable {
        public let kind: RowKind
        public let count: Int
    }
}

/// The first thing that entries and rows say differently.
public enum RowFault: Error, Hashable, Sendable {
    /// The entry vouches for a row that is not there as it was written.
    case missing(RowKind, index: Int64, type: EventType)
    /// No entry vouches for the row as it stands.
    case unaccounted(RowKind, name: String)
    /// Both: most likely one row that was altered.
    case altered(RowKind, name: String, index: Int64, type: EventType)
    /// A checkpoint's columns say something else than its signed note.
    case checkpoint(size: Int64)
    /// The table `tile` has more rows than the tree has tiles.
    case surplusTiles

    public var text: String {
        switch self {
        case .missing(let kind, let index, let type):
            "Entry \(index) (\(type)) vouches for a row of the table \(kind.table) that is not there as it was written."
        case .unaccounted(_, let name): "No entry vouches for the row \(name) as it stands."
        case .altered(_, let name, let index, let type):
            "The row \(name) is not as entry \(index) (\(type)), or another one, vouches for it: it was altered."
        case .checkpoint(let size): "The row of the checkpoint over \(size) entries says another size or root than its signed note."
        case .surplusTiles: "The table tile has rows that belong to no tile of the tree."
        }
    }
}

/// One comparison at a time: each reads everything.
final class AuditGate: Sendable {
    private let isBusy = Mutex(false)

    func enter() -> Bool {
        isBusy.withLock { busy in
            defer { busy = true }
            return !busy
        }
    }
    func leave() { isBusy.withLock { $0 = false } }
}

extension Ledger {
    /// Reads the whole database once, as it is at one moment: every entry against the stored tree, every checkpoint against both, every row
    /// against the entry that vouches for it.
    /// - Throws: `ledger.audit-running`; `ledger.invalid` with the first entry, tile or checkpoint that does not fit; `ledger.rows-differ`
    ///   with the first row.
    /// - Parameter share: entries whose digests are held in memory at once; more entries than that are read in several passes.
    public func audit(share: Int64 = 1 << 19) async throws(Problem) -> LedgerAudit {
        guard auditing.enter() else {
            throw Problem(
                .unavailable, "ledger.audit-running", title: "The rows are being compared already",
                detail: "One comparison runs at a time. Try again when it is done.")
        }
        defer { auditing.leave() }
        let view = try view()
        do {
            return try await store.read { snapshot in
                try snapshot.requireOwn(from: view.anchored.size)
                return try AuditReading(snapshot, view, share: max(1, share)).run()
            }
        } catch let fault as LedgerFault {
            throw Problem(.conflict, "ledger.invalid", title: "The stored ledger does not verify", detail: fault.description)
        } catch let fault as RowFault {
            throw Problem(
                .conflict, "ledger.rows-differ", title: "The rows are not what the ledger says",
                detail: "\(fault.text) Nothing is decided by such a row; restore the database from a backup, and look who could write it.")
        } catch { throw Problem(wrapping: error) }
    }
}

/// Reads in passes, each over a share of all claims, so that memory has a bound whatever the ledger's size.
private struct AuditReading {
    private let snapshot: Snapshot
    private let view: View
    private let head: Store.Head

    private let share: Int64
    /// Entries, and the checkpoints over them, that are read at once.
    private static let page: Int64 = 4096

    /// - Parameter share: entries whose claims are held at once; a test of the passes takes few.
    init(_ snapshot: Snapshot, _ view: View, share: Int64) throws {
        self.share = share
        self.snapshot = snapshot
        self.view = view
        head = try snapshot.head()
    }

    private struct Ballot: Hashable {
        let statement: Digest32
        let actor: Bytes
    }

    func run() throws -> LedgerAudit {
        let checkpoints = try tree()
        var counts: [RowKind: Int] = [:]
        let passes = 1 + head.size / share
        for pass in 0..<passes {
            try compare {
                $0.part(of: passes) == pass
            } counting: {
                counts[$0, default: 0] += 1
            }
        }
        return LedgerAudit(
            size: head.size, root: head.root, checkpoints: checkpoints, rows: RowKind.all.map { .init(kind: $0, count: counts[$0] ?? 0) })
    }

    /// - Returns: how many checkpoints there are.
    private func tree() throws -> Int {
        guard try snapshot.row("SELECT count(*) AS number FROM tile")?.integer("number") == Int64(Array(TileID.all(for: head.size)).count)
        else { throw RowFault.surplusTiles }
        var keys = [view.charter.roster.log]
        try snapshot.each("SELECT hash, note FROM roster") { row in
            guard let note = try? SignedNote("roster", try row.text("note")), view.charter.digests.contains(Digest32(of: note.text)),
                let roster = try? Roster(text: note.text), !keys.contains(roster.log)
            else { return }
            keys.append(roster.log)
        }
        // Not by the snapshot's own memory of tiles, which keeps all that it has read.
        var check = LedgerCheck(origin: view.origin, keys: keys) { id in
            try snapshot.row("SELECT hashes FROM tile WHERE level = $1 AND idx = $2", [.integer(Int64(id.level)), .integer(id.index)])?
                .blob("hashes")
        }
        try check.expect(size: head.size, root: head.root)
        var checkpoints = 0
        func expect(from: Int64, to: Int64) throws {
            try snapshot.each(
                "SELECT size, root, note FROM checkpoint WHERE size > $1 AND size <= $2 ORDER BY size", [.integer(from), .integer(to)]
            ) { row in
                let said = try check.expect(checkpoint: try row.text("note"))
                guard said.size == (try row.integer("size")), said.root.bytes == (try row.blob("root")) else {
                    throw RowFault.checkpoint(size: said.size)
                }
                checkpoints += 1
            }
        }
        try expect(from: .min, to: 0)
        while check.size < head.size {
            let end = min(head.size, check.size + Self.page)
            try expect(from: check.size, to: end)
            for body in try snapshot.entries(check.size..<end) { try check.add(body) }
        }
        try expect(from: head.size, to: .max)
        try check.finish()
        return checkpoints
    }

    private func compare(where isMine: (Digest32) -> Bool, counting: (RowKind) -> Void) throws {
        // What entries vouch for, and what was not yet found among the rows.
        var open: [Digest32: (index: Int64, kind: RowKind, type: EventType)] = [:]
        // Who votes again, on the same statement, replaces the own vote.
        var votes: [Ballot: Digest32] = [:]
        var index: Int64 = 0
        try snapshot.each("SELECT body FROM entry ORDER BY idx") { row in
            let entry = try Entry(decoding: try row.blob("body"))
            for (number, kind) in RowClaims.kinds(of: entry) {
                guard let digest = entry.digests[number] else { continue }
                if kind == .vote, let actor = entry.actor, let statement = entry.digests[Entry.DigestKey.statement] {
                    guard isMine(statement) else { continue }
                    if let earlier = votes.updateValue(digest, forKey: Ballot(statement: statement, actor: actor)) { open[earlier] = nil }
                } else {
                    guard isMine(digest) else { continue }
                }
                open[digest] = (index, kind, entry.type)
            }
            for object in entry.mentions {
                let digest = try RowContent(.mention, ["object": .blob(object), "idx": .integer(index)]).digest
                if isMine(digest) { open[digest] = (index, .mention, entry.type) }
            }
            if [.ledgerCreated, .rosterAccepted].contains(entry.type), let version = entry.roster,
                let note = try snapshot.row("SELECT note FROM roster WHERE version = $1", [.integer(version)])?.text("note")
            {
                // A roster that was altered names what it likes: its own row is found first.
                for document in (try? RowClaims.documents(of: note)) ?? [] where isMine(document.digest) {
                    open[document.digest] = open[document.digest] ?? (index, .document, entry.type)
                }
            }
            index += 1
        }
        var strange: (kind: RowKind, name: String)?
        for kind in RowKind.all {
            try snapshot.each("SELECT * FROM \(kind.table)") { row in
                for content in try RowClaims.contents(kind, row) {
                    let digest = content.digest
                    // Votes on one statement are of one share, as above.
                    guard isMine(kind == .vote ? try row.digest("statement_hash") : digest) else { continue }
                    if open.removeValue(forKey: digest)?.kind == kind {
                        counting(kind)
                    } else if strange == nil {
                        strange = (kind, kind.name(of: row))
                    }
                }
            }
        }
        let missing = open.values.min { $0.index < $1.index }
        switch (missing, strange) {
        case (nil, nil): return
        case (let missing?, nil): throw RowFault.missing(missing.kind, index: missing.index, type: missing.type)
        case (nil, let strange?): throw RowFault.unaccounted(strange.kind, name: strange.name)
        case (let missing?, let strange?):
            guard missing.kind == strange.kind else {
                throw RowFault.missing(missing.kind, index: missing.index, type: missing.type)
            }
            throw RowFault.altered(strange.kind, name: strange.name, index: missing.index, type: missing.type)
        }
    }
}

extension Digest32 {
    /// Which of `parts` shares the digest falls into.
    fileprivate func part(of parts: Int64) -> Int64 {
        bytes.prefix(4).reduce(0) { $0 << 8 | Int64($1) } % parts
    }
}
