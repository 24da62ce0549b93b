/// An error that speaks to the person who can act on it: a stable code, the field, what would be accepted (RFC 9457 at the edge).
public struct Problem: Error, Hashable, Sendable {
    /// Stable, documented, tested: `request.key-too-weak`.
    public let code: String
    /// One short sentence, the same for every occurrence of the code.
    public let title: String
    /// What happened here and what would be accepted. Never a secret; text from outside is escaped.
    public let detail: String
    /// Where in the input, `csr.publicKey`, if it was in the input.
    public let field: String?
    /// Whose turn it is.
    public let kind: Kind

    /// Why it failed, as far as a caller must know to go on. The edge maps it to an HTTP status.
    public enum Kind: String, Hashable, Sendable, CaseIterable {
        /// The input is wrong: 400.
        case invalid
        /// Nobody known asks: 401.
        case unauthenticated
        /// Known, but not allowed: 403.
        case forbidden
        /// There is no such thing: 404.
        case notFound
        /// The thing is not in a state that allows it: 409.
        case conflict
        /// Larger than accepted: 413.
        case tooLarge
        /// Too many at once; come back later: 503.
        case unavailable
        /// A fault of this server; details are in its log: 500.
        case fault
    }

    public init(_ kind: Kind, _ code: String, title: String, detail: String, field: String? = nil) {
        self.kind = kind
        self.code = code
        self.title = title
        self.detail = detail
        self.field = field
    }
}

extension Problem: CustomStringConvertible {
    public var description: String { "\(code): \(title). \(detail)" + (field.map { " (\($0))" } ?? "") }
}
