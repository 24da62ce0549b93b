import Foundation
import Testing

/// A folder with people and a node of their own.
final class Desk {
    struct Failed: Error, CustomStringConvertible { let description: String }

    private let folder: URL
    private var server: Process?
    /// Where the node listens, `https://…`.
    private var address = ""

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "assay-desk-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }

    func close() {
        server?.terminate()
        server?.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }

    func path(_ name: String) -> String { folder.appending(path: name).path(percentEncoded: false) }

    func csr(_ name: String) throws {
        let answer = try Program.named("openssl").run([
            "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", path("\(name).key"), "-subj",
            "/CN=\(name)", "-out", path("\(name).csr"),
        ])
        guard answer.status == 0 else { throw Failed(description: answer.text) }
    }

    /// Three registration officers, confirmed by the administrator.
    func enrollOfficers() throws {
        for number in 1...3 {
            let name = "officer-\(number)"
            let code = try #require(try json("officer", "add", name, "--role", "registration-officer", "--as", "admin")["code"] as? String)
            let person = try json("login", code, "--as", name, "--unsealed")
            let confirmed = try json(
                "officer", "confirm", name, "--fingerprint", try #require(person["fingerprint"] as? String), "--yes", "--as", "admin")
            #expect((confirmed["outcome"] as? [String: Any])?["state"] as? String == "accepted")
        }
    }

    /// Ends the node in order.
    /// - Returns: its exit status.
    func stop() -> Int32? {
        guard let server else { return nil }
        server.terminate()
        server.waitUntilExit()
        self.server = nil
        return server.terminationStatus
    }

    /// - Returns: the line with which people reach the node.
    func serve() async throws -> String {
        let process = Process()
        process.executableURL = URL(filePath: Program.assay.path)
        process.arguments = ["serve", "--data", path("data"), "--listen", "127.0.0.1:0"]
        let output = Pipe()
        process.standardOutput = output
        let log = folder.appending(path: "serve.log")
        _ = FileManager.default.createFile(atPath: log.path(percentEncoded: false), contents: nil)
        process.standardError = try FileHandle(forWritingTo: log)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        server = process
        let reading = output.fileHandleForReading
        let text = await withCheckedContinuation { continuation in
            DispatchQueue(label: "assay.test.serve").async {
                var text = Data()
                while text.filter({ $0 == 0x0a }).count < 2 {
                    let more = reading.availableData
                    if more.isEmpty { break }
                    text += more
                }
                continuation.resume(returning: String(decoding: text, as: UTF8.self))
            }
        }
        address = text.split(separator: "\n").first.map(String.init) ?? ""
        guard let line = text.split(separator: "\n").last else { throw Failed(description: self.log) }
        return String(line)
    }

    /// What the node has logged since it was started.
    var log: String { (try? String(contentsOfFile: path("serve.log"), encoding: .utf8)) ?? "" }

    /// What anybody gets at this path, without a certificate.
    func get(_ name: String) throws -> String {
        let script = """
            import ssl, sys, urllib.request
            context = ssl._create_unverified_context()
            try: print(urllib.request.urlopen(sys.argv[1], context=context, timeout=30).read().decode())
            except urllib.error.HTTPError as error: print(error.read().decode())
            """
        return try Program.python.run(["-B", "-c", script, "\(address)/\(name)"]).text
    }

    func json(_ arguments: String...) throws -> [String: Any] { try json(arguments) }

    /// The one document that a command tells.
    func json(_ arguments: [String]) throws -> [String: Any] {
        let (status, output, error) = try run(arguments)
        guard status == 0, error.isEmpty, output.filter({ $0 == "\n" }).count == 1,
            let document = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any]
        else { throw Failed(description: "\(arguments.joined(separator: " ")): \(status)\n\(output)\n\(error)") }
        return document
    }

    /// The code of the problem by which a command is refused.
    func problem(_ arguments: String...) throws -> String? { try problem(arguments) }

    func problem(_ arguments: [String]) throws -> String? {
        let (status, output, error) = try run(arguments)
        guard status == 1, output.isEmpty, let document = try JSONSerialization.jsonObject(with: Data(error.utf8)) as? [String: Any] else {
            throw Failed(description: "\(arguments.joined(separator: " ")): \(status)\n\(output)\n\(error)")
        }
        return document["code"] as? String
    }

    /// On a terminal of 80 columns no line is longer, and nothing is lost.
    func fits(_ arguments: String...) throws {
        let command = ([Program.assay.path] + arguments).joined(separator: " ")
        let wide = try Program(path: "/bin/sh").run(["-c", command], environment: ["ASSAY_HOME": path("people")])
        let narrow = try Program.named("script").run(
            ["-qec", "stty cols 80; \(command)", "/dev/null"], environment: ["ASSAY_HOME": path("people")])
        guard wide.status == 0, narrow.status == 0 else { throw Failed(description: wide.text + narrow.text) }
        let lines = narrow.text.replacing("\r\n", with: "\n").split(separator: "\n")
        guard lines.allSatisfy({ $0.count <= 80 }) else { throw Failed(description: narrow.text) }
        for word in wide.text.split(whereSeparator: \.isWhitespace) where word.count > 20 {
            guard narrow.text.contains(word) else { throw Failed(description: "\(word) is lost in\n\(narrow.text)") }
        }
    }

    private func run(_ arguments: [String]) throws -> (status: Int32, output: String, error: String) {
        let process = Process()
        process.executableURL = URL(filePath: Program.assay.path)
        process.arguments = arguments + ["--json"]
        process.currentDirectoryURL = Program.root
        process.environment = ProcessInfo.processInfo.environment.merging(["ASSAY_HOME": path("people")]) { $1 }
        let output = Pipe()
        let errors = folder.appending(path: "errors-\(UUID().uuidString)")
        _ = FileManager.default.createFile(atPath: errors.path(percentEncoded: false), contents: nil)
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: errors)
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: text, as: UTF8.self), try String(contentsOf: errors, encoding: .utf8))
    }
}
