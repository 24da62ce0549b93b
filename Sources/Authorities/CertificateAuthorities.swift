import Approval
import Basics
import Custody
import PKIX
import Profiles
import Proofs
import Storage
import Synchronization
import Transparency

/// Certificate authorities: their keys, their own certificates, and their signers.
public final class CertificateAuthorities: Sendable {
    let ledger: Ledger
    let keys: Custodies
    let entropy: any Entropy

    /// Certificates of authorities by content, checked; the only place from which they are served.
    private let certificates = Mutex<[Digest32: Certificate]>([:])
    /// Opened signers by key.
    private let signers = Mutex<[Digest32: any Signer]>([:])

    public init(ledger: Ledger, keys: Custodies, entropy: any Entropy) {
        self.ledger = ledger
        self.keys = keys
        self.entropy = entropy
    }

    /// The certificate of an authority in force.
    public func certificate(of name: Handle) throws(Problem) -> Certificate {
        guard let document = try ledger.view().charter.documents.authorities[name]?.value else { throw Self.unknown(name) }
        guard let certificate = certificates.withLock({ $0[document.content] }) else {
            throw Problem(
                .conflict, "authority.without-certificate", title: "The authority has no certificate",
                detail: "\(name) is in force, but its certificate is not there. See the server's log, and start it again.")
        }
        return certificate
    }

    /// The authority's certificate, then those above it, the root last.
    public func chain(of name: Handle) throws(Problem) -> [Certificate] {
        let documents = try ledger.view().charter.documents
        var chain: [Certificate] = []
        var next: Handle? = name
        while let name = next, chain.count < 8 {
            chain.append(try certificate(of: name))
            next = documents.authorities[name]?.value.issuer
        }
        return chain
    }

    /// Opens the signers of an authority in force, so that nothing is used up before they are known to be there.
    public func prepare(_ document: AuthorityDocument) async throws(Problem) {
        for key in document.signingKeys { _ = try await signer(key, of: document) }
    }

    /// Has a certificate signed by each key of its authority, in order.
    /// - Parameter warrant: the guard's leave for the next signature, by this key.
    public func sign(
        _ tbs: TBSCertificate, by authority: AuthorityDocument,
        _ warrant: (UnfinishedCertificate, SubjectPublicKeyInfo) throws(Refusal) -> Warrant
    ) async throws -> Certificate {
        var unfinished = try UnfinishedCertificate(tbs)
        for key in authority.signingKeys {
            let signer = try await signer(key, of: authority)
            let leave = try warrant(unfinished, key.publicKey)
            unfinished = try unfinished.adding(try await signer.sign(unfinished.message, under: leave))
        }
        guard let certificate = unfinished.certificate else { throw CustodyError.refused("A signature is missing.") }
        return certificate
    }

    private func signer(_ signing: AuthorityDocument.SigningKey, of document: AuthorityDocument) async throws(Problem) -> any Signer {
        let key = signing.publicKey.digest
        if let signer = signers.withLock({ $0[key] }) { return signer }
        do {
            let record = try await record(of: signing, document)
            let signer = try await keys.signer(for: record, as: signing.algorithm, in: document.custody)
            guard signer.key == key else { throw CustodyError.sealBroken(key: record.id.description) }
            signers.withLock { $0[key] = signer }
            return signer
        } catch { throw Problem(wrapping: error) }
    }

    private func record(of signing: AuthorityDocument.SigningKey, _ document: AuthorityDocument) async throws -> KeyRecord {
        let record = try await ledger.store.read { try Self.record(of: signing, $0) }
        guard let record else { throw Self.keyMissing(document) }
        return record
    }

    private static func record(of signing: AuthorityDocument.SigningKey, _ snapshot: Snapshot) throws -> KeyRecord? {
        try snapshot.row("SELECT id, algorithm, purposes, spki, sealed FROM key WHERE spki = $1", [.blob(signing.publicKey.der)]).map(
            KeyRecord.init(row:))
    }

    private static func keyMissing(_ document: AuthorityDocument) -> Problem {
        Problem(
            .fault, "authority.key-missing", title: "The authority's key is missing",
            detail: "No key has the public key of \(document.name). Restore the table key from a backup.")
    }

    /// Looks at the record of each key with which an authority in force signs: whether it is there, whether custody wrote it, and whether the
    /// key lies where the document says. No token is asked, and no key is used.
    public func keyProblems() async throws(Problem) -> [KeyProblem] {
        let used = Self.rootsFirst(try ledger.view().charter.documents).flatMap { document in document.signingKeys.map { (document, $0) } }
        let records: [Result<KeyRecord?, any Error>]
        do {
            // At once: monitoring asks for it, and anybody may.
            records = try await ledger.store.read { snapshot in
                used.map { _, signing in Result { try Self.record(of: signing, snapshot) } }
            }
        } catch { throw Problem(wrapping: error) }
        var found: [KeyProblem] = []
        for ((document, signing), record) in zip(used, records) {
            do {
                guard let record = try record.get() else { throw Self.keyMissing(document) }
                try keys.require(record, in: document.custody)
            } catch {
                let isOpen = signers.withLock { $0[signing.publicKey.digest] != nil }
                found.append(KeyProblem(authority: document.name, problem: Problem(wrapping: error), isOpen: isOpen))
            }
        }
        return found
    }

