import Basics

/// What an edge decides about a request from its head alone, before an octet of the body is read.
public struct Admission: Sendable {
    /// The matched route's pattern for the log, nil when no route matched. Never the path itself: that is outside text.
    public let route: String?
    /// Who asks, for the log.
    public let principal: Handle?
    public let decision: Decision

    public enum Decision: Sendable {
        /// The answer is known already; the body is not read.
        case answer(APIResponse)
        /// The body may be read; the function makes the answer from it.
        case read(@Sendable (Bytes) async -> APIResponse)
    }

    public init(route: String?, principal: Handle?, _ decision: Decision) {
        self.route = route
        self.principal = principal
        self.decision = decision
    }
}

/// What a listener serves.
public typealias Edge = @Sendable (RequestHead) async -> Admission
