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
        try await ask(text, submission: note, by: principal)
    }

    /// A person's vote. The last approval that is needed revokes the certificate in the same act.
    /// - Parameter reason: a rejection's reason in words; its commitment stands in the vote.
    public func vote(_ note: SignedNote, on id: ID, reason: String?, by principal: Principal) async throws(Problem) -> RevocationRecord {
        try await cast(note, on: id, reason: reason, by: principal)
    }

    /// - Throws: `revocation.not-found`
    public func revocation(_ id: ID) async throws(Problem) -> RevocationRecord { try await record(id) }

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

    /// The newest first, in one state or in all.
    public func list(
        _ state: RevocationRecord.State? = nil, _ paging: Paging<ID> = .init()
    ) async throws(Problem) -> Page<RevocationRecord> { try await page(state, paging) }

    /// The query behind ``list(_:_:)``.
    public static func query(_ state: RevocationRecord.State?, _ paging: Paging<ID>) -> ListQuery {
        RevocationRecord.listQuery(state, paging)
    }
}

extension Revocations: Askable {
    static var asking: EventType { .revocationRequest }
    static var asked: RowKind { .revocation }

    func admit(_ statement: Revocation, _ submission: SignedNote, in view: View, now: UTCTime) async throws -> ExaminedRevocation {
        // Only what this house has issued, and the ledger knows of.
        let certificate = try await registrar.certificate(statement.certificate)
        guard !view.isRevoked(statement.certificate) else { throw Refusal.certificateRevoked }
        return try view.charter.examine(
            RevocationEvidence(statement: statement.text, certificate: certificate, submission: submission, votes: []), now: now)
    }

    func particulars(_ statement: Revocation) -> (columns: [String: SQLValue], digests: [UInt8: Digest32]) {
        (["certificate": .blob(statement.certificate)], [Entry.DigestKey.certificate: statement.certificate])
    }

    /// The ledger says what was decided; a row that says "requested" does not open it again.
    func settled(_ record: RevocationRecord, in view: View, now: UTCTime) -> Change? {
        view.isClosed(Digest32(of: record.statement)) ? Change() : nil
    }

    func carryOut(
        _ record: RevocationRecord, _ examined: ExaminedRevocation, with ballot: Ballot, in view: View
    ) throws -> Carried<RevocationRecord> {
        let revoked = try Guard(view: view, now: ballot.now).revocation(try record.evidence(adding: ballot.note))
        var effect = Effect<RevocationRecord>(
            state: .revoked, type: .certificateRevoke, digests: [Entry.DigestKey.certificate: revoked.statement.certificate],
            outcome: revoked.statement.reason.rawValue)
        if revoked.statement.reason == .keyCompromise {
            // Who has taken one of a device's keys may have taken both.
            effect.digests.merge(revoked.certificate.tbs.keyDigests) { $1 }
        }
        return .done(effect)
    }
}
