import API
import Access
import Approval
import Basics
import Client
import Logging
import Node
import PKIX
import Proofs
import Registration
import Synchronization
import Testing
import Wire

/// A real house behind a listener on loopback, for as long as `body` runs.
struct EdgeHouse: Sendable {
    let bench: AttackBench
    let house: House
    let dispatcher: Dispatcher
    let log: LogText
    private let port: Int
    private let serverKey: PrivateKey

    static func run(_ body: (EdgeHouse) async throws -> Void) async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        let house = try await bench.test.open()
        let services = house.services
        let dispatcher = try Dispatcher(
            Handlers.all(services), machine: { digest throws(Problem) in try services.ledger.machine(key: digest) },
            principal: { digest throws(Problem) in try services.ledger.principal(loginKey: digest) })
        let key = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
        let log = LogText()
        let (ports, running) = AsyncStream.makeStream(of: Int.self)
        let listener = try Listener(
            .init(host: "127.0.0.1", port: 0), key: key, clocks: SystemClocks(), entropy: SystemEntropy(), logger: log.logger,
            edge: { await dispatcher.admit($0) }, onRunning: { running.yield($0) })
        let serving = Task {
            defer { running.finish() }
            try await listener.run()
        }
        var iterator = ports.makeAsyncIterator()
        let port = try #require(await iterator.next())
        let edge = EdgeHouse(bench: bench, house: house, dispatcher: dispatcher, log: log, port: port, serverKey: key)
        do { try await body(edge) } catch {
            await listener.stop()
            throw error
        }
        await listener.stop()
        try await serving.value
        try await house.services.ledger.stop()
    }

    func client(_ key: PrivateKey?) throws -> NodeClient {
        try NodeClient(
            NodeAddress(host: "127.0.0.1", port: port), pin: serverKey.publicKey.digest, key: key, clocks: SystemClocks(),
            entropy: SystemEntropy())
    }

    /// What the router answers in memory: the exact octets that a peer would get.
    func answer(
        _ route: Route, as person: TestPerson?, query: [String: [String]] = [:], parameters: [String: String] = [:], body: Bytes,
        media: MediaType = .json
    ) async throws -> APIResponse {
        let head = RequestHead(
            id: ID(at: TestHouse.start, entropy: SystemEntropy()), method: route.method.rawValue,
            target: try RequestTarget.render(route, parameters: parameters, query: query), contentType: media.rawValue,
            contentLength: body.count, peer: person?.login.publicKey)
        switch await dispatcher.admit(head).decision {
        case .answer(let response): return response
        case .read(let handle): return await handle(body)
        }
    }

    /// What anybody could have changed: rows of every table, and the ledger.
    func state() throws -> State {
        State(rows: try bench.counts(), size: try house.services.ledger.view().frontier.size)
    }

    struct State: Hashable {
        let rows: [String: Int]
        let size: Int64
    }
}

/// Everything that was logged, as it was written.
final class LogText: Sendable {
    private let octets = Mutex<Bytes>([])

    var logger: Logger {
        Logger(label: "test") { label in
            JSONLogHandler(label: label, clocks: SystemClocks()) { line in self.octets.withLock { $0 += line } }
        }
    }

    var all: Bytes { octets.withLock { $0 } }
}
