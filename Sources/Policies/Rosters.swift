import Access
import Approval
import Basics
import PKIX
import Proofs
import Storage
import Transparency

/// The roster and its documents: proposals, acceptance, history.
public struct Rosters: Sendable {
    /// What became of a signed roster.
    public enum Outcome: Hashable, Sendable {
        /// It is in force; what rested on votes of people whom it removes was closed with it, when that was asked for.
        case accepted(version: Int64, closed: [ID] = [])
        /// It waits for this many more signatures.
        case proposed(Digest32, missing: Int)
    }

    /// A roster that waits for signatures.
    public struct Proposal: Hashable, Sendable {
        public let digest: Digest32
        /// The text with the signatures so far.
        public let note: String
        public let documents: [Bytes]
        /// Texts of the people whom it adds.
        public let people: [String]
    }

    public static let mostProposals = 64

    /// What is to be closed in the change that removes people: rows, entries, anchor lines, and the ids.
    public typealias Closing =
        @Sendable (_ removed: Set<Handle>, _ administrator: Handle, _ now: UTCTime) async throws(Problem) -> (
            change: Change, lines: [AnchorLine], closed: [ID]
        )

    private let ledger: Ledger
    private let closing: Closing

    public init(ledger: Ledger, closing: @escaping Closing) {
        self.ledger = ledger
        self.closing = closing
    }

    /// Takes a next roster with the signatures that it has. With enough of them it comes into force; else it waits, and the
    /// signatures of several calls are put together.
    /// - Parameters:
    ///   - documents: bytes of documents that are new in it.
    ///   - people: texts of the people whom it adds.
    ///   - closes: whether what rests on votes of people whom it removes is closed with it. It stays asked for while the roster waits for
    ///     signatures.
    public func propose(
        _ note: SignedNote, documents: [Bytes], people: [SignedNote], closes: Bool = false, by administrator: Principal
    ) async throws(Problem) -> Outcome {
        do { return try await judge(note, documents, people, closes, by: administrator) } catch { throw Problem(wrapping: error) }
    }

    private func judge(
        _ note: SignedNote, _ documents: [Bytes], _ people: [SignedNote], _ asked: Bool, by administrator: Principal
    ) async throws -> Outcome {
        let now = try ledger.now()
        let charter = try ledger.view().charter
        let digest = Digest32(of: note.text)
        // Handed in again after it came into force: it is what it is.
        if let version = charter.digests.firstIndex(of: digest) { return .accepted(version: Int64(version) + 1) }
        let gathered = try await self.gathered(note, digest)
        let closes = asked ? true : try await isClosing(digest)
        let roster = try Roster(text: note.text)
        let missing = try charter.missingSignatures(gathered)
        let supplied = Dictionary(documents.map { (Digest32(of: $0), $0) }) { first, _ in first }
        let lists = try blocklists(of: roster, supplied, charter)
        if missing == 0 { return try await accept(gathered, supplied, people, closes, lists, by: administrator, now: now) }
        // What could never come into force is not kept: all rules but the number of signatures.
        try charter.checkProposal(gathered, by: administrator.handle, now: now) { supplied[$0] }
        _ = try Self.newcomers(roster, charter.roster, people)
        try await keep(gathered, digest, documents, people, closes, now: now)
        return .proposed(digest, missing: missing)
    }

    /// A blocklist comes into force only where its file is: without it nothing would be certified from then on.
    /// - Returns: the lists by the hashes of their files, read before anything is committed.
    private func blocklists(
        of roster: Roster, _ supplied: [Digest32: Bytes], _ charter: Charter
    ) throws -> [Digest32: KeyBlocklist] {
        var lists: [Digest32: KeyBlocklist] = [:]
        for line in roster.documents where line.kind == .blocklist {
            // What is wrong with a document itself is said with all the others.
            guard let bytes = supplied[line.digest] ?? charter.documents.bytes[line.digest],
                let document = try? BlocklistDocument(document: bytes)
            else { continue }
            guard let list = try ledger.blocklist(document) else { throw Refusal.blocklistMissing(document.name) }
            lists[document.file] = list
        }
        return lists
    }

