import Foundation
import TestSupport
import Testing

/// A house that uses a token, from outside: what is refused, what is said while the token is away, and that it comes back.
@Suite("A house with a token", .serialized)
struct TokenCommandTests {
    @Test("Added, sealed under, served, taken away, brought back, unsealed, removed")
    func life() async throws {
        let desk = try Desk()
        defer { desk.close() }
        let hsm = try TestToken(desk)
        _ = try desk.json("login", "--new", "--as", "admin", "--unsealed", "--out", desk.path("admin.person"))
        _ = try desk.json("init", "--administrator", desk.path("admin.person"), "--data", desk.path("data"))

        // What is wrong with a token is said, and nothing is written.
        for (change, code) in [
            (["--module": "libsofthsm2.so"], "custody.settings-invalid"), (["--module": "/nowhere.so"], "custody.misconfigured"),
            (["--module": "/bin/sh"], "custody.misconfigured"), (["--serial": "0000000000000000"], "custody.token-not-found"),
            (["--token": "another"], "custody.token-not-found"),
            (["--pin": "1234"], "custody.pin-source"), (["--pin": "file:\(desk.path("no.pin"))"], "client.file"),
            (["--pin": "file:\(desk.path("open.pin"))"], "client.file-not-private"), (["--pin": "prompt"], "custody.pin-missing"),
            (["--pin": "file:\(desk.path("empty.pin"))"], "custody.pin-missing"), (["--data": desk.path("no-house")], "custody.absent"),
            (["--pin": "file:\(desk.path("wrong.pin"))"], "custody.misconfigured"),
            (["--environment": "SOFTHSM2_CONF"], "custody.environment-invalid"),
            (["--environment": "LD_PRELOAD=/x"], "custody.settings-invalid"),
        ] {
            #expect(try desk.problem(hsm.add("hsm", change)) == code, "\(change)")
        }
        // Where its source should stand somebody may type the PIN itself: it is not said again.
        for more in [[], ["--json"]] as [[String]] {
            let typed = try Program.assay.run(hsm.add("hsm", ["--pin": "48151623"]) + more)
            #expect(typed.text.contains("custody.pin-source") && !typed.text.contains("48151623"), "\(typed.text)")
        }
        let mistyped = try Program.assay.run(hsm.add("hsm", ["--serial": "0000000000000000"]))
        #expect(mistyped.text.contains(hsm.serial), "\(mistyped.text)")
        #expect(try desk.problem(hsm.add("sealed")) == "custody.settings-invalid")
        #expect(try desk.problem(hsm.add("HSM")) == "custody.name-invalid")
        #expect((try desk.json("custody", "list", "--data", desk.path("data"))["tokens"] as? [Any])?.isEmpty == true)

        let added = try desk.json(hsm.add("hsm"))
        #expect((added["makes"] as? [String])?.contains("rsa-4096") == true && (added["seals"] as? [String]) == ["ml-dsa-65", "ml-dsa-87"])
        #expect(try desk.problem(hsm.add("hsm")) == "custody.known" && desk.problem(hsm.add("other")) == "custody.known")
        // A process has one environment: what contradicts a token before is refused now, not at the next start; what is silent inherits.
        let other = ["--serial": "1", "--environment": "SOFTHSM2_CONF=/elsewhere"]
        #expect(try desk.problem(hsm.add("other", other)) == "custody.misconfigured")
        let silent = try Program.assay.run(hsm.add("other", ["--serial": "1", "--environment": "ASSAY_TEST=1"]))
        #expect(silent.text.contains("custody.token-not-found") && silent.text.contains(hsm.serial), "\(silent.text)")
        #expect(try desk.problem("custody", "seal", "--under", "none", "--data", desk.path("data")) == "custody.not-found")
        _ = try desk.json("custody", "seal", "--under", "hsm", "--data", desk.path("data"))
        #expect(try desk.problem("custody", "remove", "hsm", "--data", desk.path("data")) == "custody.refused")

        let node = try await desk.serve()
        #expect(try desk.problem(hsm.add("late")) == "custody.in-use")
        #expect(try desk.problem("custody", "seal", "--under", "hsm", "--data", desk.path("data")) == "custody.in-use")
        _ = try desk.json("login", node, "--as", "admin")
        try Self.document(custody: "nowhere").write(toFile: desk.path("nowhere.yaml"), atomically: false, encoding: .utf8)
        #expect(try desk.problem("apply", desk.path("nowhere.yaml"), "--yes", "--as", "admin") == "custody.not-found")
        try Self.document(custody: "hsm").write(toFile: desk.path("hsm.yaml"), atomically: false, encoding: .utf8)
        _ = try desk.json("apply", desk.path("hsm.yaml"), "--yes", "--as", "admin")
        try look(desk)
        #expect(desk.stop() == 0)

        // The token is away: the master key does not open, and the house says so.
        try hsm.takeAway()
        await #expect(throws: (any Error).self) { try await desk.serve() }
        #expect(desk.log.contains("custody.unavailable"))
        #expect(try desk.problem("custody", "unseal", "--data", desk.path("data")) == "custody.unavailable")
        try hsm.bringBack()
        _ = try desk.json("custody", "unseal", "--data", desk.path("data"))

        // With a plain master key the house runs without its token, and says what it cannot do.
        try hsm.takeAway()
        _ = try desk.json("login", try await desk.serve(), "--as", "admin")
        let warnings = try desk.json("status", "--as", "admin")["warnings"] as? [String] ?? []
        #expect(warnings.contains { $0.contains("Custody hsm") && $0.contains("not up") }, "\(warnings)")
        #expect(try desk.get("readyz").contains("node.not-ready"))
        #expect(try desk.get("metrics").contains("assay_custody_up{custody=\"hsm\"} 0\n"))
        let shown = try desk.json("key", "show", "root", "--as", "admin")
        #expect(shown["unanswered"] is String && shown["token"] == nil && shown["authentic"] as? Bool == true)
        // It comes back by itself, though SoftHSM did not see it at the server's start.
        try hsm.bringBack()
        try await ready(desk)
        #expect(try desk.get("metrics").contains("assay_custody_up{custody=\"hsm\"} 1\n"))
        // Taken away while it serves: whoever asks for a key is not told that it is lost, and the node is not called ready.
        try hsm.takeAway()
        let away = try desk.json("key", "show", "root", "--as", "admin")
        #expect((away["unanswered"] as? String)?.contains("CKR_TOKEN_NOT_PRESENT") == true, "\(away)")
        #expect(try desk.get("readyz").contains("node.not-ready"))
        #expect(try desk.get("metrics").contains("assay_custody_up{custody=\"hsm\"} 0\n"))
        try hsm.bringBack()
        try await ready(desk)
        let back = try desk.json("key", "show", "root", "--as", "admin")
        #expect(back["unanswered"] == nil && back["token"] is [String: Any], "\(back)")
        // Taken away while nobody asks for a key.
        try hsm.takeAway()
        try await ready(desk, false)
        try hsm.bringBack()
        try await ready(desk)
        #expect(desk.stop() == 0)
        _ = try desk.json("custody", "remove", "hsm", "--data", desk.path("data"))
        #expect(try desk.problem("custody", "remove", "hsm", "--data", desk.path("data")) == "custody.not-found")
    }

