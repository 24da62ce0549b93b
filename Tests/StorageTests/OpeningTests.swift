import Basics
import Foundation
import GRDB
import Proofs
import Storage
import Testing

@Suite("Opening and creating a database")
struct OpeningTests {
    @Test("A new ledger is empty, proven, readable by its owner only, and opens again as it was left")
    func reopens() async throws {
        let house = try House()
        let store = try await house.create()
        #expect(store.head.size == 0)
        #expect(store.head.root == Merkle.emptyRoot)
        for suffix in ["", "-wal", ".lock"] {
            let attributes = try FileManager.default.attributesOfItem(atPath: house.path + suffix)
            #expect((attributes[.posixPermissions] as? Int) == 0o600, "\(suffix)")
        }
        for number in 0..<300 { try await store.commit(.document(number)) }
        let head = store.head
        #expect(head.size == 300)
        try await store.close()
        #expect((try? FileManager.default.attributesOfItem(atPath: house.path + "-wal")) == nil)

        let again = try await house.open()
        #expect(again.head == head)
        try await expectWhole(again)
        #expect(try await again.commit(.document(300)).firstIndex == 300)
        try await expectWhole(again)
        try await again.close()
    }

    @Test(
        "What somebody wrote into the file is refused",
        arguments: [
            ("CREATE TRIGGER t AFTER INSERT ON request BEGIN DELETE FROM vote; END", "storage.schema-altered"),
            ("CREATE VIEW v AS SELECT 1", "storage.schema-altered"),
            ("DROP TABLE roster; CREATE VIEW roster AS SELECT 1 AS version, x'00' AS hash, 'x' AS note", "storage.schema-altered"),
            ("CREATE TABLE extra (x TEXT)", "storage.schema-altered"),
            ("CREATE VIRTUAL TABLE f USING fts5(x)", "storage.schema-altered"),
            ("DROP TABLE vote", "storage.schema-altered"),
            ("DROP INDEX request_state", "storage.schema-altered"),
            ("CREATE INDEX more ON vote (voter)", "storage.schema-altered"),
            ("ALTER TABLE vote ADD COLUMN extra TEXT", "storage.schema-altered"),
            (
                "PRAGMA writable_schema = 1; UPDATE sqlite_master SET sql = replace(sql, ' UNIQUE', '') WHERE name = 'key'",
                "storage.damaged"
            ),
            (
                "PRAGMA writable_schema = 1; UPDATE sqlite_master SET sql = replace(sql, 'tbs BLOB', 'tbs TEXT') WHERE name = 'draft'",
                "storage.schema-altered"
            ),
            ("PRAGMA writable_schema = 1; UPDATE sqlite_master SET sql = 'nonsense' WHERE name = 'key'", "storage.damaged"),
            ("DROP TABLE migration", "storage.schema-altered"),
            ("DELETE FROM migration", "storage.schema-altered"),
            ("DELETE FROM migration WHERE position = 2", "storage.schema-altered"),
            ("UPDATE migration SET name = 'x' WHERE position = 2", "storage.schema-altered"),
            ("UPDATE migration SET position = 3 WHERE position = 2", "storage.schema-altered"),
            ("UPDATE migration SET position = 'two' WHERE position = 2", "storage.schema-altered"),
            ("UPDATE migration SET name = x'00' WHERE position = 2", "storage.undecodable"),
            ("INSERT INTO migration VALUES ('999-later', 8)", "storage.newer"),
            ("INSERT INTO migration VALUES ('999-later', 8); CREATE TABLE later (x TEXT)", "storage.newer"),
            ("UPDATE head SET size = size - 1", "storage.head-unproven"),
            ("UPDATE head SET size = -1", "storage.head-unproven"),
            ("UPDATE head SET root = zeroblob(32)", "storage.head-unproven"),
            ("UPDATE head SET mac = zeroblob(32)", "storage.head-unproven"),
            ("UPDATE head SET mac = zeroblob(0)", "storage.head-unproven"),
            ("UPDATE head SET root = zeroblob(31)", "storage.undecodable"),
            ("UPDATE head SET size = 'many'", "storage.undecodable"),
            ("UPDATE head SET size = 0.5", "storage.undecodable"),
            ("DELETE FROM head", "storage.damaged"),
            ("DELETE FROM tile", "storage.damaged"),
            ("DELETE FROM tile WHERE level = 1", "storage.damaged"),
            ("UPDATE tile SET hashes = zeroblob(32 * 44) WHERE level = 0 AND idx = 1", "storage.damaged"),
            ("UPDATE tile SET hashes = CAST(hashes || zeroblob(32) AS BLOB) WHERE level = 0 AND idx = 1", "storage.damaged"),
            ("UPDATE tile SET hashes = zeroblob(31) WHERE level = 0 AND idx = 1", "storage.damaged"),
            ("UPDATE tile SET hashes = 7 WHERE level = 0 AND idx = 1", "storage.undecodable"),
        ])
    func tampered(sql: String, code: String) async throws {
        let house = try House()
        let store = try await house.create()
        try await store.commit(.document(1, entries: (0..<300).map { Bytes("entry \($0)".utf8) }))
        try await store.close()
        try house.tamper(sql)
        let error = await #expect(throws: StorageError.self) { try await house.open() }
        #expect(error?.code == code, "\(sql): \(error.map { "\($0)" } ?? "")")
        // Refusing leaves the lock to others.
        let again = await #expect(throws: StorageError.self) { try await house.open() }
        #expect(again == error)
    }

