import Access
import Authorities
import Basics
import Wire

extension Handlers {
    /// Keys, tokens, and figures.
    static func keys(_ services: Services) -> [Route: Dispatcher.Handler] {
        [
            Routes.keys: { request throws(Problem) in
                .page("keys", try await services.authorities.allKeys(try request.pagingByID()), \.json)
            },
            Routes.key: { request throws(Problem) in .json(try await services.authorities.key(try request.identifier("id")).json) },
            Routes.keyAudit: { _ throws(Problem) in .json(await audit(services)) },
            Routes.ready: { _ throws(Problem) in
                let view = try services.ledger.view()
                _ = try services.ledger.now()
                guard view.missingBlocklists.isEmpty else {
                    throw Problem(
                        .unavailable, "node.not-ready", title: "Nothing can be certified",
                        detail: "No file: blocklist \(view.missingBlocklists.map(\.description).joined(separator: ", ")).")
                }
                let away = try services.authorities.custodyReports().filter { $0.isNeeded && !$0.isUp }
                guard away.isEmpty else {
                    throw Problem(
                        .unavailable, "node.not-ready", title: "Not all authorities can sign",
                        detail: "Not up: custody \(away.map(\.name.description).joined(separator: ", ")).")
                }
                let unable = Set(try await services.authorities.keyProblems().filter { !$0.isOpen }.map(\.authority)).sorted()
                guard unable.isEmpty else {
                    throw Problem(
                        .unavailable, "node.not-ready", title: "Not all authorities can sign",
                        detail: "No key: authority \(unable.map(\.description).joined(separator: ", ")).")
                }
                return .json(.object(["status": .string("ready")]))
            },
            Routes.metrics: { _ throws(Problem) in APIResponse(.text, Bytes(try await metrics(services).utf8)) },
        ]
    }

    /// The text form of Prometheus, version 0.0.4.
    private static func metrics(_ services: Services) async throws(Problem) -> String {
        var text = ""
        func family(_ name: String, _ type: String, _ help: String, _ values: [(labels: String, value: Int64)]) {
            guard !values.isEmpty else { return }
            text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
            for (labels, value) in values { text += "\(name)\(labels) \(value)\n" }
        }
        let tokens = try services.authorities.custodyReports()
        func each(_ value: (CustodyReport) -> Int) -> [(labels: String, value: Int64)] {
            tokens.map { ("{custody=\"\($0.name)\"}", Int64(value($0))) }
        }
        family(
            "assay_signatures_total", "counter", "Signatures asked of custody under a warrant since the start.",
            services.authorities.signatures().map { ("{kind=\"\($0.kind)\"}", Int64($0.count)) })
        family("assay_ledger_size", "gauge", "Entries in the ledger.", [("", try services.ledger.view().frontier.size)])
        family("assay_custody_up", "gauge", "Whether the token can sign.", each { $0.isUp ? 1 : 0 })
        family("assay_custody_sessions", "gauge", "Open sessions, the one that holds the login among them.", each(\.sessions))
        family("assay_custody_stuck_threads", "gauge", "Threads in a call that has not come back.", each(\.stuck))
        family("assay_custody_logins_total", "counter", "Logins since the start.", each(\.logins))
        family("assay_custody_connections_total", "counter", "How often the token was found since the start.", each(\.connections))
        family(
            "assay_custody_module_starts_total", "counter", "How often the token's module was initialized since the start.", each(\.starts))
        if let report = await services.fleetKeys.report {
            family("assay_fleet_rsa_keys", "gauge", "Different RSA keys that were compared with each other.", [("", Int64(report.keys))])
            family(
                "assay_fleet_keys_sharing_prime", "gauge", "Those of them that have a prime in common with another.",
                [("", Int64(report.findings.count))])
        }
        return text
    }

    private static func audit(_ services: Services) async -> JSON {
        guard let report = await services.fleetKeys.report else { return .object(["findings": .array([])]) }
        return .object([
            "time": .time(report.time), "entries": .integer(report.entries), "keys": .integer(Int64(report.keys)),
            "findings": .array(
                report.findings.map { finding in
                    var members: [String: JSON] = [
                        "key": .string(finding.key.base64), "other": .string(finding.other.base64),
                        "certificates": .strings(finding.certificates.map(\.hex)),
                    ]
                    if let authority = finding.authority { members["authority"] = .string(authority.description) }
                    return .object(members)
                }),
        ])
    }
}

extension KeyReport {
    fileprivate var json: JSON {
        var members: [String: JSON] = [
            "id": .string(id.description), "name": .string(name), "algorithm": .string(algorithm), "purposes": .string(purposes),
            "digest": .string(digest.base64), "created": .time(created), "place": .string(place), "protection": .string(protection),
            "authentic": .bool(isAuthentic),
        ]
        if let custody { members["custody"] = .string(custody.description) }
        if let user { members["user"] = .string(user) }
        if let facts {
            members["token"] = .object(
                Dictionary(facts.map { ($0.name, $0.value.map { .bool($0) } ?? .null) }) { first, _ in first })
        }
        if let unanswered { members["unanswered"] = .string(unanswered) }
        return .object(members)
    }
}
