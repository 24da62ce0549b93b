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

/// Where tokens' PINs come from: as the settings say. Never an argument, never the environment.
enum TokenPINs {
    static func read(_ place: PINPlace) throws(Problem) -> Bytes {
        switch place {
        case .file(let path): return try PassphraseSource(file: path).passphrase(asking: "")
        case .credential(let name):
            guard let directory = ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"] else {
                throw Problem(
                    .invalid, "custody.pin-missing", title: "The token's PIN is not there",
                    detail: "It is to be the systemd credential \(name.escaped), and this process has no credentials.")
            }
            return try PassphraseSource(file: "\(directory)/\(name)").passphrase(asking: "")
        case .prompt(let question):
            do { return try PassphraseSource(file: nil).passphrase(asking: question) } catch {
                guard error.code == "client.no-terminal" else { throw error }
                throw Problem(
                    .invalid, "custody.pin-missing", title: "The token's PIN is missing, and nobody can be asked",
                    detail: "Start where there is a terminal, or add the token again with --pin file:/PATH or --pin credential:NAME.")
            }
        }
    }
}

/// `assay custody`: where keys lie, and what protects them.
struct Custody: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Where keys lie: tokens (PKCS#11), and what protects the master key.",
        discussion: """
            Example:
              assay custody list --data ./var
            """, subcommands: [Add.self, List.self, Remove.self, Seal.self, Unseal.self])
}

