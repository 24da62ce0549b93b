import Approval
import Authorities
import Basics
import PKIX
import Registration
import Wire

extension Handlers {
    /// Authorities and certificates.
    static func certificates(_ services: Services) -> [Route: Dispatcher.Handler] {
        [
            Routes.draftAuthorities: { request throws(Problem) in
                var fields = try request.fields()
                let documents = try fields.array("authorities")
                let call = try fields.parsed("call", expected: "a UUID in lower case") { ID($0) }
                try fields.end()
                let drafts = try await services.authorities.draft(documents, call: call, by: try request.person()).map { draft in
                    JSON.object([
                        "name": .string(draft.name.description), "document": .string(draft.document.base64),
                        "tbs": .string(draft.tbs.base64),
                    ])
                }
                return .json(.object(["drafts": .array(drafts)]))
            },
            Routes.authorities: { _ throws(Problem) in
                let documents = try services.ledger.view().charter.documents.authorities
                let list = documents.sorted { $0.key < $1.key }.map { describe($0.value.value, services) }
                return .json(.object(["authorities": .array(list)]))
            },
            Routes.authorityCertificate: { request throws(Problem) in
                APIResponse(.certificate, try services.authorities.certificate(of: try request.handle("name")).der)
            },
            Routes.certificates: { request throws(Problem) in
                .page("certificates", try await services.registrar.certificates(try request.pagingByDigest())) { certificate in
                    .object([
                        "fingerprint": .string(certificate.fingerprint.hex), "serial": .string(certificate.serial.hex),
                        "authority": .string(certificate.authority), "request": .string(certificate.request.description),
                        "notAfter": .time(certificate.notAfter), "created": .time(certificate.created),
                        "revoked": .bool(certificate.isRevoked),
                    ])
                }
            },
            Routes.certificateEntry: { request throws(Problem) in
                let (index, entry) = try await services.registrar.entry(of: try request.digest("fingerprint"))
                return .json(.object(["index": .integer(index), "entry": .string(entry.base64)]))
            },
            Routes.certificate: { request throws(Problem) in
                APIResponse(.certificate, try await services.registrar.certificate(try request.digest("fingerprint")))
            },
        ]
    }

    private static func describe(_ document: AuthorityDocument, _ services: Services) -> JSON {
        let certificate = try? services.authorities.certificate(of: document.name)
        var members: [String: JSON] = [
            "name": .string(document.name.description), "purposes": .strings(document.purposes.map(\.rawValue).sorted()),
            "profiles": .strings(document.profiles.map(\.description)),
            "subject": .string((try? document.asIssuer().name.description) ?? ""),
        ]
        members["issuer"] = document.issuer.map { .string($0.description) }
        members["fingerprint"] = certificate.map { .string($0.fingerprint.hex) }
        return .object(members)
    }
}
