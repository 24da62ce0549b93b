import Access
import Approval
import Basics
import Proofs
import Storage
import Transparency

/// Revocations: asked for by an officer, decided by votes. What is revoked is known from the ledger's entries and the anchor.
public struct Revocations: Sendable {
    public static let mostRequested: Int64 = 10_000

    let ledger: Ledger
    private let registrar: Registrar

    public init(ledger: Ledger, registrar: Registrar) {
        self.ledger = ledger
        self.registrar = registrar
    }

    /// Takes a statement that the requester's client has made and signed. Sent a second time, it is the same revocation.
    public func request(_ text: String, submission note: SignedNote, by principal: Principal) async throws(Problem) -> RevocationRecord {
        let now = try ledger.now()
        let view = try ledger.view()
        do {
            let statement = try Revocation(text: text)
            if let record = try await ledger.store.read({ try RevocationRecord.read(statement.subject, $0) }) {
                guard record.statement == text else { throw Self.idTaken }
                return record
            }
            // Only what this house has issued, and the ledger knows of.
            let certificate = try await registrar.certificate(statement.certificate)
            guard !view.isRevoked(statement.certificate) else { throw Refusal.certificateRevoked }
            let examined = try view.charter.examine(
                RevocationEvidence(statement: text, certificate: certificate, submission: note, votes: []), now: now)
            guard examined.statement.requester == principal.handle else { throw Refusal.submissionMismatch }
            guard abs(statement.opened.seconds(since: now)) <= Vote.clockSlack else {
                throw Problem(
                    .invalid, "revocation.time", title: "The statement's time is off",
                    detail: "It says \(statement.opened); it is \(now). Correct the clock of the requester's machine.", field: "statement")
            }
            guard !view.isClosed(statement.digest), !view.isClosed(Digest32(of: note.text)) else { throw Refusal.statementClosed }
            let waiting = try await ledger.store.read {
                try $0.row("SELECT count(*) AS number FROM revocation WHERE state = 'requested'")?.integer("number") ?? 0
            }
            guard waiting < Self.mostRequested else {
                throw Problem(
                    .unavailable, "revocation.too-many", title: "Too many revocations wait for a decision",
                    detail: "\(Self.mostRequested) wait. Decide some first.")
            }
            let row = try RowContent(
                .revocation,
                [
                    "id": .blob(statement.subject.bytes), "requester": .text(principal.handle.description),
                    "certificate": .blob(statement.certificate), "statement_hash": .blob(statement.digest), "statement": .text(text),
                    "submission": .text(note.rendered), "created": .integer(now.seconds),
                ])
            let write = row.insertion(others: ["state": .text(RevocationRecord.State.requested.rawValue), "version": .integer(1)])
            let entry = try ledger.entry(
                .revocationRequest, at: now, actor: try await ledger.actor(principal.handle),
                digests: [
                    Entry.DigestKey.certificate: statement.certificate, Entry.DigestKey.row: row.digest,
                    Entry.DigestKey.document: Digest32(of: note.text), Entry.DigestKey.statement: statement.digest,
                ],
                roster: view.charter.roster.version, object: statement.subject)
            do throws(StorageError) { try await ledger.store.commit(Change(writes: [write], entries: [entry])) } catch {
                guard error == .conflict, let record = try await ledger.store.read({ try RevocationRecord.read(statement.subject, $0) }),
                    record.statement == text
                else { throw error == .conflict ? Self.idTaken : error.problem }
            }
            try await ledger.anchor([])
            return try await revocation(statement.subject)
        } catch { throw Problem(wrapping: error) }
    }

    /// A person's vote. The last approval that is needed revokes the certificate in the same act.
    /// - Parameter reason: a rejection's reason in words; its commitment stands in the vote.
    public func vote(_ note: SignedNote, on id: ID, reason: String?, by principal: Principal) async throws(Problem) -> RevocationRecord {
        do {
            let ballot = try await Ballot(note, reason: reason, by: principal, in: ledger)
            let (lines, _) = try await ledger.store.act { snapshot in
                try snapshot.requireOwn(from: ballot.durable)
                return try RevocationRecord.read(id, snapshot)
            } decide: { record in
                guard let record else { throw Self.unknown(id) }
                return try decide(record, ballot)
            }
            if let lines { try await ledger.anchor(lines) }
            return try await revocation(id)
        } catch { throw Problem(wrapping: error) }
    }

