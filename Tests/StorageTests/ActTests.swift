import Storage
import Testing

@Suite("Acts: read, decide, commit, and once more")
struct ActTests {
    private static let invite = Change(writes: [
        Write(
            "INSERT INTO invitation (handle, code_hash, created, expires, tries, state, version) VALUES ($1, $2, $3, $3, $3, $4, $3)",
            [.text("officer-1"), .blob([1]), .integer(0), .text("open")], expects: 1)
    ])

    private static func count(_ store: Store, attempts: Int, decided: @escaping @Sendable () async -> Void = {}) async throws -> Int64 {
        try await store.act(attempts: attempts) { snapshot in
            try snapshot.row("SELECT tries, version FROM invitation")?.integer("version") ?? -1
        } decide: { version in
            await decided()
            let write = Write(
                "UPDATE invitation SET tries = tries + 1, version = $2 WHERE handle = $1 AND version = $3",
                [.text("officer-1"), .integer(version + 1), .integer(version)], expects: 1)
            return (version + 1, Change(writes: [write], entries: [[1]]))
        }.0
    }

    @Test("Rivals all get through, each from a fresh read")
    func rivals() async throws {
        let house = try House()
        let store = try await house.create()
        try await store.commit(Self.invite)
        let versions = try await withThrowingTaskGroup(of: Int64.self) { tasks in
            for _ in 0..<8 { tasks.addTask { try await Self.count(store, attempts: 8) } }
            return try await tasks.reduce(into: []) { $0.append($1) }
        }
        #expect(versions.sorted() == Array(1...8))
        #expect(store.head.size == 8)
        try await store.close()
    }

    @Test("After the last attempt the conflict is the caller's", arguments: [1, 2, 3])
    func lastAttempt(attempts: Int) async throws {
        let house = try House()
        let store = try await house.create()
        try await store.commit(Self.invite)
        let decisions = Count()
        await #expect(throws: StorageError.conflict) {
            try await Self.count(store, attempts: attempts) {
                _ = decisions.next()
                _ = try? await Self.count(store, attempts: 1)
            }
        }
        #expect(decisions.value == attempts)
        #expect(store.head.size == Int64(attempts))
        try await store.close()
    }

    @Test("Only a conflict is tried again; an empty change commits nothing")
    func otherErrors() async throws {
        let house = try House()
        let store = try await house.create()
        let decisions = Count()
        let error = await #expect(throws: StorageError.self) {
            try await store.act { _ in
            } decide: { _ in
                _ = decisions.next()
                return (0, Change(writes: [Write("COMMIT", [], expects: nil)]))
            }
        }
        #expect(error?.code == "storage.refused")
        #expect(decisions.value == 1)
        let (answer, committed) = try await store.act {
            try $0.head().size
        } decide: {
            (Int($0) + 5, Change())
        }
        #expect(answer == 5)
        #expect(committed.count == 0)
        try await store.close()
    }
}
