import Basics
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import PKIX
import Synchronization
import Wire

/// Where a node listens.
public struct NodeAddress: Hashable, Sendable, CustomStringConvertible {
    public let host: String
    public let port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    public var description: String { host.contains(":") ? "[\(host.escaped)]:\(port)" : "\(host.escaped):\(port)" }
}

/// Talks to one node: HTTP/1.1 over TLS 1.3, with the server's key pinned and the person's key shown.
///
/// It is built on SwiftNIO because AsyncHTTPClient cannot pin a bare key. No certificate authority is trusted, no name is
/// compared, no validity is looked at: the server is the one whose key has the pinned digest, or nothing is sent.
public final class NodeClient: Sendable {
    /// Octets of the largest answer that is taken.
    public static let largestAnswer = 16 << 20

    public let address: NodeAddress
    private let pin: Digest32
    private let deadline: Duration
    private let context: NIOSSLContext
    /// Connections that wait for their next request, the longest unused first; guards nothing else.
    private let idle = Mutex<[Idle]>([])

    private struct Idle {
        let connection: Connection
        let since: NIODeadline
    }

    /// - Parameters:
    ///   - pin: the digest of the server's SubjectPublicKeyInfo.
    ///   - key: the person's login key; a self-signed certificate is made from it. Without one, nobody asks.
    ///   - deadline: for one request, from connecting to the answer's last octet.
    public init(
        _ address: NodeAddress, pin: Digest32, key: PrivateKey?, deadline: Duration = .seconds(10), clocks: any Clocks,
        entropy: any Entropy
    ) throws(Problem) {
        self.address = address
        self.pin = pin
        self.deadline = deadline
        do { context = try NIOSSLContext(configuration: try Self.tls(key, now: clocks.now, entropy)) } catch { throw .notSent }
    }

    deinit {
        for waiting in idle.withLock({ $0 }) { waiting.connection.abandon() }
    }

    /// Sends a request and waits for its answer.
    /// - Throws: the node's problem, or one whose code begins with `client.`.
    public func send(
        _ route: Route, parameters: [String: String] = [:], query: [String: [String]] = [:], body: ClientBody = .none
    ) async throws(Problem) -> ClientResponse {
        let target = try RequestTarget.render(route, parameters: parameters, query: query)
        var head = HTTPRequestHead(version: .http1_1, method: route.method == .get ? .GET : .POST, uri: target)
        head.headers.add(name: "Host", value: address.description)
        let content: Bytes
        switch body {
        case .none: content = []
        case .json(let value):
            content = value.canonicalBytes
            head.headers.add(name: "Content-Type", value: MediaType.json.rawValue)
        case .raw(let media, let octets):
            content = octets
            head.headers.add(name: "Content-Type", value: media.rawValue)
        }
        if route.method == .post { head.headers.add(name: "Content-Length", value: String(content.count)) }
        let answer = try await exchange(head, content, until: .now() + TimeAmount(deadline))
        let media = answer.contentType.flatMap { MediaType(contentType: $0) }
        guard (200..<300).contains(answer.status) else {
            guard media == .problem else { throw .answerMalformed("Status \(answer.status) came without a problem.") }
            throw try ProblemDocument(parsing: answer.body, status: answer.status).problem
        }
        return ClientResponse(status: answer.status, media: media, body: answer.body)
    }

    /// Closes the connections that are kept for further requests.
    public func close() async {
        let connections = idle.withLock { idle in
            defer { idle = [] }
            return idle
        }
        for waiting in connections { await waiting.connection.close() }
    }

    private func exchange(_ head: HTTPRequestHead, _ body: Bytes, until deadline: NIODeadline) async throws(Problem) -> Answer {
        if let connection = takeIdle() {
            do { return try await exchange(head, body, on: connection, until: deadline) } catch {
                // The node may have closed it while it waited. What changes nothing is asked again, once.
                guard head.method == .GET, error.code == "client.connection-lost" else { throw error }
            }
        }
        let connection = try await Connection.open(to: address, pin: pin, context: context, until: deadline)
        return try await exchange(head, body, on: connection, until: deadline)
    }

    private func exchange(
        _ head: HTTPRequestHead, _ body: Bytes, on connection: Connection, until deadline: NIODeadline
    ) async throws(Problem) -> Answer {
        let answer = try await connection.exchange(head, body, until: deadline)
        if answer.keepsAlive {
            idle.withLock { $0.append(Idle(connection: connection, since: .now())) }
        } else {
            await connection.close()
        }
        return answer
    }

    /// A node closes what was unused for 30 seconds; what was unused for 10 is not trusted to be open any more.
    private func takeIdle() -> Connection? {
        let (found, stale) = idle.withLock { idle -> (Connection?, [Connection]) in
            let limit = NIODeadline.now() - .seconds(10)
            let stale = idle.filter { $0.since < limit || !$0.connection.isOpen }
            idle.removeAll { $0.since < limit || !$0.connection.isOpen }
            return (idle.popLast()?.connection, stale.map(\.connection))
        }
        for connection in stale { connection.abandon() }
        return found
    }

    private static func tls(_ key: PrivateKey?, now: UTCTime, _ entropy: any Entropy) throws -> TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv13
        configuration.maximumTLSVersion = .tlsv13
        configuration.applicationProtocols = ["http/1.1"]
        configuration.trustRoots = .certificates([])
        // The callback of Connection replaces the verification, but is not asked at all when this is .none.
        configuration.certificateVerification = .noHostnameVerification
        if let key {
            let certificate = try SelfSigned.certificate(
                key: key, name: "assay", addresses: ["localhost"],
                validity: Validity(notBefore: now.adding(seconds: -300), notAfter: now.adding(days: 1)),
                serial: SerialNumber(at: now, random: entropy.bytes(16)))
            configuration.certificateChain = [.certificate(try NIOSSLCertificate(bytes: certificate.der, format: .der))]
            configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: key.pkcs8, format: .der))
        }
        return configuration
    }
}
