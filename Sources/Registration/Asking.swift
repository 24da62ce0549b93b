import Access
import Approval
import Basics
import Proofs
import Storage
import Transparency

/// A service whose statements their requesters write and sign: nothing in one is the server's to choose.
protocol Askable: Votable {
    /// How many may wait for votes at once.
    static var mostRequested: Int64 { get }
    /// The ledger's entry that one was asked for.
    static var asking: EventType { get }
    /// The record's row as it was asked for.
    static var asked: RowKind { get }

    /// The kind's own rules, from what this house knows, and what the statement amounts to.
    func admit(_ statement: Amount.Voted, _ submission: SignedNote, in view: View, now: UTCTime) async throws -> Amount

    /// The columns of its row that only this kind has, and digests of its entry.
    func particulars(_ statement: Amount.Voted) -> (columns: [String: SQLValue], digests: [UInt8: Digest32])
}

extension Askable {
    /// Takes a statement that the requester's client has made and signed. Sent a second time, it is the same.
    func ask(_ text: String, submission note: SignedNote, by principal: Principal) async throws(Problem) -> Record {
        let now = try ledger.now()
        let view = try ledger.view()
        do {
            let statement = try Amount.Voted(text: text)
            guard statement.requester == principal.handle else { throw Refusal.submissionMismatch }
            if let record = try await known(statement.subject, "statement", isSame: { $0.statement == text }) { return record }
            let examined = try await admit(statement, note, in: view, now: now)
            guard abs(statement.opened.seconds(since: now)) <= Vote.clockSlack else {
                throw Problem(
                    .invalid, "\(Record.noun).time", title: "The statement's time is off",
                    detail: "It says \(statement.opened); it is \(now). Correct the clock of the requester's machine.", field: "statement")
            }
            guard !view.isClosed(statement.digest), !view.isClosed(Digest32(of: note.text)) else { throw Refusal.statementClosed }
            try await requireRoom(for: Self.mostRequested, code: "\(Record.noun).too-many")
            let (columns, digests) = particulars(examined.statement)
            let row = try RowContent(
                Self.asked,
                columns.merging([
                    "id": .blob(statement.subject.bytes), "requester": .text(principal.handle.description),
                    "statement_hash": .blob(statement.digest), "statement": .text(text), "submission": .text(note.rendered),
                    "created": .integer(now.seconds),
                ]) { _, common in common })
            let entry = try ledger.entry(
                Self.asking, at: now, actor: try await ledger.actor(principal.handle),
                digests: digests.merging([
                    Entry.DigestKey.statement: statement.digest, Entry.DigestKey.document: Digest32(of: note.text),
                    Entry.DigestKey.row: row.digest,
                ]) { _, common in common },
                roster: view.charter.roster.version, object: statement.subject)
            return try await open(row, entry, statement.subject, "statement") { $0.statement == text }
        } catch { throw Problem(wrapping: error) }
    }
}

extension Votable {
    /// What has this id already, when it is the same.
    /// - Throws: `request.id-taken` when it is something else.
    func known(_ id: ID, _ field: String, isSame: (Record) -> Bool) async throws -> Record? {
        guard let record = try await ledger.store.read({ try Record.read(id, $0) }) else { return nil }
        guard isSame(record) else { throw Record.idTaken(in: field) }
        return record
    }

    /// - Throws: when as many wait for votes as may.
    func requireRoom(for most: Int64, code: String) async throws {
        let waiting = try await ledger.store.read {
            try $0.row("SELECT count(*) AS number FROM \(Record.noun) WHERE state = $1", [.text(Record.waiting.rawValue)])?
                .integer("number") ?? 0
        }
        guard waiting < most else {
            throw Problem(
                .unavailable, code, title: "Too many \(Record.noun)s wait for a decision", detail: "\(most) wait. Decide some first.")
        }
    }

    /// Writes a record that waits for votes from now on, with its entry. Who comes second with the same gets the first one's.
    func open(
        _ row: RowContent, _ entry: Bytes, _ id: ID, _ field: String, isSame: (Record) -> Bool
    ) async throws -> Record {
        let write = row.insertion(others: ["state": .text(Record.waiting.rawValue), "version": .integer(1)])
        do throws(StorageError) { try await ledger.store.commit(Change(writes: [write], entries: [entry])) } catch {
            guard error == .conflict else { throw error.problem }
            guard try await known(id, field, isSame: isSame) != nil else { throw Record.idTaken(in: field) }
        }
        try await ledger.anchor([])
        return try await record(id)
    }
}
