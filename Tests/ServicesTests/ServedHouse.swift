import Approval
import Basics
import Client
import Foundation
import Glibc
import Node
import PKIX
import Registration
import Testing
import Wire

/// The real program over a data directory, in a process of its own.
struct ServedHouse: @unchecked Sendable {
    private let process: Process
    private let exit: AsyncStream<Int32>
    let code: ConnectionCode

    /// Starts it and waits until it says where it listens.
    /// - Parameter environment: of the program, beside what it inherits.
    static func start(_ paths: HousePaths, environment: [String: String] = [:]) async throws -> ServedHouse {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        let process = Process()
        process.executableURL = root.appending(path: ".build/debug/assay")
        process.arguments = ["serve", "--data", paths.data, "--listen", "127.0.0.1:0"]
        process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
            .merging(environment) { $1 }
        let output = Pipe()
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: log(paths))
        process.standardInput = FileHandle.nullDevice
        let (exit, ended) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = {
            ended.yield($0.terminationStatus)
            ended.finish()
        }
        try process.run()
        let text = await lines(2, of: output.fileHandleForReading)
        let word = try #require(
            text.split(separator: "\n").last.map(String.init), "\(String(describing: try? String(contentsOf: log(paths), encoding: .utf8)))"
        )
        return ServedHouse(process: process, exit: exit, code: try ConnectionCode(parsing: word))
    }

    private static func log(_ paths: HousePaths) -> URL {
        let url = URL(filePath: paths.data + "/log")
        if !FileManager.default.fileExists(atPath: url.path) { _ = FileManager.default.createFile(atPath: url.path, contents: nil) }
        return url
    }

    /// Reads on a thread of its own: it blocks.
    private static func lines(_ count: Int, of handle: FileHandle) async -> String {
        await withCheckedContinuation { continuation in
            DispatchQueue(label: "assay.test.output").async {
                var text = Data()
                while text.filter({ $0 == 0x0a }).count < count {
                    let more = handle.availableData
                    if more.isEmpty { break }
                    text += more
                }
                continuation.resume(returning: String(decoding: text, as: UTF8.self))
            }
        }
    }

    /// Ends it as a power cut would, and waits until it is gone.
    func kill() async { await end(by: SIGKILL) }

    /// Asks it to stop.
    /// - Returns: its exit status.
    func stop() async -> Int32 { await end(by: SIGTERM) }

    @discardableResult
    private func end(by signal: Int32) async -> Int32 {
        _ = Glibc.kill(process.processIdentifier, signal)
        for await status in exit { return status }
        return process.terminationStatus
    }

    func client(_ person: TestPerson) throws -> NodeClient {
        let parts = code.address.split(separator: ":")
        return try NodeClient(
            NodeAddress(host: String(parts[0]), port: try #require(Int(parts[1]))), pin: code.serverKey, key: person.login,
            clocks: SystemClocks(), entropy: SystemEntropy())
    }
}
