import Approval
import Basics
import Client

/// Signs a proposal that was shown, hands it in, and says what became of it.
func signAndTell(_ proposal: RosterProposal, _ session: inout Session) async throws {
    switch try await session.sign(proposal) {
    case .accepted(let version, let warnings):
        say("Roster version \(version) is in force.")
        for warning in warnings { say("! \(warning.escaped)") }
    case .proposed(let digest, let missing, let others):
        say(
            "You have signed. \(missing) more signature\(missing == 1 ? " is" : "s are") needed before it comes into force, by: "
                + others.map(\.description).joined(separator: ", ") + ".")
        for other in others { say("  assay roster sign \(digest.hex.prefix(16)) --as \(other)") }
    }
}

/// Shows what a proposal changes.
func show(_ proposal: RosterProposal) {
    for line in proposal.difference { say("  \(line)") }
}
