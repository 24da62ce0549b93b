import ArgumentParser
import Basics
import Client
import Foundation

/// Writes a line to standard output, at once: whoever waits at the other end of a pipe gets it now.
func say(_ line: String = "") { try? FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8)) }

/// Writes a line to standard error.
func complain(_ line: String) { try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8)) }

/// Runs a command's work. A problem is told on standard error, with the next thing to try; exit status 1.
func reporting(_ work: () async throws -> Void) async throws {
    do { try await work() } catch let problem as Problem {
        tell(problem)
        throw ExitCode(1)
    }
}

func tell(_ problem: Problem) {
    complain("error \(problem.code): \(problem.title)")
    if !problem.detail.isEmpty { complain("  \(problem.detail)") }
    complain("  \(Advice.next(after: problem))")
}

/// Labels and values, in two columns.
struct Facts {
    private var rows: [(label: String, value: String)] = []

    mutating func add(_ label: String, _ value: String) { rows.append((label, value)) }

    func say(indent: Int = 2) {
        let width = rows.map(\.label.count).max() ?? 0
        for row in rows {
            assaySay(String(repeating: " ", count: indent) + row.label.padded(width) + "   " + row.value)
        }
    }
}

/// Rows under a head, columns aligned.
struct Table {
    private var rows: [[String]]

    init(_ head: String...) { rows = [head.map { $0.uppercased() }] }

    mutating func add(_ cells: String...) { rows.append(cells) }

    var isEmpty: Bool { rows.count == 1 }

    func say() {
        let columns = rows.map(\.count).max() ?? 0
        let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
        for row in rows {
            let line = zip(row, widths).map { $0.padded($1) }.joined(separator: "   ")
            assaySay(String(line.reversed().drop { $0 == " " }.reversed()))
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
