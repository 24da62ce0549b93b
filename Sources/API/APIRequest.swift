import Access
import Basics
import PKIX
import Wire

/// What is known of a request before its body is read.
public struct RequestHead: Sendable {
    /// Drawn by this node; the same in the log and in problems.
    public let id: ID
    /// As it stands in the request line.
    public let method: String
    /// Path and query as they stand in the request line; not yet checked.
    public let target: String
    public let contentType: String?
    /// As announced, 0 when no body follows; nil when the sender announced another framing or coding than Content-Length.
    public let contentLength: Int?
    /// The key whose possession the peer has proven in the TLS handshake.
    public let peer: SubjectPublicKeyInfo?

    public init(id: ID, method: String, target: String, contentType: String?, contentLength: Int?, peer: SubjectPublicKeyInfo?) {
        self.id = id
        self.method = method
        self.target = target
        self.contentType = contentType
        self.contentLength = contentLength
        self.peer = peer
    }
}

/// A request that may be handled: its route matched, its caller may call it, its parameters are of their kinds.
public struct APIRequest: Sendable {
    public let id: ID
    public let route: Route
    /// The path's parameters by name, each of the kind that the route says.
    public let parameters: [String: String]
    /// The query's values by name, each known to the route and of its kind.
    public let query: [String: [String]]
    /// Who asks; nil only on routes for anyone.
    public let principal: Principal?
    /// The machine that asks; only on routes for machines.
    public let machine: Machine?
    /// The peer's key, also when it belongs to nobody known: redeeming a code may want it.
    public let peer: SubjectPublicKeyInfo?
    /// The body's kind, one of the route's; nil when there is no body.
    public let media: MediaType?
    public let body: Bytes

    public init(
        id: ID, route: Route, parameters: [String: String], query: [String: [String]], principal: Principal?, machine: Machine? = nil,
        peer: SubjectPublicKeyInfo?, media: MediaType?, body: Bytes
    ) {
        self.id = id
        self.route = route
        self.parameters = parameters
        self.query = query
        self.principal = principal
        self.machine = machine
        self.peer = peer
        self.media = media
        self.body = body
    }
}

extension APIRequest {
    /// The body as JSON fields.
    public func fields() throws(Problem) -> JSONFields {
        do {
            return try JSONFields(try JSON(parsing: body), code: "request.body-invalid")
        } catch let error as JSONError {
            throw Problem(
                .invalid, "request.body-invalid", title: "The JSON is not of the expected form", detail: "The body is not JSON: \(error).")
        } catch let problem as Problem {
            throw problem
        } catch {
            throw Problem(.fault, "node.fault", title: "The node failed", detail: "Its log has more.")
        }
    }

    /// The only value of a query parameter, nil when it is absent.
    public func queryText(_ name: String) -> String? { query[name]?.first }

    /// The number in the query, nil when it is absent.
    public func queryNumber(_ name: String) -> Int64? { queryText(name).flatMap { Decimal.parse($0) } }

    /// The handle in the path.
    public func handle(_ name: String) throws(Problem) -> Handle { try parameter(name) { Handle($0) } }

    /// The id in the path.
    public func identifier(_ name: String) throws(Problem) -> ID { try parameter(name) { ID($0) } }

    /// The digest in the path.
    public func digest(_ name: String) throws(Problem) -> Digest32 { try parameter(name) { Digest32(hex: $0) } }

    private func parameter<Value>(_ name: String, _ parse: (String) -> Value?) throws(Problem) -> Value {
        guard let value = parameters[name].flatMap(parse) else {
            throw Problem(
                .invalid, "request.parameter-invalid", title: "A parameter is not of the expected form",
                detail: "\(name.escaped) is not a part of \(route.pattern) in this form.", field: name.escaped)
        }
        return value
    }
}

/// What is sent back.
public struct APIResponse: Hashable, Sendable {
    public let status: Int
    public let media: MediaType
    public let body: Bytes
    /// With 405: the methods that the path knows.
    public let allow: [Route.Method]

    public init(_ media: MediaType, _ body: Bytes, status: Int = 200, allow: [Route.Method] = []) {
        self.status = status
        self.media = media
        self.body = body
        self.allow = allow
    }

    /// A JSON body, in its canonical spelling.
    public static func json(_ value: JSON, status: Int = 200) -> APIResponse {
        APIResponse(.json, value.canonicalBytes, status: status)
    }

    /// - Parameter status: a more exact one than the problem's kind gives.
    public static func problem(_ problem: Problem, status: Int? = nil, request id: ID, allow: [Route.Method] = []) -> APIResponse {
        let document = ProblemDocument(problem, status: status, requestID: id.description)
        return APIResponse(.problem, document.json.canonicalBytes, status: document.status, allow: allow)
    }
}
