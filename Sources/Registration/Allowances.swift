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
        try await ask(text, submission: note, by: principal)
    }

    /// A person's vote on an allowance that was asked for. The last approval that is needed opens it in the same act.
    /// - Parameter reason: a rejection's reason in words; its commitment stands in the vote.
    public func vote(_ note: SignedNote, on id: ID, reason: String?, by principal: Principal) async throws(Problem) -> AllowanceRecord {
        try await cast(note, on: id, reason: reason, by: principal)
    }

    /// - Throws: `allowance.not-found`
    public func allowance(_ id: ID) async throws(Problem) -> AllowanceRecord { try await record(id) }

    /// The newest first, in one state or in all.
    public func list(
        _ state: AllowanceRecord.State? = nil, _ paging: Paging<ID> = .init()
    ) async throws(Problem) -> Page<AllowanceRecord> { try await page(state, paging) }

    /// The query behind ``list(_:_:)``.
    public static func query(_ state: AllowanceRecord.State?, _ paging: Paging<ID>) -> ListQuery {
        AllowanceRecord.listQuery(state, paging)
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
}

extension Allowances: Askable {
    static var asking: EventType { .allowanceRequest }
    static var asked: RowKind { .allowance }

    func admit(_ statement: Allowance, _ submission: SignedNote, in view: View, now: UTCTime) throws -> ExaminedAllowance {
        let evidence = AllowanceEvidence(statement: statement.text, submission: submission, votes: [])
        let examined = try view.charter.examine(evidence, now: now)
        guard statement.node == view.node else { throw Refusal.allowanceNode }
        guard view.allowances[statement.subject] == nil else { throw Refusal.statementClosed }
        return examined
    }

    func particulars(_ statement: Allowance) -> (columns: [String: SQLValue], digests: [UInt8: Digest32]) {
        (["machine": .text(statement.machine.name.description), "profile": .text(statement.profile.name.description)], [:])
    }

    /// The anchor says what was decided; a row that says "requested" does not open it again.
    func settled(_ record: AllowanceRecord, in view: View, now: UTCTime) -> Change? {
        view.allowances[record.id] != nil || view.isClosed(Digest32(of: record.statement)) ? Change() : nil
    }

    func carryOut(
        _ record: AllowanceRecord, _ examined: ExaminedAllowance, with ballot: Ballot, in view: View
    ) throws -> Carried<AllowanceRecord> {
        let statement = try Guard(view: view, now: ballot.now).allowance(try record.evidence(adding: ballot.note)).statement
        return .done(
            Effect(
                state: .open, type: .allowanceOpen,
                lines: [
                    .allowance(statement.subject, statement.digest, number: statement.number, until: statement.until),
                    .reserve(statement.subject, upTo: Allowance.block(of: statement.number)),
                ], opening: statement))
    }
}
