import Approval
import ArgumentParser
import Basics
import Client

/// `assay revocation …`: certificates that are taken back.
struct RevocationCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revocation", abstract: "Look at revocations, and decide on them. `assay certificate revoke` asks for one.",
        discussion: """
            Example:
              assay revocation show ID --as officer-1
              assay revocation approve ID --as officer-1
            """,
        subcommands: [List.self, Show.self, Approve.self, Reject.self])
}

extension RevocationReason: ExpressibleByArgument {}
extension RevocationState: ExpressibleByArgument {}

extension CertificateCommand {
    struct Revoke: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ask that a certificate be revoked, for ever; others vote on it.",
            discussion: """
                The votes are those that the certificate's profile asks for. With the last of them the certificate is revoked; after \
                key-compromise no certificate is issued for its key again, whoever asks.

                Reasons: unspecified, key-compromise, affiliation-changed, superseded, cessation-of-operation, privilege-withdrawn.

                Example:
                  assay certificate revoke 01930f3e-0000-7000-8000-000000000001 --reason key-compromise --as officer-3
                """)

        @Argument(help: "A request's id, or a fingerprint.")
        var which: String

        @Option(help: ArgumentHelp("Why.", valueName: "reason"))
        var reason: RevocationReason

        @Option(
            help: ArgumentHelp(
                "Since when it is not to be trusted, 2026-11-25T07:00:00Z or 2026-11-25; now unless said.", valueName: "time"))
        var since: UTCTime?

        @Option(help: ArgumentHelp("Its profile, where its authority issues under several.", valueName: "name"))
        var profile: Handle?

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            try await working(personal) { session in
                let certificate = try await find(which, session)
                let report = try await session.revoke(
                    RevocationWish(certificate: certificate.fingerprint, reason: reason, effective: since, profile: profile))
                show(report)
                say()
                say("Next: others look and decide: assay revocation show \(report.id)")
                return report.json
            }
        }
    }
}

extension RevocationCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List revocations, newest first.",
            discussion: """
                Example:
                  assay revocation list --state requested --as officer-1
                """)

        @Option(help: ArgumentHelp("Only those that are requested, revoked or rejected.", valueName: "state"))
        var state: RevocationState?

        @OptionGroup var pages: PageOptions

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            try await listing(
                "revocations", pages, personal, Table("revocation", "state", "reason", "certificate's subject"),
                page: { session, paging throws(Problem) in try await session.revocations(state, paging) },
                cells: { one in
                    [one.id.description, one.state.rawValue, one.statement.reason.rawValue, "\(one.certificate.tbs.subject)"]
                }, json: \.json)
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show which certificate is to be revoked, why, and who has voted.",
            discussion: """
                Everything is computed here, from the certificate and the statement that people vote on.

                Example:
                  assay revocation show 01930f3e-0000-7000-8000-0000000000b1 --as officer-1
                """)

        @Argument(help: "The revocation's id.")
        var id: ID

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            try await working(personal) { session in
                let report = try await session.revocation(id)
                show(report)
                return report.json
            }
        }
    }

    struct Approve: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Approve a revocation; the last approval that is needed revokes the certificate, for ever.",
            discussion: """
                Example:
                  assay revocation approve 01930f3e-0000-7000-8000-0000000000b1 --as officer-1
                """)

        @Argument(help: "The revocation's id.")
        var id: ID

        @Flag(name: .shortAndLong, help: "Sign without asking.")
        var yes = false

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            try await working(personal) { session in
                let report = try await session.revocation(id)
                show(report)
                try session.check(.approve, on: report)
                try confirm("Approve this? A revocation cannot be taken back.", assumingYes: yes)
                let after = try await session.vote(.approve, on: report)
                say()
                say(after.state == .revoked ? "Approved. The certificate is revoked." : "Approved. More approvals are needed.")
                return after.json
            }
        }
    }

    struct Reject: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Reject a revocation for good, or take your own back.",
            discussion: """
                Example:
                  assay revocation reject 01930f3e-0000-7000-8000-0000000000b1 --reason "the device is in use" --as officer-1
                """)

        @Argument(help: "The revocation's id.")
        var id: ID

        @Option(help: ArgumentHelp("Why, in one line.", valueName: "text"))
        var reason: String

        @Flag(name: .shortAndLong, help: "Sign without asking.")
        var yes = false

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            try await working(personal) { session in
                let reason = try Reason(reason, entropy: SystemEntropy())
                let report = try await session.revocation(id)
                show(report)
                try session.check(.reject, on: report)
                try confirm("Reject this? It is final.", assumingYes: yes)
                let after = try await session.vote(.reject, on: report, reason: reason)
                say()
                say("Rejected. The revocation is \(after.state.rawValue).")
                return after.json
            }
        }
    }
}

private func show(_ report: RevocationReport) {
    let statement = report.statement
    say("Revocation \(report.id): \(report.state.rawValue)")
    say()
    var facts = Facts()
    facts.add("Certificate", "\(report.certificate.tbs.subject)")
    facts.add("Fingerprint", statement.certificate.hex)
    facts.add("Serial", "\(statement.serial), of authority \(statement.authority.name)")
    facts.add("Reason", statement.reason.rawValue)
    facts.add("Since", statement.effective.description)
    if statement.reason == .keyCompromise {
        let hasTwo = report.certificate.tbs.value(of: .subjectAltPublicKeyInfo) != nil
        facts.add(hasTwo ? "Its keys" : "Its key", hasTwo ? "are never certified again, neither of them" : "is never certified again")
    }
    facts.add("Requester", statement.requester?.description ?? "nobody")
    facts.add(
        "Votes", "until \(statement.expires), as profile \(statement.profile.name) asks, under roster version \(statement.rosterVersion)")
    facts.add("Statement", statement.digest.base64)
    if let name = report.decidedBy { facts.add("Decided by", name.escaped) }
    switch report.examined {
    case .failure(let refusal):
        if report.state == .requested { facts.add("Refused", "\(refusal.code): \(refusal.detail)") }
    case .success(let examined):
        facts.add(
            "Approvals",
            "\(examined.approvers.count) of \(examined.needed)"
                + (examined.approvers.isEmpty ? "" : ": " + examined.approvers.map(\.description).joined(separator: ", ")))
        if let rejecter = examined.rejecter { facts.add("Rejected by", rejecter.description) }
    }
    facts.say()
}
