import Basics
import PKIX
import Proofs

/// What this process knows for certain: the charter, the ledger's tree, and what is closed; made from the anchor and from ledger
/// entries whose hashes lead to an authenticated head, never from rows.
public struct View: Sendable {
    public private(set) var charter: Charter
    public let origin: String
    public let node: Handle
    /// The committed tree.
    public private(set) var frontier: Frontier
    /// The newest head that the anchor has.
    public private(set) var anchored: Head
    /// Statements, submissions, and contents of authorities, that are decided; certificates that are revoked, and compromised keys.
    public private(set) var closed: [Digest32: UTCTime]
    /// Allowances that the anchor has, closed ones too.
    public private(set) var allowances: [ID: AnchoredAllowance]
    /// The files of the blocklists in force, by their hash, as far as the node has them.
    private var blocklists: [Digest32: KeyBlocklist] = [:]
    /// Their statements, as far as bytes with the anchored hash were at hand.
    public private(set) var statements: [ID: Allowance] = [:]

    public struct Head: Hashable, Sendable {
        public let size: Int64
        public let root: Digest32

        public init(size: Int64, root: Digest32) {
            self.size = size
            self.root = root
        }
    }

    /// What the database says, to be proven.
    public struct Claim: Sendable {
        /// Roster versions from 1, at least as far as the anchor's.
        public let rosters: [SignedNote]
        public let document: @Sendable (Digest32) -> Bytes?
        /// Texts of allowances by their hash.
        public let statement: @Sendable (Digest32) -> String?
        /// The tree at the anchor's size.
        public let frontier: Frontier
        /// Entries behind the anchor's size, in order.
        public let tail: [Bytes]
        /// The head whose MAC was verified.
        public let head: Head

        public init(
            rosters: [SignedNote], document: @escaping @Sendable (Digest32) -> Bytes?,
            statement: @escaping @Sendable (Digest32) -> String? = { _ in nil }, frontier: Frontier, tail: [Bytes], head: Head
        ) {
            self.rosters = rosters
            self.document = document
            self.statement = statement
            self.frontier = frontier
            self.tail = tail
            self.head = head
        }
    }

    /// Proves the database's claim against the anchor.
    /// - Parameter lines: set to the anchor lines that the tail asks for: what was committed, but not yet anchored when the process ended.
    public init(anchor: AnchorState, claim: Claim, lines: inout [AnchorLine]) throws(Refusal) {
        let known = Int(clamping: anchor.roster.version)
        guard known >= 1, claim.rosters.count >= known else { throw .viewMismatch("roster version \(anchor.roster.version) is missing") }
        charter = try Charter(chain: Array(claim.rosters.prefix(known)), pin: anchor.pin, supply: claim.document)
        guard charter.roster.digest == anchor.roster.digest else { throw .viewMismatch("roster version \(known) is not the anchored one") }
        guard charter.instance == anchor.instance else { throw .foreignInstance }
        origin = anchor.origin
        node = anchor.node
        closed = anchor.closed
        allowances = anchor.allowances
        guard claim.frontier.size == anchor.size, claim.frontier.root == anchor.root else {
            throw .viewMismatch("the tree at \(anchor.size) entries has another root than the anchor's")
        }
        frontier = claim.frontier
        anchored = Head(size: anchor.size, root: anchor.root)
        try extend(by: claim.tail, to: claim.head)
        lines = []
        for body in claim.tail {
            let entry = try Self.entry(body)
            lines += Self.closings(of: entry)
            // It was opened, and nobody drew from it yet: that takes the line which is written now.
            if entry.type == .allowanceOpen, let digest = entry.digests[Entry.DigestKey.statement], let text = claim.statement(digest),
                let statement = try? Allowance(text: text), statement.digest == digest
            {
                let line = AnchorLine.allowance(statement.subject, digest, number: statement.number, until: statement.until)
                allowances.apply(line)
                lines.append(line)
            }
            if entry.type == .rosterAccepted, let digest = entry.digests[Entry.DigestKey.document] {
                guard charter.digests.count < claim.rosters.count, Digest32(of: claim.rosters[charter.digests.count].text) == digest else {
                    throw .viewMismatch("a roster version that the ledger has is missing")
                }
                let time = UTCTime(seconds: Int64(clamping: entry.time / 1000))
                charter = try charter.accepting(claim.rosters[charter.digests.count], now: time, supply: claim.document)
                lines.append(.roster(version: charter.roster.version, digest: charter.roster.digest))
            }
        }
        for allowance in allowances.values {
            if let text = claim.statement(allowance.statement), let statement = try? Allowance(text: text) { hold(statement) }
        }
    }

    /// Keeps the statement of an allowance that the anchor has, by exactly this hash.
    public mutating func hold(_ statement: Allowance) {
        guard allowances[statement.subject]?.statement == statement.digest else { return }
        statements[statement.subject] = statement
    }

    /// Takes entries that this process has committed, or that lead to an authenticated head.
    /// - Throws: ``Refusal/viewMismatch(_:)`` when they do not lead to `head`; the view stays as it was.
    public mutating func extend(by bodies: [Bytes], to head: Head) throws(Refusal) {
        var next = frontier
        var closings: [(Digest32, UTCTime)] = []
        for body in bodies {
            _ = next.append(Merkle.leafHash(body))
            for case .closed(let digest, let until) in Self.closings(of: try Self.entry(body)) { closings.append((digest, until)) }
        }
        guard next.size == head.size, next.root == head.root else {
            throw .viewMismatch("entries up to \(head.size) do not hash to the head's root")
        }
        frontier = next
        for (digest, until) in closings { closed[digest] = max(until, closed[digest] ?? until) }
    }

