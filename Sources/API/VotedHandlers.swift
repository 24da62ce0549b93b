import Access
import Basics
import Proofs
import Registration
import Wire

/// What a service does for the handlers of a kind of voted statement: each kind has the same.
struct VotedService<Record: VotedRecord>: Sendable {
    let record: @Sendable (ID) async throws(Problem) -> Record
    let vote: @Sendable (_ note: SignedNote, _ id: ID, _ reason: String?, _ person: Principal) async throws(Problem) -> Record
    /// The members that only this kind has.
    let particulars: @Sendable (Record) -> [String: JSON]

    func describe(_ record: Record) -> JSON {
        let common: [String: JSON] = [
            "id": .string(record.id.description), "requester": .string(record.requester), "state": .string(record.state.rawValue),
            "statement": .string(record.statement), "submission": .string(record.submission), "votes": .strings(record.votes),
            "decidedBy": .optional(record.decidedBy), "reason": .optional(record.reason),
        ]
        return .object(common.merging(particulars(record)) { common, _ in common })
    }
}

/// The same for a kind whose statements their requesters write and sign.
struct AskedService<Record: VotedRecord>: Sendable {
    let voted: VotedService<Record>
    let ask: @Sendable (_ statement: String, _ submission: SignedNote, _ person: Principal) async throws(Problem) -> Record
    let list: @Sendable (Record.State?, Paging<ID>) async throws(Problem) -> Page<Record>
}

extension Handlers {
    /// One record, and a vote on it.
    static func voted<Record>(_ service: VotedService<Record>, one: Route, vote: Route) -> [Route: Dispatcher.Handler] {
        [
            one: { request throws(Problem) in .json(service.describe(try await service.record(try request.identifier("id")))) },
            vote: { request throws(Problem) in
                var fields = try request.fields()
                let note = try fields.note("vote", "vote")
                let reason = try fields.reason()
                try fields.end()
                return .json(
                    service.describe(try await service.vote(note, try request.identifier("id"), reason, try request.person())))
            },
        ]
    }

    /// The same with the list, and with the asking.
    static func asked<Record>(
        _ service: AskedService<Record>, ask: Route, list: (route: Route, name: String), one: Route, vote: Route
    ) -> [Route: Dispatcher.Handler] {
        let handlers: [Route: Dispatcher.Handler] = [
            ask: { request throws(Problem) in
                var fields = try request.fields()
                let statement = try fields.string("statement")
                let submission = try fields.note("submission", "submission")
                try fields.end()
                let record = try await service.ask(statement, submission, try request.person())
                return .json(service.voted.describe(record), status: 201)
            },
            list.route: { request throws(Problem) in
                .page(list.name, try await service.list(try request.state(), try request.pagingByID()), service.voted.describe)
            },
        ]
        return handlers.merging(voted(service.voted, one: one, vote: vote)) { first, _ in first }
    }
}

extension JSONFields {
    /// A decision's reason; null and absence are the same.
    mutating func reason() throws(Problem) -> String? { optional("reason") == .null ? nil : try optionalString("reason") }
}
