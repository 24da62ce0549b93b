import Approval
import Basics
import Client
import PKIX
import Profiles

/// A request as an officer sees it: from its bytes, in plain words.
extension RequestEvidence: CommandedReport {
    static var words: VotedWords {
        VotedWords(
            name: "a request", example: "01930f3e-0000-7000-8000-000000000001",
            showing: (
                "Show what will be issued, in plain words, and who has voted.",
                "Everything is computed here, from the bytes that people vote on; the node's own words must agree with it."
            ),
            approving: (
                "Approve a request: your vote on exactly what is shown.",
                "The last approval that is needed issues the certificate. Nobody approves their own request, and nobody twice.",
                "Approve this?"
            ),
            reason: "serial is not on the order")
    }

    var gist: String { "\(tbs.subject)" }

    var outcome: [String]? {
        certificate.map { certificate in
            [
                "Approved. The certificate is issued, fingerprint", "  \(certificate.fingerprint.hex)",
                "Next: assay certificate get \(id) --out FILE",
            ]
        }
    }

    func show() {
        say("Request \(id): \(state.rawValue)")
        say()
        var facts = Facts()
        facts.add("Requester", statement.requester?.description ?? "nobody")
        facts.add("Profile", "\(statement.profile.name), of authority \(statement.authority.name)")
        if case .success(let examined) = examined {
            facts.add(
                "Decided by",
                "\(examined.needed) of the role \(examined.policy.roles.map(\.rawValue).joined(separator: " or ")), not the requester (\(statement.policy.name))"
            )
        }
        facts.add("Open", "from \(statement.opened) until \(statement.expires)")
        facts.add("Roster", "version \(statement.rosterVersion)")
        facts.add("Statement", statement.digest.base64)
        facts.say()
        say()
        say(certificate == nil ? "What will be issued, computed here from the bytes:" : "What was issued, computed here from the bytes:")
        var content = Facts(Explanation(of: tbs))
        if let certificate { content.add("Fingerprint", certificate.fingerprint.hex) }
        content.say()
        showOwnWords(self)
        say()
        showVotes(self)
    }
}

/// What the request itself asked for, so that nobody takes it for what is issued.
private func showOwnWords(_ request: RequestEvidence) {
    guard let csr = try? CertificateRequest(der: request.csr, leniencies: Set(CertificateRequest.Leniency.allCases)),
        !csr.subject.rdns.isEmpty, csr.subject != request.tbs.subject
    else { return }
    say()
    say("Asked for in the CSR, and not taken:")
    var facts = Facts()
    facts.add("Subject", csr.subject.description)
    facts.say()
}

private func showVotes(_ request: RequestEvidence) {
    switch request.examined {
    case .failure(let refusal):
        say("This cannot be voted on: \(refusal.code)")
        say("  \(refusal.detail)")
    case .success(let examined):
        say("Votes: \(examined.approvers.count) of \(examined.needed) approvals" + (examined.rejecter == nil ? "" : ", and a rejection"))
        var facts = Facts()
        for vote in examined.votes {
            facts.add(vote.voter.description, "\(vote.decision == .approve ? "approved" : "rejected") \(vote.time)")
        }
        if let reason = request.reason { facts.add("Reason", reason.escaped) }
        for refusal in examined.void { facts.add("void", "a vote does not count: \(refusal.detail)") }
        facts.say()
    }
}
