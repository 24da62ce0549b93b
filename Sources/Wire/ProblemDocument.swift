import Basics

/// A problem as it stands in an answer (RFC 9457): `application/problem+json`.
public struct ProblemDocument: Hashable, Sendable {
    public let problem: Problem
    /// The HTTP status; follows from the problem's kind unless the transport has a more exact one (405, 415).
    public let status: Int
    /// Under which id the node's log has more.
    public let requestID: String?

    public init(_ problem: Problem, status: Int? = nil, requestID: String? = nil) {
        self.problem = problem
        self.status = status ?? problem.kind.status
        self.requestID = requestID
    }

    public var json: JSON {
        var members: [String: JSON] = [
            "type": .string(Self.typePrefix + problem.code), "title": .string(problem.title), "status": .integer(Int64(status)),
            "detail": .string(problem.detail), "code": .string(problem.code),
        ]
        if let field = problem.field { members["field"] = .string(field) }
        if let requestID { members["requestId"] = .string(requestID) }
        return .object(members)
    }

    static let typePrefix = "urn:assay:problem:"
}

extension ProblemDocument {
    /// Reads an answer's body. Unknown members are ignored (RFC 9457 §3.2). Texts are made safe to show: whatever could steer a
    /// terminal is written out.
    /// - Throws: a ``Problem`` of code `client.answer-malformed` when this is not a problem of ours.
    public init(parsing body: Bytes, status: Int) throws(Problem) {
        guard let value = try? JSON(parsing: body, limit: 1 << 16), case .object(let members) = value,
            case .string(let code) = members["code"], Self.isCode(code), members["type"] == .string(Self.typePrefix + code),
            members["status"] == .integer(Int64(status)), case .string(let title) = members["title"],
            case .string(let detail) = members["detail"]
        else { throw .answerMalformed("An answer with status \(status) has no problem document.") }
        func text(_ name: String) -> String? {
            if case .string(let value) = members[name] { Self.shown(value) } else { nil }
        }
        self.init(
            Problem(Problem.Kind(status: status), code, title: Self.shown(title), detail: Self.shown(detail), field: text("field")),
            status: status, requestID: text("requestId"))
    }

    private static func isCode(_ code: String) -> Bool {
        (1...64).contains(code.utf8.count)
            && code.utf8.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d || $0 == 0x2e }
    }

    /// Backslashes stay single: an honest node has escaped its outside text once already.
    private static func shown(_ text: String) -> String { text.escaped.replacing("\\\\", with: "\\") }
}

extension Problem {
    /// What the node sent is not of the expected form.
    public static func answerMalformed(_ detail: String) -> Problem {
        Problem(.fault, "client.answer-malformed", title: "The node's answer is not of the expected form", detail: detail)
    }
}

extension Problem.Kind {
    /// The HTTP status for this kind.
    public var status: Int {
        switch self {
        case .invalid: 400
        case .unauthenticated: 401
        case .forbidden: 403
        case .notFound: 404
        case .conflict: 409
        case .tooLarge: 413
        case .unavailable: 503
        case .fault: 500
        }
    }

    /// The kind that a caller must assume from a status alone.
    public init(status: Int) {
        self = Self.allCases.first { $0.status == status } ?? ((400..<500).contains(status) ? .invalid : .fault)
    }
}
