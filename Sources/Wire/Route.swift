import Basics

/// One thing that a client may ask of a node, as a value: handlers, clients, the description for tools and the table of who
/// may call what are all made from it.
public struct Route: Hashable, Sendable {
    /// Unique in the table, in the caller's words: `request.submit`.
    public let name: String
    public let method: Method
    public let segments: [Segment]
    public let query: [Parameter]
    public let permission: Permission
    /// The kinds of body that are read; none when empty.
    public let bodies: [MediaType]
    public let answers: [Answer]
    /// One sentence for the reader of the description.
    public let summary: String

    public init(
        _ name: String, _ method: Method, _ segments: [Segment], query: [Parameter] = [], permission: Permission,
        bodies: [MediaType] = [], answers: [Answer], summary: String
    ) {
        self.name = name
        self.method = method
        self.segments = segments
        self.query = query
        self.permission = permission
        self.bodies = bodies
        self.answers = answers
        self.summary = summary
    }

    /// The path with its parameters in braces, `/api/v1/requests/{id}`: what logs and descriptions show.
    public var pattern: String {
        segments.map { segment in
            switch segment {
            case .literal(let text): "/" + text
            case .parameter(let parameter): "/{" + parameter.name + "}"
            }
        }.joined()
    }

    /// The parameters in the path, in their order.
    public var pathParameters: [Parameter] {
        segments.compactMap { if case .parameter(let parameter) = $0 { parameter } else { nil } }
    }
}

extension Route {
    public enum Method: String, Hashable, Sendable, CaseIterable {
        case get = "GET"
        case post = "POST"
    }

    /// What stands between two slashes of a path.
    public enum Segment: Hashable, Sendable, ExpressibleByStringLiteral {
        case literal(String)
        case parameter(Parameter)

        public init(stringLiteral value: String) { self = .literal(value) }
    }

    /// Who may call. What a roster's documents decide (who may vote on what) is not repeated here.
    public enum Permission: Hashable, Sendable {
        /// Nobody has to be known. Only redeeming an enrollment code and asking for health are so.
        case anyone
        /// A person of the roster, known by their login key.
        case person
        /// A person of the roster who holds one of these roles.
        case role(Set<String>)
        /// A machine that an allowance names by its key.
        case machine
    }

    /// An answer when all went well; failures are problems (RFC 9457) on every route.
    public struct Answer: Hashable, Sendable {
        public let status: Int
        public let media: MediaType
        public let summary: String

        public init(_ status: Int, _ media: MediaType, _ summary: String) {
            self.status = status
            self.media = media
            self.summary = summary
        }
    }

    /// A part of the path or of the query.
    public struct Parameter: Hashable, Sendable {
        public let name: String
        public let kind: Kind
        /// Parts of a path are always there.
        public let isRequired: Bool
        /// Whether the query may have it more than once.
        public let repeats: Bool
        public let summary: String

        public init(_ name: String, _ kind: Kind, isRequired: Bool = true, repeats: Bool = false, _ summary: String) {
            self.name = name
            self.kind = kind
            self.isRequired = isRequired
            self.repeats = repeats
            self.summary = summary
        }

        /// Which texts are accepted.
        public enum Kind: Hashable, Sendable, CaseIterable {
            /// 1 to 32 of a-z, 0-9 and -.
            case handle
            /// A UUID in lower case.
            case id
            /// 64 lower-case hexadecimal digits.
            case digest
            /// A decimal number from 0, without leading zeros.
            case number
            /// A decimal number within ``PageLimit/accepted``: how much of a list is told at once.
            case limit
            /// Any text without control characters, at most 1024 octets.
            case text
        }
    }
}

extension Route.Parameter.Kind {
    public func accepts(_ value: String) -> Bool {
        switch self {
        case .handle: Handle(value) != nil
        case .id: ID(value) != nil
        case .digest: Digest32(hex: value) != nil
        case .number: Decimal.parse(value) != nil
        case .limit: Decimal.parse(value).map(PageLimit.accepted.contains) ?? false
        case .text: (1...1024).contains(value.utf8.count)
        }
    }

    /// What is accepted, in words.
    public var expected: String {
        switch self {
        case .handle: "1 to 32 of a-z, 0-9 and -"
        case .id: "a UUID in lower case"
        case .digest: "64 lower-case hexadecimal digits"
        case .number: "a decimal number without leading zeros"
        case .limit: "a decimal number from \(PageLimit.accepted.lowerBound) to \(PageLimit.accepted.upperBound) without leading zeros"
        case .text: "1 to 1024 octets of text without control characters"
        }
    }
}

/// The kinds of content that the API reads and writes.
public enum MediaType: String, Hashable, Sendable, CaseIterable {
    case json = "application/json"
    case problem = "application/problem+json"
    /// A certificate signing request in DER (RFC 5967).
    case pkcs10 = "application/pkcs10"
    /// A certificate in DER (RFC 2585).
    case certificate = "application/pkix-cert"
    case octets = "application/octet-stream"
    case text = "text/plain; charset=utf-8"

    /// From a Content-Type field: type and subtype in any case; the only parameter known is `charset=utf-8`.
    /// - Returns: nil for anything else.
    public init?(contentType: String) {
        let parts = contentType.lowercased().split(separator: ";", omittingEmptySubsequences: false)
            .map { $0.drop { $0 == " " || $0 == "\t" } }
            .map { part in String(part.reversed().drop { $0 == " " || $0 == "\t" }.reversed()) }
        guard let essence = parts.first, let media = MediaType.allCases.first(where: { $0.essence == essence }) else { return nil }
        guard parts.dropFirst().allSatisfy({ $0 == "charset=utf-8" || $0 == "charset=\"utf-8\"" }) else { return nil }
        self = media
    }

    /// Type and subtype without parameters.
    public var essence: String { String(rawValue.prefix { $0 != ";" }) }
}
