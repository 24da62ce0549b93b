import Access
import Approval
import Basics
import Custody
import PKIX
import Profiles
import Proofs
import Storage
import Transparency

/// What custody adds to an authority's document before administrators can sign it: a key, and the content of its certificate.
public struct AuthorityDraft: Hashable, Sendable {
    public let name: Handle
    /// The document's canonical JSON, now with `publicKey` and `content`.
    public let document: Bytes
    /// The TBSCertificate whose hash is `content`.
    public let tbs: Bytes
}

extension CertificateAuthorities {
    public static let mostDrafts = 16
    /// Keys that are made within 24 hours for authorities, in force or not: one administrator asks for them alone, and a token has room for so
    /// many.
    public static let mostKeysADay = 128

    /// Makes keys for new authorities and fills their certificates. Nothing is in force by it, and no key is in use: that takes the
    /// next roster.
    /// - Parameters:
    ///   - documents: authorities' documents without `publicKey` and `content`, an issuer before those below it.
    ///   - call: drawn by the caller for this; sent again with it, the answer is the same, and no further key is made.
    public func draft(_ documents: [JSON], call: ID, by administrator: Principal) async throws(Problem) -> [AuthorityDraft] {
        let wish = Digest32(of: JSON.array(documents).canonicalBytes)
        if let known = try await drafted(documents, call, wish, administrator.handle) { return known }
        do throws(Problem) { return try await make(documents, call, wish, by: administrator) } catch {
            // The same call may have ended a moment ago.
            if error.code == "storage.conflict", let known = try await drafted(documents, call, wish, administrator.handle) { return known }
            throw error
        }
    }

    private func make(_ documents: [JSON], _ call: ID, _ wish: Digest32, by administrator: Principal) async throws(Problem)
        -> [AuthorityDraft]
    {
        guard (1...Self.mostDrafts).contains(documents.count) else {
            throw Problem(
                .invalid, "authority.draft-count", title: "Too many authorities at once",
                detail: "From 1 to \(Self.mostDrafts) authorities are drafted in one call.", field: "authorities")
        }
        try await requireRoom()
        // Before any key is made.
        var wishes: [(members: [String: JSON], custody: Handle)] = []
        for (index, json) in documents.enumerated() {
            guard case .object(let members) = json, AuthorityDocument.made.isDisjoint(with: members.keys) else {
                throw Problem(
                    .invalid, "authority.draft-invalid", title: "This is not an authority to be drafted",
                    detail: "An object without \(AuthorityDocument.made.sorted().joined(separator: ", ")) is expected.",
                    field: "authorities.\(index)")
            }
            let custody = try AuthorityDocument.custody(json)
            do { _ = try keys.provider(custody) } catch { throw error.problem }
            wishes.append((members, custody))
        }
        var made: [KeyRecord] = []
        do throws(Problem) { return try await make(wishes, call, wish, by: administrator, &made) } catch {
            for record in made { try? await keys.destroy(record) }
            throw error
        }
    }

    private func requireRoom() async throws(Problem) {
        let since = try ledger.now().adding(days: -1)
        let made: Int64
        do {
            made = try await ledger.store.read { snapshot in
                try snapshot.row("SELECT count(*) AS made FROM key WHERE created > $1", [.integer(since.seconds)])?.integer("made") ?? 0
            }
        } catch { throw Problem(wrapping: error) }
        guard made < Self.mostKeysADay else {
            throw Problem(
                .conflict, "authority.draft-many", title: "Too many keys were made for authorities",
                detail:
                    "\(made) keys were made within 24 hours; up to \(Self.mostKeysADay) are. If it was not you who asked for them, look at "
                    + "the ledger's entries key.generated: they say who did.",
                field: "authorities")
        }
    }

    /// - Parameter made: keys that nothing names, and nothing will when this throws.
    private func make(
        _ wishes: [(members: [String: JSON], custody: Handle)], _ call: ID, _ wish: Digest32, by administrator: Principal,
        _ made: inout [KeyRecord]
    ) async throws(Problem) -> [AuthorityDraft] {
        let now = try ledger.now()
        let charter = try ledger.view().charter
        let actor = try await ledger.actor(administrator.handle)
        var drafted: [Handle: AuthorityDocument] = [:]
        var drafts: [AuthorityDraft] = []
        var change = Change()
        for (index, wanted) in wishes.enumerated() {
            var members = wanted.members
            let template = try Profile.authority(document: .object(members))
            let id = ID(at: now, entropy: entropy)
            var records: [KeyRecord] = []
            for (member, algorithm) in [("publicKey", template.keys.first), ("alternativePublicKey", template.alternativeKeys.first)] {
                guard let algorithm else { continue }
                let record: KeyRecord
                do throws(CustodyError) {
                    let provider = try keys.provider(wanted.custody)
                    let id = records.isEmpty ? id : ID(at: now, entropy: entropy)
                    record = try await provider.generate(algorithm, id: id, purposes: [.certificate])
                } catch { throw error.problem }
                made.append(record)
                records.append(record)
                members[member] = .string(record.publicKey.base64)
            }
            members["content"] = .string(Digest32.zero.base64)
            let unfinished = try AuthorityDocument(document: JSON.object(members).canonicalBytes)
            let issuer: AuthorityDocument
            if let name = unfinished.issuer {
                guard let parent = drafted[name] ?? charter.documents.authorities[name]?.value else { throw Self.unknown(name) }
                issuer = parent
            } else {
                issuer = unfinished
            }
            let filling = Filling(
                serial: SerialNumber(at: now, random: entropy.bytes(16)), now: now, publicKey: unfinished.publicKey,
                alternativeKey: unfinished.alternative?.publicKey, fields: [:],
                request: nil)
            let tbs = try template.fill(filling, issuer: try issuer.asIssuer())
            members["content"] = .string(tbs.content.base64)
            let bytes = JSON.object(members).canonicalBytes
            let document = try AuthorityDocument(document: bytes)
            drafted[document.name] = document
            drafts.append(AuthorityDraft(name: document.name, document: bytes, tbs: tbs.der))
            for record in records {
                let row: RowContent
                do { row = try record.row(name: "\(document.name) \(record.id)", at: now) } catch { throw error.problem }
                change.writes.append(row.insertion(others: ["version": .integer(1)]))
                change.entries.append(
                    try ledger.entry(
                        .keyGenerated, at: now, actor: actor,
                        digests: [Entry.DigestKey.content: tbs.content, Entry.DigestKey.row: row.digest],
                        roster: charter.roster.version, object: record.id))
            }
            change.writes.append(
                Write(
                    "INSERT INTO draft (content, authority, key_id, tbs, created) VALUES ($1, $2, $3, $4, $5)",
                    [.blob(tbs.content), .text(document.name.description), .blob(id.bytes), .blob(tbs.der), .integer(now.seconds)],
                    expects: 1))
            change.writes.append(
                Write(
                    "INSERT INTO draft_call (administrator, call, position, wish, content) VALUES ($1, $2, $3, $4, $5)",
                    [
                        .text(administrator.handle.description), .blob(call.bytes), .integer(Int64(index)), .blob(wish), .blob(tbs.content),
                    ], expects: 1))
        }
        let unnamed = made
        made = []
        do { try await ledger.store.commit(change) } catch {
            // After another failure the change may be there all the same, and name them.
            if error == .conflict { made = unnamed }
            throw error.problem
        }
        try await ledger.anchor([])
        return drafts
    }
}
