import Approval
import ArgumentParser
import Basics
import Client

/// `assay status`: the house at a glance.
struct Status: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show the house at a glance: who you are, what is in force, and what needs attention.",
        discussion: """
            Roster, rules and roles are taken from the chain that was verified on this machine.

            Example:
              assay status --as admin
            """)

    @OptionGroup var personal: PersonalOptions

    func run() async throws {
        try await working(personal) { session in
            let status = try await session.status()
            let roster = session.roster
            var facts = Facts()
            let roles = roster.roles(of: session.handle).map(\.rawValue).joined(separator: ", ")
            facts.add("you", "\(session.handle)" + (roles.isEmpty ? "" : ": \(roles)"))
            facts.add("house", "\(session.charter.instance)")
            facts.add("pin", session.charter.pin.base64)
            facts.add("node", "\(status.node) at \(session.identity.address), Assay \(status.software.escaped)")
            facts.add("custody", status.custody.escaped)
            let administrators = roster.administrators.count
            let people = roster.people.count
            facts.add(
                "roster",
                "version \(roster.version), \(people) \(people == 1 ? "person" : "people"), \(administrators) administrator\(administrators == 1 ? "" : "s"), quorum \(roster.quorum)"
            )
            let documents = session.charter.documents
            facts.add("authorities", Self.names(documents.authorities.keys))
            facts.add("profiles", Self.names(documents.profiles.keys))
            facts.add("open requests", "\(status.openRequests)")
            facts.add("ledger", "\(status.size) entries, \(roster.log.name.escaped)")
            facts.say(indent: 0)
            say()
            if administrators < 2 {
                warn("One administrator: the two-person rule is not in force for the roster. That person alone can change everything.")
            } else {
                say("The two-person rule is in force for the roster: every change takes \(roster.quorum) administrators.")
            }
            for (name, policy) in documents.approvals.sorted(by: { $0.key < $1.key }) where policy.value.quorum < 2 {
                warn("Approval policy \(name) asks for one person only.")
            }
            // The node says some of the same in its own words.
            for warning in status.warnings where !warning.contains("two-person") && !warning.contains("one person only") {
                warn(warning.escaped)
            }
            return .object([
                "you": .string(session.handle.description), "roles": .array(roster.roles(of: session.handle).map { .string($0.rawValue) }),
                "instance": .string(session.charter.instance.description), "pin": .string(session.charter.pin.base64),
                "node": .string(status.node.description), "address": .string("\(session.identity.address)"),
                "software": .string(status.software), "custody": .string(status.custody), "roster": .integer(roster.version),
                "people": .count(people), "administrators": .count(administrators), "quorum": .count(roster.quorum),
                "authorities": .names(documents.authorities.keys.sorted()), "profiles": .names(documents.profiles.keys.sorted()),
                "openRequests": .integer(status.openRequests), "size": .integer(status.size), "origin": .string(roster.log.name),
                "time": .seconds(status.time), "twoPersonRule": .bool(administrators >= 2),
                "warnings": .array(status.warnings.map { .string($0) }),
            ])
        }
    }

    private static func names(_ names: some Collection<Handle>) -> String {
        names.isEmpty ? "none yet" : names.sorted().map(\.description).joined(separator: ", ")
    }
}
