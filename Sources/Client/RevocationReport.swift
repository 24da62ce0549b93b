import Approval
import Basics
import PKIX
import Proofs

/// What a revocation can be, as the node says.
public enum RevocationState: String, Hashable, Sendable, CaseIterable {
    case requested, revoked, rejected
}

/// A revocation as its bytes say: what the node claims beside them was compared, and does not contradict.
public struct RevocationReport: Sendable {
    public let statement: Revocation
    public let certificate: Certificate
    public let state: RevocationState
    public let decidedBy: String?
    /// What the guard would say: at the present time while it waits for votes, at its own time afterwards.
    public let examined: Result<ExaminedRevocation, Refusal>

    public var id: ID { statement.subject }

    /// - Throws: `client.server-lied` when the node's words contradict the bytes.
    init(_ fields: inout JSONFields, id: ID?, charter: Charter, now: UTCTime) throws(Problem) {
        let text = try fields.string("statement")
        do throws(Refusal) { statement = try Revocation(text: text) } catch { throw .lied(error.detail) }
        guard try fields.id("id") == statement.subject, id == nil || id == statement.subject else {
            throw .lied("Another revocation was asked for than the one that came.")
        }
        guard statement.instance == charter.instance else { throw .lied("The statement names another instance.") }
        guard try fields.string("requester") == (statement.requester?.description ?? "-"),
            try fields.string("certificate") == statement.certificate.hex
        else { throw .lied("The statement names another requester or certificate than the node's answer beside it.") }
        let der = try fields.base64("der")
        guard Digest32(of: der) == statement.certificate, let certificate = try? Certificate(der: der) else {
            throw .lied("The certificate is not the one that the statement names.")
        }
        self.certificate = certificate
        state = try fields.parsed("state", expected: "requested, revoked or rejected") { RevocationState(rawValue: $0) }
        decidedBy = fields.isNull("decidedBy") ? nil : try fields.string("decidedBy")
        var votes: [SignedNote] = []
        let submission: SignedNote
        do {
            submission = try SignedNote(parsing: try fields.string("submission"))
            for text in try fields.strings("votes") { votes.append(try SignedNote(parsing: text)) }
        } catch { throw .lied("A vote or submission is not a signed note.") }
        let evidence = RevocationEvidence(statement: text, certificate: der, submission: submission, votes: votes)
        let time = state == .requested ? now : min(now, statement.expires.adding(seconds: -1))
        do throws(Refusal) { examined = .success(try charter.examine(evidence, now: time)) } catch { examined = .failure(error) }
        // Under the roster of now it must still amount to what the node says, unless people or documents have changed since.
        if state == .revoked, statement.rosterDigest == charter.roster.digest, case .success(let value) = examined, !value.isApproved {
            throw .lied("The node says that the certificate is revoked; the votes that it shows are too few.")
        }
    }
}