    /// - Returns: the anchor lines that the answer waits for, nil when nothing was changed; and the change.
    private func decide(_ record: RevocationRecord, _ ballot: Ballot) throws -> ([AnchorLine]?, Change) {
        let view = try ledger.view()
        let digest = Digest32(of: record.statement)
        // The ledger says what was decided; a row that says "requested" does not open it again.
        guard !view.isClosed(digest) else { return (nil, Change()) }
        let before = try view.charter.examine(try record.evidence(), now: ballot.now)
        guard before.statement.subject == record.id, record.state == .requested else { throw Self.recordAltered }
        let examined = try view.charter.adding(ballot.note, to: before, now: ballot.now)
        var change = try ballot.cast(on: examined.statement, in: ledger)
        var digests = [Entry.DigestKey.statement: digest]
        digests[Entry.DigestKey.document] = examined.submission?.digest
        let type: EventType
        var outcome: String?
        switch ballot.vote.decision {
        case .reject:
            let decided = try record.decided(.rejected, by: ballot.vote.voter, reason: ballot.reason)
            change.writes.append(decided.write)
            digests[Entry.DigestKey.votes] = ballot.vote.digest
            digests[Entry.DigestKey.row] = decided.row
            type = .revocationReject
        case .approve where !examined.isApproved:
            change.writes.append(
                Write(
                    "UPDATE revocation SET version = version + 1 WHERE id = $1 AND version = $2 AND state = 'requested'",
                    [.blob(record.id.bytes), .integer(record.version)], expects: 1))
            return ([], change)
        case .approve:
            let revoked = try Guard(view: view, now: ballot.now).revocation(try record.evidence(adding: ballot.note))
            let decided = try record.decided(.revoked)
            change.writes.append(decided.write)
            digests[Entry.DigestKey.certificate] = revoked.statement.certificate
            digests[Entry.DigestKey.votes] = Digest32(of: revoked.votes.map(\.digest).sorted().flatMap(\.bytes))
            digests[Entry.DigestKey.row] = decided.row
            if revoked.statement.reason == .keyCompromise {
                // Who has taken one of a device's keys may have taken both.
                digests[Entry.DigestKey.key] = revoked.certificate.tbs.publicKey.digest
                digests[Entry.DigestKey.alternativeKey] = (try? revoked.certificate.tbs.alternativePublicKey())?.digest
            }
            outcome = revoked.statement.reason.rawValue
            type = .certificateRevoke
        }
        let entry = try ledger.entry(
            type, at: ballot.now, actor: ballot.actor, commitment: type == .revocationReject ? ballot.commitment : nil, digests: digests,
            roster: view.charter.roster.version, object: record.id, outcome: outcome)
        change.entries.append(entry)
        return (View.closings(of: try Entry(decoding: entry)), change)
    }

    /// - Throws: `revocation.not-found`
    public func revocation(_ id: ID) async throws(Problem) -> RevocationRecord {
        do {
            if let record = try await ledger.store.read({ try RevocationRecord.read(id, $0) }) { return record }
        } catch { throw Problem(wrapping: error) }
        throw Self.unknown(id)
    }

    /// Whether a certificate is revoked: the ledger's word. How it came to that is a row's, nil where the row is missing.
    public func status(of certificate: Digest32) async throws(Problem) -> (isRevoked: Bool, record: RevocationRecord?) {
        guard try ledger.view().isRevoked(certificate) else { return (false, nil) }
        do {
            let record = try await ledger.store.read { snapshot in
                try snapshot.row("SELECT * FROM revocation WHERE certificate = $1 AND state = 'revoked'", [.blob(certificate)])
                    .map { try RevocationRecord($0, snapshot) }
            }
            return (true, record)
        } catch { throw Problem(wrapping: error) }
    }

    /// The query behind ``list(_:_:)``.
    public static func query(_ state: RevocationRecord.State?, _ paging: Paging<ID>) -> ListQuery {
        ListQuery("*", from: "revocation", where: state.map { [("state", .text($0.rawValue))] } ?? [], .falling, paging)
    }

    /// The newest first, in one state or in all.
    public func list(
        _ state: RevocationRecord.State? = nil, _ paging: Paging<ID> = .init()
    ) async throws(Problem) -> Page<RevocationRecord> {
        do {
            return try await ledger.store.read { snapshot in
                try snapshot.page(Self.query(state, paging), place: \.id.description) { try RevocationRecord($0, snapshot) }
            }
        } catch { throw Problem(wrapping: error) }
    }

    private static func unknown(_ id: ID) -> Problem {
        Problem(
            .notFound, "revocation.not-found", title: "There is no such revocation", detail: "No revocation has the id \(id).", field: "id")
    }

    private static let idTaken = Problem(
        .conflict, "request.id-taken", title: "The id is taken", detail: "Another revocation has this id. Ask again with a new one.",
        field: "statement")

    private static let recordAltered = Problem(
        .conflict, "revocation.record-altered", title: "The revocation's record was altered",
        detail: "Statement and state of the record do not belong together. Run `assay ledger verify`.")
}
