import ArgumentParser
import Basics
import Client
import Foundation
import Wire

/// Writes a line to standard output, at once: whoever waits at the other end of a pipe gets it now.
/// Silent where the result is told as JSON.
func say(_ line: String = "") {
    if !Output.isJSON { write(line) }
}

/// Writes to standard output, also where the result is told as JSON.
func write(_ text: String, terminator: String = "\n") {
    try? FileHandle.standardOutput.write(contentsOf: Data((text + terminator).utf8))
}

/// Writes a line to standard error.
func complain(_ line: String) { try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8)) }

/// Runs a command's work. What it returns is its result for machines, so that no command can forget them; what it says on the way is for
/// people. A problem is told on standard error, with the next thing to try; exit status 1.
func reporting(json: Bool, _ work: () async throws -> JSON) async throws {
    try await telling(json: json) {
        tell(result: try await work())
    }
}

/// Tells a result where it is told as JSON.
func tell(result: JSON) {
    if Output.isJSON { write(String(decoding: result.canonicalBytes, as: UTF8.self)) }
}

/// The same for work that writes its result itself.
func telling(json: Bool, _ work: () async throws -> Void) async throws {
    try await Output.$isJSON.withValue(json) {
        do { try await work() } catch let problem as Problem {
            tell(problem)
            throw ExitCode(1)
        }
    }
}

func tell(_ problem: Problem) {
    if Output.isJSON { return complain(String(decoding: ProblemDocument(problem).json.canonicalBytes, as: UTF8.self)) }
    var title = "error \(problem.code): \(problem.title)"
    if let field = problem.field, !problem.detail.contains(field) { title += " (\(field))" }
    complain(title)
    for line in Lines.of(problem.detail) + Lines.of(Advice.next(after: problem)) { complain("  \(line)") }
}

/// A sentence that needs attention, behind a mark.
func warn(_ sentence: String) {
    for (index, line) in Lines.of(sentence).enumerated() { say((index == 0 ? "! " : "  ") + line) }
}

/// Text in lines of at most 80 columns where spaces allow it. The end of a line stands for the one space at which it was broken; all
/// other spaces stay: nothing that is shown loses a character. What stands between backquotes is one word: a command to be copied.
enum Lines {
    static let width = 80

    static func of(_ text: String, width: Int = width - 2) -> [String] {
        var lines: [String] = []
        for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var line = ""
            for word in words(paragraph) {
                let seen = word.count - word.reversed().prefix { $0 == " " }.count
                if !line.isEmpty, line.count + seen > width {
                    lines.append(String(line.dropLast()))
                    line = ""
                }
                line += word
            }
            lines.append(line)
        }
        return lines
    }

    /// Words, each with the spaces behind it.
    private static func words(_ text: Substring) -> [String] {
        var words: [String] = []
        var word = ""
        var quotes = text.count { $0 == "`" }
        var isQuoted = false
        for character in text {
            if character != " ", word.last == " ", !isQuoted {
                words.append(word)
                word = ""
            }
            if character == "`" {
                quotes -= 1
                isQuoted = !isQuoted && quotes > 0
            }
            word.append(character)
        }
        return words + [word]
    }
}

/// Labels and values, in two columns.
struct Facts {
    private var rows: [(label: String, value: String)] = []

    mutating func add(_ label: String, _ value: String) { rows.append((label, value)) }

    func say(indent: Int = 2) {
        let width = rows.map(\.label.count).max() ?? 0
        let column = indent + width + 3
        for row in rows {
            for (index, line) in Lines.of(row.value, width: Lines.width - column).enumerated() {
                let label = String(repeating: " ", count: indent) + (index == 0 ? row.label : "")
                // A hash in hexadecimal is not broken, but moved to the left as far as it must and can.
                assaySay(label.padded(max(label.count + 2, min(column, Lines.width - line.count))) + line)
            }
        }
    }
}

/// Rows under a head, columns aligned; one block for each row where the terminal is too narrow for that. Nothing is cut.
struct Table {
    private let head: [String]
    private var rows: [[String]] = []
    private var widths: [Int]
    private var hasSaid = false

    init(_ head: String...) {
        self.head = head.map { $0.uppercased() }
        widths = head.map(\.count)
    }

    mutating func add(_ cells: String...) { add(cells) }

    mutating func add(_ cells: [String]) { rows.append(cells) }

    var isEmpty: Bool { rows.isEmpty && !hasSaid }

    /// Says what was added, and forgets it: what comes later goes on below, in columns that are no narrower.
    mutating func say() {
        widths = widths.enumerated().map { column, width in
            rows.reduce(width) { max($0, column < $1.count ? $1[column].count : 0) }
        }
        if let terminal = Terminal.width, widths.reduce(2 * (widths.count - 1), +) > terminal {
            sayBlocks()
        } else {
            for row in (hasSaid ? [] : [head]) + rows {
                let line = zip(row, widths).map { $0.padded($1) }.joined(separator: "  ")
                assaySay(String(line.reversed().drop { $0 == " " }.reversed()))
            }
        }
        hasSaid = true
        rows = []
    }

    private func sayBlocks() {
        for (index, row) in rows.enumerated() {
            if index > 0 || hasSaid { assaySay("") }
            var facts = Facts()
            for (label, value) in zip(head, row) where !value.isEmpty { facts.add(label.lowercased(), value) }
            facts.say(indent: 0)
        }
    }
}

private func assaySay(_ line: String) { say(line) }

extension String {
    func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}

extension UTCTime {
    /// As people read it; a certificate without end says so.
    var shown: String { self == .never ? "no end" : description }
}

/// Asks before something is done that cannot be taken back.
/// - Throws: `client.not-confirmed` when nobody can be asked; a clean exit when the answer is no.
func confirm(_ question: String, assumingYes: Bool) throws {
    if assumingYes { return }
    guard let answer = Terminal.confirm(question) else {
        throw Problem(
            .invalid, "client.not-confirmed", title: "Nobody is there to confirm",
            detail: "There is no terminal to ask at. Look first, then repeat the command with --yes.")
    }
    guard answer else {
        complain("Nothing was signed.")
        throw ExitCode(1)
    }
}
