import Access
import Approval
import Basics
import Registration
import Wire

extension Handlers {
    /// Allowances, and what machines draw from them.
    static func allowances(_ services: Services) -> [Route: Dispatcher.Handler] {
        let allowances = services.allowances
        let service = VotedService<AllowanceRecord>(
            record: { id throws(Problem) in try await allowances.allowance(id) },
            vote: { note, id, reason, person throws(Problem) in try await allowances.vote(note, on: id, reason: reason, by: person) },
            particulars: { record in
                [
                    "machine": .string(record.machine), "profile": .string(record.profile), "created": .time(record.created),
                    "drawn": .integer(record.drawn),
                ]
            })
        let asked = asked(
            AskedService(
                voted: service,
                ask: { statement, submission, person throws(Problem) in
                    try await allowances.request(statement, submission: submission, by: person)
                },
                list: { state, paging throws(Problem) in try await allowances.list(state, paging) }),
            ask: Routes.requestAllowance, list: (Routes.allowances, "allowances"), one: Routes.allowance, vote: Routes.voteAllowance)
        let others: [Route: Dispatcher.Handler] = [
            Routes.closeAllowance: { request throws(Problem) in
                var fields = try request.fields()
                let reason = try fields.reason()
                try fields.end()
                return .json(
                    service.describe(try await allowances.close(try request.identifier("id"), reason: reason, by: try request.person())))
            },
            Routes.drawCertificate: { request throws(Problem) in
                if request.media == .pkcs10 {
                    return APIResponse(.certificate, try await allowances.draw(try raw(request), by: try request.station()))
                }
                let wish = try json(request)
                let certificate = try await allowances.draw(wish, by: try request.station())
                return .json(
                    .object([
                        "certificate": .string(certificate.base64), "chain": .array(try chain(of: wish.profile, services)),
                    ]), status: 201)
            },
        ]
        return others.merging(asked) { first, _ in first }
    }

    private static func json(_ request: APIRequest) throws(Problem) -> DrawWish {
        var fields = try request.fields()
        let wish = DrawWish(
            profile: try fields.handle("profile"), csr: try fields.base64("csr"), fields: try fields.values("fields"),
            call: try fields.parsed("call", expected: "a UUID in lower case") { ID($0) })
        try fields.end()
        return wish
    }

    private static func raw(_ request: APIRequest) throws(Problem) -> DrawWish {
        guard let profile = request.queryText("profile").flatMap({ Handle($0) }), let call = request.queryText("call").flatMap({ ID($0) })
        else {
            throw Problem(
                .invalid, "request.parameter-invalid", title: "A parameter is missing",
                detail: "With a raw CSR, `profile` and `call` stand in the query.", field: "profile")
        }
        return DrawWish(profile: profile, csr: request.body, fields: try request.queryFields(), call: call)
    }

    /// The certificates above the profile's, the root last.
    private static func chain(of profile: Handle, _ services: Services) throws(Problem) -> [JSON] {
        guard let authority = try services.ledger.view().charter.documents.profiles[profile]?.value.authority else { return [] }
        return try services.authorities.chain(of: authority).map { .string($0.der.base64) }
    }
}
