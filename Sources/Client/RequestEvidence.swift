import Approval
import Basics
import PKIX
import Profiles
import Proofs
import Wire

/// A request as its bytes say.
public struct RequestEvidence: VotedReport {
    public let statement: Statement
    /// What will be signed, or was.
    public let tbs: TBSCertificate
    public let csr: Bytes
    public let submission: SignedNote?
    public let votes: [SignedNote]
    public let state: RequestState
    public let decidedBy: String?
    /// Verified: of the statement's content, signed by its authority.
    public let certificate: Certificate?
    public let examined: Result<Examined, Refusal>
    /// The words of a rejection, when they are those that its vote commits to.
    public let reason: String?

    public static var noun: String { "request" }
    public static var waiting: RequestState { .open }
    public static var one: Route { Routes.request }
    public static var voting: Route { Routes.vote }
    public static var afterwards: String { "Nothing more can be voted on it: assay request show" }

    public init(_ fields: inout JSONFields, id: ID?, charter: Charter, now: UTCTime) throws(Problem) {
        let answer = try AnsweredStatement<Statement>(&fields, Self.noun, id: id, charter: charter) { statement in
            ["profile": statement.profile.name.description]
        }
        statement = answer.statement
        submission = answer.submission
        votes = answer.votes
        decidedBy = answer.decidedBy
        guard try fields.time("opened") == statement.opened, try fields.time("expires") == statement.expires else {
            throw .lied("The statement names another time than the node's answer beside it.")
        }
        let content = try fields.base64("tbs")
        guard Digest32(of: content) == statement.content else {
            throw .lied("The certificate to be signed is not the one in the statement.")
        }
        csr = try fields.base64("csr")
        guard Digest32(of: csr) == statement.request else {
            throw .lied("The certificate signing request is not the one in the statement.")
        }
        do { tbs = try TBSCertificate(der: content) } catch {
            throw .lied("The certificate to be signed cannot be read: \(error.text).")
        }
        state = try Self.state(&fields)
        examined = Evidence(statement: answer.text, tbs: content, request: csr, submission: submission, votes: votes)
            .result(charter, isWaiting: state == .open, now: now, until: statement.expires)
        certificate = try fields.isNull("certificate") ? nil : Self.certificate(try fields.base64("certificate"), statement, charter)
        reason = Self.reason(answer.reason, examined)
        try checkState(now)
    }

    /// The server writes a request's statement: what is wrong with it is the server's doing, but for what may have come to be since it was
    /// opened, without anybody's fault.
    public static func problem(of refusal: Refusal) -> Problem {
        switch refusal {
        case .statementExpired, .documentNotInForce, .requesterUnknown: refusal.problem
        default: .lied("\(refusal.detail) (\(refusal.code))")
        }
    }

    private static func certificate(_ der: Bytes, _ statement: Statement, _ charter: Charter) throws(Problem) -> Certificate {
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

    private static func reason(_ text: String?, _ examined: Result<Examined, Refusal>) -> String? {
        guard let text, let reason = Reason(text: text), case .success(let examined) = examined,
            examined.votes.contains(where: { $0.decision == .reject && $0.reason == reason.commitment })
        else { return nil }
        return reason.words
    }

    /// The node's word for the state, against votes and certificate.
    private func checkState(_ now: UTCTime) throws(Problem) {
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
