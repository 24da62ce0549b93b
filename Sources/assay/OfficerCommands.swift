import Approval
import ArgumentParser
import Basics
import Client

/// `assay officer …`: people come and go.
struct OfficerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "officer", abstract: "Let people in, and out.",
        discussion: """
            Example:
              assay officer add officer-1 --role registration-officer --as admin
              assay login assay-code-… --as officer-1          (at that person's machine)
              assay officer confirm officer-1 --fingerprint XXXX-XXXX-XXXX-XXXX --as admin
            """,
        subcommands: [Add.self, List.self, Confirm.self, Remove.self])
}

extension OfficerCommand {
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Invite a person: a one-time code, good for a day.",
            discussion: """
                The roles are noted in your own folder and used when you confirm the person. They are: administrator, \
                registration-officer.

                Example:
                  assay officer add officer-1 --role registration-officer --as admin
                """)

        @Argument(help: "The person's handle: 1 to 32 of a-z, 0-9 and -; a staff number where names are sensitive.")
        var name: Handle

        @Option(name: .customLong("role"), help: ArgumentHelp("What the person may do; may be repeated.", valueName: "role"))
        var roles: [Role]

        @OptionGroup var personal: PersonalOptions

        func validate() throws {
            guard !roles.isEmpty else {
                throw ValidationError("Say what the person may do: --role registration-officer, or --role administrator.")
            }
        }

        func run() async throws {
            try await working(personal) { session in
                let (code, expires) = try await session.invite(name, roles: roles)
                say("\(name) is invited as \(roles.map(\.rawValue).joined(separator: " and ")). The code is good once, until \(expires):")
                say()
                say("  \(code.text)")
                say()
                say("Give it to that person, who runs: assay login CODE --as \(name)")
                say("Then ask for the fingerprint: assay officer confirm \(name) --fingerprint …")
                return .object([
                    "handle": .string(name.description), "roles": .array(roles.map { .string($0.rawValue) }), "code": .string(code.text),
                    "expires": .seconds(expires),
                ])
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the people in the roster, and those who are invited.",
            discussion: """
                Example:
                  assay officer list --as admin
                """)

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            try await working(personal) { session in
                let roster = session.roster
                var table = Table("person", "state", "roles")
                var people: [JSON] = []
                func add(_ handle: Handle, _ state: String, _ roles: [Role]) {
                    people.append(
                        .object([
                            "handle": .string(handle.description), "state": .string(state),
                            "roles": .array(roles.map { .string($0.rawValue) }),
                        ]))
                }
                for person in roster.people {
                    add(person, "enrolled", roster.roles(of: person))
                    table.add(person.description, "in force", roster.roles(of: person).map(\.rawValue).joined(separator: ", "))
                }
                if roster.administrators.contains(session.handle) {
                    let pending = try session.folder.pending()
                    try await session.each(session.invitations) { invitation throws(Problem) in
                        guard !roster.people.contains(invitation.handle) else { return }
                        add(invitation.handle, invitation.state, pending[invitation.handle] ?? [])
                        let state = invitation.state == "pending" ? "sent keys, to be confirmed" : "invited until \(invitation.expires)"
                        table.add(
                            invitation.handle.description, state, (pending[invitation.handle] ?? []).map(\.rawValue).joined(separator: ", ")
                        )
                    }
                }
                table.say()
                return .object(["people": .array(people)])
            }
        }
    }

    struct Confirm: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a person who has sent keys into the next roster.",
            discussion: """
                The fingerprint is what that person tells you, on the phone or at your desk: it is what keeps somebody else's keys out.

                Example:
                  assay officer confirm officer-1 --fingerprint Y9SF-JGSV-1PFG-D8MT --as admin
                """)

        @Argument(help: "The person's handle.")
        var name: Handle

        @Option(help: ArgumentHelp("As that person says it.", valueName: "XXXX-XXXX-XXXX-XXXX"))
        var fingerprint: String

        @Option(
            name: .customLong("role"), help: ArgumentHelp("Instead of the roles said at `officer add`; may be repeated.", valueName: "role")
        )
        var roles: [Role] = []

        @Flag(name: .shortAndLong, help: "Sign without asking.")
        var yes = false

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            try await working(personal) { session in
                let proposal = try await session.confirmation(of: name, fingerprint: fingerprint, roles: roles.isEmpty ? nil : roles)
                show(proposal)
                try confirm("Sign this as roster version \(proposal.roster.version)?", assumingYes: yes)
                let outcome = try await signAndTell(proposal, &session)
                if session.roster.people.contains(name) { try session.forgetInvitation(of: name) }
                return .object(["proposal": .proposal(proposal), "outcome": .outcome(outcome)])
            }
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take a person out of the roster: no login, no vote, from then on.",
            discussion: """
                Votes of that person count no more from then on. What carries them is listed: open requests, allowances and \
                revocations; --close ends all of it in the same act, open allowances too, from which machines could draw on otherwise.

                Example:
                  assay officer remove officer-1 --close --as admin
                """)

        @Argument(help: "The person's handle.")
        var name: Handle

        @Flag(help: "End what carries that person's votes.")
        var close = false

        @Flag(name: .shortAndLong, help: "Sign without asking.")
        var yes = false

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            try await working(personal) { session in
                let proposal = try session.removal(of: name)
                show(proposal)
                let carrying = try await session.carrying(votesOf: name)
                for (what, id) in carrying {
                    say("    their vote is on \(what) \(id)" + (close ? ", which will be closed" : ""))
                }
                try confirm("Sign this as roster version \(proposal.roster.version)?", assumingYes: yes)
                let outcome = try await signAndTell(proposal, closes: close, &session)
                return .object([
                    "proposal": .proposal(proposal), "outcome": .outcome(outcome),
                    "carrying": .array(carrying.map { .string($0.id.description) }),
                ])
            }
        }
    }
}
