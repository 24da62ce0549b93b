import ArgumentParser
import Node

@main
struct Assay: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "assay",
        abstract: "Certificate authorities and device identities, under two people's approval, with a ledger that proves it.",
        discussion: """
            Whatever is shown before you sign is computed here, from the bytes that will be signed; the node's words are only compared.

            Exit status: 0 when it was done, 1 when it was refused or failed, 64 when the command was mistyped.

            Begin with:
              assay login --new --as admin
              assay init --administrator admin.person
              assay serve
            """,
        version: House.software,
        groupedSubcommands: [
            CommandGroup(
                name: "House", subcommands: [Init.self, Serve.self, Custody.self, KeyCommand.self, Status.self, DoctorCommand.self]),
            CommandGroup(name: "People", subcommands: [Login.self, OfficerCommand.self, RosterCommand.self]),
            CommandGroup(
                name: "Document", subcommands: [PlanCommand.self, ApplyCommand.self, AuthorityCommand.self, BlocklistCommand.self]),
            CommandGroup(name: "Certificate", subcommands: [RequestCommand.self, CertificateCommand.self, RevocationCommand.self]),
            CommandGroup(name: "Machine", subcommands: [MachineCommand.self, AllowanceCommand.self]),
            CommandGroup(name: "Proof", subcommands: [VerifyCommand.self, LedgerCommand.self, EvidenceCommand.self]),
            CommandGroup(name: "Help", subcommands: [Completion.self, ManualCommand.self]),
        ])
}
