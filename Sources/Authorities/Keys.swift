import Access
import Approval
import Basics
import Custody
import Storage
import Transparency

/// A key of the house: where it lies, and what protects it.
public struct KeyReport: Sendable {
    public let id: ID
    /// The name of its row.
    public let name: String
    public let algorithm: String
    public let purposes: String
    /// SHA-256 of the public key as its record has it.
    public let digest: Digest32
    public let created: UTCTime
    /// nil: in none of this house's custodies.
    public let custody: Handle?
    /// `sealed`, `pkcs11:…`, or `sealed under pkcs11:…`.
    public let place: String
    /// Whether custody wrote the record; one that it did not write opens nothing.
    public let isAuthentic: Bool
    public let protection: String
    /// The authority in force that signs with it, `log`, or nil.
    public let user: String?
    /// What its token says of it, asked now; nil for a key that lies in none, or when it was not asked.
    public let facts: [(name: String, value: Bool?)]?
    /// Why the token did not say it.
    public let unanswered: String?
}

/// What is wrong with the record of a key with which an authority in force signs.
public struct KeyProblem: Sendable {
    public let authority: Handle
    public let problem: Problem
    /// Whether the key was opened before that, and signs until this node is started again.
    public let isOpen: Bool
}

/// A token of this node.
public struct CustodyReport: Sendable {
    public let name: Handle
    public let token: String
    public let isUp: Bool
    /// What is the matter; nil when it is up.
    public let detail: String?
    /// Whether an authority in force has its key there.
    public let isNeeded: Bool
    public let sessions: Int
    public let stuck: Int
    public let logins: Int
    public let connections: Int
    /// How often its module was initialized since the start.
    public let starts: Int
}

extension CertificateAuthorities {
    /// The query behind ``allKeys(_:)``.
    public static func keyQuery(_ paging: Paging<ID>) -> ListQuery { ListQuery(columns, from: "key", .rising, paging) }

    /// Keys that the house has records of, oldest first; no token is asked.
    public func allKeys(_ paging: Paging<ID> = .init()) async throws(Problem) -> Page<KeyReport> {
        let stored: Page<Stored>
        do {
            stored = try await ledger.store.read { snapshot in
                try snapshot.page(Self.keyQuery(paging), place: \.record.id.description, Stored.init)
            }
        } catch { throw Problem(wrapping: error) }
        var reports: [KeyReport] = []
        for key in stored.elements { reports.append(try await report(key, asks: false)) }
        return Page(reports, next: stored.next)
    }

    /// One key; its token is asked how it keeps it.
    public func key(_ id: ID) async throws(Problem) -> KeyReport {
        let stored: Stored?
        do {
            stored = try await ledger.store.read { snapshot in
                try snapshot.row("SELECT \(Self.columns) FROM key WHERE id = $1", [.blob(id.bytes)]).map(Stored.init)
            }
        } catch { throw Problem(wrapping: error) }
        guard let stored else {
            throw Problem(.notFound, "key.not-found", title: "There is no such key", detail: "No key has the id \(id).", field: "id")
        }
        return try await report(stored, asks: true)
    }

    private static let columns = "id, name, algorithm, purposes, spki, sealed, created"

    /// A key's row.
    private struct Stored: Sendable {
        let record: KeyRecord
        let name: String
        let created: UTCTime

        init(_ row: Row) throws {
            record = try KeyRecord(row: row)
            name = try row.text("name")
            created = UTCTime(seconds: try row.integer("created"))
        }
    }

    private func report(_ stored: Stored, asks: Bool) async throws(Problem) -> KeyReport {
        let record = stored.record
        let charter = try ledger.view().charter
        let user =
            charter.documents.authorities.values.first { $0.value.signingKeys.contains { $0.publicKey.der == record.publicKey } }?.value
            .name
            .description
            ?? (charter.roster.log.key == record.publicKey ? "log" : nil)
        var facts: [(String, Bool?)]?
        var unanswered: String?
        let isAuthentic = keys.isAuthentic(record)
        if asks, isAuthentic {
            do {
                facts = try await keys.facts(of: record).map { facts in
                    [
                        ("sensitive", facts.isSensitive), ("alwaysSensitive", facts.wasAlwaysSensitive),
                        ("extractable", facts.isExtractable),
                        ("neverExtractable", facts.wasNeverExtractable), ("modifiable", facts.isModifiable), ("signs", facts.signs),
                        ("otherUses", !facts.otherUses.isEmpty),
                    ]
                }
            } catch { unanswered = error.problem.detail }
        }
        return KeyReport(
            id: record.id, name: stored.name, algorithm: record.algorithm, purposes: record.purposesText,
            digest: Digest32(of: record.publicKey),
            created: stored.created, custody: keys.custody(of: record), place: record.place.description, isAuthentic: isAuthentic,
            protection: Self.protection(record.place), user: user, facts: facts, unanswered: unanswered)
    }

    private static func protection(_ place: KeyPlace) -> String {
        switch place {
        case .sealed: "encrypted in the database under the master key; a software key while in use: it signs in this process"
        case .token: "made inside the token, which it never leaves: the token signs"
        case .sealedUnder:
            "encrypted in the database under the master key and under an AES key that never leaves the token; a software key while in use: it signs in this process"
        case .unknown: "its record says nothing that is understood"
        }
    }

    /// The tokens of this node.
    public func custodyReports() throws(Problem) -> [CustodyReport] {
        let needed = Set(try ledger.view().charter.documents.authorities.values.map(\.value.custody))
        return keys.reports.map { report in
            let (isUp, detail) =
                switch report.health {
                case .up: (true, String?.none)
                case .away(let what): (false, "\(what). It is looked for again by itself.")
                case .halted(let what): (false, "\(what). An operator has to act.")
                }
            let settings = report.settings
            return CustodyReport(
                name: settings.name, token: "\(settings.label) (serial number \(settings.serial))", isUp: isUp, detail: detail,
                isNeeded: needed.contains(settings.name), sessions: report.counts.sessions, stuck: report.counts.stuck,
                logins: report.counts.logins, connections: report.counts.connections, starts: report.counts.starts)
        }
    }

    /// Signatures made since the start, by kind.
    public func signatures() -> [(kind: String, count: Int)] {
        Warrant.Kind.allCases.map { ($0.rawValue, keys.signatures($0)) }
    }
}
