import Access
import Approval
import Basics
import Custody
import PKIX
import Proofs
import Storage
import Transparency

extension Registrar {
    /// A person's vote on a request. The last approval that is needed issues the certificate in the same act.
    /// A vote on what is decided already is not recorded; its caller gets what the request became.
    /// - Parameter reason: a rejection's reason in words; its commitment stands in the vote.
    public func vote(_ note: SignedNote, on id: ID, reason: String?, by principal: Principal) async throws(Problem) -> RequestRecord {
        do {
            let ballot = try await Ballot(note, reason: reason, by: principal, in: ledger)
            let (lines, _) = try await ledger.store.act { snapshot in
                try snapshot.requireOwn(from: ballot.durable)
                return try RequestRecord.read(id, snapshot)
            } decide: { record in
                guard let record else {
                    throw Problem(
                        .notFound, "request.not-found", title: "There is no such request", detail: "No request has the id \(id).",
                        field: "id")
                }
                return try await decide(record, ballot)
            }
            if let lines { try await ledger.anchor(lines) }
            return try await request(id)
        } catch { throw Problem(wrapping: error) }
    }

    /// - Returns: the anchor lines that the answer waits for, nil when nothing was changed; and the change.
    private func decide(_ record: RequestRecord, _ ballot: Ballot) async throws -> ([AnchorLine]?, Change) {
        let view = try ledger.view()
        guard record.state == .open else {
            try await verifyDecided(record, view, now: ballot.now)
            return (nil, Change())
        }
        let submission = try SignedNote("submission", record.submission)
        if view.isClosed(Digest32(of: record.statement)) || view.isClosed(Digest32(of: submission.text)) {
            return (nil, try await restored(record))
        }
        // Everything is judged from bytes; a row that was altered is a refusal here.
        let before = try view.charter.examine(try record.evidence(), now: ballot.now)
        guard before.statement.subject == record.id, record.certificate == nil else { throw Self.recordAltered }
        let examined = try view.charter.adding(ballot.note, to: before, now: ballot.now)
        switch ballot.vote.decision {
        case .reject: return try reject(record, examined, ballot)
        case .approve:
            guard examined.isApproved else { return try approve(record, examined, ballot) }
            do { return try await issue(record, examined, ballot) } catch Refusal.statementClosed {
                // Somebody else's last vote was committed while this one was judged.
                return (nil, try await restored(record))
            }
        }
    }

    private func approve(
        _ record: RequestRecord, _ examined: Examined, _ ballot: Ballot
    ) throws -> ([AnchorLine]?, Change) {
        var change = try ballot.cast(on: examined.statement, in: ledger)
        change.writes.append(
            Write(
                "UPDATE request SET version = version + 1 WHERE id = $1 AND version = $2 AND state = 'open'",
                [.blob(record.id.bytes), .integer(record.version)], expects: 1))
        return ([], change)
    }

    private func reject(
        _ record: RequestRecord, _ examined: Examined, _ ballot: Ballot
    ) throws -> ([AnchorLine]?, Change) {
        var change = try ballot.cast(on: examined.statement, in: ledger)
        let decided = try record.decided(.rejected, by: ballot.vote.voter, reason: ballot.reason)
        change.writes.append(decided.write)
        var digests = [
            Entry.DigestKey.votes: ballot.vote.digest, Entry.DigestKey.statement: examined.statement.digest,
            Entry.DigestKey.row: decided.row,
        ]
        digests[Entry.DigestKey.document] = examined.submission?.digest
        let entry = try ledger.entry(
            .requestReject, at: ballot.now, actor: ballot.actor, commitment: ballot.commitment, digests: digests,
            roster: try ledger.view().charter.roster.version, object: record.id)
        change.entries.append(entry)
        return (View.closings(of: try Entry(decoding: entry)), change)
    }

