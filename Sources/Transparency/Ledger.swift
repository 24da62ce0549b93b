import Approval
import Basics
import Custody
import PKIX
import Proofs
import Storage
import Synchronization

/// Files of blocklists, which lie beside the node's data: nil when it has none with the hash.
public typealias BlocklistSupply = @Sendable (BlocklistDocument) throws(Problem) -> KeyBlocklist?

/// The house's ledger: the store, the anchor, and the verified view that grows with every commit.
public final class Ledger: Sendable {
    public let store: Store
    public let clock: TrustedClock
    private let anchorFile: AnchorFile
    private let holder: ViewHolder
    private let publisher: Publisher
    let allotments = Allotments()
    let auditing = AuditGate()
    public let node: Handle
    private let blocklists: BlocklistSupply

    init(
        store: Store, clock: TrustedClock, anchor: AnchorFile, holder: ViewHolder, node: Handle, log: any Signer,
        blocklists: @escaping BlocklistSupply
    ) {
        self.store = store
        self.clock = clock
        anchorFile = anchor
        self.holder = holder
        self.node = node
        self.blocklists = blocklists
        publisher = Publisher(log: log)
    }

    /// What this process knows for certain, as it is now.
    /// - Throws: when the store has shown something that does not follow from what was committed; the process must be started again.
    public func view() throws(Problem) -> View { try holder.view() }

    /// The trusted time; acts draw it once and use it throughout.
    public func now() throws(Problem) -> UTCTime { try clock.now() }

    /// Appends lines to the anchor, and the newest head, so that they cover everything committed before this call. Returns when durable.
    /// - Parameter allowance: whose opening is among the lines; the view keeps its statement.
    public func anchor(_ lines: [AnchorLine], opening allowance: Allowance? = nil) async throws(Problem) {
        let view = try holder.view()
        let all = lines + [.head(size: view.frontier.size, root: view.frontier.root, time: try clock.now())]
        do { try await anchorFile.append(all) } catch { throw holder.fail(error.problem) }
        holder.update { view in
            view.anchor(all)
            if let allowance { view.hold(allowance) }
        }
    }

    /// Puts the next charter in force: its version into the anchor, then into memory.
    /// - Parameters:
    ///   - lines: of what was decided with it.
    ///   - files: its blocklists by the hashes of their files. They are handed in: the charter is committed already, and nothing that can
    ///     fail for other reasons than the anchor's is to come now.
    public func adopt(
        _ charter: Charter, with lines: [AnchorLine], blocklists files: [Digest32: KeyBlocklist]
    ) async throws(Problem) {
        try await anchor([.roster(version: charter.roster.version, digest: charter.roster.digest)] + lines)
        do { try holder.adopt(charter, files) } catch { throw holder.fail(error.problem) }
    }

    /// The list that a document names; nil when this node has no such file.
    public func blocklist(_ document: BlocklistDocument) throws(Problem) -> KeyBlocklist? {
        if let held = try view().list(of: document) { return held }
        return try blocklists(document)
    }

    /// Forgets what was decided so long ago that its expiry refuses it anyway.
    public func forget() throws(Problem) {
        let now = try clock.now()
        holder.update { $0.forget(before: now) }
    }

    /// The newest checkpoint, over everything committed before this call.
    public func checkpoint() async throws(Problem) -> SignedNote { try await publisher.checkpoint(for: self) }

    /// The last line of an orderly stop. Custody and database are free for another process when this returns.
    public func stop() async throws(Problem) {
        try await anchor(try await allotments.close(in: self))
        do { try await anchorFile.append([.stop]) } catch { throw error.problem }
        do { try await store.close() } catch { throw error.problem }
        anchorFile.release()
    }

    /// An encoded entry of this node.
    public func entry(
        _ type: EventType, at time: UTCTime, actor: Bytes? = nil, commitment: Digest32? = nil, digests: [UInt8: Digest32] = [:],
        roster: Int64? = nil,
        object: ID? = nil, draw: Draw? = nil, outcome: String? = nil
    ) throws(Problem) -> Bytes {
        do {
            return try Entry(
                type: type, time: UInt64(clamping: time.seconds) &* 1000, actor: actor, commitment: commitment, digests: digests,
                roster: roster,
                object: draw?.object ?? object?.bytes, outcome: outcome, node: node.description
            ).encoded
        } catch {
            throw Problem(.fault, "ledger.entry-invalid", title: "An entry cannot be written", detail: "\(type): \(error)")
        }
    }
}

/// Holds the view; what its lock protects is that view and charter change one after the other. A failure stays: after it nothing
/// is signed or committed by acts of this process.
final class ViewHolder: Sendable {
    private struct State {
        var view: View?
        var failure: Problem?
    }
    private let state = Mutex(State())

    func begin(_ view: View) { state.withLock { $0.view = view } }

    func view() throws(Problem) -> View {
        let now = state.withLock { ($0.view, $0.failure) }
        if let failure = now.1 { throw failure }
        guard let view = now.0 else {
            throw Problem(.unavailable, "ledger.starting", title: "The ledger is not open yet", detail: "Try again in a moment.")
        }
        return view
    }

    /// Called by the store for each committed group, in order, before anybody is answered.
    func extend(_ group: CommittedGroup) {
        state.withLock { state in
            guard state.view != nil else { return }
            do throws(Refusal) {
                try state.view?.extend(by: group.entries, to: View.Head(size: group.size, root: group.root))
            } catch { state.failure = error.problem }
        }
    }

    func update(_ change: (inout View) -> Void) {
        state.withLock { state in
            guard var view = state.view else { return }
            change(&view)
            state.view = view
        }
    }

    func adopt(_ charter: Charter, _ files: [Digest32: KeyBlocklist]) throws(Refusal) {
        try state.withLock { state throws(Refusal) in
            try state.view?.adopt(charter)
            state.view?.hold { files[$0.file] }
        }
    }

    func fail(_ problem: Problem) -> Problem {
        state.withLock { $0.failure = $0.failure ?? problem }
        return problem
    }
}
