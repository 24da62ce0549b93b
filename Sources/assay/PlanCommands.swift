import Approval
import ArgumentParser
import Basics
import Client
import Profiles

/// `assay plan`: what a file would change.
struct PlanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plan", abstract: "Show what a file would change of the documents in force. Changes nothing.",
        discussion: """
            The file says in YAML which authorities, profiles and approval policies there are; examples/manufacturer.yaml is one. \
            + comes, ~ changes, - goes.

            Example:
              assay plan examples/manufacturer.yaml --as admin
            """)

    @Argument(help: "The file.")
    var file: String

    @Flag(help: "Documents in force that the file does not have go out of force.")
    var drop = false

    @OptionGroup var personal: PersonalOptions

    func run() async throws {
        try await working(personal) { session in
            let plan = try session.plan(try Manifest(yaml: try LocalFiles.read(file)), drop: drop)
            show(plan, against: session.roster)
            if !plan.isEmpty {
                say()
                say("Nothing was changed. To make it so: assay apply \(file.escaped)\(drop ? " --drop" : "")")
            }
            return plan.json(against: session.roster)
        }
    }
}

extension Plan {
    fileprivate func json(against roster: Roster) -> JSON {
        .object([
            "roster": .integer(roster.version), "isEmpty": .bool(isEmpty),
            "changes": .array(
                differences.map { difference in
                    .object(["document": .string(difference.label), "text": .array(difference.text.map { .string($0) })])
                }), "unchanged": .array(unchanged.map { .string($0) }), "kept": .array(kept.map { .string($0) }),
        ])
    }
}

private func show(_ plan: Plan, against roster: Roster) {
    say(plan.isEmpty ? "Nothing to change against roster version \(roster.version)." : "Against roster version \(roster.version):")
    for difference in plan.differences {
        say()
        for line in difference.text { say(line) }
        if difference.sign == .added, difference.label.hasPrefix("authority ") {
            say("      its key is made in custody, its certificate when the roster is signed")
        }
    }
    if !plan.unchanged.isEmpty { say("\nUnchanged: \(plan.unchanged.joined(separator: ", "))") }
    if !plan.kept.isEmpty { say("\nNot in the file, and left in force: \(plan.kept.joined(separator: ", "))") }
}

private func showBriefly(_ plan: Plan, against roster: Roster) {
    say("Against roster version \(roster.version):")
    for difference in plan.differences { say("  \(difference.text.first ?? difference.label)") }
}

/// `assay apply`: makes it so.
struct ApplyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Make what the file says the next version of the roster, signed by you.",
        discussion: """
            Custody makes the keys of new authorities, after asking; what their certificates will say comes back, is checked here against the file, \
            and is shown before you sign. Where the roster's quorum is two, another administrator signs too (`assay roster sign`).

            Example:
              assay apply examples/manufacturer.yaml --as admin
            """)

    @Argument(help: "The file.")
    var file: String

    @Flag(help: "Documents in force that the file does not have go out of force.")
    var drop = false

    @Flag(name: .shortAndLong, help: "Sign without asking.")
    var yes = false

    @OptionGroup var personal: PersonalOptions

    func run() async throws {
        try await working(personal) { session in
            let plan = try session.plan(try Manifest(yaml: try LocalFiles.read(file)), drop: drop)
            // Who says --yes has looked at the plan before.
            if plan.isEmpty || !yes { show(plan, against: session.roster) } else { showBriefly(plan, against: session.roster) }
            guard !plan.isEmpty else { return .object(["plan": plan.json(against: session.roster), "outcome": .null]) }
            let names = plan.needingKeys
            if !names.isEmpty {
                say()
                // What was made stays, and a token has only so much room.
                try confirm(
                    "Have custody make keys for \(names.map(\.description).joined(separator: ", "))? They stay there, whether you sign or not.",
                    assumingYes: yes)
            }
            let ready = try await session.ready(plan)
            for (name, tbs) in ready.certificates {
                say("\nThe certificate of authority \(name), as it will be signed:")
                show(Explanation(of: tbs))
            }
            say()
            try confirm("Sign this as roster version \(ready.proposal.roster.version)?", assumingYes: yes)
            let planned = plan.json(against: session.roster)
            let outcome = try await signAndTell(ready.proposal, &session)
            var certificates: [JSON] = []
            for (name, tbs) in ready.certificates where session.charter.documents.authorities[name]?.value.content == tbs.content {
                let certificate = try await session.authorityCertificate(name)
                say("Authority \(name) has its certificate, fingerprint")
                say("  \(certificate.fingerprint.hex)")
                certificates.append(.certificate(certificate))
            }
            return .object([
                "plan": planned, "outcome": .outcome(outcome), "certificates": .array(certificates),
            ])
        }
    }
}

/// A certificate's content in words.
func show(_ explanation: Explanation) { Facts(explanation).say() }

extension Facts {
    init(_ explanation: Explanation) {
        self.init()
        for line in explanation.lines { add(line.label, line.value) }
    }
}
