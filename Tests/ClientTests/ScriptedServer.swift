import Basics
import NIOCore
import NIOPosix
import NIOSSL
import PKIX
import Synchronization

/// A TLS server that answers each request on a connection with the next text of a script, and remembers what it got.
final class ScriptedServer: Sendable {
    let key: PrivateKey
    private let record = Mutex<Record>(Record())
    private let channel = Mutex<(any Channel)?>(nil)

    private struct Record {
        var connections = 0
        var received: Bytes = []
    }

    /// What one request is answered with.
    enum Step: Sendable {
        case send(String)
        case sendOctets(Bytes)
        case close
        case silence
    }

    var connections: Int { record.withLock { $0.connections } }
    var received: String { String(decoding: record.withLock { $0.received }, as: UTF8.self) }
    var port: Int { channel.withLock { $0?.localAddress?.port ?? 0 } }

    /// - Parameter steps: what to do with the first request of each connection, the second, …; after the last: silence.
    init(_ steps: [[Step]], version: TLSVersion = .tlsv13) async throws {
        key = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
        let now = SystemClocks().now
        let certificate = try SelfSigned.certificate(
            key: key, name: "server", addresses: ["127.0.0.1"], validity: Validity(notBefore: now, notAfter: now.adding(days: 1)),
            serial: SerialNumber(at: now, random: SystemEntropy().bytes(16)))
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: [.certificate(try NIOSSLCertificate(bytes: certificate.der, format: .der))],
            privateKey: .privateKey(try NIOSSLPrivateKey(bytes: key.pkcs8, format: .der)))
        configuration.minimumTLSVersion = .tlsv12
        configuration.maximumTLSVersion = version
        let context = try NIOSSLContext(configuration: configuration)
        let bound = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                let number = self.record.withLock { record in
                    record.connections += 1
                    return record.connections
                }
                let script = number <= steps.count ? steps[number - 1] : []
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        NIOSSLServerHandler(context: context),
                        Player(script) { octets in self.record.withLock { $0.received += octets } },
                    ])
                }
            }.bind(host: "127.0.0.1", port: 0).get()
        channel.withLock { $0 = bound }
    }

    func stop() { channel.withLock { $0?.close(promise: nil) } }

    private final class Player: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private var steps: ArraySlice<Step>
        private let record: (Bytes) -> Void
        private var request: Bytes = []

        init(_ steps: [Step], record: @escaping (Bytes) -> Void) {
            self.steps = steps[...]
            self.record = record
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let octets = Bytes(unwrapInboundIn(data).readableBytesView)
            record(octets)
            request += octets
            // The tests' requests have no bodies that end this way earlier than they should.
            guard String(decoding: request, as: UTF8.self).contains("\r\n\r\n") else { return }
            request = []
            switch steps.popFirst() ?? .silence {
            case .send(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            case .sendOctets(let octets): context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: octets)), promise: nil)
            case .close: context.close(promise: nil)
            case .silence: break
            }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
