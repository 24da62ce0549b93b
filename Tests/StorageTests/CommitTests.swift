import Basics
import Proofs
import Storage
import Testing

@Suite("Committing changes")
struct CommitTests {
    /// Inserts a row that is there already, or expects a version that is not.
    private static func hopeless(_ number: Int) -> Write {
        number.isMultiple(of: 8)
            ? Change.document(-1).writes[0]
            : Write("UPDATE document SET name = $1 WHERE kind = $2", [.text("x"), .text("no such kind")], expects: 1)
    }

    @Test("Of 200 changes at once exactly those in conflict fail, alone and whole; the ledger has the others, in one order")
    func group() async throws {
        let house = try House()
        let told = Told()
        let store = try await house.create(onCommit: told.hear)
        try await store.commit(.document(-1))

        let answers = await withTaskGroup(of: (Int, Result<Committed, StorageError>).self) { tasks in
            for number in 0..<200 {
                tasks.addTask {
                    var change = Change.document(number, entries: [Bytes("a \(number)".utf8), Bytes("b \(number)".utf8)])
                    // The good write comes first: it must be undone with the other.
                    if number.isMultiple(of: 4) { change.writes.append(Self.hopeless(number)) }
                    do throws(StorageError) {
                        let committed = try await store.commit(change)
                        #expect(told.all.contains { $0.size == committed.size }, "told before it is answered")
                        return (number, .success(committed))
                    } catch {
                        return (number, .failure(error))
                    }
                }
            }
            return await tasks.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }

        var taken: Set<Int64> = [0]
        for (number, answer) in answers {
            switch answer {
            case .failure(let error):
                #expect(error == .conflict)
                #expect(number.isMultiple(of: 4))
            case .success(let committed):
                #expect(!number.isMultiple(of: 4))
                #expect(committed.count == 2)
                let own = [Bytes("a \(number)".utf8), Bytes("b \(number)".utf8)]
                #expect(try await store.read { try $0.entries(committed.firstIndex..<committed.firstIndex + 2) } == own)
                #expect(told.all.contains { $0.size == committed.size && $0.root == committed.root })
                taken.formUnion([committed.firstIndex, committed.firstIndex + 1])
            }
        }
        #expect(answers.count == 200)
        #expect(taken == Set(0..<301))
        let documents = try await store.read { try $0.rows("SELECT hash FROM document").count }
        #expect(documents == 151)
        try await expectWhole(store)

        var size: Int64 = 0
        var bodies: [Bytes] = []
        for group in told.all {
            #expect(group.firstIndex == size)
            size += Int64(group.entries.count)
            bodies += group.entries
            #expect(group.size == size)
            #expect(group.root == root(of: bodies))
        }
        #expect(size == 301)
        #expect(try await store.read { try $0.entries(0..<301) } == bodies)
        try await store.close()
    }

