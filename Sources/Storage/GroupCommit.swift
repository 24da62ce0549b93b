import Basics
import GRDB
import Proofs

/// The ledger's right edge as this process committed it last, and how a group of changes moves it on. Only the writer's thread uses it.
struct GroupCommit: Sendable {
    private(set) var head: Store.Head
    private var edge: TreeEdge
    private let schemaVersion: Int64
    private let headMAC: Store.HeadMAC
    /// For snapshots of the same database.
    var house: Snapshot.House { Snapshot.House(headMAC: headMAC, schemaVersion: schemaVersion) }
    /// Why nothing is committed any more: after a COMMIT that may or may not be on the disk, memory is not to be trusted.
    private var stopped: String?

    /// What became of a group: an answer for each change, in order, and what the ledger got.
    struct Outcome: Sendable {
        let answers: [Result<Committed, StorageError>]
        let added: CommittedGroup?
    }

    /// The edge from the tiles, compared with the head row; the head row with its MAC.
    /// - Throws: ``StorageError/headUnproven``, ``StorageError/damaged(_:)``
    init(_ db: Database, headMAC: @escaping Store.HeadMAC) throws {
        let head = try Store.Head.read(db)
        guard headMAC(head.size, head.root).isEqualInConstantTime(to: head.mac) else { throw StorageError.headUnproven }
        let edge = try TreeEdge(size: head.size) { id in try TileRows.read(id, db) }
        guard edge.root == head.root else { throw StorageError.damaged("The tiles do not have the head's root.") }
        self.head = head
        self.edge = edge
        self.headMAC = headMAC
        schemaVersion = try Self.schemaVersion(db)
    }

    /// Commits what can be committed of `changes`, in one transaction with one flush.
    mutating func run(_ changes: [Change], on db: Database) -> Outcome {
        if let stopped { return Outcome(answers: changes.map { _ in .failure(.failed(stopped)) }, added: nil) }
        do {
            return try commit(changes, db)
        } catch {
            if db.isInsideTransaction { try? db.execute(sql: "ROLLBACK") }
            if db.isInsideTransaction { stopped = "A transaction could not be rolled back." }
            let failure: StorageError = (error as? DatabaseError).map { .failed(StorageError.text(of: $0)) } ?? StorageError(error)
            return Outcome(answers: changes.map { _ in .failure(failure) }, added: nil)
        }
    }

    private mutating func commit(_ changes: [Change], _ db: Database) throws -> Outcome {
        try db.execute(sql: "BEGIN IMMEDIATE")
        guard try Self.schemaVersion(db) == schemaVersion else {
            throw StorageError.schemaAltered("It was altered while the store was open.")
        }
        guard try Store.Head.read(db) == head else { throw StorageError.headMoved }

        var failures: [StorageError?] = []
        var entries: [Bytes] = []
        for change in changes {
            let failure = try apply(change, at: head.size + Int64(entries.count), db)
            if failure == nil { entries += change.entries }
            failures.append(failure)
        }
        let (newHead, newEdge) = try append(entries, db)
        try flush(db, keeps: failures.contains(nil))

        let first = head.size
        head = newHead
        edge = newEdge
        return Outcome(
            answers: answers(to: changes, failures, from: first),
            added: entries.isEmpty ? nil : CommittedGroup(firstIndex: first, entries: entries, size: head.size, root: head.root))
    }

    /// - Parameter index: where its first entry comes.
    /// - Returns: why the change fails, alone; nil when it is applied.
    /// - Throws: what the whole group fails by.
    private func apply(_ change: Change, at index: Int64, _ db: Database) throws -> StorageError? {
        if let fault = change.writes.lazy.compactMap(\.fault).first { return .refused(fault) }
        guard change.entries.allSatisfy({ (1...Change.entryLimit).contains($0.count) }) else {
            return .refused("An entry has 1 to \(Change.entryLimit) octets.")
        }
        try db.cachedStatement(sql: "SAVEPOINT change").execute()
        do {
            for write in change.writes {
                try db.cachedStatement(sql: write.sql).execute(arguments: try StatementArguments(write.arguments))
                if let expects = write.expects, db.changesCount != expects { throw StorageError.conflict }
            }
            // Before the next change of the group: it may depend on what the ledger has about an object.
            for (place, body) in change.entries.enumerated() { try TileRows.mention(body, at: index + Int64(place), db) }
            try db.cachedStatement(sql: "RELEASE change").execute()
            return nil
        } catch {
            let own = (error as? DatabaseError).map { StorageError(ofChange: $0) } ?? (error as? StorageError)
            guard let own, db.isInsideTransaction else { throw error }
            try db.cachedStatement(sql: "ROLLBACK TO change").execute()
            try db.cachedStatement(sql: "RELEASE change").execute()
            return own
        }
    }

    private func append(_ entries: [Bytes], _ db: Database) throws -> (Store.Head, TreeEdge) {
        guard !entries.isEmpty else { return (head, edge) }
        var edge = edge
        for (place, body) in entries.enumerated() {
            edge.append(Merkle.leafHash(body))
            try TileRows.insert(body, at: head.size + Int64(place), db)
        }
        for tile in edge.takeChangedTiles() { try TileRows.write(tile, db) }
        let root = edge.root
        let newHead = Store.Head(size: edge.size, root: root, mac: headMAC(edge.size, root))
        try newHead.replace(head, db)
        return (newHead, edge)
    }

    /// The transaction's end. A COMMIT that failed for want of room or memory left nothing behind; after any other failure the pages may
    /// be durable nevertheless, so that going on could give one size two roots.
    private mutating func flush(_ db: Database, keeps: Bool) throws {
        guard keeps else { return try db.execute(sql: "ROLLBACK") }
        do {
            try db.execute(sql: "COMMIT")
        } catch let error as DatabaseError {
            let leavesNothing: [ResultCode] = [.SQLITE_FULL, .SQLITE_BUSY, .SQLITE_NOMEM, .SQLITE_INTERRUPT]
            if !leavesNothing.contains(error.resultCode) {
                stopped = "A commit failed earlier (\(StorageError.text(of: error))) Start again, so that the database is read anew."
            }
            throw error
        }
    }

    private func answers(to changes: [Change], _ failures: [StorageError?], from first: Int64) -> [Result<Committed, StorageError>] {
        var next = first
        return zip(changes, failures).map { change, failure in
            if let failure { return .failure(failure) }
            defer { next += Int64(change.entries.count) }
            return .success(Committed(firstIndex: next, count: change.entries.count, size: head.size, root: head.root))
        }
    }

    private static func schemaVersion(_ db: Database) throws -> Int64 {
        try Int64.fetchOne(try db.cachedStatement(sql: "PRAGMA schema_version")) ?? -1
    }
}
