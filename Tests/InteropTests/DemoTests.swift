import Foundation
import Testing

/// `make demo` once, and what independent programs say of what it leaves.
@Suite("The main job, checked by others", .serialized)
struct DemoTests {
    @Test("openssl verifies certificate and chain, strictly")
    func openssl() throws {
        let demo = try Demo.result.get()
        let answer = try Program.named("openssl").run([
            "verify", "-x509_strict", "-CAfile", demo.file("root.pem"), "-untrusted", demo.file("issuing.pem"), demo.file("device.pem"),
        ])
        #expect(answer.status == 0, "\(answer.text)")
        let alone = try Program.named("openssl").run(["verify", "-x509_strict", "-CAfile", demo.file("root.pem"), demo.file("device.pem")])
        #expect(alone.status != 0, "a chain without its middle was accepted: \(alone.text)")
    }

    @Test("GnuTLS verifies the chain")
    func gnutls() throws {
        let demo = try Demo.result.get()
        let chain = try ["device.pem", "issuing.pem"].map { try String(contentsOfFile: demo.file($0), encoding: .utf8) }.joined()
        let file = FileManager.default.temporaryDirectory.appending(path: "chain-\(UUID().uuidString).pem")
        try chain.write(to: file, atomically: false, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let answer = try Program.named("certtool").run([
            "--verify", "--load-ca-certificate", demo.file("root.pem"), "--infile", file.path(percentEncoded: false),
        ])
        #expect(answer.status == 0, "\(answer.text)")
    }

    @Test("A verifier written from docs/formats.md alone accepts the evidence")
    func evidence() throws {
        let demo = try Demo.result.get()
        let answer = try Program.python.run(["-B", Demo.verifier, demo.folder, "--pin", demo.pin])
        #expect(answer.status == 0, "\(answer.text)")
        let other = try Program.python.run(["-B", Demo.verifier, demo.folder, "--pin", Data(repeating: 1, count: 32).base64EncodedString()])
        #expect(other.status == 1 && other.text.contains("pinned"), "\(other.text)")
    }

    @Test("With the authorities' keys in SoftHSM2: the same files, accepted by openssl and by the same verifier")
    func token() throws {
        let (demo, hsm) = (try Demo.result.get(), try Demo.hsm.get())
        func names(_ demo: Demo) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: demo.folder).sorted() }
        #expect(try names(demo) == names(hsm))
        let answer = try Program.named("openssl").run([
            "verify", "-x509_strict", "-CAfile", hsm.file("root.pem"), "-untrusted", hsm.file("issuing.pem"), hsm.file("device.pem"),
        ])
        #expect(answer.status == 0, "\(answer.text)")
        let verified = try Program.python.run(["-B", Demo.verifier, hsm.folder, "--pin", hsm.pin])
        #expect(verified.status == 0, "\(verified.text)")
        let transcript = try String(contentsOfFile: hsm.file("transcript.txt"), encoding: .utf8)
        #expect(transcript.ranges(of: "Access:     sensitive, always sensitive, never extractable, local").count == 3)
    }

    @Test("Bouncy Castle verifies both signatures of the hybrid device and of the two authorities above it; certtool is not disturbed")
    func bouncyCastle() throws {
        let demo = try Demo.result.get()
        let java = ["-cp", ".oracles/bouncycastle/*", "Tests/InteropTests/Java/Hybrid.java", "check"]
        for (issuer, certificates) in [("hybrid-issuing.pem", ["hybrid.pem"]), ("root.pem", ["hybrid-issuing.pem", "root.pem"])] {
            let answer = try Program.named("java").run(java + [demo.file(issuer)] + certificates.map(demo.file))
            let expected = String(repeating: "classical true alternative true\n", count: certificates.count)
            #expect(answer.status == 0 && answer.text == expected, "\(answer.text)")
        }
        let wrong = try Program.named("java").run(java + [demo.file("root.pem"), demo.file("hybrid.pem")])
        #expect(wrong.text == "classical false alternative false\n", "\(wrong.text)")
        let chain = try ["hybrid.pem", "hybrid-issuing.pem"].map { try String(contentsOfFile: demo.file($0), encoding: .utf8) }.joined()
        let file = FileManager.default.temporaryDirectory.appending(path: "hybrid-chain-\(UUID().uuidString).pem")
        try chain.write(to: file, atomically: false, encoding: .utf8)
        defer { try? FileManager.default.removeItem(at: file) }
        let certtool = try Program.named("certtool").run([
            "--verify", "--load-ca-certificate", demo.file("root.pem"), "--infile", file.path(percentEncoded: false),
        ])
        #expect(certtool.status == 0, "\(certtool.text)")
    }

    @Test("One changed byte in any file of the evidence is refused")
    func flipped() throws {
        let demo = try Demo.result.get()
        let answer = try Program.python.run(["-B", Demo.verifier, demo.folder, "--pin", demo.pin, "--flip", "16"])
        #expect(answer.status == 0, "\(answer.text)")
    }
}

/// What one run of the demonstration left.
struct Demo: Sendable {
    let folder: String
    /// H(roster 1) as `assay init` printed it: the first digest of the transcript.
    let pin: String

    static let verifier = "Tests/InteropTests/Python/verify_demo.py"

    func file(_ name: String) -> String { folder + "/" + name }

    struct Failed: Error, CustomStringConvertible {
        let description: String
    }

    /// Made once, when the first test asks for it.
    static let result = Result<Demo, any Error> { try run("demo") }
    static let hsm = Result<Demo, any Error> { try run("demo-hsm") }

    private static func run(_ mode: String) throws -> Demo {
        let folder = Program.root.appending(path: ".build/\(mode)-out").path(percentEncoded: false)
        let script = Program.root.appending(path: "scripts/main-job.sh").path(percentEncoded: false)
        let answer = try Program(path: script).run([mode], environment: ["DEMO_OUT": folder])
        guard answer.status == 0 else { throw Failed(description: answer.text) }
        let transcript = try String(contentsOfFile: folder + "/transcript.txt", encoding: .utf8)
        guard let pin = transcript.firstMatch(of: /[A-Za-z0-9+\/]{43}=/) else { throw Failed(description: "no pin in the transcript") }
        return Demo(folder: folder, pin: String(pin.output))
    }
}
