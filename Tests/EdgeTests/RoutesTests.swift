import Basics
import Testing
import Wire

@Suite("The table of routes")
struct RoutesTests {
    @Test("Names are unique, and no path fits two routes of one method")
    func unambiguous() {
        #expect(Set(Routes.all.map(\.name)).count == Routes.all.count)
        for (index, one) in Routes.all.enumerated() {
            for other in Routes.all[(index + 1)...] where one.method == other.method && one.segments.count == other.segments.count {
                let differs = zip(one.segments, other.segments).contains { pair in
                    if case (.literal(let left), .literal(let right)) = pair { left != right } else { false }
                }
                #expect(differs, "\(one.pattern) and \(other.pattern)")
            }
        }
    }

    @Test("Only health, figures and redeeming an enrollment code are for anyone")
    func anyone() {
        #expect(Set(Routes.all.filter { $0.permission == .anyone }.map(\.name)) == ["health", "ready", "metrics", "enrollment.redeem"])
    }

    @Test("What changes something is a POST with a body; what is read is a GET without", arguments: Routes.all)
    func bodies(route: Route) { #expect((route.method == .post) == !route.bodies.isEmpty) }

    @Test("A rendered target is read back to its route and its values", arguments: Routes.all)
    func rendered(route: Route) throws {
        let parameters = Samples.parameters(route)
        let query = Samples.query(route)
        let target = try RequestTarget(parsing: try RequestTarget.render(route, parameters: parameters, query: query))
        #expect(target.query == query)
        #expect(RouteTable().match(route.method.rawValue, target.segments) == .found(route, parameters: parameters))
    }

    @Test("Another method names those that the path knows; another path is unknown")
    func notFound() {
        let table = RouteTable()
        #expect(table.match("DELETE", ["api", "v1", "requests"]) == .otherMethods([.get, .post]))
        #expect(table.match("get", ["healthz"]) == .otherMethods([.get]))
        for path in [[], ["api"], ["api", "v1"], ["api", "v2", "node"], ["API", "v1", "node"], ["healthz", "x"]] {
            #expect(table.match("GET", path) == .unknown)
        }
    }

    @Test(
        "A parameter that is missing, unknown or of another kind is named",
        arguments: [
            (Routes.request, ["id": "1"], [:], "id"), (Routes.request, [:], [:], "id"),
            (Routes.node, ["x": "y"], [:], "x"), (Routes.officer, ["handle": "Ä"], [:], "handle"),
            (Routes.proof, [:], [:], "index"), (Routes.proof, [:], ["index": ["01"]], "index"),
            (Routes.proof, [:], ["index": ["1", "2"]], "index"), (Routes.requests, [:], ["limit": ["0"]], "limit"),
            (Routes.requests, [:], ["limit": ["501"]], "limit"), (Routes.requests, [:], ["after": ["x"]], "after"),
            (Routes.certificates, [:], ["after": ["01930f3e-0000-7000-8000-000000000001"]], "after"),
            (Routes.node, [:], ["from": ["1"]], "from"),
        ] as [(Route, [String: String], [String: [String]], String)])
    func wrongParameter(route: Route, parameters: [String: String], query: [String: [String]], field: String) {
        let problem = #expect(throws: Problem.self) { try RequestTarget.render(route, parameters: parameters, query: query) }
        #expect(problem?.field == field)
        #expect(problem?.kind == .invalid)
    }
}

/// Values that a route's parameters accept.
enum Samples {
    static func value(_ kind: Route.Parameter.Kind) -> String {
        switch kind {
        case .handle: "officer-1"
        case .id: "01930f3e-0000-7000-8000-000000000001"
        case .digest: Digest32.zero.hex
        case .number: "42"
        case .limit: "500"
        case .text: "model=X 1+1&ä/?%"
        }
    }

    static func parameters(_ route: Route) -> [String: String] {
        Dictionary(uniqueKeysWithValues: route.pathParameters.map { ($0.name, value($0.kind)) })
    }

    static func query(_ route: Route) -> [String: [String]] {
        Dictionary(uniqueKeysWithValues: route.query.map { ($0.name, Array(repeating: value($0.kind), count: $0.repeats ? 2 : 1)) })
    }

    static func target(_ route: Route) throws -> String {
        try RequestTarget.render(route, parameters: parameters(route), query: query(route))
    }
}
