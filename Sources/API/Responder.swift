import Basics
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import PKIX
import Wire

/// Leads one HTTP request through: head, admission, body, answer, one line in the log.
struct Responder: Sendable {
    let limits: Limits
    let clocks: any Clocks
    let entropy: any Entropy
    let logger: Logger
    let edge: Edge

    /// The connection ended before the request did.
    private struct Incomplete: Error {}

    func respond(_ request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel) async throws {
        let start = clocks.monotonic
        let id = ID(at: clocks.now, entropy: entropy)
        let head = RequestHead(
            id: id, method: request.method.rawValue, target: request.head.path ?? "", contentType: request.headers[.contentType],
            contentLength: Self.contentLength(request), peer: try await PeerHandler.key(of: channel))
        let admission = await edge(head)
        var status: Int?
        defer { log(head, admission, status: status, took: clocks.monotonic - start) }

        var iterator = request.body.makeAsyncIterator()
        let response: APIResponse
        var isRead = head.contentLength == 0
        switch admission.decision {
        case .answer(let answer): response = answer
        case .read(let handle):
            let length = head.contentLength ?? 0
            if length > limits.body {
                let problem = Problem(
                    .tooLarge, "request.body-too-large", title: "The body is too large",
                    detail: "At most \(limits.body) octets are accepted.")
                response = .problem(problem, request: id)
            } else {
                if length > 0, request.headers[.expect]?.lowercased() == "100-continue" {
                    try await writer.writeInformationalHead(HTTPResponse(status: .continue))
                }
                let timer = channel.closing(after: limits.reading)
                defer { timer.cancel() }
                let body = try await Self.read(&iterator, length: length)
                timer.cancel()
                isRead = true
                response = await handle(body)
            }
        }
        var answer = HTTPResponse(status: .init(code: response.status))
        answer.headerFields[.contentType] = response.media.rawValue
        answer.headerFields[.contentLength] = String(response.body.count)
        answer.headerFields[.cacheControl] = "no-store"
        answer.headerFields[.xContentTypeOptions] = "nosniff"
        if !response.allow.isEmpty { answer.headerFields[.allow] = response.allow.map(\.rawValue).joined(separator: ", ") }
        if !isRead { answer.headerFields[.connection] = "close" }
        let body = ResponseBody(byteBuffer: ByteBuffer(bytes: response.body))
        let timer = channel.closing(after: limits.writing)
        defer { timer.cancel() }
        try await writer.write(response: answer, body: body)
        status = response.status
        if !isRead { await discard(&iterator, channel) }
    }

    /// Nil when the sender frames or codes the body in another way than by Content-Length.
    private static func contentLength(_ request: Request) -> Int? {
        guard request.headers[.transferEncoding] == nil, request.headers[.contentEncoding] == nil else { return nil }
        guard let text = request.headers[.contentLength] else { return 0 }
        return Decimal.parse(text).flatMap { Int(exactly: $0) }
    }

    /// An iterator that ends says nothing about why: only the announced length tells a whole body from a cut one.
    private static func read(_ iterator: inout RequestBody.AsyncIterator, length: Int) async throws -> Bytes {
        var body: Bytes = []
        body.reserveCapacity(length)
        while let part = try await iterator.next() {
            body += part.readableBytesView
            guard body.count <= length else { throw Incomplete() }
        }
        guard body.count == length else { throw Incomplete() }
        return body
    }

    /// Takes in some of a body that nobody wants, so that the answer is not lost to a reset, and closes.
    private func discard(_ iterator: inout RequestBody.AsyncIterator, _ channel: any Channel) async {
        let timer = channel.closing(after: .seconds(2))
        defer { timer.cancel() }
        var count = 0
        while count < limits.body, let part = try? await iterator.next() { count += part.readableBytes }
        channel.close(promise: nil)
    }

    private func log(_ head: RequestHead, _ admission: Admission, status: Int?, took: Duration) {
        var metadata: Logger.Metadata = [
            "request": "\(head.id)", "method": "\(Route.Method(rawValue: head.method)?.rawValue ?? "other")",
            "route": "\(admission.route ?? "none")", "microseconds": .stringConvertible(took.microseconds),
        ]
        if let status { metadata["status"] = .stringConvertible(status) } else { metadata["status"] = "aborted" }
        if let principal = admission.principal { metadata["principal"] = "\(principal)" }
        let isFault = status.map { $0 >= 500 } ?? false
        logger.log(level: isFault ? .error : .info, "request", metadata: metadata)
    }
}

extension Duration {
    /// Whole microseconds, rounded down.
    var microseconds: Int64 { components.seconds * 1_000_000 + components.attoseconds / 1_000_000_000_000 }
}