    @Test("A module that crashes takes the server with it, and nothing else: the vote is repeated, and one certificate is issued")
    func crash() async throws {
        let desk = try Desk()
        defer { desk.close() }
        let hsm = try TestToken(desk)
        try SharedLibrary.compile("PKCS11Shim/shim.c", to: desk.path("shim.so"))
        _ = try desk.json("login", "--new", "--as", "admin", "--unsealed", "--out", desk.path("admin.person"))
        _ = try desk.json("init", "--administrator", desk.path("admin.person"), "--data", desk.path("data"))
        _ = try desk.json(
            hsm.add("hsm", ["--module": desk.path("shim.so")]) + [
                "--environment", "ASSAY_SHIM_MODULE=/usr/lib/softhsm/libsofthsm2.so", "--environment",
                "ASSAY_SHIM_CRASH=\(desk.path("crash"))", "--environment", "ASSAY_SHIM_AWAY=\(desk.path("away"))",
            ])
        _ = try desk.json("login", try await desk.serve(), "--as", "admin")
        let document = try String(contentsOfFile: "examples/manufacturer.yaml", encoding: .utf8)
            .replacing("    key: ecdsa-p256\n", with: "    key: ecdsa-p256\n    custody: hsm\n")
        try document.write(toFile: desk.path("hsm.yaml"), atomically: false, encoding: .utf8)
        _ = try desk.json("apply", desk.path("hsm.yaml"), "--yes", "--as", "admin")
        try desk.enrollOfficers()
        try desk.csr("device")
        let request = try desk.json(
            "request", "submit", "--profile", "device-identity", "--csr", desk.path("device.csr"), "--field", "serial=SN-1", "--field",
            "model=PLC-7", "--as", "officer-3")
        let id = try #require(request["id"] as? String)
        _ = try desk.json("request", "approve", id, "--yes", "--as", "officer-1")
        try #require(FileManager.default.createFile(atPath: desk.path("crash"), contents: nil))
        #expect(try desk.problem("request", "approve", id, "--yes", "--as", "officer-2")?.hasPrefix("client.") == true)
        #expect(desk.stop() != 0)
        #expect(!FileManager.default.fileExists(atPath: desk.path("crash")))

        let node = try await desk.serve()
        for name in ["officer-1", "officer-2"] { _ = try desk.json("login", node, "--as", name) }
        #expect((try desk.json("certificate", "list", "--as", "officer-1")["certificates"] as? [Any])?.isEmpty == true)
        #expect(try desk.json("request", "approve", id, "--yes", "--as", "officer-2")["state"] as? String == "issued")
        #expect((try desk.json("certificate", "list", "--as", "officer-1")["certificates"] as? [Any])?.count == 1)
        try await drawn(node, desk)
        _ = try desk.json("ledger", "verify", "--as", "officer-1")
        #expect(desk.stop() == 0)
    }

