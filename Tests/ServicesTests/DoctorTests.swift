import Approval
import Basics
import Foundation
import Node
import PKIX
import Testing

@Suite("The doctor")
struct DoctorTests {
    /// What was done to a stopped house, and what the doctor says of it.
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let name: String
        let level: Doctor.Finding.Level
        let says: String
        let harm: @Sendable (AttackBench) throws -> Void

        init(
            _ what: String, _ name: String, _ level: Doctor.Finding.Level, _ says: String,
            _ harm: @escaping @Sendable (AttackBench) throws -> Void
        ) {
            testDescription = what
            self.name = name
            self.level = level
            self.says = says
            self.harm = harm
        }
    }

    private static func chmod(_ path: String, _ mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    static let cases: [Case] = [
        Case("nothing", "permissions", .ok, "its owner's alone") { _ in },
        Case("nothing", "custody", .warn, "plain file; the node was stopped in order") { _ in },
        Case("nothing", "database", .ok, "entries, schema as it should be") { _ in },
        Case("nothing", "two-person rule", .warn, "one administrator") { _ in },
        Case("a clock that stands still", "flush", .warn, "No disk is that fast") { _ in },
        Case("nothing", "clock", .ok, "behind the last entry") { _ in },
        Case("a clock that was set back", "clock", .fail, "lies before the last entry") { $0.test.clocks.pass(seconds: -86_400) },
        Case("a clock that is ahead", "clock", .warn, "more than a day ago") { $0.test.clocks.pass(seconds: 90_000) },
        Case("a database that all may read", "permissions", .fail, "assay.db is open to others (644)") { try chmod($0.database, 0o644) },
        Case("a directory that all may enter", "permissions", .fail, "is open to others (755)") { try chmod($0.test.paths.data, 0o755) },
        Case("a link", "permissions", .fail, "is a link") { bench in
            try FileManager.default.createSymbolicLink(atPath: bench.test.paths.data + "/link", withDestinationPath: "/etc")
        },
        Case("a custody that all may enter", "custody", .fail, "chmod") { try chmod($0.test.paths.custody, 0o755) },
        Case("no master key", "custody", .fail, "master.key") {
            try FileManager.default.removeItem(atPath: $0.test.paths.custody + "/master.key")
        },
        Case("no anchor", "custody", .fail, "anchor") { try FileManager.default.removeItem(atPath: $0.test.paths.custody + "/anchor") },
        Case("an anchor that does not end in order", "custody", .warn, "ended without its last line") { bench in
            let path = bench.test.paths.custody + "/anchor"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let lines = text.split(separator: "\n").dropLast().joined(separator: "\n") + "\n"
            try lines.write(toFile: path, atomically: false, encoding: .utf8)
        },
        Case("no database", "database", .fail, "Nothing is at") { try FileManager.default.removeItem(atPath: $0.database) },
        Case("a file that is no database", "database", .fail, "not a database") {
            try Data(repeating: 0x41, count: 8192).write(to: URL(fileURLWithPath: $0.database))
        },
        Case("a trigger", "database", .fail, "trigger") {
            try $0.write("CREATE TRIGGER t AFTER INSERT ON vote BEGIN UPDATE request SET state = 'issued'; END")
        },
        Case("a database of a later program", "database", .fail, "later") { try $0.write("INSERT INTO migration VALUES ('999-later', 7)") },
        Case("no roster", "two-person rule", .fail, "cannot be read") { try $0.write("DELETE FROM roster") },
    ]

    @Test("What it finds, by name and level; it changes nothing", arguments: cases)
    func finds(_ one: Case) async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        try FileManager.default.removeItem(atPath: bench.old)
        try Self.chmod(bench.database, 0o600)
        try one.harm(bench)
        let before = try Self.contents(bench.test.paths.data)
        let findings = await Doctor(bench.test.paths, clocks: bench.test.clocks).examine()
        #expect(
            findings.contains { $0.name == one.name && $0.level == one.level && $0.text.contains(one.says) },
            "\(findings.map { "\($0.level) \($0.name): \($0.text)" })")
        // Whoever is told of something is told what to do.
        for finding in findings where finding.level != .ok { #expect(finding.advice != nil) }
        #expect(try Self.contents(bench.test.paths.data) == before)
    }

    private static func contents(_ path: String) throws -> [String: Data] {
        var found: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: path) where !name.hasSuffix("-shm") && !name.hasSuffix("-wal") {
            found[name] = FileManager.default.contents(atPath: path + "/" + name) ?? Data()
        }
        return found
    }

    @Test("It works beside a running node, and the node beside it")
    func running() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let findings = await Doctor(test.paths, clocks: test.clocks).examine()
        #expect(!findings.contains { $0.level == .fail }, "\(findings)")
        #expect(findings.contains { $0.name == "custody" && $0.text.contains("a node runs") })
        _ = try await test.submit(house)
        try await test.audit(house)
        try await house.services.ledger.stop()
        _ = await Doctor(test.paths, clocks: test.clocks).examine()
        try await (try await test.open()).services.ledger.stop()
    }

    @Test("Without a house there is nothing to look at")
    func nothing() async throws {
        let findings = await Doctor(HousePaths(data: "/nowhere/at/all"), clocks: SystemClocks()).examine()
        #expect(findings.map(\.level) == [.fail])
    }
}
