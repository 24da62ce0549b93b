import Approval
import Basics
import Custody
import Foundation
import Synchronization
import Testing

/// A temporary folder that goes with the value; custody lies in it.
final class TestFolder: Sendable {
    let path: String
    var custody: String { path + "/custody" }

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/assay-custody-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { custody + "/" + name }

    func read(_ name: String) throws -> Bytes { Bytes(try Data(contentsOf: URL(fileURLWithPath: file(name)))) }

    /// Writes octets as they are, as a crash or somebody else would leave them.
    func write(_ name: String, _ content: Bytes, mode: Int = 0o600) throws {
        try Data(content).write(to: URL(fileURLWithPath: file(name)))
        try chmod(name, mode)
    }

    func chmod(_ name: String, _ mode: Int) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file(name))
    }

    func mode(_ name: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: file(name))[.posixPermissions] as? Int)
    }

    var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: custody).sorted() } }
}

/// Octets that are never the same twice, and the same in every run.
final class CountedEntropy: Entropy {
    private let seed: String
    private let count = Mutex<Int>(0)

    init(_ seed: String = "octets") { self.seed = seed }

    func bytes(_ count: Int) -> Bytes {
        var octets: Bytes = []
        while octets.count < count { octets += Digest32(of: "\(seed) \(next)").bytes }
        return Bytes(octets.prefix(count))
    }

    private var next: Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}

enum TestAnchor {
    static let now = UTCTime(seconds: 1_795_000_000)

    static func state() throws -> AnchorState {
        AnchorState(
            instance: try #require(Instance("7f3a0000000000000000000000000001")), origin: "assay.example/ledger",
            node: try #require(Handle("node-1")), pin: Digest32(of: "pin"))
    }

    static let first: [AnchorLine] = [.roster(version: 1, digest: Digest32(of: "pin")), head(1)]

    static func head(_ size: Int64, _ time: UTCTime = now) -> AnchorLine {
        .head(size: size, root: Digest32(of: "root \(size)"), time: time)
    }

    static func closed(_ word: String, _ until: UTCTime = now.adding(days: 9)) -> AnchorLine { .closed(Digest32(of: word), until: until) }
}

extension TestFolder {
    /// A finished house's custody, closed again.
    func finished() throws {
        let custody = try CustodyDirectory.create(at: custody, entropy: SystemEntropy())
        _ = try custody.createAnchor(try TestAnchor.state(), TestAnchor.first)
    }

    /// What the anchor says when it is opened anew.
    func reopened(now: UTCTime = TestAnchor.now) throws -> AnchorState {
        try CustodyDirectory.open(at: custody).openAnchor(now: now).state
    }
}

/// What `body` is refused for.
func custodyError(_ body: () throws -> some Any) -> CustodyError? {
    do { _ = try body() } catch let error as CustodyError { return error } catch { Issue.record("not custody's: \(error)") }
    return nil
}
