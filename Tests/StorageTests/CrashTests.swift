import Basics
import Foundation
import Storage
import Synchronization
import Testing

@Suite("What a crash leaves")
struct CrashTests {
    @Test("A crash after a commit keeps it; a crash before keeps the one before it")
    func atEachMoment() async throws {
        let house = try House()
        try await house.fill(3)
        let copies = Copies()
        let mac: Store.HeadMAC = { size, root in
            // Within the transaction: everything but the head row is written, COMMIT is still to come.
            if size > 3 {
                try? house.copy(to: "before-\(size)")
                copies.add("before-\(size)", size - 1)
            }
            return House.mac(size, root)
        }
        let store = try await Store.open(at: house.path, headMAC: mac) { group in
            try? house.copy(to: "after-\(group.size)")
            copies.add("after-\(group.size)", group.size)
        }
        for number in 3..<13 { try await store.commit(.document(number)) }
        try await store.close()
        let all = copies.all
        #expect(all.count == 20)
        for (name, size) in all {
            let copy = try await house.open(house.file(name))
            #expect(copy.head.size == size, "\(name)")
            try await expectWhole(copy)
            #expect(try await copy.read { try $0.rows("SELECT hash FROM document").count } == Int(size))
            try await copy.commit(.document(1_000))
            try await expectWhole(copy)
            try await copy.close()
        }
    }

    @Test("A log that is torn anywhere gives a head that was committed, whole, with the rows of just these commits")
    func tornLog() async throws {
        let house = try House()
        try await house.fill(3)
        let store = try await house.open()
        var heads = [store.head]
        for number in 3..<20 {
            try await store.commit(.document(number))
            heads.append(store.head)
        }
        try house.copy(to: "whole")
        try await store.close()
        let database = try Data(contentsOf: URL(fileURLWithPath: house.file("whole")))
        let log = try Data(contentsOf: URL(fileURLWithPath: house.file("whole-wal")))
        var last: Int64 = 0
        for length in stride(from: 0, through: log.count, by: log.count / 40) {
            let path = house.file("torn-\(length)")
            try database.write(to: URL(fileURLWithPath: path))
            try log.prefix(length).write(to: URL(fileURLWithPath: path + "-wal"))
            let torn = try await house.open(path)
            #expect(heads.contains(torn.head))
            #expect(torn.head.size >= last)
            last = torn.head.size
            try await expectWhole(torn)
            #expect(try await torn.read { try $0.rows("SELECT hash FROM document").count } == Int(last))
            try await torn.close()
        }
        #expect(last > 3)
    }

    @Test("When the disk is full a change fails, nothing is kept, and it goes on when there is room")
    func fullDisk() async throws {
        let house = try House()
        let told = Told()
        let store = try await house.create(onCommit: told.hear)
        try await store.commit(.document(1))
        let head = store.head
        let log = try Redirected(house.path + "-wal", to: "/dev/full")
        // One only: a second group would read pages from the stand-in, which a full disk does not do.
        #expect(await #expect(throws: StorageError.self) { try await store.commit(.document(2)) }?.code == "storage.failed")
        log.restore()
        #expect(store.head == head)
        #expect(told.all.count == 1)
        #expect(try await store.commit(.document(2)).firstIndex == 1)
        try await expectWhole(store)
        try await store.close()
        let again = try await house.open()
        #expect(again.head.size == 2)
        try await expectWhole(again)
        try await again.close()
    }

    @Test("When a flush fails nothing more is committed until the database was opened again")
    func failedFlush() async throws {
        let house = try House()
        let told = Told()
        let store = try await house.create(onCommit: told.hear)
        try await store.commit(.document(1))
        // Takes every write, and cannot be flushed.
        let log = try Redirected(house.path + "-wal", to: "/dev/null")
        #expect(await #expect(throws: StorageError.self) { try await store.commit(.document(2)) }?.code == "storage.failed")
        log.restore()
        #expect(await #expect(throws: StorageError.self) { try await store.commit(.document(3)) }?.code == "storage.failed")
        #expect(told.all.count == 1)
        #expect(store.head.size == 1)
        try await store.close()
        let again = try await house.open()
        #expect(again.head == store.head)
        try await again.commit(.document(2))
        try await expectWhole(again)
        try await again.close()
    }
}

/// Which size each copy must open with.
final class Copies: Sendable {
    private let sizes = Mutex<[String: Int64]>([:])
    var all: [String: Int64] { sizes.withLock { $0 } }
    func add(_ name: String, _ size: Int64) { sizes.withLock { $0[name] = size } }
}

/// Lets this process's descriptors of one file stand for another for a while.
final class Redirected {
    private var saved: [(descriptor: Int32, copy: Int32)] = []
    private let stand: String

    init(_ path: String, to other: String) throws {
        stand = other
        let replacement = open(other, O_RDWR)
        try #require(replacement >= 0)
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        // All are found before the first is copied: a copy may get a number that is still to come.
        let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").filter { name in
            Int32(name).flatMap(Self.target) == target
        }
        for descriptor in descriptors.compactMap({ Int32($0) }) where Self.target(descriptor) == target {
            saved.append((descriptor, dup(descriptor)))
            dup2(replacement, descriptor)
        }
        close(replacement)
        try #require(!saved.isEmpty)
    }

    private static func target(_ descriptor: Int32) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(descriptor)")
    }

    func restore() {
        for (descriptor, copy) in saved {
            // A descriptor that was closed meanwhile may be another test's file by now.
            if Self.target(descriptor) == stand { dup2(copy, descriptor) }
            close(copy)
        }
        saved = []
    }
}
