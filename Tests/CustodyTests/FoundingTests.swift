import Approval
import Basics
import Custody
import Foundation
import Testing

@Suite("A house is founded once")
struct FoundingTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func create(again: Bool = false) throws -> CustodyDirectory {
        try CustodyDirectory.create(at: folder.custody, entropy: SystemEntropy(), again: again)
    }

    @Test("Where there is nothing, nothing is opened, and nothing is unfinished")
    func nothing() {
        #expect(!CustodyDirectory.isUnfinished(at: folder.custody))
        #expect(custodyError { try CustodyDirectory.open(at: folder.custody) } == .unanchored(path: folder.custody))
        #expect(!FileManager.default.fileExists(atPath: folder.custody))
    }

    @Test("Until the anchor is written it is unfinished: it may be begun anew, with another master key, but only when told to")
    func unfinished() throws {
        do {
            let custody = try create()
            #expect(!custody.hasAnchor)
            let missing = custodyError { try custody.openAnchor(now: TestAnchor.now) }
            #expect(missing == .unanchored(path: folder.file("anchor")))
        }
        #expect(CustodyDirectory.isUnfinished(at: folder.custody))
        let first = try folder.read("master.key")
        #expect(custodyError { try create() } == .exists(path: folder.custody))
        #expect(try folder.read("master.key") == first)
        do { _ = try create(again: true) }
        #expect(try folder.read("master.key") != first)
        try folder.chmod("", 0o755)
        let found = custodyError { try create(again: true) }
        #expect(found == .permissions(path: folder.custody, expected: "a directory of this user with mode 0700"))
    }

    @Test("A crash while the anchor was being written leaves it unfinished")
    func crashed() throws {
        do { _ = try create() }
        try folder.write("anchor.new", Bytes("assay/anchor/v1 7f".utf8))
        #expect(CustodyDirectory.isUnfinished(at: folder.custody))
        let custody = try create(again: true)
        _ = try custody.createAnchor(try TestAnchor.state(), TestAnchor.first)
        #expect(try folder.names == ["anchor", "master.key", "server.key"])
    }

    @Test("Once there is an anchor, or anything of that name, it is never begun anew")
    func finished() throws {
        try folder.finished()
        let key = try folder.read("master.key")
        #expect(!CustodyDirectory.isUnfinished(at: folder.custody))
        #expect(custodyError { try create(again: true) } == .exists(path: folder.custody))
        try FileManager.default.removeItem(atPath: folder.file("anchor"))
        try FileManager.default.createSymbolicLink(atPath: folder.file("anchor"), withDestinationPath: "/nowhere/at/all")
        #expect(!CustodyDirectory.isUnfinished(at: folder.custody))
        #expect(custodyError { try create(again: true) } == .exists(path: folder.custody))
        #expect(try folder.read("master.key") == key)
    }

    @Test("A second anchor is not written, and one is opened by one value at a time")
    func secondAnchor() throws {
        let custody = try create()
        let path = folder.file("anchor")
        do {
            let anchor = try custody.createAnchor(try TestAnchor.state(), TestAnchor.first)
            #expect(custodyError { try custody.createAnchor(try TestAnchor.state(), TestAnchor.first) } == .inUse(path: path))
            #expect(custodyError { try custody.openAnchor(now: TestAnchor.now) } == .inUse(path: path))
            #expect(anchor.state.size == 1)
        }
        #expect(custodyError { try custody.createAnchor(try TestAnchor.state(), TestAnchor.first) } == .exists(path: path))
        #expect(try custody.openAnchor(now: TestAnchor.now).state.roster == (1, Digest32(of: "pin")))
    }

    @Test("Custody without its master key is not a new house")
    func withoutKey() throws {
        try folder.finished()
        try FileManager.default.removeItem(atPath: folder.file("master.key"))
        #expect(custodyError { try CustodyDirectory.open(at: folder.custody) } == .unanchored(path: folder.custody))
        #expect(custodyError { try create(again: true) } == .exists(path: folder.custody))
        #expect(try folder.names == ["anchor", "server.key"])
    }

    @Test("The head's MAC is of this master key, instance, origin, size and root, and is the same after a restart")
    func headMAC() throws {
        let instance = try #require(Instance("7f3a0000000000000000000000000001"))
        let other = try #require(Instance("7f3a0000000000000000000000000002"))
        let root = Digest32(of: "root")
        var mac: Bytes = []
        do {
            let custody = try create()
            mac = custody.headMAC(instance, origin: "a.example/log")(5, root)
            let others = [
                custody.headMAC(other, origin: "a.example/log")(5, root), custody.headMAC(instance, origin: "b.example/log")(5, root),
                custody.headMAC(instance, origin: "a.example/log")(6, root),
                custody.headMAC(instance, origin: "a.example/log")(5, Digest32(of: "other")),
            ]
            #expect(Set(others + [mac]).count == 5)
            #expect(mac.count == 32)
            _ = try custody.createAnchor(try TestAnchor.state(), TestAnchor.first)
        }
        #expect(try CustodyDirectory.open(at: folder.custody).headMAC(instance, origin: "a.example/log")(5, root) == mac)
        let stranger = try TestFolder()
        let foreign = try CustodyDirectory.create(at: stranger.custody, entropy: SystemEntropy())
        #expect(foreign.headMAC(instance, origin: "a.example/log")(5, root) != mac)
    }
}
