import Approval
import Basics
import PKIX
import Profiles
import Proofs

/// A request as its bytes say: what the node claims beside them was compared, and does not contradict.
public struct RequestEvidence: Sendable {
    public let id: ID
    public let statement: Statement
    /// What will be signed, or was.
    public let tbs: TBSCertificate
    public let csr: Bytes
    public let submission: SignedNote?
    public let votes: [SignedNote]
    public let state: RequestState
    /// Verified: of the statement's content, signed by its authority.
    public let certificate: Certificate?
    /// What the guard would say: at the present time for an open request, at its own time for a decided one.
    public let examined: Result<Examined, Refusal>
    /// The words of a rejection, when they are those that its vote commits to.
    public let reason: String?

    /// - Parameters:
    ///   - record: the node's answer.
    ///   - id: which request was asked for.
    /// - Throws: `client.server-lied` when bytes contradict each other, or the node's words contradict the bytes.
    init(_ record: RequestRecord, id: ID, charter: Charter, now: UTCTime) throws(Problem) {
        do throws(Refusal) { statement = try Statement(text: record.statement) } catch { throw .lied(error.detail) }
        guard record.id == id, statement.subject == id else { throw .lied("Another request was asked for than the one that came.") }
        guard statement.instance == charter.instance else { throw .lied("The statement names another instance.") }
        guard record.requester == (statement.requester?.description ?? "-"), record.profile == statement.profile.name.description,
            record.opened == statement.opened, record.expires == statement.expires
        else { throw .lied("The statement names another requester, profile or time than the node's answer beside it.") }
        guard Digest32(of: record.tbs) == statement.content else {
            throw .lied("The certificate to be signed is not the one in the statement.")
        }
        guard Digest32(of: record.csr) == statement.request else {
            throw .lied("The certificate signing request is not the one in the statement.")
        }
        do { tbs = try TBSCertificate(der: record.tbs) } catch {
            throw .lied("The certificate to be signed cannot be read: \(error.text).")
        }
        self.id = id
        csr = record.csr
        submission = record.submission
        votes = record.votes
        state = record.state
        let evidence = Evidence(
            statement: record.statement, tbs: record.tbs, request: record.csr, submission: record.submission, votes: record.votes)
        // A decided request is looked at as of the time when it could still be decided.
        let time = record.state == .open ? now : min(now, statement.expires.adding(seconds: -1))
        do throws(Refusal) { examined = .success(try charter.examine(evidence, now: time)) } catch { examined = .failure(error) }
        certificate = try Self.certificate(record, statement, charter)
        reason = Self.reason(record, examined)
        try checkState(record, now)
    }

    private static func certificate(_ record: RequestRecord, _ statement: Statement, _ charter: Charter) throws(Problem) -> Certificate? {
        guard let der = record.certificate else { return nil }
        guard let certificate = try? Certificate(der: der), certificate.tbs.content == statement.content else {
            throw .lied("The certificate is not the one that people have voted on.")
        }
        let authority = charter.documents.authorities[statement.authority.name]
        // An authority that is no longer in force under this hash cannot be asked for its key.
        if let authority, authority.reference == statement.authority, !authority.value.hasSigned(certificate) {
            throw .lied("The certificate is not signed by authority \(statement.authority.name).")
        }
        return certificate
    }

    private static func reason(_ record: RequestRecord, _ examined: Result<Examined, Refusal>) -> String? {
        guard let text = record.reason, let reason = Reason(text: text), case .success(let examined) = examined,
            examined.votes.contains(where: { $0.decision == .reject && $0.reason == reason.commitment })
        else { return nil }
        return reason.words
    }

    /// The node's word for the state, against votes and certificate.
    private func checkState(_ record: RequestRecord, _ now: UTCTime) throws(Problem) {
        switch state {
        case .open:
            guard certificate == nil else { throw .lied("The node says that the request is open, and shows its certificate.") }
        case .issued:
            guard certificate != nil else { throw .lied("The node says that the certificate was issued, and does not show it.") }
        case .rejected:
            // Who lost their role since then still has rejected it: such a vote cannot be told from none.
            if case .success(let examined) = examined, examined.rejecter == nil, examined.void.isEmpty {
                throw .lied("The node says that the request was rejected, and shows no rejection.")
            }
        case .expired:
            guard statement.expires <= now.adding(seconds: Vote.clockSlack) else {
                throw .lied("The node says that the request has expired; it has not.")
            }
        }
    }
}

/// A request as the node answers it.
struct RequestRecord: Sendable {
    let id: ID
    let requester: String
    let profile: String
    let state: RequestState
    let statement: String
    let submission: SignedNote?
    let csr: Bytes
    let tbs: Bytes
    let votes: [SignedNote]
    let certificate: Bytes?
    let reason: String?
    let opened: UTCTime
    let expires: UTCTime

    init(_ fields: inout JSONFields) throws(Problem) {
        id = try fields.id("id")
        requester = fields.isNull("requester") ? "-" : try fields.string("requester")
        profile = try fields.string("profile")
        state = try fields.parsed("state", expected: "open, issued, rejected or expired") { RequestState(rawValue: $0) }
        statement = try fields.string("statement")
        submission = fields.isNull("submission") ? nil : try Self.note(try fields.string("submission"))
        csr = try fields.base64("csr")
        tbs = try fields.base64("tbs")
        var votes: [SignedNote] = []
        for text in try fields.strings("votes") { votes.append(try Self.note(text)) }
        self.votes = votes
        certificate = fields.isNull("certificate") ? nil : try fields.base64("certificate")
        reason = fields.isNull("reason") ? nil : try fields.string("reason")
        opened = try fields.time("opened")
        expires = try fields.time("expires")
    }

    private static func note(_ text: String) throws(Problem) -> SignedNote {
        do { return try SignedNote(parsing: text) } catch { throw .lied("A vote or submission is not a signed note.") }
    }
}

/// Why somebody rejects: words, and the salt under which their vote commits to them (docs/formats.md, section 9).
public struct Reason: Hashable, Sendable {
    /// 16 octets.
    let salt: Bytes
    public let words: String

    /// - Throws: `request.reason-invalid`
    public init(_ words: String, entropy: any Entropy) throws(Problem) {
        guard (1...1000).contains(words.utf8.count), words.escaped == words.replacing("\\", with: "\\\\") else {
            throw Problem(
                .invalid, "request.reason-invalid", title: "The reason is not acceptable",
                detail: "From 1 to 1000 octets in one line are accepted, without control characters.", field: "reason")
        }
        self.words = words
        salt = entropy.bytes(16)
    }

    /// As it is kept beside the ledger: the salt's hexadecimal digits, a space, the words.
    var text: String { "\(salt.hex) \(words)" }

    init?(text: String) {
        let parts = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let salt = Bytes(hex: parts[0]), salt.count == 16 else { return nil }
        self.salt = salt
        words = String(parts[1])
    }

    /// What stands in the vote.
    var commitment: Digest32 { Digest32(of: Bytes("assay/commit/v1".utf8) + [0] + salt + Bytes(words.utf8)) }
}