    /// Notes what became durable in the anchor.
    public mutating func anchor(_ lines: [AnchorLine]) {
        for line in lines {
            switch line {
            case .head(let size, let root, _) where size > anchored.size: anchored = Head(size: size, root: root)
            case .closed(let digest, let until): closed[digest] = max(until, closed[digest] ?? until)
            case .allowance, .reserve, .drawn: allowances.apply(line)
            default: break
            }
        }
    }

    /// Keeps the files of blocklists in force; others go.
    /// - Parameter file: a list by the hash of its file.
    public mutating func hold(_ file: (BlocklistDocument) -> KeyBlocklist?) {
        var held: [Digest32: KeyBlocklist] = [:]
        for document in charter.documents.blocklists.values.map(\.value) { held[document.file] = list(of: document) ?? file(document) }
        blocklists = held
    }

    /// The list that a document names, if this node has it.
    public func list(of document: BlocklistDocument) -> KeyBlocklist? {
        guard let list = blocklists[document.file], list.form == document.form else { return nil }
        return list
    }

    /// Lists in force that this node does not have.
    public var missingBlocklists: [Handle] {
        charter.documents.blocklists.values.map(\.value).filter { list(of: $0) == nil }.map(\.name).sorted()
    }

    /// - Throws: ``Refusal/keyBlocked(by:)``; ``Refusal/blocklistMissing(_:)`` when a list in force is not here: what cannot be looked up is
    ///   not certified.
    public func checkBlocklists(_ keys: [SubjectPublicKeyInfo]) throws(Refusal) {
        for document in charter.documents.blocklists.values.map(\.value).sorted(by: { $0.name < $1.name }) {
            guard let list = list(of: document) else { throw .blocklistMissing(document.name) }
            for key in keys where list.contains(key) { throw .keyBlocked(by: document.name) }
        }
    }

    /// Swaps the charter, once its version stands in the anchor.
    public mutating func adopt(_ next: Charter) throws(Refusal) {
        guard next.digests.count == charter.digests.count + 1, next.digests.starts(with: charter.digests) else {
            throw .rosterNotNext(have: charter.roster.version, got: next.roster.version)
        }
        charter = next
    }

    /// Forgets what was closed and is over.
    public mutating func forget(before now: UTCTime) {
        closed = closed.filter { $0.value > now }
        allowances = allowances.filter { $0.value.forgotten > now }
        statements = statements.filter { allowances[$0.key] != nil }
    }

    /// Whether a statement, a submission or an authority's content is decided.
    public func isClosed(_ digest: Digest32) -> Bool { closed[digest] != nil }

    /// Whether the certificate with this fingerprint was revoked.
    public func isRevoked(_ certificate: Digest32) -> Bool { isClosed(certificate) }

    /// Whether a certificate for this key was revoked because others may have the key.
    public func isKeyRevoked(_ key: SubjectPublicKeyInfo) -> Bool { isClosed(key.digest) }

    /// Whether any of the request's keys is.
    public func isKeyRevoked(in request: CertificateRequest) -> Bool { request.publicKeys.contains(where: isKeyRevoked) }

    /// How long a decision is remembered, in seconds. A submission belongs to statements that were opened within
    /// ``Submission/freshness`` of it, before or after, so to none that is open when this long has passed since the decision.
    public static let closingSpan = Statement.longestSpan + 2 * Submission.freshness + 2 * Vote.clockSlack

    /// What an entry decides for ever: nothing with these hashes is signed again.
    public static func closings(of entry: Entry) -> [AnchorLine] {
        let until = UTCTime(seconds: Int64(clamping: entry.time / 1000)).adding(seconds: closingSpan)
        let decided = [entry.digests[Entry.DigestKey.statement], entry.digests[Entry.DigestKey.document]].compactMap(\.self)
            .map { AnchorLine.closed($0, until: until) }
        switch entry.type {
        // A draw is no statement that anybody could vote on: its number stops it from being signed again.
        case .certificateIssue where entry.object?.count == Draw.objectLength: return []
        case .allowanceClose:
            // Longer than any window that was open when it was closed.
            let end = UTCTime(seconds: Int64(clamping: entry.time / 1000)).adding(seconds: Allowance.longestWindow + closingSpan)
            return entry.digests[Entry.DigestKey.statement].map { [.closed($0, until: end)] } ?? []
        case .certificateIssue, .requestReject, .allowanceReject, .revocationReject: return decided
        case .certificateRevoke:
            // The certificate, and keys that others may have, for ever.
            return decided
                + [Entry.DigestKey.certificate, Entry.DigestKey.key, Entry.DigestKey.alternativeKey].compactMap { entry.digests[$0] }
                .map { .closed($0, until: .never) }
        case .authorityIssue: return entry.digests[Entry.DigestKey.content].map { [.closed($0, until: .never)] } ?? []
        default: return []
        }
    }

    /// This program wrote every entry behind the anchor; one that it cannot read could be a decision that it would forget.
    private static func entry(_ body: Bytes) throws(Refusal) -> Entry {
        do { return try Entry(decoding: body) } catch { throw .viewMismatch("an entry behind the anchor cannot be read") }
    }
}
