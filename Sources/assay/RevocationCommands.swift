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
        subcommands: [
            List.self, ShowVoted<RevocationReport>.self, ApproveVoted<RevocationReport>.self, RejectVoted<RevocationReport>.self,
        ])
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
                report.show()
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
}

extension RevocationReport: CommandedReport {
    static var words: VotedWords {
        VotedWords(
            name: "a revocation", example: "01930f3e-0000-7000-8000-0000000000b1",
            showing: (
                "Show which certificate is to be revoked, why, and who has voted.",
                "Everything is computed here, from the certificate and the statement that people vote on."
            ),
            approving: (
                "Approve a revocation; the last approval that is needed revokes the certificate, for ever.", nil,
                "Approve this? A revocation cannot be taken back."
            ),
            reason: "the device is in use")
    }

    var gist: String { "\(certificate.tbs.subject), \(statement.reason.rawValue)" }

    var outcome: [String]? { state == .revoked ? ["Approved. The certificate is revoked."] : nil }

    func show() {
        say("Revocation \(id): \(state.rawValue)")
        say()
        var facts = Facts()
        facts.add("Certificate", "\(certificate.tbs.subject)")
        facts.add("Fingerprint", statement.certificate.hex)
        facts.add("Serial", "\(statement.serial), of authority \(statement.authority.name)")
        facts.add("Reason", statement.reason.rawValue)
        facts.add("Since", statement.effective.description)
        if statement.reason == .keyCompromise {
            let hasTwo = certificate.tbs.value(of: .subjectAltPublicKeyInfo) != nil
            facts.add(hasTwo ? "Its keys" : "Its key", hasTwo ? "are never certified again, neither of them" : "is never certified again")
        }
        if let decidedBy { facts.add("Decided by", decidedBy.escaped) }
        facts.add(votesOn: self, rule: "as profile \(statement.profile.name) asks")
        facts.say()
    }
}
