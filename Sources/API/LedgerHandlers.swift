import Basics
import Proofs
import Transparency
import Wire

extension Handlers {
    /// The ledger and its proofs.
    static func ledger(_ services: Services) -> [Route: Dispatcher.Handler] {
        let ledger = services.ledger
        return [
            Routes.checkpoint: { _ throws(Problem) in APIResponse(.text, Bytes(try await ledger.checkpoint().rendered.utf8)) },
            Routes.entries: { request throws(Problem) in
                let entries = try await ledger.entries(from: request.queryNumber("from") ?? 0, count: request.queryNumber("count") ?? 1000)
                return .json(
                    .object(["entries": .strings(entries.map(\.base64)), "size": .integer(try ledger.view().frontier.size)]))
            },
            Routes.proof: { request throws(Problem) in
                let (_, file) = try await ledger.proof(of: request.queryNumber("index") ?? 0)
                return APIResponse(.text, Bytes(file.rendered.utf8))
            },
            Routes.consistency: { request throws(Problem) in
                let hashes = try await ledger.consistency(from: request.queryNumber("from") ?? 0, to: request.queryNumber("to") ?? 0)
                return .json(.object(["hashes": .strings(hashes.map(\.base64))]))
            },
            Routes.audit: { _ throws(Problem) in
                let audit = try await ledger.audit()
                let rows = audit.rows.map { ($0.kind.name, JSON.integer(Int64($0.count))) }
                return .json(
                    .object([
                        "size": .integer(audit.size), "root": .string(audit.root.base64),
                        "checkpoints": .integer(Int64(audit.checkpoints)),
                        "rows": .object(Dictionary(rows) { first, _ in first }),
                    ]))
            },
        ]
    }
}
