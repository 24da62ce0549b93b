import API
import Access
import Approval
import Basics
import PKIX
import Testing
import Wire

@Suite("Who may call what")
struct DispatcherTests {
    private let person: PrivateKey
    let machine: PrivateKey
    private let stranger: PrivateKey

    init() throws {
        person = try Keys.make()
        machine = try Keys.make()
        stranger = try Keys.make()
    }

    private static let forPeople = Routes.all.filter { $0.permission != .machine }

    private func dispatcher(roles: Set<Role> = [], _ answer: APIResponse = .json(.null)) throws -> Dispatcher {
        let handler: Dispatcher.Handler = { _ throws(Problem) in answer }
        let digest = person.publicKey.digest
        let caller = Principal(handle: try #require(Handle("officer-1")), roles: roles)
        let station = try Machine(name: #require(Handle("line-3")), key: machine.publicKey.digest)
        return try Dispatcher(
            Dictionary(uniqueKeysWithValues: Routes.all.map { ($0, handler) }), machine: { $0 == station.key ? station : nil },
            principal: { $0 == digest ? caller : nil })
    }

    private func head(_ route: Route, peer: PrivateKey?) throws -> RequestHead {
        RequestHead(
            id: Keys.id(), method: route.method.rawValue, target: try Samples.target(route), contentType: route.bodies.first?.rawValue,
            contentLength: route.bodies.isEmpty ? 0 : 4, peer: peer?.publicKey)
    }

    /// The refusal's status and code, nil when the body would be read.
    private func refusal(_ admission: Admission) throws -> (status: Int, code: String)? {
        guard case .answer(let response) = admission.decision else { return nil }
        return (response.status, try ProblemDocument(parsing: response.body, status: response.status).problem.code)
    }

    @Test("Nobody is refused before the body is read, unless the route is for anyone", arguments: Routes.all)
    func nobody(route: Route) async throws {
        let refusal = try refusal(await dispatcher().admit(head(route, peer: nil)))
        #expect(refusal?.status == (route.permission == .anyone ? nil : 401))
        #expect(refusal?.code == (route.permission == .anyone ? nil : "access.key-missing"))
    }

    @Test("A stranger's key is refused, unless the route is for anyone", arguments: Routes.all)
    func stranger(route: Route) async throws {
        let admission = await (try dispatcher(roles: Set(Role.allCases))).admit(try head(route, peer: stranger))
        let refusal = try refusal(admission)
        #expect(refusal?.status == (route.permission == .anyone ? nil : 401))
        let code = route.permission == .machine ? "access.machine-unknown" : "access.key-unknown"
        #expect(refusal?.code == (route.permission == .anyone ? nil : code))
        #expect(admission.principal == nil)
    }

    @Test("A machine may call what is for machines, and nothing else; a person may not", arguments: Routes.all)
    func machines(route: Route) async throws {
        let admission = await (try dispatcher(roles: Set(Role.allCases))).admit(try head(route, peer: machine))
        let isFor = route.permission == .anyone || route.permission == .machine
        #expect(try refusal(admission)?.status == (isFor ? nil : 401))
        #expect(admission.principal == (route.permission == .machine ? Handle("line-3") : nil))
    }

    @Test("A person without the role is refused where a role is needed, and only there", arguments: Self.forPeople)
    func withoutRole(route: Route) async throws {
        for roles in [[], [.administrator], [.registrationOfficer]] as [Set<Role>] {
            let isAllowed =
                if case .role(let needed) = route.permission { !needed.isDisjoint(with: roles.map(\.rawValue)) } else { true }
            let refusal = try refusal(await dispatcher(roles: roles).admit(head(route, peer: person)))
            #expect(refusal?.status == (isAllowed ? nil : 403))
            #expect(refusal?.code == (isAllowed ? nil : "access.role-missing"))
        }
    }

    @Test("The roles that routes need are roles of the roster")
    func knownRoles() {
        for route in Routes.all {
            if case .role(let roles) = route.permission {
                #expect(!roles.isEmpty)
                for role in roles { #expect(Role(rawValue: role) != nil, "\(route.name)") }
            }
        }
    }

    @Test("When the roster cannot be asked, its problem is the answer, except where anyone may call", arguments: Routes.all)
    func noRoster(route: Route) async throws {
        let handler: Dispatcher.Handler = { _ throws(Problem) in .json(.null) }
        let frozen = Problem(.unavailable, "house.frozen", title: "T", detail: "D")
        let dispatcher = try Dispatcher(
            Dictionary(uniqueKeysWithValues: Routes.all.map { ($0, handler) }), machine: { _ throws(Problem) in throw frozen },
            principal: { _ throws(Problem) in throw frozen })
        let refusal = try refusal(await dispatcher.admit(head(route, peer: person)))
        #expect(refusal?.status == (route.permission == .anyone ? nil : 503))
    }

    @Test("With every role the body is read on every route for people; route and caller are known to the log", arguments: Self.forPeople)
    func withEveryRole(route: Route) async throws {
        let admission = await (try dispatcher(roles: Set(Role.allCases))).admit(try head(route, peer: person))
        #expect(try refusal(admission) == nil)
        #expect(admission.route == route.pattern)
        #expect(admission.principal == (route.permission == .anyone ? nil : Handle("officer-1")))
    }

    @Test(
        "Heads that fit no route",
        arguments: [
            ("GET", "/api/v1/nothing", 404, "request.path-unknown"), ("GET", "/api/v1/../v1/node", 400, "request.target-invalid"),
            ("DELETE", "/api/v1/requests", 405, "request.method-unknown"), ("HEAD", "/healthz", 405, "request.method-unknown"),
            ("GET", "/api/v1/requests/7", 400, "request.parameter-invalid"), ("GET", "/api/v1/node?x=1", 400, "request.parameter-invalid"),
            ("GET", "/api/v1/ledger/proof", 400, "request.parameter-invalid"),
        ])
    func unfitHeads(method: String, target: String, status: Int, code: String) async throws {
        let head = RequestHead(
            id: Keys.id(), method: method, target: target, contentType: nil, contentLength: 0, peer: person.publicKey)
        let refusal = try refusal(await dispatcher().admit(head))
        #expect(refusal?.status == status)
        #expect(refusal?.code == code)
    }

    @Test("405 names the methods that the path knows")
    func allow() async throws {
        let head = RequestHead(
            id: Keys.id(), method: "PUT", target: "/api/v1/requests", contentType: nil, contentLength: 0, peer: nil)
        guard case .answer(let response) = await (try dispatcher()).admit(head).decision else {
            Issue.record("not refused")
            return
        }
        #expect(response.allow == [.get, .post])
    }

    @Test(
        "Bodies of another kind, coding or framing are refused unread",
        arguments: [
            (Routes.vote, "text/html", 4, 415), (Routes.vote, nil, 4, 415), (Routes.vote, "application/pkcs10", 4, 415),
            (Routes.node, "application/json", 4, 415), (Routes.vote, "application/json", nil, 411),
        ] as [(Route, String?, Int?, Int)])
    func bodies(route: Route, contentType: String?, length: Int?, status: Int) async throws {
        let head = RequestHead(
            id: Keys.id(), method: route.method.rawValue, target: try Samples.target(route), contentType: contentType,
            contentLength: length, peer: person.publicKey)
        #expect(try refusal(await dispatcher().admit(head))?.status == status)
    }

    @Test("Each route needs its handler, and a handler its route")
    func unfitTable() throws {
        let handler: Dispatcher.Handler = { _ throws(Problem) in .json(.null) }
        let table = RouteTable([Routes.node, Routes.health])
        #expect(throws: Dispatcher.Unfit(missing: ["health"], unknown: ["vote"].map { "request." + $0 })) {
            try Dispatcher([Routes.node: handler, Routes.vote: handler], table: table) { _ in nil }
        }
    }

    @Test("A handler's problem is the answer, under the request's id")
    func problem() async throws {
        let handler: Dispatcher.Handler = { _ throws(Problem) in throw Problem(.conflict, "a.b", title: "T", detail: "D") }
        let dispatcher = try Dispatcher([Routes.health: handler], table: RouteTable([Routes.health])) { _ in nil }
        let head = RequestHead(id: Keys.id(), method: "GET", target: "/healthz", contentType: nil, contentLength: 0, peer: nil)
        guard case .read(let answer) = await dispatcher.admit(head).decision else {
            Issue.record("refused")
            return
        }
        let response = await answer([])
        let document = try ProblemDocument(parsing: response.body, status: 409)
        #expect(response.media == .problem)
        #expect(document.problem.code == "a.b")
        #expect(document.requestID == head.id.description)
    }
}