    private func accept(
        _ note: SignedNote, _ supplied: [Digest32: Bytes], _ people: [SignedNote], _ closes: Bool, _ lists: [Digest32: KeyBlocklist],
        by administrator: Principal, now: UTCTime
    ) async throws -> Outcome {
        let charter = try ledger.view().charter
        let next = try charter.accepting(note, now: now) { supplied[$0] }
        let newcomers = try Self.newcomers(next.roster, charter.roster, people)
        var change = Change()
        let row = try RowContent.roster(next.roster, note)
        change.writes.append(row.insertion())
        for line in next.roster.documents where charter.documents.bytes[line.digest] == nil {
            guard let bytes = next.documents.bytes[line.digest] else { throw Refusal.documentMissing(line.label) }
            change.writes.append(
                Write(
                    "INSERT INTO document (hash, kind, name, bytes) VALUES ($1, $2, $3, $4) ON CONFLICT (hash) DO NOTHING",
                    [.blob(line.digest), .text(line.kind.rawValue), .text(line.name.description), .blob(bytes)], expects: nil))
        }
        for newcomer in newcomers {
            let person = newcomer.person
            // Who came by a code is there since; who came with the roster itself is enrolled by it.
            let isThere = try await ledger.store.read {
                try $0.row("SELECT handle FROM person WHERE hash = $1", [.blob(person.digest)]) != nil
            }
            if !isThere {
                let row = try RowContent.person(person, newcomer.note, at: now)
                change.writes.append(row.insertion())
                change.entries.append(
                    try ledger.entry(
                        .officerEnroll, at: now, actor: person.actor,
                        digests: [Entry.DigestKey.document: person.digest, Entry.DigestKey.row: row.digest],
                        roster: charter.roster.version))
            }
            change.writes.append(
                Write(
                    "UPDATE invitation SET state = 'enrolled', version = version + 1 WHERE handle = $1", [.text(person.handle.description)],
                    expects: nil))
        }
        change.writes.append(Write("DELETE FROM proposal", [], expects: nil))
        change.entries.append(
            try ledger.entry(
                .rosterAccepted, at: now, actor: try await ledger.actor(administrator.handle),
                digests: [Entry.DigestKey.document: next.roster.digest, Entry.DigestKey.row: row.digest],
                roster: next.roster.version))
        let removed = closes ? Set(charter.roster.people).subtracting(next.roster.people) : []
        let (closed, lines) = try await commit(change, closing: removed, next.roster, by: administrator.handle, now: now)
        try await ledger.adopt(next, with: lines, blocklists: lists)
        return .accepted(version: next.roster.version, closed: closed)
    }

    /// Commits the version with what closes by it. Somebody may vote on that meanwhile; then it is looked at again.
    private func commit(
        _ change: Change, closing removed: Set<Handle>, _ next: Roster, by administrator: Handle, now: UTCTime
    ) async throws -> ([ID], [AnchorLine]) {
        var attempts = removed.isEmpty ? 1 : 4
        while true {
            let more = try await closing(removed, administrator, now)
            attempts -= 1
            do throws(StorageError) {
                try await ledger.store.commit(change + more.change)
                return (more.closed, more.lines)
            } catch {
                guard error == .conflict else { throw error.problem }
                guard attempts > 0 else { throw Refusal.rosterNotNext(have: next.version, got: next.version).problem }
            }
        }
    }

    /// The people whom `next` adds, each with the text that has exactly its keys.
    /// A person who is new in a roster, with the text that they signed.
    private struct Newcomer {
        let person: Person
        let note: SignedNote
    }

    /// The people whom `next` adds, each with the text that has exactly its keys.
    private static func newcomers(_ next: Roster, _ present: Roster, _ notes: [SignedNote]) throws(Refusal) -> [Newcomer] {
        var texts: [Newcomer] = []
        for note in notes { texts.append(Newcomer(person: try Person(note), note: note)) }
        var result: [Newcomer] = []
        for handle in next.people where present.keys.filter({ $0.person == handle }) != next.keys.filter({ $0.person == handle }) {
            let found = texts.first { text in
                text.person.handle == handle && text.person.instance == next.instance && next.names(text.person)
            }
            guard let found else {
                throw .personMismatch("\(handle) is new in the roster; a person text with exactly these keys must come with it.")
            }
            result.append(found)
        }
        return result
    }

