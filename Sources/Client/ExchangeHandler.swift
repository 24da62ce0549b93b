import Basics
import NIOCore
import NIOHTTP1
import NIOTLS

/// A request on its way.
struct Exchange: Sendable {
    let head: HTTPRequestHead
    let body: Bytes
    let answered: EventLoopPromise<Answer>
}

/// An answer, whole.
struct Answer: Sendable {
    let status: Int
    let contentType: String?
    let body: Bytes
    /// Whether the connection may carry another request.
    let keepsAlive: Bool
}

/// Turns requests into parts and parts into answers; used on the connection's event loop only.
final class ExchangeHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = Never
    typealias OutboundIn = Exchange
    typealias OutboundOut = HTTPClientRequestPart

    private let address: NodeAddress
    private let ready: EventLoopPromise<Void>
    private var exchange: Exchange?
    private var head: HTTPResponseHead?
    private var body: Bytes = []

    /// - Parameter ready: completed when the handshake is, or cannot be.
    init(address: NodeAddress, ready: EventLoopPromise<Void>) {
        self.address = address
        self.ready = ready
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case TLSUserEvent.handshakeCompleted? = event as? TLSUserEvent { ready.succeed() }
        context.fireUserInboundEventTriggered(event)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let next = unwrapOutboundIn(data)
        exchange = next
        head = nil
        body = []
        context.write(wrapOutboundOut(.head(next.head)), promise: nil)
        if !next.body.isEmpty {
            context.write(wrapOutboundOut(.body(.byteBuffer(context.channel.allocator.buffer(bytes: next.body)))), promise: nil)
        }
        context.write(wrapOutboundOut(.end(nil)), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            guard exchange != nil else { return fail(context, Problem.answerMalformedUnasked) }
            self.head = head
            if let length = head.headers.first(name: "Content-Length").flatMap({ Decimal.parse($0) }), length > NodeClient.largestAnswer {
                fail(context, Problem.answerTooLarge)
            }
        case .body(let part):
            guard exchange != nil else { return }
            guard body.count + part.readableBytes <= NodeClient.largestAnswer else { return fail(context, Problem.answerTooLarge) }
            body += part.readableBytesView
        case .end:
            guard let exchange, let head else { return }
            self.exchange = nil
            let types = head.headers["Content-Type"]
            exchange.answered.succeed(
                Answer(
                    status: Int(head.status.code), contentType: types.count == 1 ? types.first : nil, body: body,
                    keepsAlive: head.isKeepAlive))
            body = []
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { fail(context, error) }

    func channelInactive(context: ChannelHandlerContext) {
        fail(context, ChannelError.eof)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) { fail(context, ChannelError.eof) }

    /// Whoever waits learns it; the connection carries nothing more.
    private func fail(_ context: ChannelHandlerContext, _ error: any Error) {
        ready.fail(error)
        exchange?.answered.fail(error)
        exchange = nil
        context.close(promise: nil)
    }
}

extension Problem {
    static let answerMalformedUnasked = Problem.answerMalformed("Something came that was not asked for.")
}