    @Test("No statement on our connections writes the schema by hand, also with writable_schema on")
    func defensive() async throws {
        let update = "EXPLAIN UPDATE sqlite_master SET sql = 'CREATE TABLE vote (x)' WHERE name = 'vote'"
        let house = try House()
        let store = try await house.create()
        try await store.read { snapshot in
            _ = try snapshot.rows("PRAGMA writable_schema = ON")
            let error = #expect(throws: StorageError.self) { try snapshot.rows(update) }
            #expect(error?.problem.detail.contains("may not be modified") == true, "\(String(describing: error))")
        }
        try await store.close()
        // SQLite would let another connection do it.
        let plain = try DatabaseQueue(path: house.path)
        try await plain.read { db in
            try db.execute(sql: "PRAGMA writable_schema = ON")
            #expect(try GRDB.Row.fetchAll(db, sql: update).isEmpty == false)
        }
        try plain.close()
    }

    @Test("Opening never makes a database")
    func missing() async throws {
        let house = try House()
        await #expect(throws: StorageError.missing(path: house.path)) { try await house.open() }
        #expect(try FileManager.default.contentsOfDirectory(atPath: house.directory.path).isEmpty)
    }

    @Test("Creating never replaces a database or a part of one", arguments: ["", "-wal", "-shm", "-journal"])
    func exists(suffix: String) async throws {
        let house = try House()
        #expect(FileManager.default.createFile(atPath: house.path + suffix, contents: Data([1])))
        await #expect(throws: StorageError.exists(path: house.path + suffix)) { try await house.create() }
        #expect(FileManager.default.contents(atPath: house.path + suffix) == Data([1]))
    }

    @Test("What is no database of ours is refused")
    func foreign() async throws {
        let house = try House()
        for (name, content, code) in [
            ("noise", Data(repeating: 0x5a, count: 8_192), "storage.damaged"), ("empty", Data(), "storage.damaged"),
        ] {
            #expect(FileManager.default.createFile(atPath: house.file(name), contents: content))
            #expect(await #expect(throws: StorageError.self) { try await house.open(house.file(name)) }?.code == code)
        }
        try house.tamper("CREATE TABLE t (x)", house.file("other"))
        #expect(await #expect(throws: StorageError.self) { try await house.open(house.file("other")) }?.code == "storage.schema-altered")
        try FileManager.default.createDirectory(atPath: house.file("directory"), withIntermediateDirectories: false)
        #expect(await #expect(throws: StorageError.self) { try await house.open(house.file("directory")) }?.code == "storage.unopenable")
        let nowhere = house.file("nowhere/house.db")
        let unmade = await #expect(throws: StorageError.self) { try await Store.create(at: nowhere, headMAC: House.mac) }
        #expect(unmade?.code == "storage.unopenable")
    }

    @Test("One store at a time has the database")
    func inUse() async throws {
        let house = try House()
        let store = try await house.create()
        await #expect(throws: StorageError.inUse(path: house.path)) { try await house.open() }
        await #expect(throws: StorageError.inUse(path: house.path)) { try await house.create() }
        try await store.commit(.document(1))
        try await store.close()
        try await house.open().close()
    }

    @Test("The head is believed with this house's key only")
    func otherKey() async throws {
        let house = try House()
        try await house.fill(1)
        await #expect(throws: StorageError.headUnproven) {
            try await Store.open(at: house.path, headMAC: { size, root in Digest32(of: "other \(size) \(root)").bytes })
        }
    }

    @Test("Each error has a code of its own and a problem with the same code")
    func codes() {
        let errors: [StorageError] = [
            .missing(path: "p"), .exists(path: "p"), .inUse(path: "p"), .unopenable("t"), .newer, .schemaAltered("t"), .damaged("t"),
            .headUnproven, .headMoved, .conflict, .refused("t"), .failed("t"), .busy, .closed, .undecodable(column: "c"), .outsideLedger,
        ]
        #expect(Set(errors.map(\.code)).count == errors.count)
        #expect(errors.allSatisfy { $0.problem.code == $0.code && !$0.problem.detail.isEmpty })
        #expect(StorageError.missing(path: "a\u{1b}b").problem.detail.contains("\u{1b}") == false)
    }
}
