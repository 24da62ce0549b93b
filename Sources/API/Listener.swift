import Basics
import Glibc
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import PKIX
import Synchronization

/// Serves one edge on one address: HTTP/1.1 over TLS 1.3, nothing older.
///
/// The server's certificate is made anew at each start from its pinned key and signed with it; a peer knows the key, not the
/// certificate. Peers are asked for a certificate and may come without one.
public final class Listener: Sendable {
    /// Where to listen. Port 0: any free one.
    public struct Address: Hashable, Sendable {
        public let host: String
        public let port: Int

        public init(host: String, port: Int) {
            self.host = host
            self.port = port
        }
    }

    private let server: Server<TLSChannel<HTTP1Channel>>
    private let address: Address
    private let limits: Limits
    private let clocks: any Clocks
    /// Holds the task that serves, from ``run()`` on; guards nothing else.
    private let serving = Mutex<Task<Void, any Error>?>(nil)

    /// - Parameters:
    ///   - key: the server's own key, whose digest clients pin; P-256.
    ///   - edge: what is served.
    ///   - onRunning: called with the port once connections are accepted.
    /// - Throws: when the TLS stack does not take the key.
    public init(
        _ address: Address, key: PrivateKey, limits: Limits = Limits(), clocks: any Clocks, entropy: any Entropy, logger: Logger,
        edge: @escaping Edge, onRunning: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) throws {
        self.address = address
        self.limits = limits
        self.clocks = clocks
        let responder = Responder(limits: limits, clocks: clocks, entropy: entropy, logger: logger, edge: edge)
        let http = HTTP1Channel(
            responder: { request, writer, channel in try await responder.respond(request, writer, channel) },
            configuration: .init(
                additionalChannelHandlers: [PeerHandler()], idleTimeout: TimeAmount(limits.idle),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: limits.headerField, maxHeaderListSize: limits.headers, maxHeaderFieldCount: limits.headerCount)))
        let tls = TLSChannelConfiguration(
            tlsConfiguration: try Self.tls(address, key, now: clocks.now, entropy),
            customVerificationCallback: { chain, promise in
                do {
                    _ = try PeerCertificate.key(in: try chain.map { try $0.toDERBytes() })
                    promise.succeed(.certificateVerified)
                } catch {
                    let reason = (error as? PeerCertificate.Refusal)?.text ?? "unreadable"
                    logger.info("peer certificate refused", metadata: ["reason": "\(reason)"])
                    promise.succeed(.failed)
                }
            })
        server = Server(
            childChannelSetup: try TLSChannel(http, configuration: tls),
            configuration: ServerConfiguration(
                address: .hostname(address.host, port: address.port),
                availableConnectionsDelegate: .maximum(limits.connections, logger: logger)),
            onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? address.port) },
            eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger)
    }

    /// Serves until ``stop()`` is called, a graceful shutdown begins, or the task is cancelled.
    /// - Throws: a ``Problem`` of code `node.address-unavailable` when the address is in use or not this machine's.
    public func run() async throws {
        let task = Task { try await server.run() }
        serving.withLock { $0 = task }
        do {
            try await withTaskCancellationHandler {
                try await task.value
            } onCancel: {
                task.cancel()
            }
        } catch let error as IOError {
            switch error.errnoCode {
            case EADDRINUSE: throw unavailable("another program listens there")
            case EADDRNOTAVAIL: throw unavailable("that is no address of this machine")
            case EACCES: throw unavailable("this user may not listen on that port; take one from 1024 on")
            case let code: throw unavailable("the system refuses with errno \(code)")
            }
        } catch is SocketAddressError.UnknownHost {
            throw unavailable("the name is not known; an address of this machine is accepted")
        }
    }

    private func unavailable(_ why: String) -> Problem {
        Problem(
            .unavailable, "node.address-unavailable", title: "The address cannot be listened on",
            detail: "\(address.host.escaped), port \(address.port): \(why).")
    }

    /// Accepts nothing more, lets requests in progress end, and closes; after the drain limit what still runs is cancelled.
    public func stop() async {
        let (ended, ending) = AsyncStream.makeStream(of: Void.self)
        let draining = Task { [server] in
            try? await server.shutdownGracefully()
            ending.finish()
        }
        let limit = Task { [clocks, limits, serving = self] in
            try await clocks.sleep(for: limits.drain)
            serving.cancel()
            ending.finish()
        }
        for await _ in ended {}
        limit.cancel()
        draining.cancel()
    }

    private func cancel() { serving.withLock { $0?.cancel() } }

    private static func tls(_ address: Address, _ key: PrivateKey, now: UTCTime, _ entropy: any Entropy) throws -> TLSConfiguration {
        let certificate = try SelfSigned.certificate(
            key: key, name: "assay", addresses: Array(Set([address.host, "127.0.0.1", "localhost"])).sorted(),
            validity: Validity(notBefore: now.adding(seconds: -300), notAfter: now.adding(days: 90)),
            serial: SerialNumber(at: now, random: entropy.bytes(16)))
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: [.certificate(try NIOSSLCertificate(bytes: certificate.der, format: .der))],
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: key.pkcs8, format: .der)))
        configuration.minimumTLSVersion = .tlsv13
        configuration.maximumTLSVersion = .tlsv13
        configuration.applicationProtocols = ["http/1.1"]
        configuration.certificateVerification = .optionalVerification
        configuration.verifySignatureAlgorithms = [.ecdsaSecp256R1Sha256]
        configuration.trustRoots = .certificates([])
        return configuration
    }
}
