import Approval
import Basics
import Client
import PKIX
import Profiles

/// A request as an officer sees it: from its bytes, in plain words.
func show(_ request: RequestEvidence) {
    let statement = request.statement
    say("Request \(request.id): \(request.state.rawValue)")
    say()
    var facts = Facts()
    facts.add("Requester", statement.requester?.description ?? "nobody")
    facts.add("Profile", "\(statement.profile.name), of authority \(statement.authority.name)")
    if case .success(let examined) = request.examined {
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
    say(
        request.certificate == nil ? "What will be issued, computed here from the bytes:" : "What was issued, computed here from the bytes:"
    )
    var content = Facts(Explanation(of: request.tbs))
    if let certificate = request.certificate { content.add("Fingerprint", certificate.fingerprint.hex) }
    content.say()
    showOwnWords(request)
    say()
    showVotes(request)
}

/// In two lines, for who has looked before and says --yes.
func showBriefly(_ request: RequestEvidence) {
    say("Request \(request.id)")
    say("  \(request.tbs.subject)")
    say("  statement \(request.statement.digest)")
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