    private func ready(_ desk: Desk, _ isReady: Bool = true) async throws {
        while try desk.get("readyz").contains("not-ready") == isReady { try await Task.sleep(for: .milliseconds(50)) }
    }

    /// A token that is away uses up nothing of what people voted for.
    private func drawn(_ node: String, _ desk: Desk) async throws {
        _ = try desk.json("machine", "enroll", "line-3", "--node", node, "--out", desk.path("line-3.machine"))
        _ = try desk.json("login", node, "--as", "officer-3")
        let allowance = try desk.json(
            "allowance", "open", "--machine", desk.path("line-3.machine"), "--name", "line-3", "--profile", "device-identity", "--number",
            "1", "--until", Date(timeIntervalSinceNow: 86_400).formatted(.iso8601), "--as", "officer-3")
        let id = try #require(allowance["id"] as? String)
        for officer in ["officer-1", "officer-2"] { _ = try desk.json("allowance", "approve", id, "--yes", "--as", officer) }
        try desk.csr("second")
        let draw = [
            "machine", "certificate", "--profile", "device-identity", "--csr", desk.path("second.csr"), "--field", "serial=SN-9", "--field",
            "model=PLC-7", "--out", desk.path("second.pem"), "--as", "line-3",
        ]
        try #require(FileManager.default.createFile(atPath: desk.path("away"), contents: nil))
        for _ in 0..<3 { #expect(try desk.problem(draw) == "custody.unavailable") }
        #expect(try desk.get("readyz").contains("node.not-ready"))
        try FileManager.default.removeItem(atPath: desk.path("away"))
        // It is looked for again by itself, with back-off.
        try await ready(desk)
        #expect((try desk.json(draw)["certificates"] as? [Any])?.count == 1)
        try desk.csr("third")
        #expect(try desk.problem(draw.map { $0.replacing("second", with: "third") }) == "allowance.exhausted")
    }

    /// Where each key lies, said by Assay and by the token.
    private func look(_ desk: Desk) throws {
        let keys = try desk.json("key", "list", "--as", "admin")["keys"] as? [[String: Any]] ?? []
        #expect(Set(keys.map { $0["user"] as? String }) == ["log", "root", "quantum"] && keys.count == 3)
        let root = try desk.json("key", "show", "root", "--as", "admin")
        #expect((root["place"] as? String)?.hasPrefix("pkcs11:token=") == true && root["custody"] as? String == "hsm")
        #expect(
            root["token"] as? [String: Bool] == [
                "sensitive": true, "alwaysSensitive": true, "extractable": false, "neverExtractable": true, "modifiable": false,
                "signs": true,
                "otherUses": false,
            ])
        let quantum = try desk.json("key", "show", "quantum", "--as", "admin")
        #expect((quantum["place"] as? String)?.hasPrefix("sealed under pkcs11:token=") == true && quantum["token"] == nil)
        #expect((quantum["protection"] as? String)?.contains("software key while in use") == true)
        #expect(try desk.problem("key", "show", "nobody", "--as", "admin") == "key.not-found")
        #expect(
            try desk.json("status", "--as", "admin")["custody"] as? String
                == "sealed under \(desk.path("data"))/custody/master.key, itself sealed under \(Self.master(desk)); while the server runs, whoever is its OS user is the server"
        )
    }

    private static func master(_ desk: Desk) throws -> String {
        let line = try String(contentsOfFile: desk.path("data/custody/master.key"), encoding: .utf8)
        return line.split(separator: " ").dropFirst().first.map(String.init) ?? ""
    }

    private static func document(custody: String) -> String {
        """
        authorities:
          root:
            subject: "CN=Root in a token"
            key: ecdsa-p384
            custody: \(custody)
            years: 30
            purposes: [authority, crl]
          quantum:
            subject: "CN=Post-quantum root under a token"
            key: ml-dsa-65
            custody: \(custody)
            years: 30
            purposes: [authority, crl]

        """
    }
}

