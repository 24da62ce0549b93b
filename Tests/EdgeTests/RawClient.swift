import Basics
import Crypto
import NIOCore
import NIOPosix
import NIOSSL

/// A TLS client without manners: trusts every server, sends what it is told, and collects what comes until the end.
enum RawClient {
    struct Identity: Sendable {
        let certificates: [Bytes]
        let key: NIOSSLPrivateKey
    }

    struct Outcome: Sendable {
        let received: String
        /// Whether the connection ended by itself, not by this client's patience of 10 seconds.
        let ended: Bool
        /// Whether the handshake was completed on this side. In TLS 1.3 the server may refuse the client's certificate after that.
        let failed: Bool
    }

    static func talk(
        to port: Int, as identity: Identity? = nil, version: TLSVersion = .tlsv13, sending text: String
    ) async throws -> Outcome {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.maximumTLSVersion = version
        configuration.certificateVerification = .noHostnameVerification
        if let identity {
            configuration.certificateChain = try identity.certificates.map {
                .certificate(try NIOSSLCertificate(bytes: $0, format: .der))
            }
            configuration.privateKey = .privateKey(identity.key)
        }
        let context = try NIOSSLContext(configuration: configuration)
        let group = MultiThreadedEventLoopGroup.singleton
        let outcome = group.next().makePromise(of: Outcome.self)
        let channel = try await ClientBootstrap(group: group).channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                let tls = try NIOSSLClientHandler(
                    context: context, serverHostname: nil, customVerificationCallback: { $1.succeed(.certificateVerified) })
                try channel.pipeline.syncOperations.addHandlers([tls, Collector(outcome)])
            }
        }.connect(host: "127.0.0.1", port: port).get()
        channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
        let timer = channel.eventLoop.scheduleTask(in: .seconds(120)) {
            outcome.succeed(Outcome(received: "", ended: false, failed: true))
            channel.close(promise: nil)
        }
        defer { timer.cancel() }
        return try await outcome.futureResult.get()
    }

    private final class Collector: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let outcome: EventLoopPromise<Outcome>
        private var received: Bytes = []
        private var failed = false

        init(_ outcome: EventLoopPromise<Outcome>) { self.outcome = outcome }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) { received += unwrapInboundIn(data).readableBytesView }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            if case .uncleanShutdown? = error as? NIOSSLError { return }
            failed = true
            context.close(promise: nil)
        }

        func channelInactive(context: ChannelHandlerContext) {
            outcome.succeed(Outcome(received: String(decoding: received, as: UTF8.self), ended: true, failed: failed))
        }
    }
}

/// Signs the handshake with another key than the certificate's.
struct LyingKey: NIOSSLCustomPrivateKey, Hashable {
    private let octets = Array(P256.Signing.PrivateKey().rawRepresentation)

    var signatureAlgorithms: [SignatureAlgorithm] { [.ecdsaSecp256R1Sha256] }

    func sign(channel: any Channel, algorithm: SignatureAlgorithm, data: ByteBuffer) -> EventLoopFuture<ByteBuffer> {
        channel.eventLoop.makeCompletedFuture {
            let key = try P256.Signing.PrivateKey(rawRepresentation: octets)
            return ByteBuffer(bytes: try key.signature(for: Array(data.readableBytesView)).derRepresentation)
        }
    }

    func decrypt(channel: any Channel, data: ByteBuffer) -> EventLoopFuture<ByteBuffer> {
        channel.eventLoop.makeFailedFuture(ChannelError.operationUnsupported)
    }
}
