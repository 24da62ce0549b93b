import Access
import Approval
import Authorities
import Basics
import Custody
import PKIX
import Proofs
import Storage
import Transparency

extension Registrar {
    /// A person's vote on a request. The last approval that is needed issues the certificate in the same act.
    /// - Parameter reason: a rejection's reason in words; its commitment stands in the vote.
    public func vote(_ note: SignedNote, on id: ID, reason: String?, by principal: Principal) async throws(Problem) -> RequestRecord {
        try await cast(note, on: id, reason: reason, by: principal)
    }

    public func request(_ id: ID) async throws(Problem) -> RequestRecord { try await record(id) }
}

extension Registrar: Votable {
    typealias Record = RequestRecord

    func settled(_ record: RequestRecord, in view: View, now: UTCTime) async throws -> Change? {
        guard record.state == .open else {
            try await verifyDecided(record, view, now: now)
            return Change()
        }
        let submission = try SignedNote("submission", record.submission)
        if view.isClosed(Digest32(of: record.statement)) || view.isClosed(Digest32(of: submission.text)) {
            return try await restored(record)
        }
        guard record.certificate == nil else { throw RequestRecord.altered }
        return nil
    }

    func carryOut(
        _ record: RequestRecord, _ examined: Examined, with ballot: Ballot, in view: View
    ) async throws -> Carried<RequestRecord> {
        do { return .done(try await issue(record, examined, ballot, view)) } catch Refusal.statementClosed {
            return .settled(try await restored(record))
        }
    }

    private func issue(
        _ record: RequestRecord, _ examined: Examined, _ ballot: Ballot, _ view: View
    ) async throws -> Effect<RequestRecord> {
        _ = try authorities.chain(of: examined.authority.name)
        try await authorities.prepare(examined.authority)
        let known = try await requireUnused(examined, view, for: record.id)
        let evidence = try record.evidence(adding: ballot.note)
        let certificate = try await authorities.sign(examined.tbs, by: examined.authority) { unfinished, key throws(Refusal) in
            try Guard(view: view, now: ballot.now).certificate(evidence, signing: unfinished, key: key)
        }
        let statement = examined.statement
        let row = try RowContent.certificate(
            certificate, authority: examined.authority.name, under: record.id, statement.digest, at: ballot.now)
        return Effect(
            state: .issued, type: .certificateIssue,
            digests: [
                Entry.DigestKey.request: statement.request, Entry.DigestKey.content: statement.content,
                Entry.DigestKey.certificate: certificate.fingerprint, Entry.DigestKey.row: row.digest,
            ].merging(examined.tbs.keyDigests) { $1 },
            columns: ["certificate": .blob(certificate.fingerprint)], writes: [row.insertion(while: known)],
            rowKey: Entry.DigestKey.secondRow)
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
                throw try row.blob("request_id") == request.bytes ? Refusal.statementClosed : RequestRecord.altered
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
        return Change(writes: [try record.decided(.issued, others: ["certificate": .blob(Digest32(of: der))]).write])
    }

    /// Whether what the row says of the decision can be true. A row that claims one which was never made stops the request; that is
    /// said, not passed on as somebody's decision.
    private func verifyDecided(_ record: RequestRecord, _ view: View, now: UTCTime) async throws {
        let statement = try Statement(text: record.statement)
        switch record.state {
        case .open: break
        case .issued: try await verifyIssued(record)
        case .rejected: guard view.isClosed(statement.digest) || now >= statement.expires else { throw RequestRecord.altered }
        case .expired: guard now >= statement.expires else { throw RequestRecord.altered }
        }
    }

    /// Whether the stored certificate is the one that the statement names, signed by the authority that it names.
    func verifyIssued(_ record: RequestRecord) async throws(Problem) {
        guard let der = record.certificate, let certificate = try? Certificate(der: der),
            let statement = try? Statement(text: record.statement),
            certificate.tbs.content == statement.content,
            let issuer = try ledger.view().charter.documents.authorities[statement.authority.name]?.value,
            issuer.hasSigned(certificate)
        else { throw RequestRecord.altered }
    }
}
