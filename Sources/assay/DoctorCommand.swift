import ArgumentParser
import Basics
import Node

/// `assay doctor`
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look whether a house is healthy: clock, disk, flushes, permissions, custody, listener, database, keys, people.",
        discussion: """
            It reads the data directory, as the user that owns it, whether the node runs or not; it takes no lock, asks for no passphrase \
            and no PIN, and leaves everything as it was. What was not looked at is `unseen`, with the reason. Exit status 1 when something \
            would stop the node or has been open to others, or when it runs as another user.

            Example:
              assay doctor --data ./var
            """)

    @OptionGroup var directory: DataOptions

    @OptionGroup var output: OutputOptions

    func run() async throws {
        var isWell = true
        try await reporting(json: output.json) {
            let findings = await Doctor(directory.paths, clocks: SystemClocks()).examine()
            for finding in findings {
                let mark = finding.level.rawValue.padded(8) + finding.name.padded(17)
                let blank = String(repeating: " ", count: mark.count)
                for (index, line) in Lines.of(finding.text, width: Lines.width - mark.count).enumerated() {
                    say((index == 0 ? mark : blank) + line)
                }
                for (index, line) in Lines.of(finding.advice ?? "", width: Lines.width - mark.count - 2).enumerated() where !line.isEmpty {
                    say(blank + (index == 0 ? "→ " : "  ") + line)
                }
                // To be copied: on one line, however long.
                if let command = finding.command { say("\(blank)\(finding.advice == nil ? "→" : " ") \(command.escaped)") }
            }
            isWell = !findings.contains { $0.level == .fail }
            return .object([
                "healthy": .bool(isWell),
                "findings": .array(
                    findings.map { finding in
                        .object([
                            "name": .string(finding.name), "level": .string(finding.level.rawValue), "text": .string(finding.text),
                            "advice": finding.advice.map { .string($0) } ?? .null,
                            "command": finding.command.map { .string($0) } ?? .null,
                        ])
                    }),
            ])
        }
        if !isWell { throw ExitCode(1) }
    }
}