extension Custody {
    /// `assay custody add`
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a token of a PKCS#11 module known to the house, under a name for authorities' documents.",
            discussion: """
                The house must be stopped. It logs in, says which keys the token makes, and has it make an AES key that never leaves it: \
                what the token cannot do itself is sealed under that key. An authority's document then says `custody: NAME`.

                Example:
                  assay custody add hsm --module /usr/lib/softhsm/libsofthsm2.so \\
                    --token assay --serial 5d2f8c1b7a3e9f04 --pin file:/etc/assay/hsm.pin
                """)

        @Argument(help: "The custody's name, such as hsm.")
        var name: String

        @Option(help: ArgumentHelp("The module's library, an absolute path.", valueName: "path"))
        var module: String

        @Option(help: ArgumentHelp("The token's label.", valueName: "label"))
        var token: String

        @Option(help: ArgumentHelp("The token's serial number; both must match, a slot's number is never used.", valueName: "serial"))
        var serial: String

        @Option(
            help: ArgumentHelp(
                "Where the PIN comes from: prompt, file:/PATH (mode 0600), credential:NAME (systemd), none.", valueName: "source"))
        var pin = "prompt"

        @Option(
            parsing: .singleValue,
            help: ArgumentHelp("Set for the module before it is loaded, such as SOFTHSM2_CONF=/etc/softhsm2.conf.", valueName: "name=value")
        )
        var environment: [String] = []

        @Option(help: ArgumentHelp("Sessions at a time, 1 to 256.", valueName: "number"))
        var sessions = 8

        @Option(help: ArgumentHelp("How long a signature may take, in seconds, 1 to 600.", valueName: "seconds"))
        var seconds = 10

        @OptionGroup var directory: DataOptions

        @OptionGroup var output: OutputOptions

        func run() async throws {
            ProcessHardening.apply()
            try await reporting(json: output.json) {
                var variables: [String: String] = [:]
                for pair in environment {
                    guard let equals = pair.firstIndex(of: "="),
                        variables.updateValue(String(pair[pair.index(after: equals)...]), forKey: String(pair[..<equals])) == nil
                    else {
                        throw Problem(
                            .invalid, "custody.environment-invalid", title: "The environment is not understood",
                            detail: "\(pair.escaped): NAME=VALUE is expected, each name once.", field: "environment")
                    }
                }
                let report = try await directory.paths.addToken(
                    name: name, module: module, environment: variables, label: token, serial: serial, pin: pin, sessions: sessions,
                    seconds: seconds, pin: TokenPINs.read, clocks: SystemClocks(), entropy: SystemEntropy())
                say("The house knows the token \(token.escaped) as the custody \(name.escaped).")
                var facts = Facts()
                facts.add("makes and signs", report.makes.isEmpty ? "nothing that Assay knows" : report.makes.joined(separator: ", "))
                facts.add(
                    "seals",
                    report.seals.isEmpty
                        ? "nothing: it has no CKM_AES_GCM" : report.seals.joined(separator: ", ") + " (software keys while in use)")
                facts.say()
                say()
                say("Next: write `custody: \(name.escaped)` in an authority's document; put the master key under the token as well:")
                say("  assay custody seal --under \(name.escaped) --data \(directory.data.escaped)")
                return .object([
                    "settings": report.settings, "makes": .array(report.makes.map { .string($0) }),
                    "seals": .array(report.seals.map { .string($0) }),
                ])
            }
        }
    }

    /// `assay custody list`
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the tokens that the house knows, and what protects the master key. Nothing is asked of any token.",
            discussion: """
                Example:
                  assay custody list --data ./var
                """)

        @OptionGroup var directory: DataOptions

        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await reporting(json: output.json) {
                let (master, tokens) = try directory.paths.custodies()
                say("The master key is \(master).")
                say()
                var table = Table("custody", "token", "serial", "module", "PIN")
                table.add("sealed", "(the database)", "", "", "")
                for token in tokens {
                    guard case .object(let members) = token else { continue }
                    func text(_ name: String) -> String { if case .string(let text)? = members[name] { text.escaped } else { "" } }
                    table.add(text("name"), text("label"), text("serial"), text("module"), text("pin"))
                }
                table.say()
                return .object(["master": .string(master), "tokens": .array(tokens)])
            }
        }
    }

    /// `assay custody remove`
    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Forget a token. Its keys stay in it; authorities whose keys lie there cannot sign any more.",
            discussion: """
                The house must be stopped.

                Example:
                  assay custody remove hsm --data ./var
                """)

        @Argument(help: "The custody's name.")
        var name: String

        @OptionGroup var directory: DataOptions

        @OptionGroup var output: OutputOptions

        func run() async throws {
            ProcessHardening.apply()
            try await reporting(json: output.json) {
                try directory.paths.removeToken(name: name)
                say("The house does not know the custody \(name.escaped) any more.")
                return .object(["removed": .string(name)])
            }
        }
    }

    /// `assay custody seal`
    struct Seal: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Seal the master key under a passphrase or under a token; change the passphrase.",
            discussion: """
                The house must be stopped. The key itself stays, and so does everything sealed under it; only its file is written anew. \
                Every seal and the anchor rest on the master key: without the passphrase, or the token, nothing of the house can be \
                opened again. Keep the passphrase in the safe, apart from the backup; keep a backup of the token.

                Example:
                  assay custody seal --data ./var
                  assay custody seal --under hsm --data ./var
                """)

        @OptionGroup var directory: DataOptions

        @Option(help: ArgumentHelp("The custody whose token is to seal it, instead of a passphrase.", valueName: "name"))
        var under: String?

        @OptionGroup var master: MasterOptions

        @OptionGroup var output: OutputOptions

        @Option(help: ArgumentHelp("A file of mode 0600 whose first line is the new passphrase.", valueName: "file"))
        var newPassphraseFile: String?

        func run() async throws {
            ProcessHardening.apply()
            try await reporting(json: output.json) {
                guard under == nil || newPassphraseFile == nil else {
                    throw Problem(
                        .invalid, "custody.two-seals", title: "The master key lies under one seal",
                        detail: "Give --under or --new-passphrase-file, not both.", field: "under")
                }
                let sealing: MasterSealing =
                    if let under { .token(under) } else {
                        .passphrase(
                            try PassphraseSource(file: newPassphraseFile).newPassphrase(asking: "New passphrase for the master key: "))
                    }
                let done = try await HousePaths.protect(
                    directory.paths, sealing, passphrase: master.passphrase, pin: TokenPINs.read, clocks: SystemClocks(),
                    entropy: SystemEntropy())
                for line in Lines.of(done) { say(line) }
                return .object(["custody": .string(done)])
            }
        }
    }

    /// `assay custody unseal`
    struct Unseal: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the master key to a plain file again, so that the house starts without a passphrase or a token.",
            discussion: """
                The house must be stopped.

                Example:
                  assay custody unseal --data ./var
                """)

        @OptionGroup var directory: DataOptions

        @OptionGroup var master: MasterOptions

        @OptionGroup var output: OutputOptions

        func run() async throws {
            ProcessHardening.apply()
            try await reporting(json: output.json) {
                let done = try await HousePaths.protect(
                    directory.paths, .plain, passphrase: master.passphrase, pin: TokenPINs.read, clocks: SystemClocks(),
                    entropy: SystemEntropy())
                for line in Lines.of(done) { say(line) }
                return .object(["custody": .string(done)])
            }
        }
    }
}
