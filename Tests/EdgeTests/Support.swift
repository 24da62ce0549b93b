import API
import Basics
import Client
import Logging
import PKIX
import Synchronization
import Testing
import Wire

enum Keys {
    static func make() throws -> PrivateKey { try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy()) }
    static func id() -> ID { ID(at: SystemClocks().now, entropy: SystemEntropy()) }

    static func certificate(_ key: PrivateKey, addresses: [String] = ["127.0.0.1"]) throws -> Certificate {
        let now = SystemClocks().now
        return try SelfSigned.certificate(
            key: key, name: "test", addresses: addresses, validity: Validity(notBefore: now, notAfter: now.adding(days: 1)),
            serial: SerialNumber(at: now, random: SystemEntropy().bytes(16)))
    }
}

/// The lines that were written to a log.
final class LogLines: Sendable {
    private let lines = Mutex<[JSON]>([])

    var logger: Logger {
        Logger(label: "test") { label in
            JSONLogHandler(label: label, clocks: SystemClocks()) { line in
                guard let value = try? JSON(parsing: line) else { return }
                self.lines.withLock { $0.append(value) }
            }
        }
    }

    var all: [JSON] { lines.withLock { $0 } }

    /// The members of the lines about requests.
    var requests: [[String: JSON]] {
        all.compactMap { line in
            if case .object(let members) = line, members["message"] == .string("request") { members } else { nil }
        }
    }
}

/// A listener on a free port for as long as `body` runs.
struct TestNode: Sendable {
    let listener: Listener
    let port: Int
    let key: PrivateKey
    let log: LogLines

    static func run(limits: Limits = Limits(), edge: @escaping Edge, _ body: (TestNode) async throws -> Void) async throws {
        let (ports, running) = AsyncStream.makeStream(of: Int.self)
        let key = try Keys.make()
        let log = LogLines()
        let listener = try Listener(
            Listener.Address(host: "127.0.0.1", port: 0), key: key, limits: limits, clocks: SystemClocks(), entropy: SystemEntropy(),
            logger: log.logger, edge: edge, onRunning: { running.yield($0) })
        let serving = Task {
            defer { running.finish() }
            try await listener.run()
        }
        var iterator = ports.makeAsyncIterator()
        guard let port = await iterator.next() else {
            try await serving.value
            return
        }
        do { try await body(TestNode(listener: listener, port: port, key: key, log: log)) } catch {
            await listener.stop()
            throw error
        }
        await listener.stop()
        try await serving.value
    }

    func client(_ key: PrivateKey?, deadline: Duration = .seconds(120)) throws -> NodeClient {
        try NodeClient(
            NodeAddress(host: "127.0.0.1", port: port), pin: self.key.publicKey.digest, key: key, deadline: deadline,
            clocks: SystemClocks(), entropy: SystemEntropy())
    }
}

/// An edge that lets everybody in and answers with `answer`.
func lettingIn(_ answer: @escaping @Sendable (RequestHead, Bytes) async -> APIResponse) -> Edge {
    { head in Admission(route: "/test", principal: nil, .read { body in await answer(head, body) }) }
}
