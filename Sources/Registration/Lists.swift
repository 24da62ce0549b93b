import Approval
import Basics
import PKIX
import Proofs
import Storage
import Transparency

extension Registrar {
    /// One line of a list of requests.
    public struct Summary: Hashable, Sendable {
        public let id: ID
        public let requester: String
        public let profile: String
        public let state: RequestRecord.State
        public let opened: UTCTime
        public let expires: UTCTime
    }

    /// One line of a list of certificates.
    public struct CertificateSummary: Hashable, Sendable {
        public let fingerprint: Digest32
        public let serial: Bytes
        public let authority: String
        public let request: ID
        public let notAfter: UTCTime
        public let created: UTCTime
        /// The ledger's word, not a row's.
        public let isRevoked: Bool
    }

    /// The query behind ``requests(_:_:)``.
    public static func requestQuery(_ state: RequestRecord.State?, _ paging: Paging<ID>) -> ListQuery {
        ListQuery(
            "id, requester, profile, state, opened, expires", from: "request",
            where: state.map { [("state", .text($0.rawValue))] } ?? [], .falling, paging)
    }

    /// Requests, newest first, in one state or in all.
    public func requests(_ state: RequestRecord.State? = nil, _ paging: Paging<ID> = .init()) async throws(Problem) -> Page<Summary> {
        do {
            return try await ledger.store.read { snapshot in
                try snapshot.page(Self.requestQuery(state, paging), place: \.id.description) { row in
                    guard let id = ID(bytes: try row.blob("id")), let state = RequestRecord.State(rawValue: try row.text("state")) else {
                        throw StorageError.damaged("A row of the table request is not as this program writes it.")
                    }
                    return Summary(
                        id: id, requester: try row.text("requester"), profile: try row.text("profile"), state: state,
                        opened: UTCTime(seconds: try row.integer("opened")), expires: UTCTime(seconds: try row.integer("expires")))
                }
            }
        } catch { throw Problem(wrapping: error) }
    }

    public func openRequests() async throws(Problem) -> Int64 {
        do {
            return try await ledger.store.read {
                try $0.row("SELECT count(*) AS number FROM request WHERE state = 'open'")?.integer("number") ?? 0
            }
        } catch { throw Problem(wrapping: error) }
    }

    /// The query behind ``certificates(_:)``.
    /// - Parameter after: the second in which that certificate was issued, and its fingerprint.
    public static func certificateQuery(after: (created: Int64, fingerprint: Digest32)?, limit: Int64) -> ListQuery {
        ListQuery(
            "fingerprint, serial, authority, request_id, not_after, created", from: "certificate", by: ["created", "fingerprint"], .falling,
            after: after.map { [.integer($0.created), .blob($0.fingerprint)] }, limit: limit)
    }

    /// Certificates, newest first; a place is a fingerprint.
    /// - Throws: `request.parameter-invalid` for a place that is no certificate of this house.
    public func certificates(_ paging: Paging<Digest32> = .init()) async throws(Problem) -> Page<CertificateSummary> {
        let view = try ledger.view()
        do {
            return try await ledger.store.read { snapshot in
                let after = try paging.after.map { fingerprint in
                    let row = try snapshot.row("SELECT created FROM certificate WHERE fingerprint = $1", [.blob(fingerprint)])
                    guard let row else { throw Self.placeUnknown(fingerprint) }
                    return (created: try row.integer("created"), fingerprint: fingerprint)
                }
                let query = Self.certificateQuery(after: after, limit: paging.limit)
                return try snapshot.page(query, place: \.fingerprint.hex) { row in
                    guard let request = ID(bytes: try row.blob("request_id")) else {
                        throw StorageError.damaged("A row of the table certificate is not as this program writes it.")
                    }
                    let fingerprint = try row.digest("fingerprint")
                    return CertificateSummary(
                        fingerprint: fingerprint, serial: try row.blob("serial"), authority: try row.text("authority"),
                        request: request, notAfter: UTCTime(seconds: try row.integer("not_after")),
                        created: UTCTime(seconds: try row.integer("created")), isRevoked: view.isRevoked(fingerprint))
                }
            }
        } catch { throw Problem(wrapping: error) }
    }

