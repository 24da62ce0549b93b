import Approval
import Basics
import PKIX
import Proofs
import Wire

/// What a revocation can be, as the node says.
public enum RevocationState: String, Hashable, Sendable, CaseIterable {
    case requested, revoked, rejected
}

/// A revocation as its bytes say.
public struct RevocationReport: VotedReport {
    public let statement: Revocation
    public let certificate: Certificate
    public let state: RevocationState
    public let decidedBy: String?
    public let examined: Result<ExaminedRevocation, Refusal>

    public static var noun: String { "revocation" }
    public static var waiting: RevocationState { .requested }
    public static var one: Route { Routes.revocation }
    public static var voting: Route { Routes.voteRevocation }
    public static var afterwards: String { "Look at it: assay revocation show" }

    public init(_ fields: inout JSONFields, id: ID?, charter: Charter, now: UTCTime) throws(Problem) {
        let answer = try AnsweredStatement<Revocation>(&fields, Self.noun, id: id, charter: charter) { statement in
            ["certificate": statement.certificate.hex]
        }
        statement = answer.statement
        decidedBy = answer.decidedBy
        let der = try fields.base64("der")
        guard Digest32(of: der) == statement.certificate, let certificate = try? Certificate(der: der) else {
            throw .lied("The certificate is not the one that the statement names.")
        }
        self.certificate = certificate
        state = try Self.state(&fields)
        examined = RevocationEvidence(statement: answer.text, certificate: der, submission: answer.submission, votes: answer.votes)
            .result(charter, isWaiting: state == .requested, now: now, until: statement.expires)
        // Under the roster of now it must still amount to what the node says, unless people or documents have changed since.
        if state == .revoked, statement.rosterDigest == charter.roster.digest, case .success(let value) = examined, !value.isApproved {
            throw .lied("The node says that the certificate is revoked; the votes that it shows are too few.")
        }
    }
}
