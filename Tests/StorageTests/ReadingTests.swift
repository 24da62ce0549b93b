import Basics
import Proofs
import Storage
import Testing

@Suite("Reading")
struct ReadingTests {
    @Test("A column of another kind is an error, never a guess")
    func kinds() async throws {
        let house = try House()
        let store = try await house.create()
        let row = try #require(
            try await store.read { try $0.row("SELECT NULL AS void, 7 AS number, 'seven' AS word, x'0007' AS octets, x'' AS none") })
        #expect(try row.integer("number") == 7)
        #expect(try row.text("word") == "seven")
        #expect(try row.blob("octets") == [0, 7])
        #expect(try row.blob("none") == [])
        #expect(try row.value("void") == .null)
        #expect(try row.optionalInteger("void") == nil)
        #expect(try row.optionalText("void") == nil)
        #expect(try row.optionalBlob("void") == nil)
        #expect(try row.optionalDigest("void") == nil)
        #expect(try row.optionalInteger("number") == 7)
        for column in ["void", "word", "octets", "absent", "NUMBER"] {
            #expect(throws: StorageError.undecodable(column: column)) { try row.integer(column) }
        }
        for column in ["void", "number", "octets", "absent"] {
            #expect(throws: StorageError.undecodable(column: column)) { try row.text(column) }
        }
        for column in ["void", "number", "word", "absent"] {
            #expect(throws: StorageError.undecodable(column: column)) { try row.blob(column) }
        }
        for column in ["number", "octets", "absent"] {
            #expect(throws: StorageError.undecodable(column: column)) { try row.optionalDigest(column) }
            #expect(throws: StorageError.undecodable(column: column)) { try row.optionalText(column) }
        }
        await #expect(throws: StorageError.undecodable(column: "x")) { try await store.read { try $0.rows("SELECT 0.5 AS x") } }
        let cut = await #expect(throws: StorageError.self) { try await store.read { try $0.rows("SELECT $1 AS x", [.text("a\u{0}b")]) } }
        #expect(cut?.code == "storage.refused")
        // Octets that are no text come back as some text, not as a trap.
        _ = try await store.read { try $0.rows("SELECT CAST(x'ff00fe' AS TEXT) AS x") }
        try await store.close()
    }

    @Test(
        "A query that is wrong or writes is refused",
        arguments: [
            "SELECT", "SELECT * FROM nothing", "", "SELECT 1; SELECT 2", "DELETE FROM document", "SELECT $1", "SELECT load_extension('x')",
            "SELECT \"word\"",
        ])
    func refused(sql: String) async throws {
        let house = try House()
        let store = try await house.create()
        let error = await #expect(throws: StorageError.self) { try await store.read { try $0.rows(sql) } }
        #expect(error?.code == "storage.refused")
        try await store.close()
    }

    @Test("A snapshot stays as it is while others commit; a body's own error comes through")
    func snapshot() async throws {
        let house = try House()
        let store = try await house.create()
        try await store.commit(.document(1))
        let committed = Waiting()
        let counts = try await store.read { snapshot in
            let before = try snapshot.rows("SELECT hash FROM document").count
            Task {
                try await store.commit(.document(2))
                committed.signal()
            }
            committed.wait()
            return [before, try snapshot.rows("SELECT hash FROM document").count, Int(try snapshot.head().size)]
        }
        #expect(counts == [1, 1, 1])
        #expect(store.head.size == 2)
        struct Own: Error, Equatable {}
        await #expect(throws: Own()) { try await store.read { _ in throw Own() } }
        try await store.close()
    }

    @Test("Proofs of every size made from the rows alone hold; nothing is beyond the end", arguments: [1, 2, 255, 256, 257, 600])
    func proofs(size: Int64) async throws {
        let house = try House()
        let store = try await house.create()
        let bodies = (0..<size).map { Bytes("entry \($0)".utf8) }
        // In uneven groups, so that tiles are cut within and between them.
        var left = bodies[...]
        var width = 7
        while !left.isEmpty {
            try await store.commit(Change(entries: Array(left.prefix(width))))
            left = left.dropFirst(width)
            width += 7
        }
        try await expectWhole(store)
        try await store.read { snapshot in
            for older in stride(from: 1, through: size, by: 61) {
                #expect(try Merkle.root(size: older, node: snapshot.node) == root(of: bodies.prefix(Int(older))))
            }
            let root = try snapshot.head().root
            for index in Set([0, size / 2, size - 1]) {
                let path = try Merkle.inclusionProof(index: index, size: size, node: snapshot.node)
                let leaf = Merkle.leafHash(try snapshot.entry(index))
                #expect(Merkle.verifyInclusion(index: index, size: size, leaf: leaf, path: path, root: root))
            }
            for (level, index) in [(0, size), (0, -1), (-1, 0), (63, 0), (0, Int64.max), (62, 0), (62, Int64.max)] {
                #expect(throws: StorageError.outsideLedger) { try snapshot.node(level: level, index: index) }
            }
            for index in [-1, size, Int64.max, Int64.min] {
                #expect(throws: StorageError.outsideLedger) { try snapshot.entry(index) }
            }
            #expect(throws: StorageError.outsideLedger) { try snapshot.entries(0..<size + 1) }
            #expect(try snapshot.entries(size..<size).isEmpty)
            let beyond = try #require(TileID(level: 0, index: (size + 255) / 256))
            #expect(throws: StorageError.outsideLedger) { try snapshot.tile(beyond) }
        }
        try await store.close()
    }

    @Test("Rows that were taken away or cut are reported as damage")
    func damage() async throws {
        let house = try House()
        let store = try await house.create()
        try await store.commit(Change(entries: (0..<300).map { Bytes("entry \($0)".utf8) }))
        try house.tamper("DELETE FROM entry WHERE idx = 7; UPDATE tile SET hashes = zeroblob(64) WHERE level = 0 AND idx = 0")
        try await store.read { snapshot in
            #expect(throws: StorageError.damaged("Entry 7 is not there.")) { try snapshot.entries(0..<10) }
            #expect(throws: StorageError.damaged("Entry 7 is not there.")) { try snapshot.entry(7) }
            let error = #expect(throws: StorageError.self) { try snapshot.node(level: 2, index: 3) }
            #expect(error?.code == "storage.damaged")
        }
        try await store.close()
    }

    @Test("Closing waits for reads, keeps every change that it answers as committed, and refuses all others; twice is nothing")
    func closing() async throws {
        let house = try House()
        let store = try await house.create()
        let entered = Waiting()
        let gate = Waiting()
        async let reading = store.read { snapshot in
            entered.signal()
            gate.wait()
            return try snapshot.head().size
        }
        let committed = try await withThrowingTaskGroup(of: Int?.self) { tasks in
            for number in 0..<300 {
                tasks.addTask {
                    do throws(StorageError) {
                        try await store.commit(.document(number))
                        return number
                    } catch {
                        #expect(error == .closed)
                        return nil
                    }
                }
                if number == 150 {
                    tasks.addTask {
                        // The read is held open until closing has begun.
                        await entered.opened()
                        async let closed: Void = store.close()
                        while (try? await store.commit(Change())) != nil { await Task.yield() }
                        gate.signal()
                        try await closed
                        return nil
                    }
                }
            }
            return try await tasks.reduce(into: Set<Int>()) { committed, number in if let number { committed.insert(number) } }
        }
        #expect(try await reading >= 0)
        try await store.close()
        await #expect(throws: StorageError.closed) { try await store.commit(.document(3)) }
        await #expect(throws: StorageError.closed) { try await store.read { try $0.head() } }

        let again = try await house.open()
        let names = try await again.read { try $0.rows("SELECT name FROM document").map { row in try row.text("name") } }
        #expect(Set(names) == Set(committed.map { "number-\($0)" }))
        try await expectWhole(again)
        try await again.close()
    }
}