    @Test("Of a hundred changes in one group that rest on a key being in no entry, one is made")
    func known() async throws {
        let house = try House()
        let held = Waiting()
        let gate = Waiting()
        let store = try await house.create { group in
            if group.firstIndex == 0 {
                held.signal()
                gate.wait()
            }
        }
        let key = Digest32(of: "key")
        let kind = RowKind("document", of: "document", by: ["hash"], ["kind", "name", "bytes"])
        let (made, refused) = (Count(), Count())
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { _ = try? await store.commit(Change(entries: [[0]])) }
            await held.opened()
            for number in 0..<100 {
                tasks.addTask {
                    do throws(StorageError) {
                        let row = try RowContent(
                            kind,
                            ["hash": .blob(Digest32(of: "\(number)")), "kind": .text("k"), "name": .text("\(number)"), "bytes": .blob([1])])
                        let entry = try? Entry(type: .certificateIssue, time: 1, digests: [Entry.DigestKey.key: key])
                        let write = row.insertion(while: [KnownMentions(of: key.bytes, count: 0)])
                        if number == 99 { gate.signal() }
                        try await store.commit(Change(writes: [write], entries: [entry?.encoded ?? []]))
                        _ = made.next()
                    } catch {
                        #expect(error == .conflict)
                        _ = refused.next()
                    }
                }
            }
        }
        #expect(made.value == 1)
        #expect(refused.value == 99)
        #expect(try await store.read { try $0.rows("SELECT idx FROM mention").count } == 1)
        #expect(store.head.size == 2)
        try await store.close()
    }

    @Test("What gathers while a group is flushed is the next group, 256 at most; 4,096 wait, the next is told to come back")
    func gathering() async throws {
        let house = try House()
        let told = Told()
        let held = Waiting()
        let gate = Waiting()
        let refused = Count()
        let store = try await house.create { group in
            told.hear(group)
            if group.firstIndex == 0 {
                held.signal()
                gate.wait()
            }
        }
        await withTaskGroup(of: Void.self) { tasks in
            let surplus = 5
            tasks.addTask { _ = try? await store.commit(Change(entries: [[0]])) }
            await held.opened()
            for number in 0..<4_096 + surplus {
                tasks.addTask {
                    do throws(StorageError) {
                        try await store.commit(Change(entries: [Bytes("\(number)".utf8)]))
                    } catch {
                        #expect(error == .busy)
                        let count = refused.next()
                        if count == surplus { gate.signal() }
                    }
                }
            }
        }
        #expect(refused.value == 5)
        #expect(told.all.map(\.entries.count) == [1] + Array(repeating: 256, count: 16))
        #expect(store.head.size == 4_097)
        try await expectWhole(store)
        try await store.close()
    }

    @Test(
        "A change that is wrong in itself fails alone",
        arguments: [
            Write("INSERT INTO nothing (x) VALUES (1)", [], expects: 1),
            Write("INSERT INTO document (hash) VALUES ($1)", [.blob([1])], expects: 1),
            Write("INSERT INTO document (hash, kind, name, bytes) VALUES ($1, $2, $3, $4)", [.blob([1])], expects: 1),
            Write("UPDATE document SET name = 'x'; UPDATE document SET name = 'y'", [], expects: nil),
            Write("UPDATE document SET", [], expects: nil),
            Write("", [], expects: nil),
            Write("COMMIT", [], expects: nil),
            Write("RELEASE change", [], expects: nil),
            Write("PRAGMA synchronous = OFF", [], expects: nil),
            Write("CREATE TABLE x (y TEXT)", [], expects: nil),
            Write("SELECT 1", [], expects: nil),
            Write("UPDATE document SET name = $1", [.text("a\u{0}b")], expects: nil),
            Write("DELETE FROM entry", [], expects: nil),
            Write("INSERT INTO entry(idx, body) VALUES (9, x'00')", [], expects: 1),
            Write("UPDATE head SET size = 0", [], expects: 1),
            Write("UPDATE\nhead SET size = 0", [], expects: 1),
            Write("UPDATE \"head\" SET size = 0", [], expects: 1),
            Write("UPDATE HEAD SET size = 0", [], expects: 1),
            Write("UPDATE OR IGNORE head SET size = 0", [], expects: 1),
            Write("UPDATE main.head SET size = 0", [], expects: 1),
            Write("DELETE FROM tile", [], expects: nil),
            Write("DELETE FROM migration", [], expects: nil),
            Write("DELETE FROM checkpoint", [], expects: nil),
            Write("UPDATE checkpoint SET note = 'x'", [], expects: nil),
        ])
    func refused(write: Write) async throws {
        let house = try House()
        let store = try await house.create()
        try await store.commit(.document(1))
        async let before = store.commit(.document(2))
        async let after = store.commit(.document(3))
        let error = await #expect(throws: StorageError.self) { try await store.commit(Change(writes: [write], entries: [[1]])) }
        #expect(error?.code == "storage.refused")
        _ = try await (before, after)
        #expect(store.head.size == 3)
        try await expectWhole(store)
        try await store.close()
    }

    @Test("An entry has 1 to 16,384 octets", arguments: [(0, false), (1, true), (16_384, true), (16_385, false)])
    func entrySize(count: Int, isAccepted: Bool) async throws {
        let house = try House()
        let store = try await house.create()
        let entry = Bytes(repeating: 7, count: count)
        if isAccepted {
            try await store.commit(Change(entries: [[1], entry]))
            #expect(try await store.read { try $0.entry(1) } == entry)
        } else {
            #expect(
                await #expect(throws: StorageError.self) { try await store.commit(Change(entries: [[1], entry])) }?.code
                    == "storage.refused")
            #expect(store.head.size == 0)
        }
        try await store.close()
    }

    @Test("Parameters are bound by their number, values come back as they were given")
    func parameters() async throws {
        let house = try House()
        let store = try await house.create()
        let hash = Digest32(of: "x")
        try await store.commit(
            Change(writes: [
                Write(
                    "INSERT INTO request (version, id, requester, profile, statement_hash, statement, submission, csr, tbs, state, "
                        + "decided_by, reason, certificate, opened, expires) "
                        + "VALUES ($12, $1, $2, $3, $4, $5, $5, $6, $7, $8, $9, $9, $9, $10, $11)",
                    [
                        .blob([1]), .text("Zoë"), .text(""), .blob(hash), .text("a\nb"), .blob([]), .blob(Bytes(0...255)), .text("open"),
                        .optional(nil as String?), .integer(.min), .integer(.max), .integer(3),
                    ], expects: 1)
            ]))
        try await store.commit(
            Change(writes: [
                Write(
                    "UPDATE request SET version = $2, state = $3 WHERE id = $1 AND version <> $2",
                    [
                        .blob([1]), .integer(4), .text("done"),
                    ], expects: 1)
            ]))
        let row = try #require(try await store.read { try $0.row("SELECT * FROM request WHERE state = $1", [.text("done")]) })
        #expect(try row.blob("id") == [1])
        #expect(try row.text("requester") == "Zoë")
        #expect(try row.text("profile") == "")
        #expect(try row.digest("statement_hash") == hash)
        #expect(try row.text("submission") == "a\nb")
        #expect(try row.blob("csr") == [])
        #expect(try row.blob("tbs") == Bytes(0...255))
        #expect(try row.optionalText("decided_by") == nil)
        #expect(try row.optionalBlob("certificate") == nil)
        #expect(try row.integer("opened") == .min)
        #expect(try row.integer("expires") == .max)
        #expect(try row.integer("version") == 4)
        #expect(store.head.size == 0)
        try await store.close()
    }

    @Test("A change without entries leaves the head where it is, and nobody is told")
    func withoutEntries() async throws {
        let house = try House()
        let told = Told()
        let store = try await house.create(onCommit: told.hear)
        let first = try await store.commit(.document(1))
        #expect(try await store.commit(Change()) == Committed(firstIndex: 1, count: 0, size: 1, root: first.root))
        #expect(try await store.commit(.document(2, entries: [])) == Committed(firstIndex: 1, count: 0, size: 1, root: first.root))
        #expect(told.all.count == 1)
        try await store.close()
    }

    @Test("Changes add up in their order")
    func sum() {
        var sum = Change.document(1) + Change(entries: [[1]])
        sum += .document(2)
        #expect(sum.entries == [Bytes("entry 1".utf8), [1], Bytes("entry 2".utf8)])
        #expect(sum.writes == Change.document(1).writes + Change.document(2).writes)
        #expect(!sum.isEmpty)
        #expect(Change().isEmpty)
    }

    @Test(
        "When somebody else writes to the ledger, nothing more is committed",
        arguments: [
            ("UPDATE head SET size = 0", "storage.head-moved"), ("UPDATE head SET mac = zeroblob(32)", "storage.head-moved"),
            ("UPDATE head SET root = zeroblob(32)", "storage.head-moved"), ("INSERT INTO entry VALUES (1, x'00')", "storage.head-moved"),
            ("DELETE FROM head", "storage.damaged"), ("UPDATE head SET size = 'x'", "storage.undecodable"),
            ("CREATE TRIGGER t AFTER INSERT ON document BEGIN DELETE FROM entry; END", "storage.schema-altered"),
            ("CREATE VIEW v AS SELECT 1", "storage.schema-altered"),
        ])
    func somebodyElse(sql: String, code: String) async throws {
        let house = try House()
        let told = Told()
        let store = try await house.create(onCommit: told.hear)
        try await store.commit(.document(1))
        try house.tamper(sql)
        await withTaskGroup(of: Void.self) { tasks in
            for number in 2..<40 {
                tasks.addTask {
                    let error = await #expect(throws: StorageError.self) { try await store.commit(.document(number)) }
                    #expect(error?.code == code)
                }
            }
        }
        #expect(told.all.count == 1)
        #expect(store.head.size == 1)
        #expect(try await store.read { try $0.rows("SELECT hash FROM document").count } == 1)
        try await store.close()
    }
}
