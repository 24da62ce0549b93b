import Access
import Approval
import Basics
import PKIX
import Proofs
import Wire

/// A handler for each route: it translates, and decides nothing.
public enum Handlers {
    public static func all(_ services: Services) -> [Route: Dispatcher.Handler] {
        var handlers: [Route: Dispatcher.Handler] = [
            Routes.health: { _ throws(Problem) in .json(.object(["status": .string("ok")])) }
        ]
        for part in [node, keys, officers, certificates, requests, revocations, allowances, ledger] {
            handlers.merge(part(services)) { first, _ in first }
        }
        return handlers
    }
}

extension APIRequest {
    /// The person who asks, on routes that nobody else reaches.
    func person() throws(Problem) -> Principal {
        guard let principal else {
            throw Problem(
                .unauthenticated, "access.key-missing", title: "The node does not know you",
                detail: "Present a certificate over your login key.")
        }
        return principal
    }
}

extension APIRequest {
    /// Which part of a list is asked for, on routes whose query has `after` and `limit`.
    func paging<Place>(_ place: (String) -> Place?) throws(Problem) -> Paging<Place> {
        var after: Place?
        if let text = queryText("after") {
            guard let parsed = place(text) else {
                throw .parameter("after", "`next` of the page before is accepted.")
            }
            after = parsed
        }
        return Paging(limit: queryNumber("limit") ?? PageLimit.usual, after: after)
    }

    /// The query's `state`, nil for all.
    func state<State: RawRepresentable<String> & CaseIterable>() throws(Problem) -> State? {
        guard let text = queryText("state") else { return nil }
        guard let state = State(rawValue: text) else {
            throw Problem(
                .invalid, "request.parameter-invalid", title: "A parameter is not of the expected form",
                detail: "state is one of " + State.allCases.map(\.rawValue).joined(separator: ", ") + ".", field: "state")
        }
        return state
    }

    func pagingByID() throws(Problem) -> Paging<ID> { try paging { ID($0) } }
    func pagingByDigest() throws(Problem) -> Paging<Digest32> { try paging { Digest32(hex: $0) } }
}

extension APIResponse {
    /// A page of a list, which stands under `name`.
    static func page<Element>(_ name: String, _ page: Page<Element>, _ describe: (Element) -> JSON) -> APIResponse {
        var members: [String: JSON] = [name: .array(page.elements.map(describe))]
        members["next"] = page.next.map { .string($0) }
        return .json(.object(members))
    }
}

extension APIRequest {
    /// The machine that asks, on routes that nobody else reaches.
    func station() throws(Problem) -> Machine {
        guard let machine else {
            throw Problem(
                .unauthenticated, "access.key-missing", title: "Nobody known asks",
                detail: "Present a certificate over the machine's key.")
        }
        return machine
    }

    /// The query's `field=name=value`.
    func queryFields() throws(Problem) -> [String: String] {
        var values: [String: String] = [:]
        for pair in query["field"] ?? [] {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, values.updateValue(String(parts[1]), forKey: String(parts[0])) == nil else {
                throw Problem(
                    .invalid, "request.parameter-invalid", title: "A parameter is not of the expected form",
                    detail: "field is name=value, each name once.", field: "field")
            }
        }
        return values
    }
}

extension JSONFields {
    /// Values of a profile's fields by their names.
    mutating func values(_ key: String) throws(Problem) -> [String: String] {
        var members = try object(key)
        var values: [String: String] = [:]
        for name in members.names { values[name] = try members.string(name) }
        return values
    }

    /// A signed note.
    mutating func note(_ key: String, _ what: String) throws(Problem) -> SignedNote {
        let text = try string(key)
        do { return try SignedNote(what, text) } catch { throw error.problem(in: name(key)) }
    }

    mutating func notes(_ key: String, _ what: String) throws(Problem) -> [SignedNote] {
        var notes: [SignedNote] = []
        for text in try strings(key) {
            do { notes.append(try SignedNote(what, text)) } catch { throw error.problem(in: name(key)) }
        }
        return notes
    }

    mutating func base64s(_ key: String) throws(Problem) -> [Bytes] {
        var result: [Bytes] = []
        for text in try strings(key) {
            guard let bytes = Bytes(base64: text) else { throw wrong(key, expected: "an array of base64 texts") }
            result.append(bytes)
        }
        return result
    }
}

extension Refusal {
    /// The problem, with the member of the body that it is about.
    func problem(in field: String) -> Problem {
        let problem = problem
        return Problem(problem.kind, problem.code, title: problem.title, detail: problem.detail, field: field.escaped)
    }
}

extension JSON {
    static func optional(_ text: String?) -> JSON { text.map { .string($0) } ?? .null }
    static func time(_ time: UTCTime) -> JSON { .integer(time.seconds) }
    static func strings(_ texts: [String]) -> JSON { .array(texts.map { .string($0) }) }
}
