import Basics
import PKIX
import Proofs
import Registration
import Wire

extension Handlers {
    /// Requests and votes.
    static func requests(_ services: Services) -> [Route: Dispatcher.Handler] {
        let registrar = services.registrar
        let service = VotedService<RequestRecord>(
            record: { id throws(Problem) in try await registrar.request(id) },
            vote: { note, id, reason, person throws(Problem) in try await registrar.vote(note, on: id, reason: reason, by: person) },
            particulars: { record in
                [
                    "profile": .string(record.profile), "csr": .string(record.csr.base64), "tbs": .string(record.tbs.base64),
                    "certificate": .optional(record.certificate?.base64), "opened": .time(record.opened), "expires": .time(record.expires),
                ]
            })
        let others: [Route: Dispatcher.Handler] = [
            Routes.submitRequest: { request throws(Problem) in
                let wish = request.media == .pkcs10 ? try raw(request) : try json(request)
                return .json(service.describe(try await registrar.submit(wish, by: try request.person())), status: 201)
            },
            Routes.requests: { request throws(Problem) in
                .page("requests", try await registrar.requests(try request.state(), try request.pagingByID())) { summary in
                    .object([
                        "id": .string(summary.id.description), "requester": .string(summary.requester), "profile": .string(summary.profile),
                        "state": .string(summary.state.rawValue), "opened": .time(summary.opened), "expires": .time(summary.expires),
                    ])
                }
            },
            Routes.requestEntries: { request throws(Problem) in
                let entries = try await services.ledger.entries(about: try request.identifier("id")).map { index, entry in
                    JSON.object(["index": .integer(index), "entry": .string(entry.base64)])
                }
                return .json(.object(["entries": .array(entries)]))
            },
        ]
        return others.merging(voted(service, one: Routes.request, vote: Routes.vote)) { first, _ in first }
    }

    private static func json(_ request: APIRequest) throws(Problem) -> Registrar.Wish {
        var fields = try request.fields()
        let submission = try fields.note("submission", "submission")
        let csr = try fields.base64("csr")
        let values = try fields.values("fields")
        try fields.end()
        return Registrar.Wish(submission: submission, csr: csr, fields: values)
    }

    /// A CSR as it is, with the submission and the fields in the query.
    private static func raw(_ request: APIRequest) throws(Problem) -> Registrar.Wish {
        guard let octets = request.queryText("submission").flatMap({ Bytes(base64URL: $0) }),
            let submission = try? SignedNote(parsing: octets)
        else {
            throw Problem(
                .invalid, "submission.malformed", title: "The submission is missing or malformed",
                detail: "With a raw CSR, `submission` is the signed note in unpadded URL-safe base64.", field: "submission")
        }
        return Registrar.Wish(submission: submission, csr: request.body, fields: try request.queryFields())
    }
}