    /// The note with the signatures that earlier calls brought.
    private func gathered(_ note: SignedNote, _ digest: Digest32) async throws -> SignedNote {
        let row = try await ledger.store.read { try $0.row("SELECT note FROM proposal WHERE hash = $1", [.blob(digest)]) }
        guard let row, let stored = try? SignedNote("roster", try row.text("note")), stored.text == note.text else { return note }
        let new = note.signatures.map(\.name)
        return try SignedNote(text: note.text, signatures: stored.signatures.filter { !new.contains($0.name) } + note.signatures)
    }

    /// Whether an earlier signer of this proposal has asked for the closing.
    private func isClosing(_ digest: Digest32) async throws -> Bool {
        let row = try await ledger.store.read { try $0.row("SELECT documents FROM proposal WHERE hash = $1", [.blob(digest)]) }
        guard let row else { return false }
        var bundle = try JSONFields(try JSON(parsing: try row.blob("documents"), limit: 1 << 22), code: "storage.damaged")
        return try bundle.bool("closes", default: false)
    }

    private func keep(
        _ note: SignedNote, _ digest: Digest32, _ documents: [Bytes], _ people: [SignedNote], _ closes: Bool, now: UTCTime
    ) async throws {
        let bundle = JSON.object([
            "closes": .bool(closes),
            "documents": .array(documents.map { .string($0.base64) }), "people": .array(people.map { .string($0.rendered) }),
        ]).canonicalBytes
        let count = try await ledger.store.read { try $0.row("SELECT count(*) AS number FROM proposal")?.integer("number") ?? 0 }
        guard count < Self.mostProposals else {
            throw Problem(
                .conflict, "roster.too-many-proposals", title: "Too many proposals wait",
                detail: "\(Self.mostProposals) rosters wait for signatures. They go when the next version comes into force.")
        }
        let write = Write(
            """
            INSERT INTO proposal (hash, note, documents, created, version) VALUES ($1, $2, $3, $4, 1)
            ON CONFLICT (hash) DO UPDATE SET note = excluded.note, documents = excluded.documents, version = proposal.version + 1
            """, [.blob(digest), .text(note.rendered), .blob(bundle), .integer(now.seconds)], expects: 1)
        try await ledger.store.commit(Change(writes: [write]))
    }

    /// Rosters that wait for signatures; whoever signs one checks it from bytes.
    public func proposals() async throws(Problem) -> [Proposal] {
        do {
            return try await ledger.store.read { snapshot in
                try snapshot.rows("SELECT hash, note, documents FROM proposal ORDER BY created").map { row in
                    var bundle = try JSONFields(try JSON(parsing: try row.blob("documents"), limit: 1 << 22), code: "storage.damaged")
                    return Proposal(
                        digest: try row.digest("hash"), note: try row.text("note"),
                        documents: try bundle.strings("documents").compactMap { Bytes(base64: $0) }, people: try bundle.strings("people"))
                }
            }
        } catch { throw Problem(wrapping: error) }
    }

    /// Rosters from a version on, as signed, at most 200.
    public func rosters(from version: Int64) async throws(Problem) -> [String] {
        do {
            return try await ledger.store.read { snapshot in
                try snapshot.rows("SELECT note FROM roster WHERE version >= $1 ORDER BY version LIMIT 200", [.integer(version)]).map {
                    try $0.text("note")
                }
            }
        } catch { throw Problem(wrapping: error) }
    }

    /// The query behind ``people(_:)``.
    public static func peopleQuery(_ paging: Paging<Digest32>) -> ListQuery {
        ListQuery("hash, note", from: "person", by: ["hash"], .rising, after: paging.after.map { [.blob($0)] }, limit: paging.limit)
    }

    /// People's texts, as signed, in no order that says anything; a place is the hash of a text.
    public func people(_ paging: Paging<Digest32> = .init()) async throws(Problem) -> Page<String> {
        do {
            let page = try await ledger.store.read { snapshot in
                try snapshot.page(Self.peopleQuery(paging), place: { $0.hash.hex }) { row in
                    (hash: try row.digest("hash"), note: try row.text("note"))
                }
            }
            return Page(page.elements.map(\.note), next: page.next)
        } catch { throw Problem(wrapping: error) }
    }

    /// A document in force, by its hash.
    public func document(_ digest: Digest32) throws(Problem) -> Bytes {
        guard let bytes = try ledger.view().charter.documents.bytes[digest] else {
            throw Problem(
                .notFound, "document.not-found", title: "There is no such document", detail: "No document in force has this hash.",
                field: "hash")
        }
        return bytes
    }
}
