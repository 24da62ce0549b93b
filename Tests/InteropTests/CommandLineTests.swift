import Foundation
import Testing

/// The program from outside: the main job by `--json` alone, and what every command must offer.
@Suite("The command line", .serialized)
struct CommandLineTests {
    /// Commands without `--json`, and why.
    static let withoutJSON = [
        "assay serve": "its standard output is the address, its log is JSON already",
        "assay completion": "its standard output is a script",
    ]

    @Test("Every command that has a result tells it as JSON, and has an example")
    func everyCommand() throws {
        let answer = try Program.assay.run(["--experimental-dump-help"])
        let tree = try #require(try JSONSerialization.jsonObject(with: Data(answer.text.utf8)) as? [String: Any])
        let leaves = Self.leaves(try #require(tree["command"] as? [String: Any]), [])
        #expect(leaves.count > 40)
        for (name, command) in leaves {
            let arguments = command["arguments"] as? [[String: Any]] ?? []
            let names = arguments.flatMap { ($0["names"] as? [[String: Any]] ?? []).compactMap { $0["name"] as? String } }
            #expect(names.contains("json") == (Self.withoutJSON[name] == nil), "\(name)")
            #expect((command["discussion"] as? String)?.contains("Example") == true, "\(name) has no example")
        }
    }

    private static func leaves(_ command: [String: Any], _ path: [String]) -> [(String, [String: Any])] {
        let name = path + [command["commandName"] as? String ?? ""]
        let below = (command["subcommands"] as? [[String: Any]] ?? []).filter { $0["commandName"] as? String != "help" }
        return below.isEmpty ? [(name.joined(separator: " "), command)] : below.flatMap { leaves($0, name) }
    }

    @Test("A manual page for every command, which mandoc reads without a warning")
    func manual() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "assay-man-\(UUID().uuidString)").path(percentEncoded: false)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let written = try Program.assay.run(["manual", "--out", folder])
        #expect(written.status == 0, "\(written.text)")
        let pages = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        #expect(pages.contains("assay.1") && pages.contains("assay-request-submit.1") && pages.count > 50)
        let lint = try Program.named("mandoc").run(["-T", "lint", "-W", "warning"] + pages.map { folder + "/" + $0 })
        #expect(lint.status == 0 && lint.text.isEmpty, "\(lint.text)")
        let page = try Program.named("mandoc").run(["-T", "utf8", folder + "/assay-request-submit.1"])
        for words in ["--csr", "EXAMPLES", "assay request submit --profile device-identity", "EXIT STATUS", "ASSAY_HOME"] {
            #expect(page.text.replacing(/.\u{8}/, with: "").contains(words), "\(words)")
        }
    }

    @Test("Completion in bash: commands, options, and what shells there are")
    func completion() throws {
        let script = try Program.assay.run(["completion", "bash"])
        #expect(script.status == 0)
        let cases = [("req", "request"), ("request ap", "approve"), ("ledger ver", "verify"), ("request submit --pro", "--profile")]
        for (typed, wanted) in cases {
            let words = (["assay"] + typed.split(separator: " ").map(String.init)).map { "'\($0)'" }.joined(separator: " ")
            let answer = try Program(path: "/bin/bash").run(
                [
                    "-c",
                    script.text
                        + "\nCOMP_WORDS=(\(words)); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _assay assay \"${COMP_WORDS[-1]}\" \"${COMP_WORDS[-2]}\"; printf '%s\\n' \"${COMPREPLY[@]}\"",
                ])
            #expect(
                answer.text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) } == [wanted],
                "\(typed): \(answer.text)")
        }
        for shell in ["zsh", "fish"] { #expect(try Program.assay.run(["completion", shell]).text.contains("assay")) }
        #expect(try Program.assay.run(["completion", "tcsh"]).status == 64)
    }

    @Test("The main job by JSON: one document on standard output for each command, a problem on standard error for each refusal")
    func wholeJob() async throws {
        let desk = try Desk()
        defer { desk.close() }
        let first = try desk.json("login", "--new", "--as", "admin", "--unsealed", "--out", desk.path("admin.person"))
        #expect((first["fingerprint"] as? String)?.count == 19)
        let house = try desk.json("init", "--administrator", desk.path("admin.person"), "--data", desk.path("data"))
        let pin = try #require(house["pin"] as? String)
        #expect(try desk.problem("init", "--administrator", desk.path("admin.person"), "--data", desk.path("data")) == "custody.exists")
        #expect(try desk.json("doctor", "--data", desk.path("data"))["healthy"] as? Bool == true)
        let node = try await desk.serve()
        #expect(try desk.json("login", node, "--as", "admin")["pin"] as? String == pin)
        let plan = try desk.json("plan", "examples/manufacturer.yaml", "--as", "admin")
        #expect(plan["isEmpty"] as? Bool == false)
        // Where nobody can be asked, custody makes no keys for nothing.
        #expect(try desk.problem("apply", "examples/manufacturer.yaml", "--as", "admin") == "client.not-confirmed")
        #expect((try desk.json("key", "list", "--as", "admin")["keys"] as? [Any])?.count == 1)
        let applied = try desk.json("apply", "examples/manufacturer.yaml", "--yes", "--as", "admin")
        #expect((applied["certificates"] as? [Any])?.count == 3)
        #expect(try desk.problem("apply", "/nowhere.yaml", "--as", "admin") == "client.file")
        try desk.enrollOfficers()
        #expect((try desk.json("officer", "list", "--as", "admin")["people"] as? [Any])?.count == 4)
        try desk.csr("device")
        let request = try desk.json(
            "request", "submit", "--profile", "device-identity", "--csr", desk.path("device.csr"), "--field", "serial=SN-1", "--field",
            "model=PLC-7", "--as", "officer-3")
        let id = try #require(request["id"] as? String)
        #expect(try desk.problem("request", "approve", id, "--yes", "--as", "officer-3") == "vote.own-request")
        // Nobody is there to be asked, and nothing is signed.
        #expect(try desk.problem("request", "approve", id, "--as", "officer-1") == "client.not-confirmed")
        #expect(try desk.json("request", "approve", id, "--yes", "--as", "officer-1")["state"] as? String == "open")
        let issued = try desk.json("request", "approve", id, "--yes", "--as", "officer-2")
        #expect(issued["state"] as? String == "issued")
        let fingerprint = try #require((issued["certificate"] as? [String: Any])?["fingerprint"] as? String)
        let got = try desk.json("certificate", "get", id, "--out", desk.path("device.pem"), "--as", "officer-3")
        #expect((got["certificate"] as? [String: Any])?["fingerprint"] as? String == fingerprint)
        _ = try desk.json("ledger", "prove", id, "--out", desk.path("device"), "--as", "officer-3")
        _ = try desk.json("evidence", id, "--out", desk.path("evidence"), "--as", "officer-3")
        let findings = try desk.json("doctor", "--data", desk.path("data"))["findings"] as? [[String: Any]] ?? []
        #expect(
            findings.compactMap { $0["name"] as? String } == [
                "user", "clock", "disk", "flush", "permissions", "custody", "listener", "database", "keys", "two-person rule", "proofs",
            ])
        let listener = findings.first { $0["name"] as? String == "listener" }
        #expect(listener?["level"] as? String == "ok" && (listener?["text"] as? String)?.hasPrefix("127.0.0.1:") == true)
        try revoke(fingerprint, desk)
        try draw(node, desk)
        let verified = try desk.json("ledger", "verify", "--as", "officer-3")
        #expect(((verified["rows"] as? [String: Any])?["certificate"] as? Int) == 2)
        for list in [
            ["request", "list"], ["request", "show", id], ["certificate", "list"], ["certificate", "show", id], ["authority", "list"],
            ["roster", "show"], ["roster", "list"], ["status"], ["ledger", "checkpoint"], ["allowance", "list"], ["revocation", "list"],
            ["certificate", "show", desk.path("device.pem")],
        ] { _ = try desk.json(list + ["--as", "officer-1"]) }
        try pages(desk)
        try postQuantum(desk)
        for list in ["certificate", "request", "allowance", "revocation"] { try desk.fits(list, "list", "--as", "officer-1") }
        let removed = try desk.json("officer", "remove", "officer-2", "--close", "--yes", "--as", "admin")
        #expect((removed["outcome"] as? [String: Any])?["closed"] as? [String] == [])
        #expect(try desk.problem("request", "show", "01930f3e-0000-7000-8000-000000000001", "--as", "officer-1") == "request.not-found")
    }

    private func revoke(_ fingerprint: String, _ desk: Desk) throws {
        let revocation = try desk.json("certificate", "revoke", fingerprint, "--reason", "key-compromise", "--as", "officer-3")
        let id = try #require(revocation["id"] as? String)
        for officer in ["officer-1", "officer-2"] { _ = try desk.json("revocation", "approve", id, "--yes", "--as", officer) }
        #expect(try desk.json("revocation", "show", id, "--as", "officer-1")["state"] as? String == "revoked")
        let shown = try desk.json("certificate", "show", fingerprint, "--as", "officer-1")["status"] as? [String: Any]
        #expect(shown?["revoked"] as? Bool == true)
        #expect(shown?["reason"] as? String == "key-compromise")
        // The same key again.
        #expect(
            try desk.problem(
                "request", "submit", "--profile", "device-identity", "--csr", desk.path("device.csr"), "--field", "serial=SN-2", "--field",
                "model=PLC-7", "--as", "officer-3") == "key.revoked")
    }

    /// Two certificates, one a page.
    private func pages(_ desk: Desk) throws {
        func names(_ document: [String: Any]) -> [String] {
            (document["certificates"] as? [[String: Any]] ?? []).compactMap { $0["fingerprint"] as? String }
        }
        let list = ["certificate", "list", "--as", "officer-1"]
        let whole = try desk.json(list)
        #expect(names(whole).count == 2 && whole["next"] == nil)
        let first = try desk.json(list + ["--limit", "1"])
        #expect(names(first) == Array(names(whole).prefix(1)))
        let next = try #require(first["next"] as? String)
        let second = try desk.json(list + ["--limit", "1", "--after", next])
        #expect(names(second) == Array(names(whole).dropFirst()) && second["next"] == nil)
        let all = try desk.json(list + ["--limit", "1", "--all"])
        #expect(names(all) == names(whole) && all["next"] == nil)
        #expect(try desk.problem(list + ["--after", String(repeating: "0", count: 64)]) == "request.parameter-invalid")
        #expect((try desk.json("revocation", "list", "--state", "rejected", "--as", "officer-1")["revocations"] as? [Any])?.isEmpty == true)

        let environment = ["ASSAY_HOME": desk.path("people")]
        let shown = try Program.assay.run(list + ["--limit", "1"], environment: environment)
        #expect(shown.status == 0 && shown.text.contains("There are more: say --after \(next), or --all."), "\(shown.text)")
        // One table over all pages: the head stands once.
        let table = try Program.assay.run(list + ["--limit", "1", "--all"], environment: environment)
        let firsts = table.text.split(separator: "\n").compactMap { $0.split(separator: " ").first.map(String.init) }
        #expect(firsts == ["FINGERPRINT"] + names(whole))
        for wrong in ["0", "501"] {
            let refused = try Program.assay.run(list + ["--limit", wrong], environment: environment)
            #expect(refused.status == 64 && refused.text.contains("1 to 500 is accepted"), "\(refused.text)")
        }
    }

    private func draw(_ node: String, _ desk: Desk) throws {
        _ = try desk.json("machine", "enroll", "line-3", "--node", node, "--out", desk.path("line-3.machine"))
        let allowance = try desk.json(
            "allowance", "open", "--machine", desk.path("line-3.machine"), "--name", "line-3", "--profile", "device-identity", "--number",
            "1", "--until", Self.tomorrow, "--as", "officer-3")
        let id = try #require(allowance["id"] as? String)
        for officer in ["officer-1", "officer-2"] { _ = try desk.json("allowance", "approve", id, "--yes", "--as", officer) }
        try desk.csr("second")
        let drawn = try desk.json(
            "machine", "certificate", "--profile", "device-identity", "--csr", desk.path("second.csr"), "--field", "serial=SN-9", "--field",
            "model=PLC-7", "--out", desk.path("second.pem"), "--as", "line-3")
        let fingerprint = (drawn["certificates"] as? [[String: Any]])?.first?["fingerprint"] as? String
        let proven = try desk.json("ledger", "prove", try #require(fingerprint), "--out", desk.path("drawn"), "--as", "officer-1")
        #expect((proven["proof"] as? String)?.hasPrefix("c2sp.org/tlog-proof@v1\n") == true)
        #expect(
            try desk.problem("ledger", "prove", String(repeating: "0", count: 64), "--out", desk.path("none"), "--as", "officer-1")
                == "certificate.not-found")
        #expect(try desk.json("allowance", "show", id, "--as", "officer-1")["drawn"] as? Int == 1)
        #expect(try desk.json("allowance", "close", id, "--reason", "done", "--as", "officer-1")["state"] as? String == "closed")
    }

    /// Authorities with ML-DSA-65 keys, beside the others: the same commands, and Python's `cryptography` verifies the chain.
    private func postQuantum(_ desk: Desk) throws {
        try Self.postQuantumAuthorities.write(toFile: desk.path("pq.yaml"), atomically: false, encoding: .utf8)
        let applied = try desk.json("apply", desk.path("pq.yaml"), "--yes", "--as", "admin")
        let algorithms = (applied["certificates"] as? [[String: Any]] ?? []).compactMap { $0["keyAlgorithm"] as? String }
        #expect(algorithms == ["ml-dsa-65", "ml-dsa-65"])
        try desk.csr("quantum")
        let request = try desk.json(
            "request", "submit", "--profile", "pq-identity", "--csr", desk.path("quantum.csr"), "--field", "serial=SN-Q", "--as",
            "officer-3")
        let id = try #require(request["id"] as? String)
        for officer in ["officer-1", "officer-2"] { _ = try desk.json("request", "approve", id, "--yes", "--as", officer) }
        let got = try desk.json("certificate", "get", id, "--out", desk.path("quantum.pem"), "--as", "officer-3")
        #expect(got["signer"] as? String == "pq-devices")
        for name in ["pq-root", "pq-devices"] {
            _ = try desk.json("authority", "certificate", name, "--out", desk.path("\(name).pem"), "--as", "officer-1")
        }
        let script = "Tests/InteropTests/Python/mldsa.py"
        let files = ["pq-root.pem", "pq-devices.pem", "quantum.pem"].map(desk.path)
        let verified = try Program.python.run(["-B", script, "chain"] + files)
        #expect(verified.status == 0 && verified.text.contains("SN-Q"), "\(verified.text)")
        // Another chain's certificate is not under it.
        #expect(try Program.python.run(["-B", script, "chain", files[0], files[1], desk.path("device.pem")]).status != 0)
    }

    private static let postQuantumAuthorities = """
        authorities:
          pq-root:
            subject: "CN=Post-quantum Root, O=Example Devices"
            key: ml-dsa-65
            years: 30
            purposes: [authority, crl]
          pq-devices:
            issuer: pq-root
            subject: "CN=Post-quantum Issuing CA, O=Example Devices"
            key: ml-dsa-65
            years: 20
            pathLength: 0
            purposes: [certificate, crl]
            profiles: [pq-identity]
        profiles:
          pq-identity:
            authority: pq-devices
            approval: two-officers
            subject: "CN=Device {serial}, serialNumber={serial}"
            fields:
              serial: { max: 32, alphabet: printable }
            keys: [ecdsa-p256, ml-dsa-65]
            validity: { until: never }
            keyUsage: [digitalSignature]

        """

    private static var tomorrow: String { Date(timeIntervalSinceNow: 86_400).formatted(.iso8601) }
}
