import ArgumentParser
import Basics
import Node

/// `assay doctor`
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Look whether a house is healthy: clock, disk, flushes, permissions, custody, database, the two-person rule.",
        discussion: """
            It reads the data directory, as the user that owns it, whether the node runs or not; it takes no lock, asks for no passphrase \
            and changes nothing. Exit status 1 when something would stop the node or has been open to others.

            Example:
              assay doctor --data ./var
            """)

    @Option(help: ArgumentHelp("The data directory.", valueName: "dir"))
    var data = "./var"

    @OptionGroup var output: OutputOptions

    func run() async throws {
        var isWell = true
        try await reporting(json: output.json) {
            let findings = await Doctor(HousePaths(data: data), clocks: SystemClocks()).examine()
            for finding in findings {
                let mark = finding.level.rawValue.padded(6) + finding.name.padded(17)
                for (index, line) in Lines.of(finding.text, width: Lines.width - mark.count).enumerated() {
                    say((index == 0 ? mark : String(repeating: " ", count: mark.count)) + line)
                }
                for line in finding.advice.map({ Lines.of($0, width: Lines.width - mark.count - 2) }) ?? [] {
                    say(String(repeating: " ", count: mark.count) + "→ " + line)
                }
            }
            isWell = !findings.contains { $0.level == .fail }
            return .object([
                "healthy": .bool(isWell),
                "findings": .array(
                    findings.map { finding in
                        .object([
                            "name": .string(finding.name), "level": .string(finding.level.rawValue), "text": .string(finding.text),
                            "advice": finding.advice.map { .string($0) } ?? .null,
                        ])
                    }),
            ])
        }
        if !isWell { throw ExitCode(1) }
    }
}
