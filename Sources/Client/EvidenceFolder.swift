import Approval
import Basics
import PKIX
import Proofs
import Wire

/// Everything that shows, without the server and without trust in it, why a certificate was issued (docs/formats.md, section 11).
public struct EvidenceFolder: Sendable {
    /// Octets by path within the folder.
    public let files: [String: Bytes]

    /// Writes the folder, which must not exist, or be empty.
    /// - Throws: `client.folder-not-empty`
    public func write(to path: String) throws(Problem) {
        if LocalFiles.exists(path) {
            guard LocalFiles.isDirectory(path), LocalFiles.names(in: path).isEmpty else {
                throw Problem(
                    .conflict, "client.folder-not-empty", title: "The folder is not empty",
                    detail:
                        "\(path.escaped) has something in it already. Name another folder: evidence is complete, and nothing else is in it."
                )
            }
        }
        for (name, content) in files.sorted(by: { $0.key < $1.key }) {
            let file = "\(path)/\(name)"
            try LocalFiles.makeDirectory(LocalFiles.parent(of: file))
            try LocalFiles.write(file, content)
        }
    }
}

extension Session {
    /// Gathers and checks the evidence of an issued request.
    public func evidence(of request: RequestEvidence) async throws(Problem) -> EvidenceFolder {
        guard let certificate = request.certificate, let submission = request.submission else {
            throw Problem(
                .conflict, "request.not-issued", title: "There is no certificate to prove",
                detail: "Request \(request.id) is \(request.state.rawValue). See: assay request show \(request.id)")
        }
        let examined: Examined
        switch request.examined {
        case .success(let value): examined = value
        case .failure(let refusal):
            throw Problem(
                .conflict, "evidence.incomplete", title: "The evidence would not be complete",
                detail: "By the documents in force now, this request cannot be checked: \(refusal.detail)")
        }
        let proven = try await proof(of: request)
        let counted = Digest32(of: examined.votes.map(\.digest).sorted().flatMap(\.bytes))
        guard proven.entry.digests[Entry.DigestKey.votes] == counted else {
            throw .lied("The ledger's entry counts other votes than the ones that the node shows.")
        }
        var files: [String: Bytes] = [
            "device.pem": Self.pem("CERTIFICATE", certificate.der), "device.csr": Self.pem("CERTIFICATE REQUEST", request.csr),
            "statement.txt": Bytes(request.statement.text.utf8), "submission.txt": Bytes(submission.rendered.utf8),
            "device.entry": proven.entry.encoded, "device.tlog-proof": Bytes(proven.proof.rendered.utf8),
            "log.vkey": Bytes((roster.log.vkey + "\n").utf8),
        ]
        try await addAuthorities(above: examined.authority, to: &files)
        for note in request.votes {
            guard let vote = try? Vote(text: note.text), vote.decision == .approve, examined.votes.contains(vote) else { continue }
            files["votes/\(vote.voter).txt"] = Bytes(note.rendered.utf8)
        }
        for (index, note) in chain.enumerated() { files["roster/\(index + 1).txt"] = Bytes(note.rendered.utf8) }
        for line in roster.documents { files["documents/\(line.kind.rawValue)-\(line.name).json"] = charter.documents.bytes[line.digest] }
        for (handle, note) in try await persons() { files["persons/\(handle).txt"] = Bytes(note.rendered.utf8) }
        return EvidenceFolder(files: files)
    }

    /// `issuing.pem`, `root.pem`, and what lies between them.
    private func addAuthorities(above authority: AuthorityDocument, to files: inout [String: Bytes]) async throws(Problem) {
        files["issuing.pem"] = Self.pem("CERTIFICATE", try await authorityCertificate(authority.name).der)
        var next = authority.issuer
        var between = 0
        while let name = next, let document = charter.documents.authorities[name]?.value, between < 8 {
            next = document.issuer
            between += next == nil ? 0 : 1
            files[next == nil ? "root.pem" : "between-\(between).pem"] = Self.pem("CERTIFICATE", try await authorityCertificate(name).der)
        }
        if authority.issuer == nil { files["root.pem"] = files["issuing.pem"] }
    }

    /// The texts of everybody in the present roster, verified and with exactly the roster's keys.
    public func persons() async throws(Problem) -> [(handle: Handle, note: SignedNote)] {
        var found: [Handle: SignedNote] = [:]
        try await each { paging throws(Problem) in
            try await page(Routes.persons, paging) { fields throws(Problem) in try fields.strings("people") }
        } _: { text throws(Problem) in
            guard let note = try? SignedNote(parsing: text), let person = try? Person(note) else {
                throw .lied("A person text is not signed by its own key.")
            }
            let login = roster.keys.filter { $0.person == person.handle && $0.use == .login }.map(\.key)
            if login == [person.login], roster.voteKeys(of: person.handle) == [person.vote] { found[person.handle] = note }
        }
        if let missing = roster.people.first(where: { found[$0] == nil }) {
            throw .lied("The node shows no text of \(missing) with the keys in the roster.")
        }
        return found.sorted { $0.key < $1.key }.map { (handle: $0.key, note: $0.value) }
    }

    static func pem(_ label: String, _ der: Bytes) -> Bytes { Bytes(PEM.encode(label, der).utf8) }

    /// A certificate by its fingerprint.
    public func certificate(_ fingerprint: Digest32) async throws(Problem) -> Certificate {
        let der = try await transport.octets(Routes.certificate, .certificate, parameters: ["fingerprint": fingerprint.hex])
        guard Digest32(of: der) == fingerprint, let certificate = try? Certificate(der: der) else {
            throw .lied("The certificate does not have the fingerprint that was asked for.")
        }
        return certificate
    }

    /// The authority in force whose key has signed the certificate; nil when none has.
    public func signer(of certificate: Certificate) -> Handle? {
        charter.documents.authorities.filter { $0.value.value.hasSigned(certificate) }.keys.min()
    }
}
