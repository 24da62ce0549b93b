import Approval
import Basics
import PKIX
import Profiles
import Proofs
import Storage

/// One key is one device's. Who holds the key of another device's certificate passes for that device.
enum KeyReuse {
    /// Whether the certificate's keys may be certified for whom it names, as far as the ledger knows them.
    /// - Returns: what that rests on; the certificate's row is written only while it still holds.
    /// - Throws: `key.revoked`, `key.authority`, `key.certified`, `key.certified-before`, `certificate.record-altered`.
    static func check(_ tbs: TBSCertificate, _ profile: Profile, _ view: View, in snapshot: Snapshot) throws -> [KnownMentions] {
        try tbs.keyDigests.sorted { $0.key < $1.key }.map(\.value).map { key in
            guard !view.isClosed(key) else { throw Refusal.keyRevoked }
            let found = try entries(about: key, in: snapshot)
            guard !found.entries.contains(where: { $0.type == .authorityIssue }) else { throw authoritys }
            // All were of one subject when they were issued.
            let newest = found.entries.first { $0.type == .certificateIssue }
            if let earlier = newest?.digests[Entry.DigestKey.certificate] {
                guard profile.keyReuse != .never else { throw certifiedBefore(earlier, profile.name) }
                guard try subject(of: earlier, in: snapshot) == Subject(tbs) else { throw certified(earlier) }
            }
            return KnownMentions(of: key.bytes, count: found.count)
        }
    }

    /// Whom a certificate names.
    private struct Subject: Equatable {
        let name: Bytes
        let alternativeName: Bytes?

        init(_ tbs: TBSCertificate) {
            name = tbs.subject.der
            alternativeName = tbs.subject.rdns.isEmpty ? tbs.value(of: .subjectAlternativeName)?.value : nil
        }
    }

    /// How many entries about one key are looked at, the newest first.
    private static let page: Int64 = 100

    private static func entries(about key: Digest32, in snapshot: Snapshot) throws -> (count: Int64, entries: [Entry]) {
        let count = try snapshot.row("SELECT count(*) AS number FROM mention WHERE object = $1", [.blob(key)])?.integer("number") ?? 0
        guard count > 0 else { return (0, []) }
        let rows = try snapshot.rows(
            "SELECT body FROM mention JOIN entry ON entry.idx = mention.idx WHERE object = $1 ORDER BY mention.idx DESC LIMIT $2",
            [.blob(key), .integer(page)])
        // A row of `mention` is nobody's word: only an entry that names the key counts.
        return (count, try rows.map { try Entry(decoding: try $0.blob("body")) }.filter { $0.mentions.contains(key.bytes) })
    }

    private static func subject(of fingerprint: Digest32, in snapshot: Snapshot) throws -> Subject {
        let row = try snapshot.row("SELECT der FROM certificate WHERE fingerprint = $1", [.blob(fingerprint)])
        guard let der = try row?.blob("der"), Digest32(of: der) == fingerprint, let certificate = try? Certificate(der: der) else {
            throw Problem(
                .fault, "certificate.record-altered", title: "The certificate's record was altered",
                detail: "The key was certified before, and that certificate, \(fingerprint.hex), is not in the database as it was issued. "
                    + "Run `assay ledger verify`.")
        }
        return Subject(certificate.tbs)
    }

    private static let authoritys = Problem(
        .conflict, "key.authority", title: "The key is an authority's",
        detail: "An authority of this house has, or had, this key. Whatever a device signed with it could be taken for the authority's.",
        field: "csr")

    private static func certified(_ earlier: Digest32) -> Problem {
        Problem(
            .conflict, "key.certified", title: "The key is another device's",
            detail: "The certificate \(earlier.hex) has this key, for another subject. Who holds one key in two devices can pass one off "
                + "for the other: make a new key in the device.", field: "csr")
    }

    private static func certifiedBefore(_ earlier: Digest32, _ profile: Handle) -> Problem {
        Problem(
            .conflict, "key.certified-before", title: "The key was certified before",
            detail: "The certificate \(earlier.hex) has this key, and profile \(profile) has `keyReuse: never`: make a new key.",
            field: "csr")
    }
}
