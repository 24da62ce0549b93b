import Basics

/// What is wrong with the target of a request line.
public enum TargetError: Error, Hashable, Sendable {
    /// Longer than 8192 octets.
    case tooLong
    /// Not `/segment/segment…`: empty segments, `.` and `..` are refused, not resolved.
    case path
    /// An octet that may not stand there, or a `%` that two hexadecimal digits do not follow.
    case encoding
    /// After decoding: not UTF-8, a control character, or a slash inside a segment.
    case content
    /// A query that is not `name=value&name=value…`.
    case query

    public var text: String {
        switch self {
        case .tooLong: "The request's target is longer than 8192 octets."
        case .path: "The path is not of the form /segment/segment; empty segments, '.' and '..' are not accepted."
        case .encoding: "The target has an octet that must be percent-encoded, or a '%' without two hexadecimal digits."
        case .content: "The target is not UTF-8 when decoded, or has a control character, or an encoded slash."
        case .query: "The query is not of the form name=value&name=value."
        }
    }
}

/// The target of a request in origin form (RFC 9112 §3.2.1), decoded strictly: one reading, or an error.
public struct RequestTarget: Hashable, Sendable {
    /// Decoded, without slashes.
    public let segments: [String]
    /// Decoded values by decoded name, in their order.
    public let query: [String: [String]]

    public init(parsing target: String) throws(TargetError) {
        guard target.utf8.count <= 8192 else { throw .tooLong }
        let octets = Bytes(target.utf8)
        let mark = octets.firstIndex(of: 0x3f)
        let path = octets[..<(mark ?? octets.endIndex)]
        guard path.first == 0x2f else { throw .path }
        var segments: [String] = []
        for segment in path.dropFirst().split(separator: 0x2f, omittingEmptySubsequences: false) {
            guard !segment.isEmpty else { throw .path }
            let text = try Self.decode(segment, allowing: Self.inSegment)
            guard text != ".", text != ".." else { throw .path }
            guard !text.utf8.contains(0x2f) else { throw .content }
            segments.append(text)
        }
        self.segments = segments
        self.query = if let mark { try Self.pairs(octets[(mark + 1)...]) } else { [:] }
    }

    private static func pairs(_ octets: Bytes.SubSequence) throws(TargetError) -> [String: [String]] {
        var query: [String: [String]] = [:]
        for pair in octets.split(separator: 0x26, omittingEmptySubsequences: false) {
            let parts = pair.split(separator: 0x3d, maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let name = parts.first, let value = parts.last, !name.isEmpty else { throw .query }
            query[try decode(name, allowing: inQuery), default: []].append(try decode(value, allowing: inQuery))
        }
        return query
    }

    private static func decode(_ octets: Bytes.SubSequence, allowing allowed: Set<UInt8>) throws(TargetError) -> String {
        var decoded: Bytes = []
        var rest = octets[...]
        while let octet = rest.popFirst() {
            if octet == 0x25 {
                guard let high = rest.popFirst().flatMap(hexValue), let low = rest.popFirst().flatMap(hexValue) else { throw .encoding }
                decoded.append(high << 4 | low)
            } else {
                guard allowed.contains(octet) else { throw .encoding }
                decoded.append(octet)
            }
        }
        guard let text = String(validating: decoded, as: UTF8.self),
            !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { throw .content }
        return text
    }

    private static func hexValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x41...0x46: digit - 0x41 + 10
        case 0x61...0x66: digit - 0x61 + 10
        default: nil
        }
    }

    private static let unreserved = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
    /// RFC 3986 §3.3: pchar without percent-encoding.
    private static let inSegment = unreserved.union("!$&'()*+,;=:@".utf8)
    /// RFC 3986 §3.4, without the two that separate pairs; `=` may stand in a value. A plus is a plus.
    private static let inQuery = unreserved.union("!$'()*+,;:@/?=".utf8)
}

extension RequestTarget {
    /// The target's text for a route: everything but unreserved characters is percent-encoded, queries are sorted by name.
    /// - Throws: a ``Problem`` when a parameter is missing, unknown, or not of its kind: the caller's mistake.
    public static func render(_ route: Route, parameters: [String: String], query: [String: [String]]) throws(Problem) -> String {
        let known = Set(route.pathParameters.map(\.name))
        if let unknown = parameters.keys.filter({ !known.contains($0) }).sorted().first {
            throw .parameter(unknown, "\(route.name) has no parameter of this name.")
        }
        var text = ""
        for segment in route.segments {
            switch segment {
            case .literal(let literal): text += "/" + encode(literal)
            case .parameter(let parameter):
                guard let value = parameters[parameter.name], parameter.kind.accepts(value) else {
                    throw .parameter(parameter.name, "\(parameter.kind.expected) was expected.")
                }
                text += "/" + encode(value)
            }
        }
        try route.check(query: query)
        let pairs = query.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
            .flatMap { name, values in values.map { encode(name) + "=" + encode($0) } }
        return pairs.isEmpty ? text : text + "?" + pairs.joined(separator: "&")
    }

    private static func encode(_ text: String) -> String {
        var encoded = ""
        for octet in text.utf8 {
            if unreserved.contains(octet) {
                encoded.unicodeScalars.append(Unicode.Scalar(octet))
            } else {
                encoded += "%" + [octet].hex.uppercased()
            }
        }
        return encoded
    }
}

extension Route {
    /// - Throws: a ``Problem`` that names the parameter which is missing, unknown, given twice, or not of its kind.
    public func check(query values: [String: [String]]) throws(Problem) {
        if let unknown = values.keys.filter({ name in !query.contains { $0.name == name } }).sorted().first {
            let known = query.map(\.name).joined(separator: ", ")
            throw .parameter(unknown.escaped, known.isEmpty ? "No query is accepted here." : "Known here are: \(known).")
        }
        for parameter in query {
            let given = values[parameter.name] ?? []
            guard !given.isEmpty || !parameter.isRequired else { throw .parameter(parameter.name, "It must be given.") }
            guard given.count <= 1 || parameter.repeats else { throw .parameter(parameter.name, "It may be given once only.") }
            guard given.allSatisfy(parameter.kind.accepts) else {
                throw .parameter(parameter.name, "\(parameter.kind.expected) was expected.")
            }
        }
    }

    /// - Throws: a ``Problem`` that names the path's parameter which is not of its kind.
    public func check(parameters: [String: String]) throws(Problem) {
        for parameter in pathParameters {
            guard let value = parameters[parameter.name], parameter.kind.accepts(value) else {
                throw .parameter(parameter.name, "\(parameter.kind.expected) was expected.")
            }
        }
    }
}

extension Problem {
    /// A parameter of the path or the query that is not of its form.
    public static func parameter(_ name: String, _ detail: String) -> Problem {
        Problem(
            .invalid, "request.parameter-invalid", title: "A parameter is not of the expected form", detail: "\(name): \(detail)",
            field: name)
    }
}
