import Approval
import Basics
import Custody
import Proofs
import Storage

extension Ledger {
    /// What `open` needs, handed in.
    public struct Parts: Sendable {
        public let custody: CustodyDirectory
        public let databasePath: String
        public let clocks: any Clocks
        public let entropy: any Entropy
        public let acceptClock: Bool
        public let blocklists: BlocklistSupply

        public init(
            custody: CustodyDirectory, databasePath: String, clocks: any Clocks, entropy: any Entropy, acceptClock: Bool = false,
            blocklists: @escaping BlocklistSupply
        ) {
            self.custody = custody
            self.databasePath = databasePath
            self.clocks = clocks
            self.entropy = entropy
            self.acceptClock = acceptClock
            self.blocklists = blocklists
        }
    }

    /// Proves the database against the anchor, anchors what was committed before a crash, and opens the log's key.
    public static func open(_ parts: Parts) async throws(Problem) -> Ledger {
        do {
            let anchor = try parts.custody.openAnchor(now: parts.clocks.now)
            let state = anchor.state
            let clock = try TrustedClock(parts.clocks, anchored: state.time, acceptGap: parts.acceptClock)
            let holder = ViewHolder()
            let store = try await Store.open(
                at: parts.databasePath, headMAC: parts.custody.headMAC(state.instance, origin: state.origin)
            ) { holder.extend($0) }
            var lines: [AnchorLine] = []
            var view = try View(anchor: state, claim: try await claim(store, state), lines: &lines)
            // What is not there, or not what it should be, stops issuing, and not the house.
            view.hold { try? parts.blocklists($0) }
            holder.begin(view)
            let keys = parts.custody.sealedKeys(SealContext(instance: state.instance, pin: state.pin), entropy: parts.entropy)
            let log = try await keys.signer(for: try await logKey(store, view.charter.roster.log), as: .ed25519)
            let ledger = Ledger(
                store: store, clock: clock, anchor: anchor, holder: holder, node: state.node, log: log,
                blocklists: parts.blocklists)
            try await ledger.anchor(lines)
            ledger.allotments.begin(view.allowances)
            return ledger
        } catch { throw Problem(wrapping: error) }
    }

    /// Collects what the database claims, from the anchor's size on.
    private static func claim(_ store: Store, _ state: AnchorState) async throws -> View.Claim {
        // The head whose MAC the store has verified; a row that was written since is another.
        let head = store.head
        return try await store.read { snapshot in
            guard try snapshot.head() == head else { throw StorageError.headMoved }
            guard head.size >= state.size else {
                throw Refusal.viewMismatch("it has \(head.size) entries, the anchor \(state.size): it is older than the anchor")
            }
            var notes: [SignedNote] = []
            for row in try snapshot.rows("SELECT note FROM roster ORDER BY version") {
                notes.append(try SignedNote("roster", try row.text("note")))
            }
            var documents: [Digest32: Bytes] = [:]
            for row in try snapshot.rows("SELECT bytes FROM document") {
                let bytes = try row.blob("bytes")
                documents[Digest32(of: bytes)] = bytes
            }
            let held = documents
            let tail = try snapshot.entries(state.size..<head.size)
            let opened = tail.compactMap { body -> Digest32? in
                guard let entry = try? Entry(decoding: body), entry.type == .allowanceOpen else { return nil }
                return entry.digests[Entry.DigestKey.statement]
            }
            var statements: [Digest32: String] = [:]
            for digest in state.allowances.values.map(\.statement) + opened {
                guard let row = try snapshot.row("SELECT statement FROM allowance WHERE statement_hash = $1", [.blob(digest)]) else {
                    continue
                }
                let text = try row.text("statement")
                statements[Digest32(of: text)] = text
            }
            let allowances = statements
            return View.Claim(
                rosters: notes, document: { held[$0] }, statement: { allowances[$0] },
                frontier: try Frontier(size: state.size) { try snapshot.node(level: $0, index: $1) },
                tail: tail, head: View.Head(size: head.size, root: head.root))
        }
    }

    private static func logKey(_ store: Store, _ key: VerifierKey) async throws -> KeyRecord {
        let record = try await store.read { snapshot in
            try snapshot.row("SELECT id, algorithm, purposes, spki, sealed FROM key WHERE spki = $1", [.blob(key.key)]).map(
                KeyRecord.init(row:))
        }
        guard let record else { throw Refusal.viewMismatch("the log's sealed key is missing") }
        return record
    }
}

extension KeyRecord {
    /// A row of the table `key`; whether it was altered shows when it is opened.
    public init(row: Row) throws {
        guard let id = ID(bytes: try row.blob("id")), let purposes = KeyRecord.purposes(try row.text("purposes")) else {
            throw StorageError.damaged("A row of the table key is not as this program writes it.")
        }
        self.init(
            id: id, algorithm: try row.text("algorithm"), purposes: purposes, publicKey: try row.blob("spki"),
            sealed: try row.blob("sealed"))
    }

    /// The record's row, under a name.
    public func row(name: String, at time: UTCTime) throws(StorageError) -> RowContent {
        try RowContent(
            .key,
            [
                "id": .blob(id.bytes), "name": .text(name), "algorithm": .text(algorithm), "purposes": .text(purposesText),
                "spki": .blob(publicKey), "sealed": .blob(sealed), "created": .integer(time.seconds),
            ])
    }
}
