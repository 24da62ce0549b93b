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
    /// - Throws: `key.revoked`, `key.certified`, `key.certified-before`, `certificate.record-altered`.
    static func check(_ tbs: TBSCertificate, _ profile: Profile, _ view: View, in snapshot: Snapshot) throws -> [KnownMentions] {
        try digests(of: tbs).sorted { $0.key < $1.key }.map(\.value).map { key in
            guard !view.isClosed(key) else { throw Refusal.keyRevoked }
            let found = try entries(about: key, in: snapshot)
            for entry in found.issued {
                guard let earlier = entry.digests[Entry.DigestKey.certificate] else { continue }
                guard profile.keyReuse != .never else { throw certifiedBefore(earlier, profile.name) }
                guard try subject(of: earlier, in: snapshot) == Subject(tbs) else { throw certified(earlier) }
            }
            return KnownMentions(of: key.bytes, count: found.count)
        }
    }

    /// What an entry says of a certificate's keys.
    static func digests(of tbs: TBSCertificate) -> [UInt8: Digest32] {
        var digests = [Entry.DigestKey.key: tbs.publicKey.digest]
        digests[Entry.DigestKey.alternativeKey] = (try? tbs.alternativePublicKey())?.digest
        return digests
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

    /// How many certificates of one key are looked at; all were of one subject when they were issued.
    private static let page: Int64 = 100

    private static func entries(about key: Digest32, in snapshot: Snapshot) throws -> (count: Int64, issued: [Entry]) {
        let count = try snapshot.row("SELECT count(*) AS number FROM mention WHERE object = $1", [.blob(key)])?.integer("number") ?? 0
        guard count > 0 else { return (0, []) }
        let rows = try snapshot.rows(
            "SELECT body FROM mention JOIN entry ON entry.idx = mention.idx WHERE object = $1 ORDER BY mention.idx DESC LIMIT $2",
            [.blob(key), .integer(page)])
        let entries = try rows.map { try Entry(decoding: try $0.blob("body")) }
        // A row of `mention` is nobody's word: only an entry that names the key counts.
        return (count, entries.filter { $0.type == .certificateIssue && $0.mentions.contains(key.bytes) })
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
