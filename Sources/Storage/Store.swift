import Basics
import Dispatch
import GRDB
import Proofs

/// A house's database: rows, and the ledger over what happens to them. Reads are closures on a snapshot; a change is a value, and is
/// durable when ``commit(_:)`` returns. One `Store` in one process holds the database.
public final class Store: Sendable {
    /// The head row's authentication code, under a key that only custody has. Called on the writer's thread: it must not wait.
    public typealias HeadMAC = @Sendable (_ size: Int64, _ root: Digest32) -> Bytes
    /// Hears of each group that added entries: in order, on the writer's thread, after COMMIT has returned and before any caller is
    /// answered. The next group waits for it, so it must be quick.
    public typealias OnCommit = @Sendable (CommittedGroup) -> Void

    private let pool: DatabasePool
    private let committer: Committer
    private let readers = Readers()
    private let lock: LockFile
    private let house: Snapshot.House

    private init(pool: DatabasePool, _ group: GroupCommit, lock: LockFile, onCommit: @escaping OnCommit) {
        self.pool = pool
        committer = Committer(pool, group, onCommit: onCommit)
        house = group.house
        self.lock = lock
    }

    /// Makes a new database with an empty ledger.
    /// - Throws: ``StorageError/exists(path:)``, ``StorageError/inUse(path:)``, ``StorageError/unopenable(_:)``
    public static func create(
        at path: String, headMAC: @escaping HeadMAC, onCommit: @escaping OnCommit = { _ in }
    ) async throws(StorageError) -> Store {
        try await onThread {
            let lock = try LockFile(besides: path)
            try Opening.makeFile(at: path)
            let pool = try Opening.pool(at: path)
            let group = try pool.writeWithoutTransaction { db in
                try SchemaCheck.migrate(db, from: 0)
                let root = Merkle.emptyRoot
                try Head(size: 0, root: root, mac: headMAC(0, root)).insert(db)
                return try GroupCommit(db, headMAC: headMAC)
            }
            return Store(pool: pool, group, lock: lock, onCommit: onCommit)
        }
    }

    /// Opens a database that is there, checks that it is what this program or an earlier one left, and applies the migrations that lack.
    /// - Throws: ``StorageError/missing(path:)``, ``StorageError/inUse(path:)``, ``StorageError/unopenable(_:)``,
    ///   ``StorageError/newer``, ``StorageError/schemaAltered(_:)``, ``StorageError/headUnproven``, ``StorageError/damaged(_:)``
    public static func open(
        at path: String, headMAC: @escaping HeadMAC, onCommit: @escaping OnCommit = { _ in }
    ) async throws(StorageError) -> Store {
        try await onThread {
            guard Opening.exists(path) else { throw StorageError.missing(path: path) }
            let lock = try LockFile(besides: path)
            let pool = try Opening.pool(at: path)
            let group = try pool.writeWithoutTransaction { db in
                let applied = try SchemaCheck.applied(db)
                guard applied > 0 else { throw StorageError.damaged("The database is empty: its creation was not finished.") }
                try SchemaCheck.migrate(db, from: applied)
                return try GroupCommit(db, headMAC: headMAC)
            }
            return Store(pool: pool, group, lock: lock, onCommit: onCommit)
        }
    }

    /// The head whose COMMIT this process has seen return: from memory, never from a row.
    public var head: Head { committer.head }

    /// Reads on a reader's thread, from one snapshot. The snapshot is good only until `body` returns.
    /// - Throws: ``StorageError/closed``, ``StorageError/failed(_:)``, and whatever `body` throws.
    public func read<T: Sendable>(_ body: @escaping @Sendable (Snapshot) throws -> T) async throws -> T {
        guard readers.enter() else { throw StorageError.closed }
        defer { readers.leave() }
        return try await withCheckedThrowingContinuation { [house] caller in
            pool.asyncRead { access in
                let answer = access.mapError { StorageError($0) as any Error }.flatMap { db in Result { try body(Snapshot(db, house)) } }
                caller.resume(with: answer)
            }
        }
    }

    /// Makes a change durable, together with whatever else has gathered. A change once given is committed or refused also when the
    /// caller's task is canceled.
    /// - Throws: ``StorageError/conflict`` when a row is not as the change expects, ``StorageError/refused(_:)``,
    ///   ``StorageError/failed(_:)``, ``StorageError/headMoved``, ``StorageError/schemaAltered(_:)``, ``StorageError/busy``,
    ///   ``StorageError/closed``. After any but `failed` nothing of the change was kept.
    @discardableResult
    public func commit(_ change: Change) async throws(StorageError) -> Committed { try await committer.commit(change) }

    /// Commits what waits, lets readers finish, moves the write-ahead log into the database, and gives the lock back. Later reads and
    /// changes are refused. Closing a second time does nothing.
    public func close() async throws(StorageError) {
        committer.close()
        guard await readers.close() else { return }
        try await Self.onThread { [pool, lock] in
            defer { lock.release() }
            let checkpoint = Result {
                // Readers are closed last, and those cannot move the log.
                try pool.writeWithoutTransaction { db in _ = try GRDB.Row.fetchAll(db, sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
            }
            try pool.close()
            try checkpoint.get()
        }
    }

    /// SQLite's calls block: they have no place on Swift's cooperative threads, nor on the global queues, which share them.
    private static func onThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws(StorageError) -> T {
        let answer: Result<T, StorageError> = await withCheckedContinuation { caller in
            DispatchQueue(label: "assay.storage.opening").async {
                caller.resume(returning: Result(catching: body).mapError { StorageError($0) })
            }
        }
        return try answer.get()
    }
}