    /// Loads and checks the certificates of all authorities in force, and makes those that are missing and were not made before:
    /// the last step of a roster change, done again at each start.
    /// - Returns: authorities whose certificate is gone and cannot be made a second time.
    public func complete() async throws(Problem) -> [Problem] {
        let documents = try ledger.view().charter.documents
        var missing: [Problem] = []
        for document in Self.rootsFirst(documents) where certificates.withLock({ $0[document.content] }) == nil {
            guard let issuer = documents.authorities[document.issuer ?? document.name]?.value else { continue }
            do {
                let certificate: Certificate
                if let stored = try await stored(document, issuedBy: issuer) {
                    certificate = stored
                } else {
                    certificate = try await issue(document, issuedBy: issuer)
                }
                certificates.withLock { $0[document.content] = certificate }
            } catch { missing.append(error) }
        }
        return missing
    }

    private static func rootsFirst(_ documents: Documents) -> [AuthorityDocument] {
        let all = documents.authorities.values.map(\.value).sorted { $0.name < $1.name }
        return all.filter { $0.issuer == nil } + all.filter { $0.issuer != nil }
    }

    /// A row counts only when it is the certificate of the document's content, signed by the issuer's key.
    private func stored(_ document: AuthorityDocument, issuedBy issuer: AuthorityDocument) async throws(Problem) -> Certificate? {
        do {
            let content = document.content
            let row = try await ledger.store.read { try $0.row("SELECT der FROM authority WHERE content = $1", [.blob(content)]) }
            guard let row, let certificate = try? Certificate(der: try row.blob("der")), certificate.tbs.content == content,
                issuer.hasSigned(certificate)
            else { return nil }
            return certificate
        } catch { throw Problem(wrapping: error) }
    }

    private func issue(_ document: AuthorityDocument, issuedBy issuer: AuthorityDocument) async throws(Problem) -> Certificate {
        let now = try ledger.now()
        let content = document.content
        let before = try ledger.view()
        guard !before.isClosed(content) else {
            throw Problem(
                .fault, "authority.record-missing", title: "The authority's certificate is gone",
                detail:
                    "\(document.name)'s certificate was made before, and is not in the database as it was. It is not made a second time. "
                    + "Restore the table authority from a backup.")
        }
        do {
            let row = try await ledger.store.read { snapshot in
                try snapshot.requireOwn(from: before.anchored.size)
                return try snapshot.row("SELECT key_id, tbs FROM draft WHERE content = $1", [.blob(content)])
            }
            guard let row else {
                throw Problem(
                    .fault, "authority.draft-missing", title: "What was to be signed is missing",
                    detail: "The draft of \(document.name)'s certificate is not in the database. Restore it from a backup.")
            }
            let tbs = try row.blob("tbs")
            let view = try ledger.view()
            let certificate = try await sign(try TBSCertificate(der: tbs), by: issuer) { unfinished, key throws(Refusal) in
                try Guard(view: view, now: now).authorityCertificate(tbs, of: document.name, signing: unfinished, key: key)
            }
            // An authority's certificate is checked before it leaves: it is trusted for decades.
            guard issuer.hasSigned(certificate) else { throw CustodyError.refused("A signature does not verify.") }
            let issued = try RowContent(
                .authority,
                [
                    "content": .blob(content), "name": .text(document.name.description), "key_id": .blob(try row.blob("key_id")),
                    "der": .blob(certificate.der), "created": .integer(now.seconds),
                ])
            let entry = try ledger.entry(
                .authorityIssue, at: now,
                digests: [
                    Entry.DigestKey.content: content, Entry.DigestKey.certificate: certificate.fingerprint,
                    Entry.DigestKey.document: view.charter.documents.authorities[document.name]?.reference.digest ?? .zero,
                    Entry.DigestKey.row: issued.digest,
                ].merging(certificate.tbs.keyDigests) { $1 }, roster: view.charter.roster.version)
            try await ledger.store.commit(Change(writes: [issued.insertion()], entries: [entry]))
            try await ledger.anchor([.closed(content, until: .never)])
            return certificate
        } catch { throw Problem(wrapping: error) }
    }

    static func unknown(_ name: Handle) -> Problem {
        Problem(
            .notFound, "authority.not-found", title: "There is no such authority", detail: "\(name) is not in force.", field: "authority")
    }
}
