import Basics

/// Why the store did not do what was asked. Texts name tables and columns, never a value.
public enum StorageError: Error, Hashable, Sendable {
    /// There is no database at this path; opening never makes one.
    case missing(path: String)
    /// There is a database, or a part of one, at this path; creating never replaces one.
    case exists(path: String)
    /// Another process, or another `Store` of this one, has the database open.
    case inUse(path: String)
    /// The file, or its lock, cannot be opened or made.
    case unopenable(String)
    /// A later program has migrated the database.
    case newer
    /// The schema is not the text of the migrations: a trigger, a view, another table or another column.
    case schemaAltered(String)
    /// Pages, rows or tiles that cannot be what this program wrote.
    case damaged(String)
    /// The head row's MAC is not made with this house's key.
    case headUnproven
    /// The head row is not the one that this process committed last: somebody else writes.
    case headMoved
    /// A row is not as the change expects it, or is there already. Nothing of the change was kept; decide anew from a fresh read.
    case conflict
    /// The change or query is wrong in itself. Nothing of the change was kept.
    case refused(String)
    /// The group's transaction failed. Whether it is durable is unknown until the database was opened again.
    case failed(String)
    /// Too many changes are waiting; come back later.
    case busy
    /// The store is closed, or being closed.
    case closed
    /// A column is not there, is NULL, or holds a value of another kind than asked for.
    case undecodable(column: String)
    /// The ledger has no such entry or node.
    case outsideLedger
}

extension StorageError {
    /// Stable, documented, tested: `storage.in-use`.
    public var code: String {
        switch self {
        case .missing: "storage.missing"
        case .exists: "storage.exists"
        case .inUse: "storage.in-use"
        case .unopenable: "storage.unopenable"
        case .newer: "storage.newer"
        case .schemaAltered: "storage.schema-altered"
        case .damaged: "storage.damaged"
        case .headUnproven: "storage.head-unproven"
        case .headMoved: "storage.head-moved"
        case .conflict: "storage.conflict"
        case .refused: "storage.refused"
        case .failed: "storage.failed"
        case .busy: "storage.busy"
        case .closed: "storage.closed"
        case .undecodable: "storage.undecodable"
        case .outsideLedger: "storage.outside-ledger"
        }
    }

    /// What a service shows when it has nothing better to say.
    public var problem: Problem { Problem(kind, code, title: title, detail: detail) }

    private var kind: Problem.Kind {
        switch self {
        case .missing, .outsideLedger: .notFound
        case .exists, .inUse, .conflict: .conflict
        case .busy, .closed: .unavailable
        default: .fault
        }
    }

    private var title: String {
        switch self {
        case .missing: "There is no database"
        case .exists: "There is a database already"
        case .inUse: "The database is in use"
        case .unopenable: "The database cannot be opened"
        case .newer: "The database is newer than this program"
        case .schemaAltered: "The database's schema was altered"
        case .damaged: "The database is damaged"
        case .headUnproven: "The ledger's head is not proven"
        case .headMoved: "The ledger's head was moved by somebody else"
        case .conflict: "Somebody else was faster"
        case .refused: "The store refused a statement"
        case .failed: "The store could not commit"
        case .busy: "Too many changes are waiting"
        case .closed: "The store is closed"
        case .undecodable: "A row cannot be read"
        case .outsideLedger: "The ledger does not reach so far"
        }
    }

    private var detail: String {
        switch self {
        case .missing(let path): "Nothing is at \(path.escaped). `assay init` makes a new database."
        case .exists(let path): "\(path.escaped) is there. Give another path, or move the file and its -wal and -shm away together."
        case .inUse(let path): "Another process holds \(path.escaped). Stop it first."
        case .unopenable(let text): text
        case .newer: "A later version has migrated it. Use that version, or restore the backup made before the upgrade."
        case .schemaAltered(let text): "\(text) Restore the backup; an altered schema can change what rows mean."
        case .damaged(let text): text
        case .headUnproven: "Its authentication code was not made with this house's key. Restore the database that belongs to this custody."
        case .headMoved: "The head row is not what was committed last. Stop, and find out who writes to the database."
        case .conflict: "What the change relied on is no longer so. Read again and repeat."
        case .refused(let text), .failed(let text): text
        case .busy: "Nothing was kept of this change. Try again in a moment."
        case .closed: "The server is stopping. Nothing was kept of this change."
        case .undecodable(let column): "Column \(column.escaped) is not what it should be."
        case .outsideLedger: "Ask for an index below the ledger's size."
        }
    }
}

extension StorageError: CustomStringConvertible {
    public var description: String { "\(code): \(detail)" }
}
