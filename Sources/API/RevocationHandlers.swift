import Access
import Approval
import Basics
import Registration
import Wire

extension Handlers {
    /// Revocations.
    static func revocations(_ services: Services) -> [Route: Dispatcher.Handler] {
        let revocations = services.revocations
        let service = VotedService<RevocationRecord>(
            record: { id throws(Problem) in try await revocations.revocation(id) },
            vote: { note, id, reason, person throws(Problem) in try await revocations.vote(note, on: id, reason: reason, by: person) },
            particulars: { record in
                ["certificate": .string(record.certificate.hex), "der": .string(record.der.base64), "created": .time(record.created)]
            })
        let asked = asked(
            AskedService(
                voted: service,
                ask: { statement, submission, person throws(Problem) in
                    try await revocations.request(statement, submission: submission, by: person)
                },
                list: { state, paging throws(Problem) in try await revocations.list(state, paging) }),
            ask: Routes.requestRevocation, list: (Routes.revocations, "revocations"), one: Routes.revocation, vote: Routes.voteRevocation)
        let others: [Route: Dispatcher.Handler] = [
            Routes.certificateStatus: { request throws(Problem) in
                let fingerprint = try request.digest("fingerprint")
                _ = try await services.registrar.certificate(fingerprint)
                let (isRevoked, record) = try await revocations.status(of: fingerprint)
                let statement = record.flatMap { try? Revocation(text: $0.statement) }
                return .json(
                    .object([
                        "revoked": .bool(isRevoked), "revocation": .optional(record?.id.description),
                        "reason": .optional(statement?.reason.rawValue),
                        "effective": statement.map { .time($0.effective) } ?? .null,
                    ]))
            }
        ]
        return others.merging(asked) { first, _ in first }
    }
}
