import Approval
import Basics
import Foundation
import Glibc
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
        Case("nothing", "user", .ok, "owns") { _ in },
        Case("nothing", "listener", .unseen, "No node runs") { _ in },
        Case("nothing", "keys", .ok, "each has its record") { _ in },
        Case("nothing", "proofs", .unseen, "were not opened") { _ in },
        Case("nothing", "permissions", .ok, "its owner's alone") { _ in },
        Case("a file that even its owner may not write", "permissions", .fail, "assay.db has mode 400 instead of 600") {
            try chmod($0.database, 0o400)
        },
        Case("a directory that its owner may not list", "permissions", .fail, "custody has mode 300 instead of 700") {
            try chmod($0.test.paths.custody, 0o300)
        },
        Case("a socket among the files", "permissions", .fail, "is neither a file nor a directory") { bench in
            #expect(mkfifo(bench.test.paths.data + "/pipe", 0o600) == 0)
        },
        Case("an authority's key that is gone", "keys", .fail, "The key of authority") {
            try $0.write("DELETE FROM key WHERE name LIKE 'devices %'")
        },
        Case("the log's key gone", "keys", .fail, "the ledger's log is missing") { try $0.write("DELETE FROM key WHERE name = 'log'") },
        Case("a key said to lie elsewhere", "keys", .fail, "is to lie in the custody sealed") {
            try $0.write("UPDATE key SET sealed = x'02' WHERE name = 'log'")
        },
        Case("a document that is gone", "keys", .fail, "is missing") { try $0.write("DELETE FROM document") },
        Case("a token whose module is gone", "custody", .fail, "/nowhere/module.so, cannot be read") { bench in
            let settings = """
                {"tokens":[{"environment":{},"label":"t","module":"/nowhere/module.so","name":"hsm","pin":"none","sealingKey":null,"seconds":1,\
                "serial":"1","sessions":1}]}
                """
            let path = bench.test.paths.custody + "/tokens.json"
            try settings.write(toFile: path, atomically: false, encoding: .utf8)
            try chmod(path, 0o600)
        },
        Case("nothing", "custody", .warn, "plain file; the node was stopped in order") { _ in },
        Case("nothing", "database", .ok, "entries, schema as it should be") { _ in },
        Case("nothing", "two-person rule", .warn, "one administrator") { _ in },
        Case("a clock that stands still", "flush", .warn, "No disk is that fast") { _ in },
        Case("nothing", "clock", .ok, "behind the last entry") { _ in },
        Case("a clock that was set back", "clock", .fail, "lies before the last entry") { $0.test.clocks.pass(seconds: -86_400) },
        Case("a clock that is ahead", "clock", .warn, "more than a day ago") { $0.test.clocks.pass(seconds: 90_000) },
        Case("a database that all may read", "permissions", .fail, "assay.db is open to others (644)") { try chmod($0.database, 0o644) },
        Case("a directory that all may enter", "permissions", .fail, "is open to others (755)") { try chmod($0.test.paths.data, 0o755) },
        Case("a database that may be run", "permissions", .fail, "assay.db has mode 700 instead of 600") { try chmod($0.database, 0o700) },
        Case("a directory that is sticky", "permissions", .fail, "has mode 1700 instead of 700") { try chmod($0.test.paths.data, 0o1700) },
        Case("no anchor", "clock", .unseen, "see custody") {
            try FileManager.default.removeItem(atPath: $0.test.paths.custody + "/anchor")
        },
        Case("no database", "keys", .unseen, "cannot be read") { try FileManager.default.removeItem(atPath: $0.database) },
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
        Case("a database of a later program", "database", .fail, "later") { try $0.write("INSERT INTO migration VALUES ('999-later', 8)") },
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
        for finding in findings where [.warn, .fail].contains(finding.level) { #expect(finding.advice != nil) }
        #expect(try Self.contents(bench.test.paths.data) == before)
    }

    /// Everything below a directory: octets, modes, owners and times.
    private static func contents(_ path: String) throws -> [String: [String]] {
        var found: [String: [String]] = [:]
        for name in [""] + (try FileManager.default.subpathsOfDirectory(atPath: path)) {
            var status = stat()
            try #require(lstat(path + "/" + name, &status) == 0)
            let content = status.st_mode & S_IFMT == S_IFREG ? FileManager.default.contents(atPath: path + "/" + name) : nil
            let times = "\(status.st_mtim.tv_sec).\(status.st_mtim.tv_nsec)"
            found[name] = [Digest32(of: Bytes(content ?? Data())).hex, "\(status.st_mode)", "\(status.st_uid)", times]
        }
        return found
    }

    @Test("A house whose node was killed: looked at in a copy, and nothing of it changes")
    func killed() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        _ = try await test.submit(house)
        // As a power cut would leave it: with its log of pages, and nobody who has the lock.
        let copy = HousePaths(data: test.paths.data + "-killed")
        defer { try? FileManager.default.removeItem(atPath: copy.data) }
        try FileManager.default.copyItem(atPath: test.paths.data, toPath: copy.data)
        try await house.services.ledger.stop()
        try #require(FileManager.default.fileExists(atPath: copy.database + "-wal"))
        let before = try Self.contents(copy.data)
        let scratch = copy.data + "-scratch"
        defer { try? FileManager.default.removeItem(atPath: scratch) }
        try FileManager.default.createDirectory(atPath: scratch, withIntermediateDirectories: false)
        let findings = await Doctor(copy, clocks: test.clocks, scratch: scratch).examine()
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch).isEmpty)
        #expect(!findings.contains { $0.level == .fail }, "\(findings)")
        #expect(findings.contains { $0.name == "custody" && $0.text.contains("ended without its last line") })
        #expect(findings.contains { $0.name == "database" && $0.level == .ok })
        #expect(try Self.contents(copy.data) == before)
        // Where no copy can be made it was not looked at: that says nothing against the database.
        let nowhere = await Doctor(copy, clocks: test.clocks, scratch: scratch + "/nowhere").examine()
        for name in ["database", "keys", "two-person rule"] { #expect(nowhere.first { $0.name == name }?.level == .unseen, "\(name)") }
        #expect(!nowhere.contains { $0.level == .fail }, "\(nowhere)")
        #expect(try Self.contents(copy.data) == before)
    }

    @Test("A house that is founded and was never served")
    func founded() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/assay-doctor-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let clocks = TestClocks(TestHouse.start)
        let admin = try TestPerson("admin")
        let paths = HousePaths(data: folder + "/a house's data")
        let founding = try HouseFounding(
            paths, administrator: try admin.note(nil, at: clocks.now),
            names: .init(origin: "assay.example/ledger", node: try #require(Handle("node-1"))), now: clocks.now, entropy: SystemEntropy())
        _ = try await founding.finish(signed: try admin.sign(founding.roster.text))
        let before = try Self.contents(paths.data)
        let findings = await Doctor(paths, clocks: clocks).examine()
        #expect(findings.contains { $0.name == "custody" && $0.text.contains("no node has run on it yet") }, "\(findings)")
        #expect(!findings.contains { $0.level == .fail }, "\(findings)")
        // What is to be copied into a shell is quoted for it.
        #expect(findings.contains { $0.command == "assay custody seal --data '\(folder)/a house'\\''s data'" }, "\(findings)")
        #expect(try Self.contents(paths.data) == before)
    }

    @Test("Somebody else, root too, is told to look as the owner, and of nothing else")
    func somebodyElse() async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        let findings = await Doctor(bench.test.paths, clocks: bench.test.clocks, user: geteuid() + 1).examine()
        #expect(findings.filter { $0.level == .fail }.map(\.name) == ["user"])
        #expect(findings.first?.command?.hasPrefix("sudo -u ") == true)
        #expect(findings.dropFirst().allSatisfy { $0.level == .unseen } && findings.count == 10)
    }

    @Test("It works beside a running node, and the node beside it")
    func running() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let findings = await Doctor(test.paths, clocks: test.clocks).examine()
        #expect(!findings.contains { $0.level == .fail }, "\(findings)")
        #expect(findings.contains { $0.name == "custody" && $0.text.contains("a node runs (process \(getpid()))") })
        _ = try await test.submit(house)
        try await test.audit(house)
        try await house.services.ledger.stop()
        _ = await Doctor(test.paths, clocks: test.clocks).examine()
        try await (try await test.open()).services.ledger.stop()
    }

    @Test(
        "Which listeners only this machine reaches, as the system writes them",
        arguments: [
            ("0100007F:20FB", "127.0.0.1:8443", true), ("00000000:20FB", "0.0.0.0:8443", false),
            ("0100A8C0:20FB", "192.168.0.1:8443", false),
            ("00000000000000000000000001000000:20FB", "[0:0:0:0:0:0:0:1]:8443", true),
            ("00000000000000000000000000000000:20FB", "[0:0:0:0:0:0:0:0]:8443", false),
            ("0000000000000000FFFF00000100007F:20FB", "[0:0:0:0:0:ffff:7f00:1]:8443", true),
            ("0000000000000000FFFF00000100F007:20FB", "[0:0:0:0:0:ffff:7f0:1]:8443", false),
            ("0000000000000000FFFF000001007F00:20FB", "[0:0:0:0:0:ffff:7f:1]:8443", false),
        ])
    func loopback(_ text: String, _ written: String, _ isLoopback: Bool) {
        #expect(RunningNode.address(text[...]) == written)
        #expect(RunningNode.isLoopback(written) == isLoopback)
    }

    @Test("Without a house there is nothing to look at")
    func nothing() async throws {
        let findings = await Doctor(HousePaths(data: "/nowhere/at/all"), clocks: SystemClocks()).examine()
        #expect(findings.map(\.level) == [.fail])
    }
}
