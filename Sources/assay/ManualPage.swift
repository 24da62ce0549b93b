import Basics

/// One command's manual page, in mdoc(7).
struct ManualPage {
    let command: CommandTree
    let date: UTCTime

    var name: String { command.path.joined(separator: "-") }
    var fileName: String { name + ".1" }

    var text: String {
        var lines = [
            ".Dd \(Self.date(date))", ".Dt \(name.uppercased()) 1", ".Os", ".Sh NAME", ".Nm \(name)",
            ".Nd " + Self.escaped(Self.withoutDot(command.abstract)), ".Sh SYNOPSIS", ".Nm \(command.path.joined(separator: " "))",
        ]
        lines += command.subcommands.isEmpty ? command.arguments.map(synopsis) : [".Ar command", ".Op Ar argument ..."]
        let (words, examples) = discussion
        lines.append(".Sh DESCRIPTION")
        lines += words.isEmpty ? [Self.escaped(command.abstract)] : words
        if !command.subcommands.isEmpty {
            lines += [".Pp", "The commands are:", ".Bl -tag -width Ds"]
            for below in command.subcommands {
                lines += [
                    ".It \(below.path.last ?? "")", Self.escaped(below.abstract), "See", ".Xr \(below.path.joined(separator: "-")) 1 .",
                ]
            }
            lines.append(".El")
        } else if !command.arguments.isEmpty {
            lines += [".Bl -tag -width Ds"]
            for argument in command.arguments { lines += [".It " + item(argument), Self.escaped(argument.abstract)] }
            lines.append(".El")
        }
        if command.arguments.contains(where: { $0.names.contains("--as") }) {
            lines += [
                ".Sh ENVIRONMENT", ".Bl -tag -width ASSAY_PASSPHRASE_FILE", ".It Ev ASSAY_AS", "Who you are, as", ".Fl Fl as .",
                ".It Ev ASSAY_HOME", "Where people's folders are, as", ".Fl Fl home .", ".It Ev ASSAY_PASSPHRASE_FILE",
                "A file whose first line is the passphrase.", ".El", ".Sh FILES", ".Bl -tag -width Ds", ".It Pa ~/.assay/NAME",
                "The folder of the person NAME: keys, and what was verified.", ".El",
            ]
        }
        lines += [
            ".Sh EXIT STATUS", ".Bl -tag -width Ds", ".It 0", "It was done.", ".It 1", "It was refused, or failed.", ".It 64",
            "The command was mistyped.", ".El",
        ]
        if !examples.isEmpty { lines += [".Sh EXAMPLES", ".Bd -literal"] + examples + [".Ed"] }
        if command.path.count > 1 {
            lines += [".Sh SEE ALSO", ".Xr \(command.path.dropLast().joined(separator: "-")) 1"]
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func synopsis(_ argument: CommandTree.Argument) -> String {
        let item = item(argument) + (argument.isRepeating ? " ..." : "")
        return argument.isOptional ? ".Op \(item)" : "." + item
    }

    private func item(_ argument: CommandTree.Argument) -> String {
        let value = argument.kind == .flag ? "" : " Ar " + Self.escaped(argument.value)
        guard argument.kind != .positional else { return "Ar " + Self.escaped(argument.value) }
        // The long name is what a reader looks for.
        let name = argument.names.first { $0.hasPrefix("--") } ?? argument.names.first ?? ""
        let flags = name.hasPrefix("--") ? "Fl Fl " + name.dropFirst(2) : "Fl " + name.dropFirst()
        return flags + value
    }

    /// The discussion's sentences, and its indented lines.
    private var discussion: (words: [String], examples: [String]) {
        var words: [String] = []
        var examples: [String] = []
        for line in command.discussion.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("  ") {
                examples.append(String(line.dropFirst(2)).replacing("\\", with: "\\e").replacing("-", with: "\\-"))
            } else if !line.isEmpty, line != "Example:" {
                if !words.isEmpty { words.append(".Pp") }
                words.append(Self.escaped(String(line)))
            }
        }
        return (words, examples)
    }

    /// Text that no macro is found in, each sentence on a line of its own.
    private static func escaped(_ text: String) -> String {
        let plain = text.replacing("\\", with: "\\e").replacing("-", with: "\\-")
        let sentences = plain.replacing(/([.:?]) (?=[A-Z`'(+])/) { "\($0.output.1)\n" }
        return sentences.split(separator: "\n").map { $0.hasPrefix(".") || $0.hasPrefix("'") ? "\\&" + $0 : String($0) }
            .joined(separator: "\n")
    }

    private static func withoutDot(_ text: String) -> String { text.hasSuffix(".") ? String(text.dropLast()) : text }

    private static func date(_ time: UTCTime) -> String {
        let months = [
            "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
        ]
        let calendar = time.calendar
        return "\(months[max(0, min(11, calendar.month - 1))]) \(calendar.day), \(calendar.year)"
    }
}
