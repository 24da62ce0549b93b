import Access
import Approval
import Basics
import Registration
import Wire

extension Handlers {
    /// Revocations.
    static func revocations(_ services: Services) -> [Route: Dispatcher.Handler] {
        [
            Routes.certificateStatus: { request throws(Problem) in
                let fingerprint = try request.digest("fingerprint")
                _ = try await services.registrar.certificate(fingerprint)
                let (isRevoked, record) = try await services.revocations.status(of: fingerprint)
                let statement = record.flatMap { try? Revocation(text: $0.statement) }
                return .json(
                    .object([
                        "revoked": .bool(isRevoked), "revocation": .optional(record?.id.description),
                        "reason": .optional(statement?.reason.rawValue),
                        "effective": statement.map { .time($0.effective) } ?? .null,
                    ]))
            },
            Routes.requestRevocation: { request throws(Problem) in
                var fields = try request.fields()
                let statement = try fields.string("statement")
                let submission = try fields.note("submission", "submission")
                try fields.end()
                let record = try await services.revocations.request(statement, submission: submission, by: try request.person())
                return .json(describe(record), status: 201)
            },
            Routes.revocations: { request throws(Problem) in
                .page("revocations", try await services.revocations.list(try request.state(), try request.pagingByID()), describe)
            },
            Routes.revocation: { request throws(Problem) in
                .json(describe(try await services.revocations.revocation(try request.identifier("id"))))
            },
            Routes.voteRevocation: { request throws(Problem) in
                var fields = try request.fields()
                let note = try fields.note("vote", "vote")
                let reason = fields.optional("reason") == .null ? nil : try fields.optionalString("reason")
                try fields.end()
                let record = try await services.revocations.vote(
                    note, on: try request.identifier("id"), reason: reason, by: try request.person())
                return .json(describe(record))
            },
        ]
    }

    private static func describe(_ record: RevocationRecord) -> JSON {
        .object([
            "id": .string(record.id.description), "requester": .string(record.requester),
            "certificate": .string(record.certificate.hex), "state": .string(record.state.rawValue),
            "statement": .string(record.statement), "submission": .string(record.submission), "votes": .strings(record.votes),
            "der": .string(record.der.base64), "decidedBy": .optional(record.decidedBy), "reason": .optional(record.reason),
            "created": .time(record.created),
        ])
    }
}
