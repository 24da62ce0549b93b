import Access
import Approval
import Basics
import Registration
import Wire

extension Handlers {
    /// Allowances, and what machines draw from them.
    static func allowances(_ services: Services) -> [Route: Dispatcher.Handler] {
        [
            Routes.requestAllowance: { request throws(Problem) in
                var fields = try request.fields()
                let statement = try fields.string("statement")
                let submission = try fields.note("submission", "submission")
                try fields.end()
                let record = try await services.allowances.request(statement, submission: submission, by: try request.person())
                return .json(describe(record), status: 201)
            },
            Routes.allowances: { request throws(Problem) in
                .page("allowances", try await services.allowances.list(try request.state(), try request.pagingByID()), describe)
            },
            Routes.allowance: { request throws(Problem) in
                .json(describe(try await services.allowances.allowance(try request.identifier("id"))))
            },
            Routes.voteAllowance: { request throws(Problem) in
                var fields = try request.fields()
                let note = try fields.note("vote", "vote")
                let reason = fields.optional("reason") == .null ? nil : try fields.optionalString("reason")
                try fields.end()
                let record = try await services.allowances.vote(
                    note, on: try request.identifier("id"), reason: reason, by: try request.person())
                return .json(describe(record))
            },
            Routes.closeAllowance: { request throws(Problem) in
                var fields = try request.fields()
                let reason = fields.optional("reason") == .null ? nil : try fields.optionalString("reason")
                try fields.end()
                let record = try await services.allowances.close(
                    try request.identifier("id"), reason: reason, by: try request.person())
                return .json(describe(record))
            },
            Routes.drawCertificate: { request throws(Problem) in
                if request.media == .pkcs10 {
                    return APIResponse(.certificate, try await services.allowances.draw(try raw(request), by: try request.station()))
                }
                let wish = try json(request)
                let certificate = try await services.allowances.draw(wish, by: try request.station())
                return .json(
                    .object([
                        "certificate": .string(certificate.base64), "chain": .array(try chain(of: wish.profile, services)),
                    ]), status: 201)
            },
        ]
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

    private static func describe(_ record: AllowanceRecord) -> JSON {
        .object([
            "id": .string(record.id.description), "requester": .string(record.requester), "machine": .string(record.machine),
            "profile": .string(record.profile), "state": .string(record.state.rawValue), "statement": .string(record.statement),
            "submission": .string(record.submission), "votes": .strings(record.votes), "decidedBy": .optional(record.decidedBy),
            "reason": .optional(record.reason), "created": .time(record.created), "drawn": .integer(record.drawn),
        ])
    }
}
