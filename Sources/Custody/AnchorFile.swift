import Approval
import Basics
import Dispatch
import Glibc
import Synchronization

/// The anchor's file. Lines of all callers gather while the last write is flushed; `append` returns when its lines are durable.
/// A write or flush that fails is never tried again: the kernel may have dropped the page, so everything after it is refused.
public final class AnchorFile: Sendable {
    static let fileName = "anchor"
    private static let compactAbove = 1 << 20
    private static let sizeLimit = 1 << 30

    private let files: PrivateFiles
    /// Nobody else writes here while this lives.
    private let lock: DirectoryLock
    private let key: @Sendable (Instance) -> @Sendable (Bytes) -> Digest32
    private let queue = DispatchQueue(label: "assay.anchor")

    private struct Waiting {
        let lines: [AnchorLine]
        let resume: @Sendable (CustodyError?) -> Void
    }

    /// What callers have handed in; guarded by its lock.
    private let waiting = Mutex<[Waiting]>([])

    /// The open file; touched on `queue` only, but for the start.
    private struct Open {
        var descriptor: Int32
        var chain: AnchorChain
        var length: Int
        /// At this length it is written anew: far enough from the last time that this costs little for each line.
        var compactAbove: Int
        var failure: CustodyError?
    }
    private let open: Mutex<Open>

    private init(files: PrivateFiles, lock: DirectoryLock, key: @escaping @Sendable (Instance) -> @Sendable (Bytes) -> Digest32, open: Open)
    {
        self.files = files
        self.lock = lock
        self.key = key
        self.open = Mutex(open)
    }

    deinit { open.withLock { _ = close($0.descriptor) } }

    /// Writes a new anchor with its first lines: the moment from which the house exists.
    static func create(
        in files: PrivateFiles, _ lock: DirectoryLock, _ state: AnchorState, _ lines: [AnchorLine],
        key: @escaping @Sendable (Instance) -> @Sendable (Bytes) -> Digest32
    ) throws(CustodyError) -> AnchorFile {
        guard !files.exists(fileName) else { throw .exists(path: files.path(fileName)) }
        return AnchorFile(files: files, lock: lock, key: key, open: try write(state, lines, in: files, key: key))
    }

    /// Reads the anchor, cuts a torn last append, and writes it anew in its shortest form.
    /// - Parameter now: the wall clock, which nobody has checked yet: what is closed is never forgotten by it alone.
    static func open(
        in files: PrivateFiles, _ lock: DirectoryLock, now: UTCTime, key: @escaping @Sendable (Instance) -> @Sendable (Bytes) -> Digest32
    ) throws(CustodyError) -> AnchorFile {
        guard files.exists(fileName) else { throw .unanchored(path: files.path(fileName)) }
        let content = try files.read(fileName, limit: sizeLimit)
        let state: AnchorState
        do { state = try AnchorChain.read(content, key: key).0.state } catch { throw .anchor(error) }
        let open = try write(state, state.compacted(now: min(now, state.time)), in: files, key: key)
        return AnchorFile(files: files, lock: lock, key: key, open: open)
    }

    private static func write(
        _ state: AnchorState, _ lines: [AnchorLine], in files: PrivateFiles, key: @Sendable (Instance) -> @Sendable (Bytes) -> Digest32
    ) throws(CustodyError) -> Open {
        let fresh = AnchorState(instance: state.instance, origin: state.origin, node: state.node, pin: state.pin)
        var (chain, content) = AnchorChain.begin(fresh, mac: key(state.instance))
        for line in lines { content += chain.append(line) }
        try files.write(fileName, content)
        return Open(
            descriptor: try files.open(private: fileName, O_WRONLY | O_APPEND), chain: chain, length: content.count,
            compactAbove: max(compactAbove, 2 * content.count), failure: nil)
    }

    /// Lets another process have custody's directory. Nothing may be appended afterwards.
    public func release() { lock.release() }

    /// Everything that is durable.
    public var state: AnchorState { open.withLock { $0.chain.state } }

    /// Appends lines; returns when they are durable. A head that is older than the newest is left out.
    public func append(_ lines: [AnchorLine]) async throws(CustodyError) {
        guard !lines.isEmpty else { return }
        let failure: CustodyError? = await withCheckedContinuation { continuation in
            waiting.withLock { $0.append(Waiting(lines: lines) { continuation.resume(returning: $0) }) }
            queue.async { self.flush() }
        }
        if let failure { throw failure }
    }

    private func flush() {
        let gathered = waiting.withLock { waiting in
            defer { waiting = [] }
            return waiting
        }
        guard !gathered.isEmpty else { return }
        let failure = open.withLock { open -> CustodyError? in
            if open.failure == nil {
                do throws(CustodyError) { try write(gathered.flatMap(\.lines), &open) } catch { open.failure = error }
            }
            return open.failure
        }
        for caller in gathered { caller.resume(failure) }
    }

    private func write(_ lines: [AnchorLine], _ open: inout Open) throws(CustodyError) {
        guard lock.isHeld else { throw .inUse(path: files.directory) }
        var chain = open.chain
        var batch: Bytes = []
        for line in lines {
            if case .head(let size, let root, _) = line, size <= chain.state.size {
                guard size == 0 || size < chain.state.size || root == chain.state.root else {
                    throw .refused("The tree of \(size) entries has two roots.")
                }
                continue
            }
            let octets = chain.append(line)
            // A torn append is at most this long, so nothing longer is ever written between two flushes.
            if batch.count + octets.count > AnchorChain.appendLimit {
                try flush(batch, &open)
                batch = []
            }
            batch += octets
        }
        try flush(batch, &open)
        open.chain = chain
        if open.length > open.compactAbove {
            let old = open.descriptor
            open = try Self.write(chain.state, chain.state.compacted(now: chain.state.time), in: files, key: key)
            close(old)
        }
    }

    private func flush(_ batch: Bytes, _ open: inout Open) throws(CustodyError) {
        guard !batch.isEmpty else { return }
        guard open.length + batch.count <= Self.sizeLimit else {
            throw .malformed(path: files.path(Self.fileName), what: "it would be longer than \(Self.sizeLimit) octets")
        }
        try PrivateFiles.writeAll(open.descriptor, batch, files.path(Self.fileName))
        guard fdatasync(open.descriptor) == 0 else { throw .io(path: files.path(Self.fileName), call: "fdatasync", errno: errno) }
        open.length += batch.count
    }
}
