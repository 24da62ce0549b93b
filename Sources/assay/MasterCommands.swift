import ArgumentParser
import Basics
import Client
import Foundation
import Node

/// Where the master key's passphrase comes from: a file, a systemd credential, or the terminal. Never an argument.
struct MasterOptions: ParsableArguments {
    @Option(help: ArgumentHelp("A file of mode 0600 whose first line is the master key's passphrase.", valueName: "file"))
    var masterPassphraseFile: String?

    /// The named file, else the systemd credential `assay-master` when there is one.
    private var source: PassphraseSource {
        let credential = ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"].map { $0 + "/assay-master" }
        let found = credential.flatMap { FileManager.default.fileExists(atPath: $0) ? $0 : nil }
        return PassphraseSource(file: masterPassphraseFile ?? found)
    }

    func passphrase() throws(Problem) -> Bytes {
        do { return try source.passphrase(asking: "Passphrase of the master key: ") } catch {
            guard error.code == "client.no-terminal" else { throw error }
            throw Problem(
                .invalid, "custody.sealed", title: "The master key is sealed, and nobody can be asked",
                detail: "Give its passphrase with --master-passphrase-file FILE, or as the systemd credential assay-master.")
        }
    }

    func newPassphrase() throws(Problem) -> Bytes { try source.newPassphrase(asking: "New passphrase for the master key: ") }
}

/// `assay custody`: what protects the keys of the house.
struct Custody: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Change what protects the master key.", subcommands: [Seal.self, Unseal.self])

    /// `assay custody seal`
    struct Seal: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Seal the master key under a passphrase, or change the passphrase.",
            discussion: """
                The house must be stopped. The key itself stays, and so does everything sealed under it; only its file is written anew. \
                Without the passphrase nothing of the house can be opened again: keep it in the safe, apart from the backup.

                Example:
                  assay custody seal --data ./var
                """)

        @Option(help: ArgumentHelp("The data directory.", valueName: "dir"))
        var data = "./var"

        @OptionGroup var master: MasterOptions

        @OptionGroup var output: OutputOptions

        @Option(help: ArgumentHelp("A file of mode 0600 whose first line is the new passphrase.", valueName: "file"))
        var newPassphraseFile: String?

        func run() async throws {
            ProcessHardening.apply()
            try await reporting(json: output.json) {
                let new = try PassphraseSource(file: newPassphraseFile).newPassphrase(asking: "New passphrase for the master key: ")
                let done = try HousePaths.protect(
                    HousePaths(data: data), .passphrase(new), passphrase: master.passphrase, entropy: SystemEntropy())
                say(done)
                return .object(["custody": .string(done)])
            }
        }
    }

    /// `assay custody unseal`
    struct Unseal: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the master key to a plain file again, so that the house starts without a passphrase.",
            discussion: """
                The house must be stopped.

                Example:
                  assay custody unseal --data ./var
                """)

        @Option(help: ArgumentHelp("The data directory.", valueName: "dir"))
        var data = "./var"

        @OptionGroup var master: MasterOptions

        @OptionGroup var output: OutputOptions

        func run() async throws {
            ProcessHardening.apply()
            try await reporting(json: output.json) {
                let done = try HousePaths.protect(
                    HousePaths(data: data), .plain, passphrase: master.passphrase, entropy: SystemEntropy())
                say(done)
                return .object(["custody": .string(done)])
            }
        }
    }
}
