import Approval
import ArgumentParser
import Basics
import Client

extension RosterCommand {
    struct Sign: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Sign a roster that another administrator has proposed.",
            discussion: """
                What it changes is computed here, against your own verified copy, and shown before you sign. A new person's fingerprint \
                is shown too: compare it with what that person says.

                Example:
                  assay roster sign --as admin-2

                Whoever becomes an administrator by it is not known to the node yet, and signs a file that an administrator has exported:
                  assay roster sign --file proposal.json --as admin-2
                """)

        @Argument(help: "Which one: the beginning of its hash in hexadecimal. Not needed when there is one.")
        var hash: String?

        @Option(
            help: ArgumentHelp("A file from `assay roster export`; your signature is added to it, and nothing is sent.", valueName: "file"))
        var file: String?

        @Flag(name: .shortAndLong, help: "Sign without asking.")
        var yes = false

        @OptionGroup var personal: PersonalOptions

        func validate() throws {
            guard hash == nil || file == nil else { throw ValidationError("Say either a hash or --file.") }
        }

        func run() async throws {
            if let file { return try await reporting(json: personal.output.json) { try sign(file: file) } }
            try await working(personal) { session in
                let proposal = try await find(hash, session)
                say("Proposed, and signed by \(proposal.signers.map(\.description).joined(separator: ", ")):")
                show(proposal)
                try confirm("Sign this as roster version \(proposal.roster.version)?", assumingYes: yes)
                let outcome = try await signAndTell(proposal, &session)
                return .object(["proposal": .proposal(proposal), "outcome": .outcome(outcome)])
            }
        }

        private func sign(file path: String) throws -> JSON {
            let folder = try personal.folder()
            let file = try ProposalFile(
                parsing: try LocalFiles.read(path, limit: ProposalFile.sizeLimit), for: folder, clocks: SystemClocks())
            say("Proposed, and signed by \(file.proposal.signers.map(\.description).joined(separator: ", ")):")
            show(file.proposal)
            try confirm("Sign this as roster version \(file.proposal.roster.version)?", assumingYes: yes)
            let signed = try file.signed(by: try personal.keys())
            try LocalFiles.write(path, signed.octets)
            say("Your signature is in \(path.escaped). Give it back to an administrator, who runs: assay roster submit \(path.escaped)")
            return .object(["proposal": .proposal(file.proposal), "file": .string(path)])
        }
    }

    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a proposed roster to a file, for somebody to sign whom the node does not know yet.",
            discussion: """
                Example:
                  assay roster export --out proposal.json --as admin
                """)

        @Argument(help: "Which one: the beginning of its hash in hexadecimal. Not needed when there is one.")
        var hash: String?

        @Option(help: ArgumentHelp("Where it goes.", valueName: "file"))
        var out: String

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            try await working(personal) { session in
                let proposal = try await find(hash, session)
                try LocalFiles.write(out, session.file(of: proposal).octets)
                say(
                    "\(out.escaped) has roster version \(proposal.roster.version) as proposed. Still to sign: "
                        + proposal.missing.map(\.description).joined(separator: ", "))
                return .object(["proposal": .proposal(proposal), "file": .string(out), "missing": .names(proposal.missing)])
            }
        }
    }

    struct Submit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Hand in a proposed roster from a file, with the signatures in it.",
            discussion: """
                Example:
                  assay roster submit proposal.json --as admin
                """)

        @Argument(help: "The file.")
        var file: String

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            try await working(personal) { session in
                let octets = try LocalFiles.read(file, limit: ProposalFile.sizeLimit)
                let proposal = try ProposalFile(parsing: octets, for: session.folder, clocks: SystemClocks()).proposal
                show(proposal)
                let outcome = try await session.handIn(proposal)
                tell(outcome, session.roster)
                return .object(["proposal": .proposal(proposal), "outcome": .outcome(outcome)])
            }
        }
    }
}

/// The proposal whose hash begins so; the only one when nothing is said.
private func find(_ hash: String?, _ session: Session) async throws(Problem) -> RosterProposal {
    let all = try await session.proposals()
    let wanted = all.filter { one in hash.map { one.digest.hex.hasPrefix($0) } ?? true }
    guard let (_, found) = wanted.first, wanted.count == 1 else {
        throw Problem(
            .notFound, "roster.proposal-not-found", title: wanted.isEmpty ? "There is no such proposal" : "Which proposal?",
            detail: all.isEmpty
                ? "Nothing waits for signatures." : "Waiting: \(all.map { String($0.digest.hex.prefix(16)) }.joined(separator: ", ")).")
    }
    return try found.get()
}
