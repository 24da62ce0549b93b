import Foundation
import Testing

/// Keys that look good alone: on a list as Debian publishes for the keys of its random number generator of 2006 to 2008, made here by
/// openssl and coreutils alone; and with a prime in common, made by Python.
@Suite("Keys that look good alone, from the command line", .serialized)
struct KeyCheckTests {
    private static func shell(_ script: String, _ arguments: String...) throws -> String {
        let answer = try Program(path: "/bin/bash").run(["-euo", "pipefail", "-c", script, "bash"] + arguments)
        guard answer.status == 0 else { throw Desk.Failed(description: answer.text) }
        return answer.text
    }

    @Test("A key that openssl and sha1sum name as openssl-blacklist does is refused, and another RSA key is not")
    func modulus() async throws {
        let desk = try Desk()
        defer { desk.close() }
        _ = try desk.json("login", "--new", "--as", "admin", "--unsealed", "--out", desk.path("admin.person"))
        _ = try desk.json("init", "--administrator", desk.path("admin.person"), "--data", desk.path("data"))
        let node = try await desk.serve()
        _ = try desk.json("login", node, "--as", "admin")
        for name in ["weak", "good"] {
            _ = try Self.shell(
                "openssl req -new -newkey rsa:2048 -nodes -keyout \"$1.key\" -subj /CN=device -out \"$1.csr\" 2>&1", desk.path(name))
        }
        let hash = try Self.shell(
            "{ echo '# one key'; openssl rsa -noout -modulus -in \"$1\" | sha1sum | cut -c21-40; } > \"$2\"; sha256sum < \"$2\" | head -c 64",
            desk.path("weak.key"), desk.path("blacklist.RSA-2048"))

        let yaml = try String(contentsOfFile: "examples/manufacturer.yaml", encoding: .utf8)
            .replacing("keys: [ecdsa-p256, ml-dsa-65]", with: "keys: [rsa-2048]")
        let documents = yaml + "\nblocklists:\n  debian-rsa-2048:\n    form: openssl-modulus\n    sha256: \(hash)\n"
        try documents.write(toFile: desk.path("house.yaml"), atomically: true, encoding: .utf8)
        #expect(try desk.problem("apply", desk.path("house.yaml"), "--yes", "--as", "admin") == "blocklist.missing")
        let add = ["blocklist", "add", desk.path("blacklist.RSA-2048"), "--data", desk.path("data"), "--form"]
        #expect(try desk.problem(add + ["spki-sha256"]) == "blocklist.malformed")
        #expect(try desk.problem(add + ["debian"]) == "blocklist.form-unknown")
        let added = try desk.json(add + ["openssl-modulus"])
        #expect(added["sha256"] as? String == hash && added["keys"] as? Int == 1)
        _ = try desk.json("apply", desk.path("house.yaml"), "--yes", "--as", "admin")
        try desk.enrollOfficers()
        func submit(_ name: String) -> [String] {
            [
                "request", "submit", "--profile", "device-identity", "--csr", desk.path("\(name).csr"), "--field", "serial=SN-1", "--field",
                "model=PLC-7", "--as", "officer-3",
            ]
        }
        #expect(try desk.problem(submit("weak")) == "key.blocked")
        #expect(try desk.json(submit("good"))["state"] as? String == "open")
        func finding() throws -> String? {
            let findings = try desk.json("doctor", "--data", desk.path("data"))["findings"] as? [[String: Any]] ?? []
            return findings.first { $0["name"] as? String == "blocklists" }?["level"] as? String
        }
        #expect(try finding() == "ok")
        #expect(try desk.get("readyz").contains("ready"))

        let shared = try sharedPrimes(desk, submit)

        // A restart that does not find the file.
        #expect(desk.stop() == 0)
        try FileManager.default.removeItem(atPath: desk.path("data/blocklists/\(hash)"))
        let restarted = try await desk.serve()
        #expect(desk.log.contains("blocklist.missing"))
        #expect(try desk.get("readyz").contains("node.not-ready"))
        _ = try desk.json("login", restarted, "--as", "officer-3")
        let status = try desk.json("status", "--as", "officer-3")
        #expect((status["warnings"] as? [String])?.contains { $0.contains("debian-rsa-2048") } == true, "\(status)")
        #expect(try desk.problem(submit("good")) == "blocklist.missing")
        // The comparison after the start has its own time.
        var audit: [String: Any] = [:]
        while !(audit["time"] is Int) { audit = try desk.json("key", "audit", "--as", "officer-3") }
        let findings = try #require(audit["findings"] as? [[String: Any]])
        #expect(Set(findings.compactMap { ($0["certificates"] as? [String])?.first }) == shared)
        #expect(audit["keys"] as? Int == 2 && findings.count == 2)
        #expect(try desk.get("metrics").contains("assay_fleet_keys_sharing_prime 2"))
        let warned = try desk.json("status", "--as", "officer-3")
        #expect((warned["warnings"] as? [String])?.contains { $0.contains("assay key audit") } == true, "\(warned)")
    }

    /// Two devices whose keys have a prime in common, made by Python's `cryptography`, get their certificates: each key looks good alone.
    /// - Returns: their fingerprints.
    private func sharedPrimes(_ desk: Desk, _ submit: (String) -> [String]) throws -> Set<String> {
        let made = try Program.python.run(["-B", "Tests/InteropTests/Python/shared_primes.py", desk.path("one.csr"), desk.path("two.csr")])
        guard made.status == 0 else { throw Desk.Failed(description: made.text) }
        return Set(
            try ["one", "two"].map { name in
                let arguments = submit(name).map { $0 == "serial=SN-1" ? "serial=\(name)" : $0 }
                let id = try #require(try desk.json(arguments)["id"] as? String)
                _ = try desk.json("request", "approve", id, "--yes", "--as", "officer-1")
                let issued = try desk.json("request", "approve", id, "--yes", "--as", "officer-2")
                return try #require((issued["certificate"] as? [String: Any])?["fingerprint"] as? String)
            })
    }
}
