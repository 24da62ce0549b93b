import Approval
import Basics
import PKIX
import Profiles
import Proofs
import Storage
import Transparency

extension CertificateAuthorities {
    /// What an earlier call with this id was answered, made again from the certificates' contents that the ledger has. Rows find them; that
    /// custody made a key for such a content is the ledger's word, so that nobody puts a key of their own in its place.
    /// - Returns: nil when there was no such call.
    func drafted(
        _ documents: [JSON], _ call: ID, _ wish: Digest32, _ administrator: Handle
    ) async throws(Problem) -> [AuthorityDraft]? {
        do {
            let rows = try await ledger.store.read { snapshot in
                try snapshot.rows(
                    """
                    SELECT draft_call.wish, draft_call.content, draft.tbs, draft.key_id
                    FROM draft_call JOIN draft ON draft.content = draft_call.content
                    WHERE administrator = $1 AND call = $2 ORDER BY position
                    """, [.text(administrator.description), .blob(call.bytes)])
            }
            guard !rows.isEmpty else { return nil }
            guard try rows.allSatisfy({ try $0.blob("wish") == wish.bytes }) else {
                throw Problem(
                    .conflict, "authority.call-reused", title: "The call's id was used for something else",
                    detail: "An earlier call with this id asked for other authorities. Draft with a new id.", field: "call")
            }
            guard rows.count == documents.count else { throw Self.draftAltered }
            var drafts: [AuthorityDraft] = []
            for (row, asked) in zip(rows, documents) {
                let tbs = try TBSCertificate(der: try row.blob("tbs"))
                guard tbs.content.bytes == (try row.blob("content")), let key = ID(bytes: try row.blob("key_id")),
                    try await isGenerated(tbs.content, key), case .object(var members) = asked
                else { throw Self.draftAltered }
                members["publicKey"] = .string(tbs.publicKey.der.base64)
                if let second = try tbs.alternativePublicKey() { members["alternativePublicKey"] = .string(second.der.base64) }
                members["content"] = .string(tbs.content.base64)
                let bytes = JSON.object(members).canonicalBytes
                drafts.append(AuthorityDraft(name: try AuthorityDocument(document: bytes).name, document: bytes, tbs: tbs.der))
            }
            return drafts
        } catch { throw Problem(wrapping: error) }
    }

    /// Whether an entry that leads to the signed root says that custody made a key for this content.
    private func isGenerated(_ content: Digest32, _ key: ID) async throws -> Bool {
        for (index, body) in try await ledger.entries(about: key) {
            guard let entry = try? Entry(decoding: body), entry.type == .keyGenerated,
                entry.digests[Entry.DigestKey.content] == content
            else { continue }
            if try await ledger.proof(of: index).entry == body { return true }
        }
        return false
    }

    private static let draftAltered = Problem(
        .conflict, "authority.draft-altered", title: "The draft's record was altered",
        detail:
            "The stored content is not the one for which the ledger says a key was made. Draft with a new id, and run `assay ledger verify`."
    )
}
