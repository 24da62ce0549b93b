import Basics
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import PKIX

/// One connection to a node, for one request at a time.
struct Connection: Sendable {
    private let channel: any Channel
    private let address: NodeAddress

    /// Connects and shakes hands. Returns only when the server has proven to have the pinned key.
    static func open(
        to address: NodeAddress, pin: Digest32, context: NIOSSLContext, until deadline: NIODeadline
    ) async throws(Problem) -> Connection {
        let group = MultiThreadedEventLoopGroup.singleton
        let ready = group.next().makePromise(of: Void.self)
        let bootstrap = ClientBootstrap(group: group)
            .channelOption(.socketOption(.so_keepalive), value: 1)
            .connectTimeout(max(.milliseconds(1), deadline - .now()))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let tls = try NIOSSLClientHandler(
                        context: context, serverHostname: nil,
                        customVerificationCallback: { chain, verdict in
                            let isPinned = Self.key(in: chain)?.digest == pin
                            if !isPinned { ready.fail(Problem.serverKey(address)) }
                            verdict.succeed(isPinned ? .certificateVerified : .failed)
                        })
                    var limits = NIOHTTPDecoderLimitConfiguration()
                    limits.maxHeaderFieldSize = 8 << 10
                    limits.maxHeaderListSize = 32 << 10
                    limits.maxHeaderFieldCount = 64
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(tls)
                    try pipeline.addHTTPClientHandlers(decoderLimitConfiguration: limits)
                    try pipeline.addHandler(ExchangeHandler(address: address, ready: ready))
                }
            }
        let channel: any Channel
        do { channel = try await bootstrap.connect(host: address.host, port: address.port).get() } catch {
            ready.fail(error)
            throw .unreachable(address)
        }
        let timer = channel.eventLoop.scheduleTask(deadline: deadline) {
            ready.fail(Problem.deadline(address, changed: false))
            channel.close(promise: nil)
        }
        defer { timer.cancel() }
        do { try await ready.futureResult.get() } catch {
            channel.close(promise: nil)
            throw error as? Problem ?? .handshake(address)
        }
        return Connection(channel: channel, address: address)
    }

    var isOpen: Bool { channel.isActive }

    func exchange(_ head: HTTPRequestHead, _ body: Bytes, until deadline: NIODeadline) async throws(Problem) -> Answer {
        let changes = head.method != .GET
        let answered = channel.eventLoop.makePromise(of: Answer.self)
        let timer = channel.eventLoop.scheduleTask(deadline: deadline) { [channel, address] in
            answered.fail(Problem.deadline(address, changed: changes))
            channel.close(promise: nil)
        }
        defer { timer.cancel() }
        channel.writeAndFlush(Exchange(head: head, body: body, answered: answered)).whenFailure { [channel, address] _ in
            answered.fail(Problem.connectionLost(address, changed: changes))
            channel.close(promise: nil)
        }
        do {
            return try await withTaskCancellationHandler {
                try await answered.futureResult.get()
            } onCancel: {
                channel.close(promise: nil)
            }
        } catch {
            channel.close(promise: nil)
            throw error as? Problem ?? .connectionLost(address, changed: changes)
        }
    }

    /// Closes and waits for it.
    func close() async { try? await channel.close().get() }

    /// Closes without waiting.
    func abandon() { channel.close(promise: nil) }

    /// The key of the server's certificate, read by the strict parser; nil when it does not read it.
    private static func key(in chain: [NIOSSLCertificate]) -> SubjectPublicKeyInfo? {
        guard let der = try? chain.first?.toDERBytes(), der.count <= 16 << 10 else { return nil }
        return try? Certificate(der: der).tbs.publicKey
    }
}
