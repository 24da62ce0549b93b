import Basics
import Foundation
import GRDB
import Proofs
import Storage
import Synchronization
import Testing

/// A directory of its own for one test, and the means to look at a database from outside.
final class House: Sendable {
    let directory: URL

    init() throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "storage-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    var path: String { file("house.db") }

    func file(_ name: String) -> String { directory.appending(path: name).path }

    /// A stand-in for custody's HMAC: what matters here is that only this function makes it.
    static func mac(_ size: Int64, _ root: Digest32) -> Bytes { Digest32(of: "key \(size) \(root)").bytes }

    func create(onCommit: @escaping Store.OnCommit = { _ in }) async throws -> Store {
        try await Store.create(at: path, headMAC: Self.mac, onCommit: onCommit)
    }

    func open(_ path: String? = nil, onCommit: @escaping Store.OnCommit = { _ in }) async throws -> Store {
        try await Store.open(at: path ?? self.path, headMAC: Self.mac, onCommit: onCommit)
    }

    /// A database with `count` committed changes, closed again.
    func fill(_ count: Int) async throws {
        let store = try await create()
        for number in 0..<count { try await store.commit(.document(number)) }
        try await store.close()
    }

    /// What somebody does who can write the file and has no key.
    func tamper(_ sql: String, _ path: String? = nil) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        let queue = try DatabaseQueue(path: path ?? self.path, configuration: configuration)
        try queue.writeWithoutTransaction { db in try db.execute(sql: sql) }
        try queue.close()
    }

    /// The database as a crash at this moment leaves it. Only where no write is under way.
    func copy(to name: String) throws {
        for suffix in ["", "-wal"] { try FileManager.default.copyItem(atPath: path + suffix, toPath: file(name) + suffix) }
    }
}

/// What the committer told, in its order.
final class Told: Sendable {
    private let groups = Mutex<[CommittedGroup]>([])
    var all: [CommittedGroup] { groups.withLock { $0 } }
    var entries: [Bytes] { all.flatMap(\.entries) }
    func hear(_ group: CommittedGroup) { groups.withLock { $0.append(group) } }
}

extension Change {
    /// Stores document number `number` and says so in the ledger: fails when it is there.
    static func document(_ number: Int, entries: [Bytes]? = nil) -> Change {
        let content = Bytes("document \(number)".utf8)
        return Change(
            writes: [
                Write(
                    "INSERT INTO document (hash, kind, name, bytes) VALUES ($1, $2, $3, $4)",
                    [.blob(Digest32(of: content)), .text("profile"), .text("number-\(number)"), .blob(content)], expects: 1)
            ],
            entries: entries ?? [Bytes("entry \(number)".utf8)])
    }
}

/// The root of the tree over these bodies, one leaf after the other.
func root(of bodies: some Sequence<Bytes>) -> Digest32 {
    var frontier = Frontier()
    for body in bodies { frontier.append(Merkle.leafHash(body)) }
    return frontier.root
}

/// The ledger as it stands in the database is a tree over its own bodies: head, every tile, nothing beyond.
func expectWhole(_ store: Store, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let held = store.head
    try await store.read { snapshot in
        let head = try snapshot.head()
        #expect(head == held, sourceLocation: sourceLocation)
        #expect(head.mac == House.mac(head.size, head.root), sourceLocation: sourceLocation)
        let bodies = try snapshot.entries(0..<head.size)
        var edge = TreeEdge()
        var tiles: [TileID: Bytes] = [:]
        for body in bodies { edge.append(Merkle.leafHash(body)) }
        for tile in edge.takeChangedTiles() { tiles[tile.id] = tile.hashes }
        #expect(edge.root == head.root, sourceLocation: sourceLocation)
        #expect(try snapshot.rows("SELECT idx FROM entry").count == bodies.count, sourceLocation: sourceLocation)
        #expect(try snapshot.rows("SELECT idx FROM tile").count == tiles.count, sourceLocation: sourceLocation)
        for (id, hashes) in tiles { #expect(try snapshot.tile(id) == hashes, sourceLocation: sourceLocation) }
    }
}
