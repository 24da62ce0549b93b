import Access
import Approval
import Authorities
import Basics
import Proofs
import Storage
import Transparency

/// Allowances: asked for by an officer, opened by votes, closed by any officer.
public struct Allowances: Sendable {
    public static let mostRequested: Int64 = 1000

    let ledger: Ledger
    let authorities: CertificateAuthorities
    let entropy: any Entropy
    /// Draws that are on their way.
    let calls = Calls()

    public init(ledger: Ledger, authorities: CertificateAuthorities, entropy: any Entropy) {
        self.ledger = ledger
        self.authorities = authorities
        self.entropy = entropy
    }

    /// Takes a statement that the requester's client has made and signed. Sent a second time, it is the same allowance.
    public func request(_ text: String, submission note: SignedNote, by principal: Principal) async throws(Problem) -> AllowanceRecord {
        let now = try ledger.now()
        let view = try ledger.view()
        do {
            let evidence = AllowanceEvidence(statement: text, submission: note, votes: [])
            let examined = try view.charter.examine(evidence, now: now)
            let statement = examined.statement
            guard statement.requester == principal.handle else { throw Refusal.submissionMismatch }
            guard statement.node == view.node else { throw Refusal.allowanceNode }
            guard abs(statement.opened.seconds(since: now)) <= Vote.clockSlack else {
                throw Problem(
                    .invalid, "allowance.time", title: "The statement's time is off",
                    detail: "It says \(statement.opened); it is \(now). Correct the clock of the requester's machine.", field: "statement")
            }
            if let record = try await ledger.store.read({ try AllowanceRecord.read(statement.subject, $0) }) {
                guard record.statement == text else { throw Self.idTaken }
                return record
            }
            guard !view.isClosed(statement.digest), view.allowances[statement.subject] == nil else { throw Refusal.statementClosed }
            let waiting = try await ledger.store.read {
                try $0.row("SELECT count(*) AS number FROM allowance WHERE state = 'requested'")?.integer("number") ?? 0
            }
            guard waiting < Self.mostRequested else {
                throw Problem(
                    .unavailable, "allowance.too-many", title: "Too many allowances wait for a decision",
                    detail: "\(Self.mostRequested) wait. Decide some first.")
            }
            let row = try RowContent(
                .allowance,
                [
                    "id": .blob(statement.subject.bytes), "requester": .text(principal.handle.description),
                    "machine": .text(statement.machine.name.description), "profile": .text(statement.profile.name.description),
                    "statement_hash": .blob(statement.digest), "statement": .text(text), "submission": .text(note.rendered),
                    "created": .integer(now.seconds),
                ])
            let write = row.insertion(others: ["state": .text(AllowanceRecord.State.requested.rawValue), "version": .integer(1)])
            let entry = try ledger.entry(
                .allowanceRequest, at: now, actor: try await ledger.actor(principal.handle),
                digests: [
                    Entry.DigestKey.statement: statement.digest, Entry.DigestKey.document: Digest32(of: note.text),
                    Entry.DigestKey.row: row.digest,
                ],
                roster: view.charter.roster.version, object: statement.subject)
            do throws(StorageError) { try await ledger.store.commit(Change(writes: [write], entries: [entry])) } catch {
                guard error == .conflict, let record = try await ledger.store.read({ try AllowanceRecord.read(statement.subject, $0) }),
                    record.statement == text
                else { throw error == .conflict ? Self.idTaken : error.problem }
            }
            try await ledger.anchor([])
            return try await allowance(statement.subject)
        } catch { throw Problem(wrapping: error) }
    }

    /// - Throws: `allowance.not-found`
    public func allowance(_ id: ID) async throws(Problem) -> AllowanceRecord {
        do {
            if let record = try await ledger.store.read({ try AllowanceRecord.read(id, $0) }) { return record }
        } catch { throw Problem(wrapping: error) }
        throw Self.unknown(id)
    }

    /// The query behind ``list(_:_:)``.
    public static func query(_ state: AllowanceRecord.State?, _ paging: Paging<ID>) -> ListQuery {
        ListQuery("*", from: "allowance", where: state.map { [("state", .text($0.rawValue))] } ?? [], .falling, paging)
    }

    /// The newest first, in one state or in all.
    public func list(
        _ state: AllowanceRecord.State? = nil, _ paging: Paging<ID> = .init()
    ) async throws(Problem) -> Page<AllowanceRecord> {
        do {
            return try await ledger.store.read { snapshot in
                try snapshot.page(Self.query(state, paging), place: \.id.description) { try AllowanceRecord($0, snapshot) }
            }
        } catch { throw Problem(wrapping: error) }
    }

    /// Ends an open allowance at once, for ever. One officer is enough: it takes something away.
    public func close(_ id: ID, reason: String?, by principal: Principal) async throws(Problem) -> AllowanceRecord {
        let now = try ledger.now()
        do {
            try Ballot.checkReason(reason)
            let seen = try ledger.view()
            guard let anchored = seen.allowances[id] else { throw Refusal.allowanceUnknown }
            let actor = try await ledger.actor(principal.handle)
            let (lines, _) = try await ledger.store.act { snapshot in
                try AllowanceRecord.read(id, snapshot)
            } decide: { record -> ([AnchorLine]?, Change) in
                guard !(try ledger.view().isClosed(anchored.statement)) else { return (nil, Change()) }
                // A row that was taken away does not keep it open.
                let closed = try record?.decided(.closed, from: nil, by: principal.handle, reason: reason)
                var digests = [Entry.DigestKey.statement: anchored.statement]
                digests[Entry.DigestKey.row] = closed?.row
                let entry = try ledger.entry(
                    .allowanceClose, at: now, actor: actor, digests: digests,
                    roster: try ledger.view().charter.roster.version, object: id)
                return (View.closings(of: try Entry(decoding: entry)), Change(writes: closed.map { [$0.write] } ?? [], entries: [entry]))
            }
            if let lines { try await ledger.anchor(lines) }
            return try await allowance(id)
        } catch { throw Problem(wrapping: error) }
    }

    static func unknown(_ id: ID) -> Problem {
        Problem(
            .notFound, "allowance.not-found", title: "There is no such allowance", detail: "No allowance has the id \(id).", field: "id")
    }

    private static let idTaken = Problem(
        .conflict, "request.id-taken", title: "The id is taken", detail: "Another allowance has this id. Ask again with a new one.",
        field: "statement")
}
