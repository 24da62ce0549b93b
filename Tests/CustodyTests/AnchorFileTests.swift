import Approval
import Basics
import Custody
import Foundation
import Testing

@Suite("The anchor's file")
struct AnchorFileTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func create() throws -> AnchorFile {
        try CustodyDirectory.create(at: folder.custody, entropy: SystemEntropy())
            .createAnchor(try TestAnchor.state(), TestAnchor.first)
    }

    @Test("What was appended is there after a restart, without an orderly stop and with one")
    func restart() async throws {
        let before: AnchorState
        do {
            let anchor = try create()
            try await anchor.append([TestAnchor.closed("a"), TestAnchor.head(2), .roster(version: 2, digest: Digest32(of: "two"))])
            try await anchor.append([.stop])
            before = anchor.state
        }
        #expect(before.isStopped)
        let after = try folder.reopened()
        #expect(after.roster == (2, Digest32(of: "two")))
        #expect((after.size, after.root) == (2, Digest32(of: "root 2")))
        #expect(after.closed == before.closed)
        #expect(after.header == before.header)
        // `stop` was the last line of the process before; this one runs.
        #expect(!after.isStopped)
        #expect(try folder.reopened() == after)
    }

    @Test("Cut at every octet of the last append, the file says what was durable before, or part of what came last")
    func torn() async throws {
        let (before, image, appended) = try await lastAppend()
        let ends = image.indices.filter { image[$0] == 0x0a }.map { $0 + 1 }
        for length in before.count...image.count {
            try folder.write("anchor", Bytes(image[..<length]))
            let state = try folder.reopened()
            let whole = ends.count { $0 <= length } - ends.count { $0 <= before.count }
            #expect(state.closed[Digest32(of: "early")] != nil)
            #expect(state.size == (whole == 3 ? 3 : 2))
            #expect(Set(state.closed.keys) == Set([Digest32(of: "early")] + appended.prefix(whole)), "\(length) octets")
        }
    }

    @Test("An octet that is another one in any line, old or new, stops the server")
    func altered() async throws {
        let (before, image, _) = try await lastAppend()
        for place in image.indices.dropLast() where place % 7 == 0 || place >= before.count {
            var wrong = image
            wrong[place] ^= 0x01
            try folder.write("anchor", wrong)
            let found = custodyError { try folder.reopened() }
            if case .anchor? = found {} else { Issue.record("octet \(place): \(String(describing: found))") }
        }
        try folder.write("anchor", image)
        #expect(try folder.reopened().size == 3)
    }

    /// The file before and after its last append, and what that closed.
    private func lastAppend() async throws -> (before: Bytes, after: Bytes, closed: [Digest32]) {
        let anchor = try create()
        try await anchor.append([TestAnchor.closed("early"), TestAnchor.head(2)])
        let before = try folder.read("anchor")
        try await anchor.append([TestAnchor.closed("a"), TestAnchor.closed("b"), TestAnchor.head(3)])
        return (before, try folder.read("anchor"), ["a", "b"].map { Digest32(of: $0) })
    }

    @Test("Of a hundred callers at once each has its lines on disk when it is answered, and heads only rise")
    func concurrent() async throws {
        let anchor = try create()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 1...100 as ClosedRange<Int64> {
                group.addTask {
                    try await anchor.append([TestAnchor.closed("\(number)"), TestAnchor.head(number + 1)])
                    let text = String(decoding: try folder.read("anchor"), as: UTF8.self)
                    #expect(text.contains("\nclosed \(Digest32(of: "\(number)")) "))
                    #expect(anchor.state.size >= number + 1)
                }
            }
            try await group.waitForAll()
        }
        let lines = String(decoding: try folder.read("anchor"), as: UTF8.self).split(separator: "\n")
        let sizes = lines.filter { $0.hasPrefix("head ") }.compactMap { Int64($0.split(separator: " ")[1]) }
        #expect(zip(sizes, sizes.dropFirst()).allSatisfy { $0 < $1 })
        #expect(sizes.last == 101)
        #expect(lines.count { $0.hasPrefix("closed ") } == 100)
    }

    @Test("A head that is older than the newest is left out; one tree of two roots stops everything")
    func heads() async throws {
        let anchor = try create()
        try await anchor.append([TestAnchor.head(5)])
        let length = try folder.read("anchor").count
        try await anchor.append([TestAnchor.head(4), TestAnchor.head(5), TestAnchor.head(1)])
        try await anchor.append([])
        #expect(try folder.read("anchor").count == length)
        #expect(anchor.state.root == Digest32(of: "root 5"))
        let fork = AnchorLine.head(size: 5, root: Digest32(of: "other"), time: TestAnchor.now)
        for lines in [[fork], [TestAnchor.closed("after")], [TestAnchor.head(6)]] {
            await #expect(throws: CustodyError.refused("The tree of 5 entries has two roots.")) { try await anchor.append(lines) }
        }
        #expect(try folder.read("anchor").count == length)
    }

    @Test("Once the directory is released nothing more is written")
    func released() async throws {
        let custody = try CustodyDirectory.create(at: folder.custody, entropy: SystemEntropy())
        let anchor = try custody.createAnchor(try TestAnchor.state(), TestAnchor.first)
        custody.release()
        let image = try folder.read("anchor")
        await #expect(throws: CustodyError.inUse(path: folder.custody)) { try await anchor.append([TestAnchor.closed("a")]) }
        #expect(try folder.read("anchor") == image)
    }

    @Test("Written anew when it has grown, it says the same, without what is over; the next lines follow on it")
    func compacted() async throws {
        let anchor = try create()
        let now = TestAnchor.now
        try await anchor.append([TestAnchor.head(2, now.adding(days: 1))])
        try await anchor.append((0..<8000).map { TestAnchor.closed("over \($0)", now.adding(days: 1)) })
        let grown = try folder.read("anchor").count
        try await anchor.append((0..<2500).map { TestAnchor.closed("live \($0)") })
        let compacted = try folder.read("anchor").count
        #expect((grown > 800_000, compacted < 300_000) == (true, true))
        #expect(anchor.state.closed.count == 2500)
        try await anchor.append([TestAnchor.closed("next"), TestAnchor.head(3)])
        #expect(try folder.read("anchor").count == compacted + 216)
        #expect(anchor.state.closed.count == 2501)
        #expect(anchor.state.size == 3)
        #expect(try folder.names == ["anchor", "master.key", "server.key"])
    }

    @Test("A file that is all alive is not written anew for each line")
    func alive() async throws {
        let anchor = try create()
        try await anchor.append((0..<9800).map { TestAnchor.closed("live \($0)") })
        let inode = try Self.inode(folder.file("anchor"))
        for number in 0..<20 { try await anchor.append([TestAnchor.closed("more \(number)")]) }
        #expect(try Self.inode(folder.file("anchor")) == inode)
        #expect(try folder.read("anchor").count > 1 << 20)
    }

    private static func inode(_ path: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.systemFileNumber] as? Int)
    }

    @Test("A wrong wall clock at the start makes nothing forgotten; the anchor's own time does")
    func wallClock() async throws {
        do {
            let anchor = try create()
            try await anchor.append([
                TestAnchor.closed("a"), TestAnchor.closed("b", TestAnchor.now.adding(seconds: 10)), TestAnchor.head(2),
            ])
        }
        for now in [UTCTime.never, TestAnchor.now.adding(days: 3650), UTCTime(seconds: 0)] {
            #expect(try folder.reopened(now: now).closed.count == 2)
        }
        do {
            let anchor = try CustodyDirectory.open(at: folder.custody).openAnchor(now: TestAnchor.now)
            try await anchor.append([TestAnchor.head(3, TestAnchor.now.adding(seconds: 10))])
        }
        let later = try folder.reopened(now: TestAnchor.now.adding(seconds: 10))
        #expect(later.closed.keys.map(\.base64) == [Digest32(of: "a").base64])
    }
}
