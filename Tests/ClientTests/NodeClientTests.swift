import Basics
import Client
import PKIX
import Testing
import Wire

@Suite("The client")
struct NodeClientTests {
    private static let ok = answer(200, "application/json", "1")

    private static func answer(_ status: Int, _ type: String, _ body: String, more: String = "") -> ScriptedServer.Step {
        .send("HTTP/1.1 \(status) X\r\nContent-Type: \(type)\r\nContent-Length: \(body.utf8.count)\r\n\(more)\r\n\(body)")
    }

    private func client(_ server: ScriptedServer, pin: Digest32? = nil, key: PrivateKey? = nil, deadline: Duration = .seconds(120)) throws
        -> NodeClient
    {
        try NodeClient(
            NodeAddress(host: "127.0.0.1", port: server.port), pin: pin ?? server.key.publicKey.digest, key: key, deadline: deadline,
            clocks: SystemClocks(), entropy: SystemEntropy())
    }

    /// The problem that a request for the node's state ends with.
    private func problem(_ client: NodeClient, _ route: Route = Routes.node, body: ClientBody = .none) async -> Problem? {
        await #expect(throws: Problem.self) { try await client.send(route, body: body) }
    }

    @Test("A server with another key is refused before any octet of a request is sent")
    func otherKey() async throws {
        let server = try await ScriptedServer([[Self.ok], [Self.ok]])
        defer { server.stop() }
        let key = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
        #expect(await problem(try client(server, pin: Digest32(of: "another"), key: key))?.code == "client.server-key-mismatch")
        #expect(server.connections == 1)
        #expect(server.received == "")
        // Under its own pin the same server is talked to: what is refused above is the key.
        #expect(try await client(server, key: key).send(Routes.node).json() == .integer(1))
    }

    @Test("TLS 1.2 is refused")
    func oldVersion() async throws {
        let server = try await ScriptedServer([[Self.ok]], version: .tlsv12)
        defer { server.stop() }
        #expect(await problem(try client(server))?.code == "client.handshake-failed")
        #expect(server.received == "")
    }

    @Test("Nobody there")
    func unreachable() async throws {
        // Port 1, not one that a server gave back: another test's server may have been given that meanwhile.
        let client = try NodeClient(
            NodeAddress(host: "127.0.0.1", port: 1), pin: Digest32(of: "any"), key: nil, deadline: .seconds(120), clocks: SystemClocks(),
            entropy: SystemEntropy())
        #expect(await problem(client)?.code == "client.node-unreachable")
    }

    @Test("Requests one after the other use one connection")
    func keepAlive() async throws {
        let server = try await ScriptedServer([[Self.ok, Self.ok, Self.ok]])
        defer { server.stop() }
        let client = try client(server)
        for _ in 0..<3 { #expect(try await client.send(Routes.node).json() == .integer(1)) }
        #expect(server.connections == 1)
        await client.close()
    }

    @Test("What the server says is the last answer on its connection is so")
    func closing() async throws {
        let last = Self.answer(200, "application/json", "1", more: "Connection: close\r\n")
        let server = try await ScriptedServer([[last], [last]])
        defer { server.stop() }
        let client = try client(server)
        for _ in 0..<2 { _ = try await client.send(Routes.node) }
        #expect(server.connections == 2)
    }

    @Test("A kept connection that was closed meanwhile: a GET is asked again, a POST is not")
    func lost() async throws {
        let server = try await ScriptedServer([[Self.ok, .close], [Self.ok, .close]])
        defer { server.stop() }
        let client = try client(server)
        _ = try await client.send(Routes.node)
        _ = try await client.send(Routes.node)
        #expect(server.connections == 2)
        let lost = await problem(client, Routes.enroll, body: .json(.null))
        #expect(lost?.code == "client.connection-lost")
        #expect(lost?.detail.contains("look before you repeat it") == true)
        #expect(server.connections == 2)
    }

    @Test("A request is what it should be, octet for octet")
    func request() async throws {
        let server = try await ScriptedServer([[Self.ok, Self.ok]])
        defer { server.stop() }
        let client = try client(server)
        _ = try await client.send(Routes.entries, query: ["from": ["3"], "count": ["10"]])
        _ = try await client.send(Routes.submitRequest, query: ["field": ["a=ä b"]], body: .raw(.pkcs10, [0x30, 0x00]))
        #expect(
            server.received
                == "GET /api/v1/ledger/entries?count=10&from=3 HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\n\r\n"
                + "POST /api/v1/requests?field=a%3D%C3%A4%20b HTTP/1.1\r\nHost: 127.0.0.1:\(server.port)\r\n"
                + "Content-Type: application/pkcs10\r\nContent-Length: 2\r\n\r\n0\0")
    }

    @Test("A problem is thrown as it is; what is none is malformed")
    func problems() async throws {
        let sent = Problem(.conflict, "request.decided", title: "Decided", detail: "Since yesterday.", field: "id")
        let text = String(decoding: ProblemDocument(sent).json.canonicalBytes, as: UTF8.self)
        let server = try await ScriptedServer([
            [
                Self.answer(409, "application/problem+json", text), Self.answer(400, "application/problem+json", text),
                Self.answer(500, "text/html", "<b>"), Self.answer(302, "application/json", "1"),
                Self.answer(200, "text/html", "1"),
            ]
        ])
        defer { server.stop() }
        let client = try client(server)
        #expect(await problem(client) == sent)
        for _ in 0..<3 { #expect(await problem(client)?.code == "client.answer-malformed") }
        let other = try await client.send(Routes.node)
        #expect(throws: Problem.self) { try other.json() }
    }

    @Test("Silence ends with the deadline", arguments: [false, true])
    func deadline(isPost: Bool) async throws {
        let server = try await ScriptedServer([[.silence]])
        defer { server.stop() }
        let client = try client(server, deadline: .milliseconds(300))
        let found = isPost ? await problem(client, Routes.enroll, body: .json(.null)) : await problem(client)
        #expect(found?.code == "client.deadline-exceeded")
        #expect(found?.detail.contains("look before you repeat it") == isPost)
    }

    @Test("An answer beyond the limit is refused, announced or not", arguments: [true, false])
    func tooLarge(isAnnounced: Bool) async throws {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n"
        let step: ScriptedServer.Step =
            isAnnounced
            ? .send(head + "Content-Length: \(NodeClient.largestAnswer + 1)\r\n\r\n")
            : .sendOctets(Bytes((head + "\r\n").utf8) + Bytes(repeating: 0x61, count: NodeClient.largestAnswer + 1))
        let server = try await ScriptedServer([[step]])
        defer { server.stop() }
        #expect(await problem(try client(server))?.code == "client.answer-too-large")
    }

    @Test(
        "Answers that are not HTTP, cut off, or unasked for end the connection",
        arguments: [
            "garbage\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX: " + String(repeating: "a", count: 9000) + "\r\n\r\n",
        ])
    func garbage(text: String) async throws {
        let server = try await ScriptedServer([[.send(text)]])
        defer { server.stop() }
        #expect(await problem(try client(server))?.code == "client.connection-lost")
    }

    @Test("Wrong parameters are found before anything is sent")
    func parameters() async throws {
        let server = try await ScriptedServer([])
        defer { server.stop() }
        let found = await problem(try client(server), Routes.request)
        #expect(found?.code == "request.parameter-invalid")
        #expect(server.connections == 0)
    }
}
