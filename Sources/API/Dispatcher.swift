import Access
import Approval
import Basics
import Wire

/// Leads a request to the handler of its route, if its caller may call it.
public struct Dispatcher: Sendable {
    /// What answers one route. It decides nothing about who may call.
    public typealias Handler = @Sendable (APIRequest) async throws(Problem) -> APIResponse

    /// A table of routes and the handlers given do not fit each other.
    public struct Unfit: Error, Hashable, Sendable {
        /// Names of routes without a handler.
        public let missing: [String]
        /// Names of handlers' routes that the table has not.
        public let unknown: [String]

        public init(missing: [String], unknown: [String]) {
            self.missing = missing
            self.unknown = unknown
        }
    }

    private let table: RouteTable
    private let handlers: [Route: Handler]
    private let principal: @Sendable (Digest32) async throws(Problem) -> Principal?
    private let machine: @Sendable (Digest32) async throws(Problem) -> Machine?

    /// - Parameters:
    ///   - handlers: exactly one for each route of the table.
    ///   - principal: who has the login key with this digest of its SubjectPublicKeyInfo, by the roster in force; asked anew for
    ///     each request, so that a person who was removed is nobody at once.
    ///   - machine: which machine has the key with this digest; asked on routes for machines only.
    public init(
        _ handlers: [Route: Handler], table: RouteTable = RouteTable(),
        machine: @escaping @Sendable (Digest32) async throws(Problem) -> Machine? = { _ in nil },
        principal: @escaping @Sendable (Digest32) async throws(Problem) -> Principal?
    ) throws(Unfit) {
        let known = Set(table.routes)
        let missing = table.routes.filter { handlers[$0] == nil }.map(\.name)
        let unknown = handlers.keys.filter { !known.contains($0) }.map(\.name).sorted()
        guard missing.isEmpty, unknown.isEmpty else { throw Unfit(missing: missing, unknown: unknown) }
        self.table = table
        self.handlers = handlers
        self.principal = principal
        self.machine = machine
    }

    /// Decides from the head: target, route, caller, parameters, kind of body, in this order.
    public func admit(_ head: RequestHead) async -> Admission {
        let target: RequestTarget
        do { target = try RequestTarget(parsing: head.target) } catch {
            return refuse(
                head, Problem(.invalid, "request.target-invalid", title: "The request's target is not accepted", detail: error.text))
        }
        let route: Route
        let parameters: [String: String]
        switch table.match(head.method, target.segments) {
        case .found(let found, let values): (route, parameters) = (found, values)
        case .otherMethods(let allowed):
            let names = allowed.map(\.rawValue).joined(separator: ", ")
            let problem = Problem(
                .invalid, "request.method-unknown", title: "The path does not know this method", detail: "It knows \(names).")
            return refuse(head, problem, status: 405, allow: allowed)
        case .unknown:
            let problem = Problem(
                .notFound, "request.path-unknown", title: "There is no such path", detail: "The API's paths begin with /api/v1.")
            return refuse(head, problem)
        }
        var caller: Principal?
        var station: Machine?
        do throws(Problem) {
            // Routes for anyone do not ask: health is told even when the roster cannot be.
            if let peer = head.peer {
                switch route.permission {
                case .anyone: break
                case .machine: station = try await machine(peer.digest)
                case .person, .role: caller = try await principal(peer.digest)
                }
            }
            if route.permission == .machine { try Self.check(station, hasKey: head.peer != nil) }
            try Self.check(route.permission, caller, hasKey: head.peer != nil)
            try route.check(parameters: parameters)
            try route.check(query: target.query)
        } catch {
            return refuse(head, error, route: route, caller: caller)
        }
        guard let length = head.contentLength else {
            let problem = Problem(
                .invalid, "request.length-missing", title: "The body's length is not announced",
                detail: "A body is accepted with Content-Length only, without transfer or content coding.")
            return refuse(head, problem, status: 411, route: route, caller: caller)
        }
        let media = head.contentType.flatMap { MediaType(contentType: $0) }
        if length > 0 {
            guard let media, route.bodies.contains(media) else {
                let accepted = route.bodies.map(\.essence).joined(separator: ", ")
                let problem = Problem(
                    .invalid, "request.content-type-unknown", title: "The body's content type is not accepted",
                    detail: accepted.isEmpty ? "No body is accepted here." : "Accepted here: \(accepted).")
                return refuse(head, problem, status: 415, route: route, caller: caller)
            }
        }
        guard let handler = handlers[route] else {
            return refuse(head, .nodeFault, route: route, caller: caller)
        }
        return Admission(
            route: route.pattern, principal: caller?.handle ?? station?.name,
            .read { [caller, station] body in
                let request = APIRequest(
                    id: head.id, route: route, parameters: parameters, query: target.query, principal: caller, machine: station,
                    peer: head.peer,
                    media: length > 0 ? media : nil, body: body)
                do throws(Problem) { return try await handler(request) } catch { return .problem(error, request: head.id) }
            })
    }

    private func refuse(
        _ head: RequestHead, _ problem: Problem, status: Int? = nil, allow: [Route.Method] = [], route: Route? = nil,
        caller: Principal? = nil
    ) -> Admission {
        Admission(
            route: route?.pattern, principal: caller?.handle,
            .answer(.problem(problem, status: status, request: head.id, allow: allow)))
    }

    private static func check(_ machine: Machine?, hasKey: Bool) throws(Problem) {
        guard machine == nil else { return }
        throw Problem(
            .unauthenticated, hasKey ? "access.machine-unknown" : "access.key-missing", title: "Nobody known asks",
            detail: "Present a certificate over the key that an open allowance names for this machine.")
    }

    private static func check(_ permission: Route.Permission, _ caller: Principal?, hasKey: Bool) throws(Problem) {
        let roles: Set<String>
        switch permission {
        case .anyone, .machine: return
        case .person: roles = []
        case .role(let named): roles = named
        }
        guard hasKey else {
            throw Problem(
                .unauthenticated, "access.key-missing", title: "The node does not know you",
                detail: "Present a certificate over your login key in the TLS handshake.")
        }
        guard let caller else {
            throw Problem(
                .unauthenticated, "access.key-unknown", title: "The node does not know you",
                detail: "The key in the TLS handshake is no person's login key in the roster in force.")
        }
        guard permission == .person || caller.roles.contains(where: { roles.contains($0.rawValue) }) else {
            throw Problem(
                .forbidden, "access.role-missing", title: "You may not do this",
                detail: "It needs the role \(roles.sorted().joined(separator: " or ")).")
        }
    }
}

extension Problem {
    /// A fault of this server about which the caller learns no more.
    static let nodeFault = Problem(.fault, "node.fault", title: "The node failed", detail: "Its log has more under the request's id.")
}