    private func issue(
        _ record: RequestRecord, _ examined: Examined, _ ballot: Ballot
    ) async throws -> ([AnchorLine]?, Change) {
        let view = try ledger.view()
        _ = try authorities.chain(of: examined.authority.name)
        try await authorities.prepare(examined.authority)
        let known = try await requireUnused(examined, view, for: record.id)
        let evidence = try record.evidence(adding: ballot.note)
        let certificate = try await authorities.sign(examined.tbs, by: examined.authority) { unfinished, key throws(Refusal) in
            try Guard(view: view, now: ballot.now).certificate(evidence, signing: unfinished, key: key)
        }

        let statement = examined.statement
        var change = try ballot.cast(on: statement, in: ledger)
        let decided = try record.decided(.issued, certificate: certificate.fingerprint)
        let row = try RowContent.certificate(
            certificate, authority: examined.authority.name, under: record.id, statement.digest, at: ballot.now)
        change.writes += [decided.write, row.insertion(while: known)]
        let votes = examined.votes.map(\.digest).sorted().flatMap(\.bytes)
        var digests = [
            Entry.DigestKey.request: statement.request, Entry.DigestKey.content: statement.content,
            Entry.DigestKey.certificate: certificate.fingerprint, Entry.DigestKey.votes: Digest32(of: votes),
            Entry.DigestKey.statement: statement.digest, Entry.DigestKey.row: row.digest, Entry.DigestKey.secondRow: decided.row,
        ]
        digests[Entry.DigestKey.document] = examined.submission?.digest
        digests.merge(KeyReuse.digests(of: examined.tbs)) { $1 }
        let entry = try ledger.entry(
            .certificateIssue, at: ballot.now, actor: ballot.actor, digests: digests, roster: view.charter.roster.version, object: record.id
        )
        change.entries.append(entry)
        return (View.closings(of: try Entry(decoding: entry)), change)
    }

    /// No authority gives one serial number to two certificates (RFC 5280 §4.1.2.2), nor one key to two devices, so this is asked before
    /// the signature.
    /// - Returns: what the answer rests on.
    private func requireUnused(_ examined: Examined, _ view: View, for request: ID) async throws -> [KnownMentions] {
        try await ledger.store.read { snapshot in
            let row = try snapshot.row(
                "SELECT request_id FROM certificate WHERE authority = $1 AND serial = $2",
                [.text(examined.authority.name.description), .blob(examined.tbs.serialNumber.bytes)])
            if let row {
                // Of the same request: somebody else's last vote was committed meanwhile.
                throw try row.blob("request_id") == request.bytes ? Refusal.statementClosed : Self.recordAltered
            }
            return try KeyReuse.check(examined.tbs, examined.profile, view, in: snapshot)
        }
    }

    /// The statement is decided, whatever its row says: the stored certificate is given back, and never a second signature made.
    private func restored(_ earlier: RequestRecord) async throws -> Change {
        // The view may be newer than the snapshot that was read: what closed the statement is in the database by now.
        let record = try await request(earlier.id)
        guard record.state == .open else { return Change() }
        guard let der = record.certificate else {
            throw Problem(
                .conflict, "request.record-missing", title: "The request was decided, but its record is gone",
                detail: "The anchor says that this statement was decided; the database does not show how. Nothing is signed again. "
                    + "Restore the database from a backup, or submit a new request.")
        }
        try await verifyIssued(record)
        return Change(writes: [try record.decided(.issued, certificate: Digest32(of: der)).write])
    }

    /// Whether what the row says of the decision can be true. A row that claims one which was never made stops the request; that is
    /// said, not passed on as somebody's decision.
    private func verifyDecided(_ record: RequestRecord, _ view: View, now: UTCTime) async throws {
        let statement = try Statement(text: record.statement)
        switch record.state {
        case .open: break
        case .issued: try await verifyIssued(record)
        case .rejected: guard view.isClosed(statement.digest) || now >= statement.expires else { throw Self.recordAltered }
        case .expired: guard now >= statement.expires else { throw Self.recordAltered }
        }
    }

    /// Whether the stored certificate is the one that the statement names, signed by the authority that it names.
    func verifyIssued(_ record: RequestRecord) async throws(Problem) {
        guard let der = record.certificate, let certificate = try? Certificate(der: der),
            let statement = try? Statement(text: record.statement),
            certificate.tbs.content == statement.content,
            let issuer = try ledger.view().charter.documents.authorities[statement.authority.name]?.value,
            issuer.hasSigned(certificate)
        else { throw Self.recordAltered }
    }

    private static let recordAltered = Problem(
        .conflict, "request.record-altered", title: "The request's record was altered",
        detail: "Statement, decision and certificate of the record do not belong together. Run `assay ledger verify`.")
}
