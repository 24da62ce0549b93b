import Basics

/// Finds the route for a method and a path.
public struct RouteTable: Sendable {
    public let routes: [Route]

    public init(_ routes: [Route] = Routes.all) { self.routes = routes }

    /// What was found for a method and a path.
    public enum Match: Hashable, Sendable {
        case found(Route, parameters: [String: String])
        /// The path is known, under other methods.
        case otherMethods([Route.Method])
        case unknown
    }

    /// - Parameters:
    ///   - method: as it stands in the request line.
    ///   - segments: the path's, decoded.
    public func match(_ method: String, _ segments: [String]) -> Match {
        var others: Set<Route.Method> = []
        for route in routes {
            guard let parameters = route.parameters(in: segments) else { continue }
            if route.method.rawValue == method { return .found(route, parameters: parameters) }
            others.insert(route.method)
        }
        return others.isEmpty ? .unknown : .otherMethods(others.sorted { $0.rawValue < $1.rawValue })
    }
}

extension Route {
    /// The values of the path's parameters, nil when the path is not this route's.
    func parameters(in path: [String]) -> [String: String]? {
        guard path.count == segments.count else { return nil }
        var values: [String: String] = [:]
        for (segment, text) in zip(segments, path) {
            switch segment {
            // Octets, not characters: Swift's == would take a composed and a decomposed letter for one.
            case .literal(let literal): guard literal.utf8.elementsEqual(text.utf8) else { return nil }
            case .parameter(let parameter): values[parameter.name] = text
            }
        }
        return values
    }
}
