import Basics
import Wire

/// What is sent as a request's body.
public enum ClientBody: Hashable, Sendable {
    case none
    case json(JSON)
    case raw(MediaType, Bytes)
}

/// A node's answer when all went well: status 200 to 299.
public struct ClientResponse: Hashable, Sendable {
    public let status: Int
    /// Nil when the answer has no content type, or one that is not known here.
    public let media: MediaType?
    public let body: Bytes

    public init(status: Int, media: MediaType?, body: Bytes) {
        self.status = status
        self.media = media
        self.body = body
    }

    /// The body as JSON.
    public func json() throws(Problem) -> JSON {
        guard media == .json else { throw .answerMalformed("JSON was expected.") }
        do { return try JSON(parsing: body, limit: NodeClient.largestAnswer) } catch {
            throw .answerMalformed("The answer is not JSON: \(error).")
        }
    }

    /// The body as JSON fields.
    public func fields() throws(Problem) -> JSONFields { try JSONFields(try json(), code: "client.answer-malformed") }

    /// The body's octets, which must be of this kind.
    public func octets(_ expected: MediaType) throws(Problem) -> Bytes {
        guard media == expected else { throw .answerMalformed("\(expected.essence) was expected.") }
        return body
    }
}