/// A SoftHSM2 token of its own.
private struct TestToken {
    private let folder: String
    private let data: String
    let serial: String
    private var settings: String { folder + "/softhsm2.conf" }

    init(_ desk: Desk) throws {
        folder = desk.path("softhsm")
        data = desk.path("data")
        try FileManager.default.createDirectory(atPath: folder + "/tokens", withIntermediateDirectories: true)
        try "directories.tokendir = \(folder)/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
            .write(toFile: folder + "/softhsm2.conf", atomically: false, encoding: .utf8)
        for (name, mode) in [("right.pin", 0o600), ("wrong.pin", 0o600), ("open.pin", 0o644), ("empty.pin", 0o600)] {
            let pin = ["wrong.pin": "0000", "empty.pin": ""][name] ?? "5738-test"
            guard
                FileManager.default.createFile(
                    atPath: desk.path(name), contents: Data("\(pin)\n".utf8), attributes: [.posixPermissions: mode])
            else { throw Desk.Failed(description: name) }
        }
        let environment = ["SOFTHSM2_CONF": folder + "/softhsm2.conf"]
        let made = try Program.named("softhsm2-util").run(
            ["--init-token", "--free", "--label", "desk", "--so-pin", "so-test", "--pin", "5738-test"], environment: environment)
        guard made.status == 0 else { throw Desk.Failed(description: made.text) }
        let slots = try Program.named("softhsm2-util").run(["--show-slots"], environment: environment).text
        serial = try String(#require(slots.firstMatch(of: /Serial number: +([0-9a-f]{16})/)).output.1)
        pin = desk.path("right.pin")
    }

    private let pin: String

    func add(_ name: String, _ changes: [String: String] = [:]) -> [String] {
        let options = [
            "--module": "/usr/lib/softhsm/libsofthsm2.so", "--environment": "SOFTHSM2_CONF=\(settings)", "--token": "desk",
            "--serial": serial,
            "--pin": "file:\(pin)", "--data": data,
        ].merging(changes) { $1 }
        return ["custody", "add", name] + options.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
    }

    func takeAway() throws { try FileManager.default.moveItem(atPath: folder + "/tokens", toPath: folder + "/away") }

    func bringBack() throws {
        try? FileManager.default.removeItem(atPath: folder + "/tokens")
        try FileManager.default.moveItem(atPath: folder + "/away", toPath: folder + "/tokens")
    }
}
