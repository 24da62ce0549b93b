import API
import Access
import Basics
import Client
import PKIX
import Synchronization
import Testing
import Wire

@Suite("The listener")
struct ListenerTests {
    private static let echo = lettingIn { _, body in APIResponse(.octets, body) }

    private func post(_ body: String, length: Int? = nil, more: String = "") -> String {
        "POST /test HTTP/1.1\r\nHost: x\r\nContent-Length: \(length ?? body.utf8.count)\r\nConnection: close\r\n\(more)\r\n\(body)"
    }

    @Test("A person's request reaches its handler, and the answer comes back")
    func wholeWay() async throws {
        let key = try Keys.make()
        let handle = try #require(Handle("officer-1"))
        let table = RouteTable([Routes.vote, Routes.roster])
        let vote: Dispatcher.Handler = { request throws(Problem) in
            var fields = try request.fields()
            let text = try fields.string("vote")
            try fields.end()
            let id = try request.identifier("id")
            let caller = request.principal?.handle.description ?? "nobody"
            return .json(.object(["id": .string(id.description), "vote": .string(text), "by": .string(caller)]))
        }
        let roster: Dispatcher.Handler = { request throws(Problem) in .json(.integer(request.queryNumber("from") ?? 0)) }
        let dispatcher = try Dispatcher([Routes.vote: vote, Routes.roster: roster], table: table) { digest in
            digest == key.publicKey.digest ? Principal(handle: handle, roles: []) : nil
        }
        try await TestNode.run(edge: dispatcher.admit) { node in
            let client = try node.client(key)
            let id = Samples.value(.id)
            let voted = try await client.send(Routes.vote, parameters: ["id": id], body: .json(.object(["vote": .string("ja\u{202e}")])))
            #expect(try voted.json() == .object(["id": .string(id), "vote": .string("ja\u{202e}"), "by": .string("officer-1")]))
            #expect(try await client.send(Routes.roster, query: ["from": ["7"]]).json() == .integer(7))

            let missing = await #expect(throws: Problem.self) {
                try await client.send(Routes.vote, parameters: ["id": id], body: .json(.object([:])))
            }
            #expect(missing?.field == "vote")
            let unknown = await #expect(throws: Problem.self) { try await client.send(Routes.node) }
            #expect(unknown?.code == "request.path-unknown")
            let stranger = await #expect(throws: Problem.self) { try await node.client(Keys.make()).send(Routes.roster) }
            #expect(stranger?.code == "access.key-unknown")
            await client.close()

            // A line is written when the answer has gone out; the caller may be quicker.
            for _ in 0..<500 where node.log.requests.count < 5 { try await Task.sleep(for: .milliseconds(10)) }
            let lines = node.log.requests
            #expect(lines.map { $0["status"] } == [200, 200, 400, 404, 401].map { .integer($0) })
            #expect(
                lines.map { $0["route"] }
                    == [
                        "/api/v1/requests/{id}/votes", "/api/v1/roster", "/api/v1/requests/{id}/votes", "none",
                        "/api/v1/roster",
                    ].map { .string($0) })
            #expect(lines.map { $0["principal"] } == [.string("officer-1"), .string("officer-1"), .string("officer-1"), nil, nil])
            #expect(!"\(lines)".contains(id))
            #expect(!"\(lines)".contains("ja"))
        }
    }

    @Test("A refused request's body is not read, and the connection is closed after the answer")
    func refusedUnread() async throws {
        let refuse: Edge = { head in
            Admission(route: nil, principal: nil, .answer(.problem(Problem(.forbidden, "x", title: "t", detail: "d"), request: head.id)))
        }
        try await TestNode.run(edge: refuse) { node in
            let start = "POST /test HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
            let outcome = try await RawClient.talk(to: node.port, sending: start + String(repeating: "a", count: 1000))
            #expect(outcome.ended)
            #expect(outcome.received.hasPrefix("HTTP/1.1 403 "))
            #expect(outcome.received.contains("Connection: close\r\n"))
        }
    }

    @Test("A body of the largest size is taken, one octet more is not")
    func bodyLimit() async throws {
        var limits = Limits()
        limits.body = 100_000
        try await TestNode.run(limits: limits, edge: Self.echo) { node in
            let whole = try await RawClient.talk(to: node.port, sending: post(String(repeating: "a", count: 100_000)))
            #expect(whole.received.hasPrefix("HTTP/1.1 200 "))
            #expect(whole.received.hasSuffix(String(repeating: "a", count: 100_000)))
            let more = try await RawClient.talk(to: node.port, sending: post(String(repeating: "a", count: 100_001)))
            #expect(more.received.hasPrefix("HTTP/1.1 413 "))
            #expect(more.received.contains("request.body-too-large"))
        }
    }

    @Test("A sender that asks whether to go on is told so")
    func goOn() async throws {
        try await TestNode.run(edge: Self.echo) { node in
            let outcome = try await RawClient.talk(to: node.port, sending: post("abc", more: "Expect: 100-continue\r\n"))
            #expect(outcome.received.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 "))
        }
    }

    @Test("A body that stays incomplete is never handled, however it ends", arguments: [false, true])
    func incomplete(isChunked: Bool) async throws {
        var limits = Limits()
        limits.reading = .milliseconds(200)
        let handled = Mutex(0)
        let edge = lettingIn { _, body in
            handled.withLock { $0 += 1 }
            return APIResponse(.octets, body)
        }
        try await TestNode.run(limits: limits, edge: edge) { node in
            let chunked = "POST /test HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
            let outcome = try await RawClient.talk(to: node.port, sending: isChunked ? chunked : post("abc", length: 4))
            #expect(outcome.ended)
            #expect(!outcome.received.contains("200 OK"))
            #expect(handled.withLock { $0 } == 0)
        }
    }

    @Test("Who is slow with a head, or says nothing, is cut off", arguments: ["", "GET /test HTTP/1.1\r\nHost: x\r\nX-"])
    func slow(start: String) async throws {
        var limits = Limits()
        limits.idle = .milliseconds(300)
        try await TestNode.run(limits: limits, edge: Self.echo) { node in
            let outcome = try await RawClient.talk(to: node.port, sending: start)
            #expect(outcome.ended)
            #expect(outcome.received == "")
        }
    }

    @Test(
        "Heads beyond the limits, and what is not HTTP, are answered with 400 or nothing",
        arguments: [
            "GET /test HTTP/1.1\r\nHost: x\r\nX-Long: " + String(repeating: "a", count: 9000) + "\r\n\r\n",
            "GET /test HTTP/1.1\r\nHost: x\r\n" + (0..<100).map { "X-\($0): 1\r\n" }.joined() + "\r\n",
            "GET /test HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
            "POST /test HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
            "\u{16}\u{3}\u{1}garbage\r\n\r\n",
        ])
    func malformed(text: String) async throws {
        var limits = Limits()
        limits.idle = .milliseconds(500)
        try await TestNode.run(limits: limits, edge: Self.echo) { node in
            let outcome = try await RawClient.talk(to: node.port, sending: text)
            #expect(outcome.ended)
            #expect(outcome.received == "" || outcome.received.hasPrefix("HTTP/1.1 400 "))
        }
    }

    @Test("A stop lets a request in progress end and accepts no other", .timeLimit(.minutes(5)))
    func drains() async throws {
        let (entered, entering) = AsyncStream.makeStream(of: Void.self)
        let (gate, opening) = AsyncStream.makeStream(of: Void.self)
        let edge = lettingIn { _, _ in
            entering.finish()
            for await _ in gate {}
            return .json(.string("done"))
        }
        try await TestNode.run(edge: edge) { node in
            let client = try node.client(nil)
            let request = Task { try await client.send(Routes.health).json() }
            for await _ in entered {}
            let stopping = Task { await node.listener.stop() }
            try await untilUnreachable(node)
            opening.finish()
            #expect(try await request.value == .string("done"))
            await stopping.value
        }
    }

    /// Asks on new connections until nothing accepts them.
    private func untilUnreachable(_ node: TestNode) async throws {
        var code: String?
        while code != "client.node-unreachable" {
            let client = try node.client(nil, deadline: .milliseconds(200))
            do { _ = try await client.send(Routes.health) } catch { code = error.code }
        }
    }

    @Test("A stop does not wait for ever")
    func drainLimit() async throws {
        var limits = Limits()
        limits.drain = .milliseconds(200)
        let (entered, entering) = AsyncStream.makeStream(of: Void.self)
        let edge = lettingIn { _, _ in
            entering.finish()
            try? await SystemClocks().sleep(for: .seconds(3600))
            return .json(.null)
        }
        try await TestNode.run(limits: limits, edge: edge) { node in
            let client = try node.client(nil)
            let request = Task { try await client.send(Routes.health) }
            for await _ in entered {}
            let clocks = SystemClocks()
            await node.listener.stop()
            #expect(clocks.monotonic < .seconds(600))
            _ = await request.result
        }
    }

    @Test("More connections than allowed wait; they are not served and nobody is thrown out")
    func connectionLimit() async throws {
        var limits = Limits()
        limits.connections = 1
        try await TestNode.run(limits: limits, edge: Self.echo) { node in
            let first = try node.client(nil)
            _ = try await first.send(Routes.health)
            let second = try node.client(nil, deadline: .milliseconds(300))
            let waits = await #expect(throws: Problem.self) { try await second.send(Routes.health) }
            #expect(waits?.code == "client.deadline-exceeded")
            _ = try await first.send(Routes.health)
            await first.close()
            _ = try await node.client(nil).send(Routes.health)
        }
    }

    @Test("An address that is taken is a problem that says so")
    func taken() async throws {
        try await TestNode.run(edge: Self.echo) { node in
            let second = try Listener(
                Listener.Address(host: "127.0.0.1", port: node.port), key: try Keys.make(), clocks: SystemClocks(),
                entropy: SystemEntropy(),
                logger: node.log.logger, edge: Self.echo)
            let problem = await #expect(throws: Problem.self) { try await second.run() }
            #expect(problem?.code == "node.address-unavailable")
            #expect(problem?.detail.contains(String(node.port)) == true)
        }
    }
}
