import Access
import Basics
import Wire

extension Handlers {
    /// People who are to come into the roster.
    static func officers(_ services: Services) -> [Route: Dispatcher.Handler] {
        [
            Routes.addOfficer: { request throws(Problem) in
                var fields = try request.fields()
                let handle = try fields.handle("handle")
                let code = try fields.parsed("code", expected: "SHA-256 of the code's 16 octets, in base64") { Digest32(base64: $0) }
                try fields.end()
                let expires = try await services.invitations.invite(handle, code: code, by: try request.person())
                return .json(.object(["expires": .time(expires)]), status: 201)
            },
            Routes.officers: { request throws(Problem) in
                .page("officers", try await services.invitations.list(try request.paging { Handle($0) })) { invitation in
                    .object([
                        "handle": .string(invitation.handle.description), "state": .string(invitation.state.rawValue),
                        "expires": .time(invitation.expires),
                    ])
                }
            },
            Routes.officer: { request throws(Problem) in
                let invitation = try await services.invitations.invitation(try request.handle("handle"))
                return .json(
                    .object([
                        "handle": .string(invitation.handle.description), "state": .string(invitation.state.rawValue),
                        "expires": .time(invitation.expires), "person": .optional(invitation.person),
                    ]))
            },
            Routes.enroll: { request throws(Problem) in
                var fields = try request.fields()
                let secret = try fields.base64("secret")
                let note = try fields.note("person", "person")
                try fields.end()
                let person = try await services.invitations.redeem(secret, person: note)
                return .json(
                    .object(["handle": .string(person.handle.description), "fingerprint": .string(person.fingerprint)]), status: 201)
            },
        ]
    }
}