    private static func placeUnknown(_ fingerprint: Digest32) -> Problem {
        Problem(
            .invalid, "request.parameter-invalid", title: "A parameter is not of the expected form",
            detail: "after: no certificate of this house has the fingerprint \(fingerprint.hex). `next` of the page before is accepted.",
            field: "after")
    }

    /// A certificate's DER, checked against its fingerprint and the ledger: nothing is given out that was only put into a row.
    public func certificate(_ fingerprint: Digest32) async throws(Problem) -> Bytes { try await issued(fingerprint).der }

    /// The ledger's entry about a certificate, drawn or voted for, with its index.
    public func entry(of fingerprint: Digest32) async throws(Problem) -> (index: Int64, entry: Bytes) {
        let issued = try await issued(fingerprint)
        return (issued.index, issued.entry)
    }

    private func issued(_ fingerprint: Digest32) async throws(Problem) -> (der: Bytes, index: Int64, entry: Bytes) {
        do {
            let row = try await ledger.store.read {
                try $0.row(
                    """
                    SELECT der, request_id, number FROM certificate LEFT JOIN draw ON draw.fingerprint = certificate.fingerprint
                    WHERE certificate.fingerprint = $1
                    """, [.blob(fingerprint)])
            }
            guard let row else {
                throw Problem(
                    .notFound, "certificate.not-found", title: "There is no such certificate",
                    detail: "No certificate of this house has the fingerprint \(fingerprint.hex).", field: "fingerprint")
            }
            let der = try row.blob("der")
            guard Digest32(of: der) == fingerprint, let request = ID(bytes: try row.blob("request_id")),
                let found = try await entry(
                    of: fingerprint, on: try row.optionalInteger("number").map { Draw.object(request, $0) } ?? request.bytes)
            else {
                throw Problem(
                    .fault, "certificate.record-altered", title: "The certificate's record was altered",
                    detail: "The stored bytes do not have the fingerprint, or the ledger does not have it. Run `assay ledger verify`.")
            }
            return (der, found.index, found.entry)
        } catch { throw Problem(wrapping: error) }
    }

    /// The entry that says so and leads to the signed root.
    private func entry(of fingerprint: Digest32, on object: Bytes) async throws -> (index: Int64, entry: Bytes)? {
        for (index, body) in try await ledger.entries(about: object) {
            guard let entry = try? Entry(decoding: body), entry.type == .certificateIssue,
                entry.digests[Entry.DigestKey.certificate] == fingerprint
            else { continue }
            if try await ledger.proof(of: index).entry == body { return (index, body) }
        }
        return nil
    }

    /// Closes requests whose time is over; what they waited for can no longer be voted on anyway.
    /// - Returns: how many.
    @discardableResult
    public func expire() async throws(Problem) -> Int {
        let now = try ledger.now()
        do {
            let due = try await ledger.store.read { snapshot in
                try snapshot.rows(
                    "SELECT id FROM request WHERE state = 'open' AND expires <= $1 LIMIT 200", [.integer(now.seconds)]
                ).compactMap { row in try ID(bytes: try row.blob("id")).flatMap { try RequestRecord.read($0, snapshot) } }
            }
            var count = 0
            for record in due {
                // The ledger repeats what the statement says, not what its row does.
                guard let statement = try? Statement(text: record.statement), statement.subject == record.id, statement.expires <= now
                else { continue }
                let decided = try record.decided(.expired)
                let entry = try ledger.entry(
                    .requestExpire, at: now,
                    digests: [Entry.DigestKey.statement: statement.digest, Entry.DigestKey.row: decided.row],
                    roster: try ledger.view().charter.roster.version, object: statement.subject)
                do throws(StorageError) {
                    try await ledger.store.commit(Change(writes: [decided.write], entries: [entry]))
                    count += 1
                } catch {
                    // Somebody voted in this moment: the next round sees what became of it.
                    guard error == .conflict else { throw error.problem }
                }
            }
            return count
        } catch { throw Problem(wrapping: error) }
    }
}
