import Approval
import Basics
import Custody
import Foundation
import PKIX
import Testing

@Suite("The custody directory")
struct DirectoryTests {
    let folder: TestFolder

    init() throws { folder = try TestFolder() }

    private func isPermissions(_ error: CustodyError?) -> Bool {
        if case .permissions? = error { true } else { false }
    }

    @Test("Only its user can read what is made: directory 0700, files 0600, nothing else lies there")
    func modes() throws {
        try folder.finished()
        #expect(try folder.mode("") == 0o700)
        #expect(try folder.names == ["anchor", "master.key", "server.key"])
        for name in try folder.names { #expect(try folder.mode(name) == 0o600) }
        let custody = try CustodyDirectory.open(at: folder.custody)
        #expect(try custody.serverKey().publicKey.keyAlgorithm == .ecdsaP256)
        #expect(custody.protection.contains(folder.file("master.key")))
    }

    @Test("The server's key lies sealed; one that an earlier version left plain is read, and sealed with the master key's next protection")
    func serverKey() throws {
        try folder.finished()
        let custody = try CustodyDirectory.open(at: folder.custody)
        let key = try custody.serverKey()
        let sealed = try folder.read("server.key")
        func holds(_ text: Bytes) -> Bool {
            String(decoding: text, as: UTF8.self).contains("PRIVATE KEY") || text.firstRange(of: key.pkcs8.base64.utf8) != nil
        }
        #expect(sealed.starts(with: "assay/server-key/v1 ".utf8) && !holds(sealed))
        try folder.write("server.key", Bytes(PEM.encode("PRIVATE KEY", key.pkcs8).utf8))
        #expect(try custody.serverKey().publicKey == key.publicKey && holds(try folder.read("server.key")))
        try custody.protect(.passphrase(Bytes("a passphrase".utf8)), entropy: SystemEntropy())
        let again = try folder.read("server.key")
        #expect(try custody.serverKey().publicKey == key.publicKey && !holds(again) && again != sealed)
        for place in again.indices {
            var damaged = again
            damaged[place] ^= 1
            try folder.write("server.key", damaged)
            #expect(custodyError { try custody.serverKey() } != nil, "\(place)")
        }

        // Nor does it open under another master key.
        let other = try TestFolder()
        try other.finished()
        let stranger = try CustodyDirectory.open(at: other.custody)
        try other.write("server.key", again)
        guard case .malformed? = custodyError({ try stranger.serverKey() }) else {
            Issue.record("it opened")
            return
        }
    }

    @Test("A directory that others may enter is refused", arguments: [0o755, 0o710, 0o701, 0o770])
    func directoryMode(mode: Int) throws {
        try folder.finished()
        try folder.chmod("", mode)
        #expect(isPermissions(custodyError { try CustodyDirectory.open(at: folder.custody) }))
        try folder.chmod("", 0o700)
        _ = try folder.reopened()
    }

    @Test("A file that others may read is refused", arguments: ["master.key", "anchor", "server.key"], [0o644, 0o640, 0o602])
    func fileMode(name: String, mode: Int) throws {
        try folder.finished()
        try folder.chmod(name, mode)
        #expect(isPermissions(custodyError { try openEverything() }))
        try folder.chmod(name, 0o600)
        try openEverything()
    }

    private func openEverything() throws {
        let custody = try CustodyDirectory.open(at: folder.custody)
        _ = try custody.serverKey()
        _ = try custody.openAnchor(now: TestAnchor.now)
    }

    @Test(
        "A link is not the file that it leads to, and a file with a second name is not ours alone",
        arguments: ["master.key", "anchor", "server.key"])
    func links(name: String) throws {
        try folder.finished()
        let other = folder.path + "/elsewhere"
        try FileManager.default.linkItem(atPath: folder.file(name), toPath: other)
        #expect(isPermissions(custodyError { try openEverything() }))
        try FileManager.default.removeItem(atPath: folder.file(name))
        try FileManager.default.createSymbolicLink(atPath: folder.file(name), withDestinationPath: other)
        #expect(isPermissions(custodyError { try openEverything() }))
        try FileManager.default.removeItem(atPath: folder.file(name))
        try FileManager.default.createDirectory(atPath: folder.file(name), withIntermediateDirectories: false)
        #expect(custodyError { try openEverything() } != nil)
    }

    @Test("A link to the directory is refused")
    func directoryLink() throws {
        try folder.finished()
        let link = folder.path + "/link"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.custody)
        #expect(isPermissions(custodyError { try CustodyDirectory.open(at: link) }))
    }

    @Test("Files of another user are refused", .enabled(if: geteuid() == 0))
    func owner() throws {
        try folder.finished()
        for name in ["", "master.key"] {
            try FileManager.default.setAttributes([.ownerAccountID: 12_345], ofItemAtPath: folder.file(name))
            #expect(isPermissions(custodyError { try CustodyDirectory.open(at: folder.custody) }))
            try FileManager.default.setAttributes([.ownerAccountID: 0], ofItemAtPath: folder.file(name))
        }
        try openEverything()
    }

    @Test("A master key is 32 octets in its only form, or none")
    func masterKey() throws {
        try folder.finished()
        let good = try folder.read("master.key")
        let text = String(decoding: good, as: UTF8.self)
        for wrong in [
            "", "assay/master/v1 \n", text.uppercased(), String(text.dropLast()), text + "\n", " " + text,
            text.replacingOccurrences(of: "/v1", with: "/v2"), String(text.dropLast(3)) + "\n", text + String(repeating: "0", count: 300),
        ] {
            try folder.write("master.key", Bytes(wrong.utf8))
            let found = custodyError { try CustodyDirectory.open(at: folder.custody) }
            if case .malformed? = found {} else { Issue.record("\(String(describing: found)) for \(wrong.count) octets") }
        }
        try folder.write("master.key", good)
        try openEverything()
    }

    @Test("A master key of another house does not open this anchor")
    func otherMasterKey() throws {
        try folder.finished()
        let other = try TestFolder()
        try other.finished()
        try folder.write("master.key", try other.read("master.key"))
        let found = custodyError { try folder.reopened() }
        #expect(found == .anchor(.anchor("its first line was not written with this master key")))
    }

    @Test("One process has it, and one value in it: until all are gone, or it is released")
    func lock() throws {
        try folder.finished()
        let inUse = CustodyError.inUse(path: folder.custody)
        do {
            let custody = try CustodyDirectory.open(at: folder.custody)
            #expect(custodyError { try CustodyDirectory.open(at: folder.custody) } == inUse)
            #expect(custodyError { try CustodyDirectory.create(at: folder.custody, entropy: SystemEntropy(), again: true) } != nil)
            #expect(try isLockedForOthers())
            custody.release()
            #expect(try !isLockedForOthers())
            _ = try CustodyDirectory.open(at: folder.custody)
        }
        do {
            // The anchor alone keeps it too: whoever writes there must be the only one.
            let anchor = try CustodyDirectory.open(at: folder.custody).openAnchor(now: TestAnchor.now)
            #expect(custodyError { try CustodyDirectory.open(at: folder.custody) } == inUse)
            #expect(try isLockedForOthers())
            #expect(anchor.state.size == 1)
        }
        #expect(try !isLockedForOthers())
    }

    /// Asks another program, in another process.
    private func isLockedForOthers() throws -> Bool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/flock")
        process.arguments = ["--nonblock", folder.custody, "true"]
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus != 0
    }
}
