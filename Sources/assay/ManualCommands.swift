import ArgumentParser
import Basics
import Client

/// `assay completion`
struct Completion: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a completion script for your shell: bash, zsh or fish.",
        discussion: """
            Example:
              assay completion bash > /etc/bash_completion.d/assay
              assay completion zsh > ~/.zfunc/_assay
              assay completion fish > ~/.config/fish/completions/assay.fish
            """)

    @Argument(help: "The shell.")
    var shell: Shell

    enum Shell: String, ExpressibleByArgument, CaseIterable { case bash, zsh, fish }

    func run() {
        let script =
            switch shell {
            case .bash: CompletionShell.bash
            case .zsh: CompletionShell.zsh
            case .fish: CompletionShell.fish
            }
        say(Assay.completionScript(for: script))
    }
}

/// `assay manual`
struct ManualCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual", abstract: "Write the manual pages, one for each command.",
        discussion: """
            They are made from the same words as --help.

            Example:
              assay manual --out /usr/local/share/man/man1
              man assay-request-submit
            """)

    @Option(help: ArgumentHelp("The folder.", valueName: "dir"))
    var out: String

    @OptionGroup var output: OutputOptions

    func run() async throws {
        try await reporting(json: output.json) {
            let pages = try CommandTree.ofProgram().all.map { ManualPage(command: $0, date: SystemClocks().now) }
            try LocalFiles.makeDirectory(out)
            for page in pages { try LocalFiles.write("\(out)/\(page.fileName)", Bytes(page.text.utf8)) }
            say("\(out.escaped): \(pages.count) pages. Read one with: man -l \(out.escaped)/assay.1")
            return .object(["folder": .string(out), "pages": .array(pages.map { .string($0.fileName) })])
        }
    }
}
