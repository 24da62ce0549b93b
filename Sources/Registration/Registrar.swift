import Access
import Approval
import Authorities
import Basics
import PKIX
import Profiles
import Proofs
import Storage
import Transparency

/// The registration authority: takes requests, checks them, and opens the statements on which people vote.
public struct Registrar: Sendable {
    public static let mostOpenRequests: Int64 = 10_000

    let ledger: Ledger
    let authorities: CertificateAuthorities
    let entropy: any Entropy

    public init(ledger: Ledger, authorities: CertificateAuthorities, entropy: any Entropy) {
        self.ledger = ledger
        self.authorities = authorities
        self.entropy = entropy
    }

    /// What a requester hands in.
    public struct Wish: Sendable {
        public let submission: SignedNote
        /// The certificate signing request's DER.
        public let csr: Bytes
        /// Values for the profile's fields.
        public let fields: [String: String]

        public init(submission: SignedNote, csr: Bytes, fields: [String: String]) {
            self.submission = submission
            self.csr = csr
            self.fields = fields
        }
    }

    /// Checks a request and opens its statement: serial, validity, subject, key and extensions are fixed from here on.
    /// Submitted a second time with the same id and text, it is the same request.
    public func submit(_ wish: Wish, by principal: Principal) async throws(Problem) -> RequestRecord {
        let now = try ledger.now()
        let view = try ledger.view()
        do {
            let submission = try Submission(wish.submission, roster: view.charter.roster)
            guard submission.requester == principal.handle else { throw Refusal.submissionMismatch }
            guard abs(submission.time.seconds(since: now)) <= 86_400 else {
                throw Problem(
                    .invalid, "submission.time", title: "The submission's time is off",
                    detail: "It says \(submission.time); it is \(now). Correct the clock of the requester's machine.", field: "submission")
            }
            let rendered = wish.submission.rendered
            if let record = try await known(submission.subject, "submission", isSame: { $0.submission == rendered }) { return record }
            guard !view.isClosed(submission.digest) else { throw Refusal.statementClosed }
            let opened = try open(wish, submission, view, now)
            try view.checkBlocklists(opened.request.publicKeys)
            _ = try await ledger.store.read { try KeyReuse.check(opened.tbs, opened.profile, view, in: $0) }
            return try await commit(wish, submission, opened, view.charter, now)
        } catch { throw Problem(wrapping: error) }
    }

    private func open(
        _ wish: Wish, _ submission: Submission, _ view: View, _ now: UTCTime
    ) throws -> Examined {
        let charter = view.charter
        let documents = charter.documents
        guard let profile = documents.profiles[submission.profile.name] else {
            throw Problem(
                .notFound, "profile.not-found", title: "There is no such profile",
                detail: "\(submission.profile.name) is not in force; in force are: "
                    + documents.profiles.keys.sorted().map(\.description).joined(separator: ", ") + ".", field: "profile")
        }
        guard profile.reference == submission.profile else { throw Refusal.documentNotInForce("profile \(submission.profile.name)") }
        guard let authority = documents.authorities[profile.value.authority], let name = profile.value.approval,
            let policy = documents.approvals[name]
        else { throw Refusal.documentNotInForce("profile \(submission.profile.name)") }
        _ = try authorities.certificate(of: authority.value.name)
        let request = try Self.request(wish.csr, profile.value)
        guard request.digest == submission.request else { throw Refusal.requestMismatch }
        let filling = Filling(
            serial: SerialNumber(at: now, random: entropy.bytes(16)), now: now, publicKey: request.publicKey,
            alternativeKey: request.alternative?.publicKey, fields: wish.fields, request: request)
        let tbs = try profile.value.fill(filling, issuer: try authority.value.asIssuer())
        let statement = Statement(
            instance: charter.instance, subject: submission.subject, requester: submission.requester, rosterVersion: charter.roster.version,
            rosterDigest: charter.roster.digest, policy: policy.reference, profile: profile.reference, authority: authority.reference,
            request: request.digest, content: tbs.content, opened: now, expires: now.adding(days: policy.value.days))
        // The guard's own checks, before anybody is asked to vote.
        return try charter.examine(
            Evidence(statement: statement.text, tbs: tbs.der, request: wish.csr, submission: wish.submission, votes: []), now: now)
    }

    static func request(_ der: Bytes, _ profile: Profile) throws(Problem) -> CertificateRequest {
        do throws(PKIXError) {
            let request = try CertificateRequest(der: der, leniencies: profile.leniencies)
            try request.verifyPossession()
            return request
        } catch {
            throw Problem(
                .invalid, error == .signatureInvalid ? "request.possession-unproven" : "request.csr-invalid",
                title: "The certificate signing request is not acceptable", detail: "In the request, \(error.text).", field: "csr")
        }
    }

    private func commit(
        _ wish: Wish, _ submission: Submission, _ opened: Examined, _ charter: Charter, _ now: UTCTime
    ) async throws -> RequestRecord {
        let statement = opened.statement
        try await requireRoom(for: Self.mostOpenRequests, code: "request.too-many-open")
        let row = try RowContent(
            .request,
            [
                "id": .blob(statement.subject.bytes), "requester": .text(submission.requester.description),
                "profile": .text(statement.profile.name.description), "statement_hash": .blob(statement.digest),
                "statement": .text(statement.text), "submission": .text(wish.submission.rendered), "csr": .blob(wish.csr),
                "tbs": .blob(opened.tbs.der), "opened": .integer(now.seconds), "expires": .integer(statement.expires.seconds),
            ])
        let entry = try ledger.entry(
            .requestOpen, at: now, actor: try await ledger.actor(submission.requester),
            digests: [
                Entry.DigestKey.request: statement.request, Entry.DigestKey.content: statement.content,
                Entry.DigestKey.statement: statement.digest, Entry.DigestKey.row: row.digest,
            ], roster: charter.roster.version, object: statement.subject)
        return try await open(row, entry, statement.subject, "submission") { $0.submission == wish.submission.rendered }
    }
}
