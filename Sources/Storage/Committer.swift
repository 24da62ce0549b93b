import GRDB
import Synchronization

/// Commits changes in groups on the writer's thread: what gathers while one group is flushed is the next group. No timer.
final class Committer: Sendable {
    private typealias Answer = Result<Committed, StorageError>

    private struct Waiting: Sendable {
        let change: Change
        let caller: CheckedContinuation<Answer, Never>
    }

    private struct Line: Sendable {
        var waiting: [Waiting] = []
        var isDraining = false
        var isClosed = false
    }

    /// Changes in a group at most.
    static let groupLimit = 256
    /// Changes that wait at most; more are told to come back.
    static let lineLimit = 4_096

    private let pool: DatabasePool
    private let onCommit: Store.OnCommit
    private let line = Mutex(Line())
    /// Held by the writer's thread for the length of a group.
    private let group: Mutex<GroupCommit>
    /// The head of the last group whose COMMIT returned, for readers who must not wait for the next.
    private let committed: Mutex<Store.Head>

    init(_ pool: DatabasePool, _ group: GroupCommit, onCommit: @escaping Store.OnCommit) {
        self.pool = pool
        self.onCommit = onCommit
        self.group = Mutex(group)
        committed = Mutex(group.head)
    }

    var head: Store.Head { committed.withLock { $0 } }

    func commit(_ change: Change) async throws(StorageError) -> Committed {
        let answer = await withCheckedContinuation { caller in join(Waiting(change: change, caller: caller)) }
        return try answer.get()
    }

    /// Takes no more changes. Those that wait are still committed.
    func close() { line.withLock { $0.isClosed = true } }

    private func join(_ waiting: Waiting) {
        let refusal: StorageError? = line.withLock { line in
            if line.isClosed { return .closed }
            if line.waiting.count >= Self.lineLimit { return .busy }
            line.waiting.append(waiting)
            if !line.isDraining {
                line.isDraining = true
                pool.asyncWriteWithoutTransaction { db in self.drain(db) }
            }
            return nil
        }
        if let refusal { waiting.caller.resume(returning: .failure(refusal)) }
    }

    private func drain(_ db: Database) {
        while let next = take() {
            let (outcome, head) = group.withLock { group in (group.run(next.map(\.change), on: db), group.head) }
            committed.withLock { $0 = head }
            if let added = outcome.added { onCommit(added) }
            for (waiting, answer) in zip(next, outcome.answers) { waiting.caller.resume(returning: answer) }
        }
    }

    private func take() -> [Waiting]? {
        line.withLock { line in
            guard !line.waiting.isEmpty else {
                line.isDraining = false
                return nil
            }
            let next = Array(line.waiting.prefix(Self.groupLimit))
            line.waiting.removeFirst(next.count)
            return next
        }
    }
}
