import Approval
import Basics
import Wire

/// Carries requests to one node. ``NodeClient`` does; tests hand in nodes that lie.
public protocol Transport: Sendable {
    func send(
        _ route: Route, parameters: [String: String], query: [String: [String]], body: ClientBody
    ) async throws(Problem) -> ClientResponse
    func close() async
}

extension NodeClient: Transport {}

extension Transport {
    /// The answer's fields.
    func fields(
        _ route: Route, parameters: [String: String] = [:], query: [String: [String]] = [:], body: ClientBody = .none
    ) async throws(Problem) -> JSONFields {
        try await send(route, parameters: parameters, query: query, body: body).fields()
    }

    /// The answer's octets, of this kind.
    func octets(
        _ route: Route, _ media: MediaType, parameters: [String: String] = [:], query: [String: [String]] = [:]
    ) async throws(Problem) -> Bytes {
        try await send(route, parameters: parameters, query: query, body: .none).octets(media)
    }
}

extension JSONFields {
    mutating func digest(_ key: String) throws(Problem) -> Digest32 {
        try parsed(key, expected: "the base64 of 32 octets") { Digest32(base64: $0) }
    }

    /// A member that is an array, each element read by `read`. Members that a later version adds are passed over.
    mutating func list<Value>(_ key: String, _ read: (inout JSONFields) throws(Problem) -> Value) throws(Problem) -> [Value] {
        var values: [Value] = []
        for (index, json) in try array(key).enumerated() {
            var fields = try JSONFields(json, path: "\(name(key)).\(index)", code: "client.answer-malformed")
            values.append(try read(&fields))
        }
        return values
    }

    mutating func time(_ key: String) throws(Problem) -> UTCTime { UTCTime(seconds: try integer(key)) }

    mutating func id(_ key: String) throws(Problem) -> ID { try parsed(key, expected: "a UUID") { ID($0) } }

    /// Null and absence are the same.
    mutating func isNull(_ key: String) -> Bool { [nil, .null].contains(optional(key)) }
}

extension Problem {
    /// What the node shows does not hold when it is computed from the bytes.
    static func lied(_ what: String) -> Problem {
        Problem(
            .forbidden, "client.server-lied", title: "What the node shows does not hold",
            detail: "\(what) Nothing was signed. Tell your administrators: the node is faulty, or somebody has changed its data.")
    }
}

/// Turns a refusal into the problem that people are shown.
func refusing<Value>(_ body: () throws(Refusal) -> Value) throws(Problem) -> Value {
    do { return try body() } catch { throw error.problem }
}
