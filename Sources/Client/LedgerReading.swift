import Approval
import Basics
import PKIX
import Proofs
import Wire

/// What a check of the whole ledger found in order.
public struct LedgerReport: Sendable {
    public let checkpoint: Checkpoint
    /// How many entries of each kind.
    public let kinds: [(kind: String, count: Int)]
    /// Sizes of earlier checkpoints with which it agrees.
    public let agrees: [Int64]
}

/// What a node found in order when it compared its rows with the entries.
public struct RowReport: Sendable {
    public let size: Int64
    public let root: Digest32
    public let checkpoints: Int64
    /// How many rows of each kind.
    public let rows: [(kind: String, count: Int64)]

    public var total: Int64 { rows.reduce(0) { $0 &+ $1.count } }
}

/// A proof that was checked: an entry, and the file that shows it in the ledger.
public struct ProvenEntry: Sendable {
    public let entry: Entry
    public let proof: InclusionProofFile
    public let checkpoint: Checkpoint
}

extension Session {
    /// The newest checkpoint: signed by the roster's log key, and a continuation of the last that was seen; then it is the last.
    public func checkpoint() async throws(Problem) -> (note: SignedNote, checkpoint: Checkpoint) {
        let octets = try await transport.octets(Routes.checkpoint, .text)
        let (note, checkpoint) = try read(octets, "The node's checkpoint")
        try await checkContinuation(checkpoint)
        try remember(note, checkpoint)
        return (note, checkpoint)
    }

    /// A checkpoint that somebody kept.
    public func read(checkpoint octets: Bytes) throws(Problem) -> (note: SignedNote, checkpoint: Checkpoint) {
        try read(octets, "The kept checkpoint")
    }

    private func read(_ octets: Bytes, _ what: String) throws(Problem) -> (SignedNote, Checkpoint) {
        do {
            let note = try SignedNote(parsing: octets)
            return (note, try Checkpoint.verified(note: note, by: roster.log, origin: roster.log.name))
        } catch {
            throw Problem(
                .forbidden, "ledger.checkpoint-invalid", title: "A checkpoint is not this ledger's",
                detail: "\(what) is not signed by the log key of your roster, or is of another ledger (\(error)).")
        }
    }

    private func remember(_ note: SignedNote, _ checkpoint: Checkpoint) throws(Problem) {
        if let seen = try seen(), seen.size >= checkpoint.size { return }
        try folder.keep(checkpoint: note)
    }

    /// The newest checkpoint that was verified here before.
    func seen() throws(Problem) -> Checkpoint? {
        guard let note = try folder.checkpoint() else { return nil }
        return try read(Bytes(note.rendered.utf8), "The checkpoint in \(folder.path.escaped)").1
    }

    /// Asks for the proof that the ledger which was seen is the beginning of this one.
    private func checkContinuation(_ checkpoint: Checkpoint) async throws(Problem) {
        guard let seen = try seen(), seen != checkpoint else { return }
        guard seen.size <= checkpoint.size else { throw Self.shrunk(from: seen.size, to: checkpoint.size) }
        var hashes: [Digest32] = []
        if seen.size < checkpoint.size, seen.size > 0 {
            var fields = try await transport.fields(
                Routes.consistency, query: ["from": [String(seen.size)], "to": [String(checkpoint.size)]])
            for text in try fields.strings("hashes") {
                guard let hash = Digest32(base64: text) else { throw .answerMalformed("A proof's hash has 32 octets.") }
                hashes.append(hash)
            }
        }
        guard Merkle.verifyConsistency(from: seen.size, to: checkpoint.size, oldRoot: seen.root, newRoot: checkpoint.root, path: hashes)
        else {
            throw Self.changed(since: seen.size)
        }
    }

    /// The entry that records a request's certificate, proven to be in the ledger and to have the digests of statement and certificate.
    public func proof(of request: RequestEvidence) async throws(Problem) -> ProvenEntry {
        guard let certificate = request.certificate else {
            throw Problem(
                .conflict, "request.not-issued", title: "There is no certificate to prove",
                detail: "Request \(request.id) is \(request.state.rawValue). See: assay request show \(request.id)")
        }
        var fields = try await transport.fields(Routes.requestEntries, parameters: ["id": request.id.description])
        let entries = try fields.list("entries") { fields throws(Problem) in (try fields.integer("index"), try fields.base64("entry")) }
        for (index, octets) in entries {
            guard let entry = try? Entry(decoding: octets), entry.type == .certificateIssue else { continue }
            guard entry.digests[Entry.DigestKey.certificate] == certificate.fingerprint,
                entry.digests[Entry.DigestKey.statement] == request.statement.digest, entry.object == request.id.bytes
            else { throw .lied("The ledger's entry about the certificate has other digests than the certificate and its statement.") }
            return try await proof(of: entry, at: index)
        }
        throw .lied("The node shows no ledger entry about the certificate.")
    }

    /// The entry that records a certificate, drawn or voted for, proven to be in the ledger.
    public func proof(of certificate: Certificate) async throws(Problem) -> ProvenEntry {
        var fields = try await transport.fields(
            Routes.certificateEntry, parameters: ["fingerprint": certificate.fingerprint.hex])
        let index = try fields.integer("index")
        guard let entry = try? Entry(decoding: try fields.base64("entry")), entry.type == .certificateIssue,
            entry.digests[Entry.DigestKey.certificate] == certificate.fingerprint,
            entry.digests[Entry.DigestKey.content] == certificate.tbs.content
        else { throw .lied("The ledger's entry about the certificate has other digests than the certificate.") }
        return try await proof(of: entry, at: index)
    }

