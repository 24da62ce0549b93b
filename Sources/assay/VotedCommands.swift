import Approval
import ArgumentParser
import Basics
import Client

/// How the program speaks of one kind of voted statement. The commands that look at one and vote on it are the same for every kind.
protocol CommandedReport: VotedReport {
    static var words: VotedWords { get }

    /// In plain words, and who has voted.
    func show()
    /// What it is about, in one line, for who has looked before and says --yes.
    var gist: String { get }
    /// What was done when this was approved for the last time; nil while more approvals are needed.
    var outcome: [String]? { get }
    var json: JSON { get }
}

/// What the help of these commands says about a kind.
struct VotedWords {
    /// `an allowance`
    let name: String
    /// An id, for examples.
    let example: String
    /// What `show` does, and on what it rests.
    let showing: (abstract: String, discussion: String)
    /// What approving means, and what is asked before it.
    let approving: (abstract: String, discussion: String?, question: String)
    /// How a reason may read.
    let reason: String

    /// What is to be said, and how the command is called.
    func discussion(_ text: String?, _ command: String, _ arguments: String = "") -> String {
        let noun = name.split(separator: " ").last.map(String.init) ?? name
        let example = "Example:\n  assay \(noun) \(command) \(example)\(arguments) --as officer-1"
        return text.map { $0 + "\n\n" + example } ?? example
    }
}

struct ShowVoted<Report: CommandedReport>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "show", abstract: Report.words.showing.abstract,
            discussion: Report.words.discussion(Report.words.showing.discussion, "show"))
    }

    @Argument(help: ArgumentHelp("The \(Report.noun)'s id."))
    var id: ID

    @OptionGroup var personal: PersonalOptions

    func run() async throws {
        try await working(personal) { session in
            let report: Report = try await session.look(at: id)
            report.show()
            return report.json
        }
    }
}

struct ApproveVoted<Report: CommandedReport>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "approve", abstract: Report.words.approving.abstract,
            discussion: Report.words.discussion(Report.words.approving.discussion, "approve"))
    }

    @Argument(help: ArgumentHelp("The \(Report.noun)'s id."))
    var id: ID

    @OptionGroup var signing: SigningOptions

    @OptionGroup var personal: PersonalOptions

    func run() async throws {
        try await working(personal) { session in
            let after: Report = try await cast(.approve, on: id, session, signing, asking: Report.words.approving.question)
            if let outcome = after.outcome {
                for line in outcome { say(line) }
            } else if case .success(let examined) = after.examined {
                say(
                    "Approved: \(examined.approvers.count) of \(examined.needed) approvals. The \(Report.noun) is \(after.state.rawValue).")
            } else {
                say("Approved. The \(Report.noun) is \(after.state.rawValue).")
            }
            return after.json
        }
    }
}

struct RejectVoted<Report: CommandedReport>: AsyncParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "reject", abstract: "Reject \(Report.words.name) for good, or take your own back.",
            discussion: Report.words.discussion(
                "The reason's words are kept beside the ledger; your vote commits to them.", "reject",
                " --reason \"\(Report.words.reason)\""))
    }

    @Argument(help: ArgumentHelp("The \(Report.noun)'s id."))
    var id: ID

    @Option(help: ArgumentHelp("Why, in one line.", valueName: "text"))
    var reason: String

    @OptionGroup var signing: SigningOptions

    @OptionGroup var personal: PersonalOptions

    func run() async throws {
        try await working(personal) { session in
            let reason = try Reason(reason, entropy: SystemEntropy())
            let after: Report = try await cast(.reject, on: id, session, signing, reason, asking: "Reject this? It is final.")
            say("Rejected. The \(Report.noun) is \(after.state.rawValue).")
            return after.json
        }
    }
}

/// Whether a vote is signed without asking.
struct SigningOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Sign without asking.")
    var yes = false
}

/// Looks, shows, asks, and votes.
private func cast<Report: CommandedReport>(
    _ decision: Vote.Decision, on id: ID, _ session: Session, _ signing: SigningOptions, _ reason: Reason? = nil, asking question: String
) async throws -> Report {
    let report: Report = try await session.look(at: id)
    if signing.yes {
        say("\(Report.noun.prefix(1).uppercased() + Report.noun.dropFirst()) \(report.id)")
        say("  \(report.gist)")
        say("  statement \(report.statement.digest)")
    } else {
        report.show()
    }
    try session.check(decision, on: report)
    try confirm(question, assumingYes: signing.yes)
    let after = try await session.vote(decision, on: report, reason: reason)
    say()
    return after
}

extension Facts {
    /// Who asks, until when people vote, and how far they are.
    /// - Parameter rule: whose approval policy decides, where that is not the statement's own profile as it stands.
    mutating func add(votesOn report: some VotedReport, rule: String? = nil) {
        let statement = report.statement
        add("Requester", statement.requester?.description ?? "nobody")
        add("Votes", "until \(statement.expires), \(rule.map { $0 + ", " } ?? "")under roster version \(statement.rosterVersion)")
        add("Statement", statement.digest.base64)
        switch report.examined {
        case .failure(let refusal):
            if report.isWaiting { add("Refused", "\(refusal.code): \(refusal.detail)") }
        case .success(let examined):
            add(
                "Approvals",
                "\(examined.approvers.count) of \(examined.needed)"
                    + (examined.approvers.isEmpty ? "" : ": " + examined.approvers.map(\.description).joined(separator: ", ")))
            if let rejecter = examined.rejecter { add("Rejected by", rejecter.description) }
        }
    }
}

extension VotedReport {
    fileprivate var isWaiting: Bool { state == Self.waiting }
}
