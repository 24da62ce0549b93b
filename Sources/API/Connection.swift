import Basics
import NIOCore
import NIOSSL
import PKIX

/// Remembers the peer's key for as long as a connection lives, and lets it end in good time. Used on the connection's event loop only.
final class PeerHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = NIOAny
    typealias OutboundIn = NIOAny

    private enum Key {
        case unread
        case read(SubjectPublicKeyInfo?)
    }

    private var key = Key.unread

    private func key(in pipeline: ChannelPipeline.SynchronousOperations) throws -> SubjectPublicKeyInfo? {
        if case .read(let key) = key { return key }
        // The rules again, not only in the handshake: a resumed session has no certificate message.
        let certificate = try pipeline.nioSSL_peerCertificate()
        let found = try certificate.map { try PeerCertificate.key(in: [try $0.toDERBytes()]) }
        key = .read(found)
        return found
    }

    /// While remote half closure is allowed, NIOSSL does not take the peer's close_notify for the end of a close, and while nobody
    /// reads it does not even see it: each close would last until its timeout of 5 seconds.
    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode == .all { try? context.channel.syncOptions?.setOption(.allowRemoteHalfClosure, value: false) }
        context.close(mode: mode, promise: promise)
        context.read()
    }

    /// The key whose possession the connection's peer has proven, nil when it showed no certificate.
    static func key(of channel: any Channel) async throws -> SubjectPublicKeyInfo? {
        try await channel.eventLoop.submit {
            let pipeline = channel.pipeline.syncOperations
            return try pipeline.handler(type: PeerHandler.self).key(in: pipeline)
        }.get()
    }
}

extension Channel {
    /// Closes the connection after `limit` unless the timer is cancelled: what waits for the peer then fails.
    func closing(after limit: Duration) -> Scheduled<Void> {
        eventLoop.scheduleTask(in: TimeAmount(limit)) { self.close(promise: nil) }
    }
}