    private func proof(of entry: Entry, at index: Int64) async throws(Problem) -> ProvenEntry {
        let octets = try await transport.octets(Routes.proof, .text, query: ["index": [String(index)]])
        do {
            let proof = try InclusionProofFile(parsing: octets)
            guard proof.index == index, proof.extra == nil, proof.checkpoint.signatures.count == 1 else { throw NoteError.malformedProof }
            let checkpoint = try proof.verify(entry: entry.encoded, key: roster.log, origin: roster.log.name)
            return ProvenEntry(entry: entry, proof: proof, checkpoint: checkpoint)
        } catch {
            throw Problem(
                .forbidden, "ledger.not-proven", title: "The entry is not proven to be in the ledger",
                detail: "The node's proof for entry \(index) does not hold (\(error)). Run: assay ledger verify")
        }
    }
}

extension Session {
    /// Fetches every entry and checks the whole: tree and checkpoint, what was seen before, the roster's chain.
    /// - Parameters:
    ///   - since: a checkpoint kept elsewhere.
    ///   - progress: called with the number of entries so far, and of all.
    public func verifyLedger(since kept: Checkpoint?, progress: (Int64, Int64) -> Void = { _, _ in }) async throws(Problem) -> LedgerReport
    {
        let octets = try await transport.octets(Routes.checkpoint, .text)
        let (note, checkpoint) = try read(octets, "The node's checkpoint")
        let earlier = try [seen(), kept].compactMap(\.self)
        for one in earlier where one.size > checkpoint.size { throw Self.shrunk(from: one.size, to: checkpoint.size) }
        var check = LedgerCheck(origin: roster.log.name, keys: [roster.log])
        var kinds: [String: Int] = [:]
        var rosters: [Digest32] = []
        do {
            try check.expect(checkpoint: note.rendered)
            for one in earlier { try check.expect(size: one.size, root: one.root) }
            while check.size < checkpoint.size {
                let count = min(1000, checkpoint.size - check.size)
                var fields = try await transport.fields(Routes.entries, query: ["from": [String(check.size)], "count": [String(count)]])
                let page = try fields.strings("entries").prefix(Int(count))
                guard !page.isEmpty else { throw LedgerFault.truncated(size: check.size, expected: checkpoint.size) }
                for text in page {
                    guard let body = Bytes(base64: text) else { throw Problem.answerMalformed("An entry is base64.") }
                    try check.add(body)
                    let entry = try Entry(decoding: body)
                    kinds[entry.type.description, default: 0] += 1
                    if [.rosterAccepted, .ledgerCreated].contains(entry.type), let digest = entry.digests[Entry.DigestKey.document] {
                        rosters.append(digest)
                    }
                }
                progress(check.size, checkpoint.size)
            }
            try check.finish()
        } catch let problem as Problem { throw problem } catch {
            throw Problem(
                .forbidden, "ledger.invalid", title: "The ledger does not verify",
                detail: "\((error as? LedgerFault)?.description ?? "\(error)") Keep what you have, and tell your administrators.")
        }
        // A version that was accepted while the entries were read is in neither, or in both.
        guard charter.digests.starts(with: rosters) || rosters.starts(with: charter.digests) else {
            throw Problem(
                .forbidden, "ledger.rosters-differ", title: "The ledger has other rosters than the chain",
                detail: "The rosters that the ledger records are not those that the node shows. Tell your administrators.")
        }
        try remember(note, checkpoint)
        return LedgerReport(
            checkpoint: checkpoint, kinds: kinds.sorted { $0.key < $1.key }.map { (kind: $0.key, count: $0.value) },
            agrees: earlier.map(\.size))
    }

    /// What the node finds when it compares its own rows with the entries. It is the node's word: whoever has only its database cannot
    /// make it say so, but a node that lies can.
    /// - Parameter checkpoint: what it must have compared at least.
    public func audit(since checkpoint: Checkpoint) async throws(Problem) -> RowReport {
        var fields = try await transport.fields(Routes.audit)
        let size = try fields.integer("size")
        guard let root = Digest32(base64: try fields.string("root")) else { throw .answerMalformed("A root has 32 octets.") }
        guard size > checkpoint.size || size == checkpoint.size && root == checkpoint.root else {
            throw .lied("It has compared its rows with another ledger than the one whose checkpoint it has signed.")
        }
        let checkpoints = try fields.integer("checkpoints")
        guard case .object(let members) = try fields.any("rows") else { throw .answerMalformed("The rows are counted by kind.") }
        var rows: [(kind: String, count: Int64)] = []
        for (kind, value) in members.sorted(by: { $0.key < $1.key }) {
            guard case .integer(let count) = value, count >= 0 else { throw .answerMalformed("A number of rows is a number.") }
            rows.append((kind: kind, count: count))
        }
        return RowReport(size: size, root: root, checkpoints: checkpoints, rows: rows)
    }

    private static func shrunk(from seen: Int64, to size: Int64) -> Problem {
        Problem(
            .forbidden, "ledger.rollback", title: "The ledger is shorter than it was",
            detail:
                "A checkpoint of \(seen) entries was seen; the node shows one of \(size). Its data was put back, or it is another node. "
                + "Keep what you have, and tell your administrators.")
    }

    private static func changed(since size: Int64) -> Problem {
        Problem(
            .forbidden, "ledger.history-changed", title: "The ledger's history was changed",
            detail:
                "The first \(size) entries are not those of the checkpoint that you have seen. Keep what you have, and tell your administrators."
        )
    }
}
