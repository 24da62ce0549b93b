import Approval
import Basics
import Client

/// Signs a proposal that was shown, hands it in, and says what became of it.
@discardableResult
func signAndTell(
    _ proposal: RosterProposal, closes: Bool = false, _ session: inout Session
) async throws -> ProposalOutcome {
    let outcome = try await session.sign(proposal, closes: closes)
    tell(outcome, session.roster)
    return outcome
}

func tell(_ outcome: ProposalOutcome, _ roster: Roster) {
    switch outcome {
    case .accepted(let version, let warnings, let closed):
        say("Roster version \(version) is in force.")
        if !closed.isEmpty {
            say("Closed with it:")
            for id in closed { say("  \(id)") }
        }
        for warning in warnings { warn(warning.escaped) }
    case .proposed(let digest, let missing, let others):
        say(
            "You have signed. \(missing) more signature\(missing == 1 ? " is" : "s are") needed before it comes into force, by: "
                + others.map(\.description).joined(separator: ", ") + ".")
        let name = digest.hex.prefix(16)
        for other in others where roster.people.contains(other) { say("  assay roster sign \(name) --as \(other)") }
        // The node does not know them yet, so they sign a file.
        for other in others where !roster.people.contains(other) {
            say("\(other) is not in the roster yet, and signs a file:")
            say("  assay roster export \(name) --out proposal.json     then give it to \(other), who runs")
            say("  assay roster sign --file proposal.json --as \(other)     and gives it back")
            say("  assay roster submit proposal.json")
        }
    }
}

/// Shows what a proposal changes.
func show(_ proposal: RosterProposal) {
    for line in proposal.difference { say("  \(line)") }
}
