import Approval
import ArgumentParser
import Basics
import Client

/// `assay allowance …`: what machines may draw.
struct AllowanceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "allowance", abstract: "Let a machine have a number of certificates within a window, under two people's votes.",
        discussion: """
            Example:
              assay allowance open --machine line-3.machine --name line-3 --profile device-identity --number 100 --until 2027-01-01 --as officer-3
              assay allowance show ID --as officer-1
              assay allowance approve ID --as officer-1
            """,
        subcommands: [
            Open.self, List.self, ShowVoted<AllowanceReport>.self, ApproveVoted<AllowanceReport>.self, RejectVoted<AllowanceReport>.self,
            Close.self,
        ])
}

extension AllowanceCommand {
    struct Open: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ask for an allowance; others vote on it.",
            discussion: """
                Compare the key that is shown with the one that the machine shows.

                Example:
                  assay allowance open --machine line-3.machine --name line-3 --profile device-identity --number 100 --until 2027-01-01 --as officer-3
                """)

        @Option(help: ArgumentHelp("The machine's public key, as `assay machine enroll` wrote it.", valueName: "file"))
        var machine: String

        @Option(help: ArgumentHelp("What the machine is called.", valueName: "name"))
        var name: Handle

        @Option(help: ArgumentHelp("The profile.", valueName: "name"))
        var profile: Handle

        @Option(help: ArgumentHelp("How many certificates at most.", valueName: "count"))
        var number: Int64

        @Option(help: ArgumentHelp("When the window begins, 2026-11-25T07:00:00Z or 2026-11-25; now unless said.", valueName: "time"))
        var from: UTCTime?

        @Option(help: ArgumentHelp("When the window ends, at most 366 days from now.", valueName: "time"))
        var until: UTCTime

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            try await working(personal) { session in
                let key = try MachineKey.read(try LocalFiles.read(machine))
                let report = try await session.open(
                    AllowanceWish(machine: key, name: name, profile: profile, number: number, from: from, until: until))
                report.show()
                say()
                say("Next: two others look and decide: assay allowance show \(report.id)")
                return report.json
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List allowances, newest first.",
            discussion: """
                Example:
                  assay allowance list --state open --as officer-1
                """)

        @Option(help: ArgumentHelp("Only those that are requested, open, rejected or closed.", valueName: "state"))
        var state: AllowanceState?

        @OptionGroup var pages: PageOptions

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            try await listing(
                "allowances", pages, personal, Table("allowance", "state", "machine", "profile", "drawn", "until"),
                page: { session, paging throws(Problem) in try await session.allowances(state, paging) },
                cells: { one in
                    let statement = one.statement
                    return [
                        one.id.description, one.state.rawValue, statement.machine.name.description, statement.profile.name.description,
                        "\(one.drawn) of \(statement.number)", statement.until.description,
                    ]
                }, json: \.json)
        }
    }

    struct Close: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "End an open allowance at once, for ever. One officer is enough.",
            discussion: """
                What was drawn stays valid.

                Example:
                  assay allowance close 01930f3e-0000-7000-8000-0000000000a1 --reason "line 3 was moved" --as officer-1
                """)

        @Argument(help: "The allowance's id.")
        var id: ID

        @Option(help: ArgumentHelp("Why, in one line.", valueName: "text"))
        var reason: String?

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            try await working(personal) { session in
                let after = try await session.close(id, reason: reason)
                say("The allowance is \(after.state.rawValue): \(after.drawn) of \(after.statement.number) were drawn.")
                return after.json
            }
        }
    }
}

extension AllowanceState: ExpressibleByArgument {}

extension AllowanceReport: CommandedReport {
    static var words: VotedWords {
        VotedWords(
            name: "an allowance", example: "01930f3e-0000-7000-8000-0000000000a1",
            showing: (
                "Show what a machine may have, and who has voted.",
                "Everything but the count is computed here, from the statement that people vote on."
            ),
            approving: (
                "Approve an allowance; the last approval that is needed opens it.", nil,
                "Approve this? The machine can then draw without asking anybody."
            ),
            reason: "no such order")
    }

    var gist: String { "\(statement.number) certificates under profile \(statement.profile.name) for machine \(statement.machine.name)" }

    var outcome: [String]? { state == .open ? ["Approved. The allowance is open."] : nil }

    func show() {
        say("Allowance \(id): \(state.rawValue)")
        say()
        var facts = Facts()
        facts.add("Machine", "\(statement.machine.name), key \(statement.machine.key)")
        facts.add(
            "May have",
            "\(statement.number) certificates under profile \(statement.profile.name), of authority \(statement.authority.name)")
        facts.add("Window", "from \(statement.from) until \(statement.until), at node \(statement.node)")
        if state == .open || state == .closed { facts.add("Drawn", "\(drawn), the node says") }
        if let decidedBy { facts.add(state == .closed ? "Closed by" : "Decided by", decidedBy.escaped) }
        facts.add(votesOn: self)
        facts.say()
    }
}
