import Access
import Approval
import Basics
import Policies
import Registration
import Transparency
import Wire

extension Handlers {
    /// The node, its roster, its documents, its people.
    static func node(_ services: Services) -> [Route: Dispatcher.Handler] {
        [
            Routes.node: { request throws(Problem) in .json(try await describe(services, to: try request.person())) },
            Routes.roster: { request throws(Problem) in
                let rosters = try await services.rosters.rosters(from: request.queryNumber("from") ?? 1)
                return .json(.object(["rosters": .strings(rosters)]))
            },
            Routes.proposeRoster: { request throws(Problem) in try await propose(request, services) },
            Routes.proposals: { _ throws(Problem) in
                let proposals = try await services.rosters.proposals().map { proposal -> JSON in
                    .object([
                        "hash": .string(proposal.digest.base64), "roster": .string(proposal.note),
                        "documents": .strings(proposal.documents.map(\.base64)), "people": .strings(proposal.people),
                    ])
                }
                return .json(.object(["proposals": .array(proposals)]))
            },
            Routes.document: { request throws(Problem) in APIResponse(.octets, try services.rosters.document(try request.digest("hash"))) },
            Routes.persons: { request throws(Problem) in
                .page("people", try await services.rosters.people(try request.pagingByDigest())) { .string($0) }
            },
        ]
    }

    private static func describe(_ services: Services, to person: Principal) async throws(Problem) -> JSON {
        let view = try services.ledger.view()
        let roster = view.charter.roster
        let open = try await services.registrar.openRequests()
        var warnings: [String] = []
        if roster.administrators.count < 2 {
            warnings.append("There is one administrator: the two-person rule is not in force for the roster.")
        }
        warnings += services.facts.warnings.map { "\($0.code): \($0.detail)" }
        warnings.append("Keys are \(services.facts.custody).")
        for custody in try services.authorities.custodyReports() {
            guard let detail = custody.detail else { continue }
            warnings.append("Custody \(custody.name), token \(custody.token), is not up: \(detail)")
        }
        if let findings = await services.fleetKeys.report?.findings, !findings.isEmpty {
            warnings.append(
                "\(findings.count) RSA keys share a prime with another: their private keys are anybody's. See `assay key audit`.")
        }
        warnings += view.missingBlocklists.map { Refusal.blocklistMissing($0).detail }
        for (name, policy) in view.charter.documents.approvals.sorted(by: { $0.key < $1.key }) where policy.value.quorum < 2 {
            warnings.append("Approval policy \(name) asks for one person only.")
        }
        warnings += try await services.authorities.keyProblems().map {
            "Authority \($0.authority): \($0.problem.code): \($0.problem.detail)"
        }
        for name in view.charter.documents.authorities.keys.sorted() {
            do { _ = try services.authorities.certificate(of: name) } catch { warnings.append(error.detail) }
        }
        return .object([
            "instance": .string(view.charter.instance.description), "origin": .string(view.origin), "node": .string(view.node.description),
            "pin": .string(view.charter.pin.base64), "serverKey": .string(services.facts.serverKey.base64),
            "roster": .integer(roster.version),
            "quorum": .integer(Int64(roster.quorum)), "administrators": .integer(Int64(roster.administrators.count)),
            "custody": .string(services.facts.custody), "size": .integer(view.frontier.size), "software": .string(services.facts.software),
            "time": .time(try services.ledger.now()), "handle": .string(person.handle.description),
            "roles": .strings(person.roles.map(\.rawValue).sorted()), "openRequests": .integer(open), "warnings": .strings(warnings),
        ])
    }

    private static func propose(_ request: APIRequest, _ services: Services) async throws(Problem) -> APIResponse {
        var fields = try request.fields()
        let note = try fields.note("roster", "roster")
        let documents = try fields.base64s("documents")
        let people = try fields.notes("people", "person")
        let closes = try fields.bool("closes", default: false)
        try fields.end()
        switch try await services.rosters.propose(
            note, documents: documents, people: people, closes: closes, by: try request.person())
        {
        case .accepted(let version, let closed):
            let warnings = try await services.authorities.complete().map(\.detail)
            return .json(
                .object([
                    "state": .string("accepted"), "version": .integer(version), "warnings": .strings(warnings),
                    "closed": .strings(closed.map(\.description)),
                ]))
        case .proposed(let digest, let missing):
            return .json(
                .object(["state": .string("proposed"), "hash": .string(digest.base64), "missing": .integer(Int64(missing))]), status: 202)
        }
    }
}
