import Foundation
import Glibc
import Testing

/// `assay doctor` as people see it.
@Suite("The doctor's command")
struct DoctorCommandTests {
    private static func house(_ desk: Desk) throws -> String {
        _ = try desk.json("login", "--new", "--as", "admin", "--unsealed", "--out", desk.path("admin.person"))
        _ = try desk.json("init", "--administrator", desk.path("admin.person"), "--data", desk.path("data"))
        return desk.path("data")
    }

    @Test("On a terminal: no line ends in a space, one arrow for each advice, each command on a line of its own; and it helps")
    func lines() throws {
        let desk = try Desk()
        defer { desk.close() }
        let data = try Self.house(desk)
        for mode in [0o640, 0o700] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: data + "/assay.db")
            let answer = try Program.assay.run(["doctor", "--data", data])
            #expect(answer.status == 1)
            let lines = answer.text.split(separator: "\n").map(String.init)
            #expect(lines.allSatisfy { $0.last != " " }, "\(answer.text)")
            let json = try Program.assay.run(["doctor", "--data", data, "--json"])
            let tree = try #require(try JSONSerialization.jsonObject(with: Data(json.text.utf8)) as? [String: Any])
            let findings = try #require(tree["findings"] as? [[String: Any]])
            #expect(tree["healthy"] as? Bool == false)
            #expect(answer.text.count { $0 == "→" } == findings.count { $0["advice"] is String || $0["command"] is String })
            let commands = findings.compactMap { $0["command"] as? String }
            for command in commands { #expect(lines.contains { $0.hasSuffix(" " + command) }, "\(answer.text)") }
            let mend = try #require(commands.first { $0.hasPrefix("find ") })
            #expect(try Program(path: "/bin/sh").run(["-c", mend]).status == 0)
            #expect(try desk.json("doctor", "--data", data)["healthy"] as? Bool == true)
        }
    }

    @Test("A command within a sentence is not broken where the line ends")
    func sentence() throws {
        for length in 1...60 {
            let answer = try Program.assay.run(["serve", "--data", "/nowhere/" + String(repeating: "x", count: length)])
            #expect(answer.status == 1 && answer.text.contains("`assay init`"), "\(answer.text)")
            #expect(answer.text.split(separator: "\n").allSatisfy { $0.last != " " }, "\(answer.text)")
        }
    }

    @Test("Whoever may not enter the house is told so, and nothing about it")
    func stranger() throws {
        let desk = try Desk()
        defer { desk.close() }
        let data = try Self.house(desk)
        let doctor = ["doctor", "--data", data]
        guard geteuid() == 0 else {
            try closed(data) { try Program.assay.run(doctor) }
            return
        }
        // The program's own folder may be closed to others.
        let copy = desk.path("assay")
        try FileManager.default.copyItem(atPath: Program.assay.path, toPath: copy)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: copy)
        let other = { try Program.named("setpriv").run(["--reuid=65534", "--regid=65534", "--clear-groups", copy] + doctor) }
        let answer = try other()
        #expect(answer.status == 1 && answer.text.hasPrefix("fail    user "), "\(answer.text)")
        #expect(answer.text.contains("  sudo -u root assay doctor --data \(data)\n"), "\(answer.text)")
        Self.saysNothing(answer.text)
        // A user without a name is named by number, so that the command can be copied.
        try FileManager.default.setAttributes([.ownerAccountID: 4_111_222], ofItemAtPath: data)
        #expect(try Program.assay.run(doctor).text.contains("  sudo -u '#4111222' assay doctor --data \(data)\n"))
        try FileManager.default.setAttributes([.ownerAccountID: 65534], ofItemAtPath: data)
        try closed(data, other)
    }

    /// An owner who may not enter either.
    private func closed(_ data: String, _ doctor: () throws -> Program.Answer) throws {
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: data)
        let answer = try doctor()
        try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: data)
        #expect(answer.status == 1 && answer.text.hasPrefix("fail    user "), "\(answer.text)")
        #expect(answer.text.contains("  chmod 700 \(data)\n"), "\(answer.text)")
        Self.saysNothing(answer.text)
    }

    private static func saysNothing(_ text: String) {
        for words in ["missing", "estore", "is not there", "Nothing is at", "assay init"] { #expect(!text.contains(words), "\(text)") }
        #expect(text.split(separator: "\n").count { $0.hasPrefix("unseen  ") } == 9, "\(text)")
    }
}
