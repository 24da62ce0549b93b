import Approval
import Basics
import Client
import Foundation
import PKIX
import Testing

@Suite("A person's folder")
struct PersonFolderTests {
    private let home = FileManager.default.temporaryDirectory.appending(path: "assay-\(UUID().uuidString)").path(percentEncoded: false)
    private let clocks = FixedClocks(now: UTCTime(seconds: 1_763_996_400))

    private func folder(_ name: String = "ada") throws -> PersonFolder { PersonFolder(home: home, handle: try World.handle(name)) }

    private func source(_ passphrase: String) -> PassphraseSource {
        PassphraseSource(file: nil) { _ throws(Problem) in Bytes(passphrase.utf8) }
    }

    private func mode(_ path: String) throws -> Int {
        try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int)
    }

    @Test("Only its owner can read it; keys are sealed, and open with the passphrase alone")
    func sealed() async throws {
        defer { try? FileManager.default.removeItem(atPath: home) }
        let folder = try folder()
        let made = try Enrollment.makePerson(
            in: folder, node: nil, passphrase: Bytes("four random words".utf8), clocks: clocks, entropy: SystemEntropy())
        #expect(try mode(home) == 0o700)
        #expect(try mode(folder.path) == 0o700)
        for name in ["login.key", "vote.key", "person.txt"] { #expect(try mode("\(folder.path)/\(name)") == 0o600) }
        let text = try String(contentsOfFile: folder.path + "/vote.key", encoding: .utf8)
        #expect(text.hasPrefix("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"))
        let keys = try PersonKeys(opening: folder, passphrase: source("four random words"))
        let note = try keys.sign(made.person.text)
        #expect(note.isSigned(by: made.person.handle, key: made.person.vote))
        #expect(await code { _ = try PersonKeys(opening: folder, passphrase: source("four random wordz")) } == "client.passphrase-wrong")
        #expect(PersonFolder.people(in: home).map(\.description) == ["ada"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: home) == ["ada"])
    }

    @Test("Unsealed keys are plain PKCS#8, and nobody is asked")
    func unsealed() throws {
        defer { try? FileManager.default.removeItem(atPath: home) }
        let folder = try folder()
        _ = try Enrollment.makePerson(in: folder, node: nil, passphrase: nil, clocks: clocks, entropy: SystemEntropy())
        let text = try String(contentsOfFile: folder.path + "/login.key", encoding: .utf8)
        #expect(text.hasPrefix("-----BEGIN PRIVATE KEY-----\n"))
        let silent = PassphraseSource(file: nil) { _ throws(Problem) in throw Problem(.fault, "test.asked", title: "", detail: "") }
        _ = try PersonKeys(opening: folder, passphrase: silent)
    }

    @Test("A folder that is there is never touched")
    func exists() async throws {
        defer { try? FileManager.default.removeItem(atPath: home) }
        let folder = try folder()
        let first = try Enrollment.makePerson(in: folder, node: nil, passphrase: nil, clocks: clocks, entropy: SystemEntropy())
        #expect(
            await code { _ = try Enrollment.makePerson(in: folder, node: nil, passphrase: nil, clocks: clocks, entropy: SystemEntropy()) }
                == "client.folder-exists")
        #expect(try folder.person().person == first.person)
    }

    @Test("A key that others can read, another person's keys, and damaged files are refused")
    func refused() async throws {
        defer { try? FileManager.default.removeItem(atPath: home) }
        let ada = try folder()
        let ben = try folder("ben")
        for folder in [ada, ben] {
            _ = try Enrollment.makePerson(in: folder, node: nil, passphrase: nil, clocks: clocks, entropy: SystemEntropy())
        }
        let key = ada.path + "/login.key"
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: key)
        #expect(await code { _ = try PersonKeys(opening: ada, passphrase: source("")) } == "client.file-not-private")
        try FileManager.default.removeItem(atPath: key)
        try FileManager.default.copyItem(atPath: ben.path + "/login.key", toPath: key)
        #expect(await code { _ = try PersonKeys(opening: ada, passphrase: source("")) } == "client.folder-damaged")
        try FileManager.default.removeItem(atPath: ada.path + "/person.txt")
        try FileManager.default.copyItem(atPath: ben.path + "/person.txt", toPath: ada.path + "/person.txt")
        #expect(await code { _ = try ada.person() } == "client.folder-damaged")
        #expect(await code { _ = try PersonKeys(opening: try folder("eve"), passphrase: source("")) } == "client.no-such-person")
        #expect(await code { _ = try ben.node() } == "client.not-attached")
    }

    @Test("A passphrase comes from a file's first line, or is asked for twice; short ones are refused")
    func passphrases() async throws {
        defer { try? FileManager.default.removeItem(atPath: home) }
        try FileManager.default.createDirectory(atPath: home, withIntermediateDirectories: true)
        let ada = try World.handle("ada")
        let file = home + "/passphrase"
        try "four random words\r\nmore\n".write(toFile: file, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file)
        #expect(await code { _ = try PassphraseSource(file: file).newPassphrase(for: ada) } == "client.file-not-private")
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        #expect(try PassphraseSource(file: file).newPassphrase(for: ada) == Bytes("four random words".utf8))
        #expect(await code { _ = try source("short").newPassphrase(for: ada) } == "client.passphrase-length")
        let changing = PassphraseSource(file: nil) { question throws(Problem) in Bytes(question.utf8) }
        #expect(await code { _ = try changing.newPassphrase(for: ada) } == "client.passphrase-differs")
        #expect(await code { _ = try PassphraseSource(file: home + "/none").passphrase(for: ada) } == "client.file")
    }

    @Test("A person belongs to one house; only its address may change")
    func attached() async throws {
        let world = try World()
        defer { world.remove() }
        let ben = try world.folder("ben")
        let moved = NodeIdentity(
            address: NodeAddress(host: "10.0.0.1", port: 8443), instance: world.instance, pin: world.pin, serverKey: world.serverKey)
        try ben.attach(moved)
        #expect(try ben.node() == moved)
        for other in [
            NodeIdentity(address: moved.address, instance: moved.instance, pin: .zero, serverKey: moved.serverKey),
            NodeIdentity(address: moved.address, instance: moved.instance, pin: moved.pin, serverKey: .zero),
        ] {
            #expect(await code { try ben.attach(other) } == "client.other-house")
        }
        #expect(try ben.node() == moved)
    }

    @Test(
        "Addresses",
        arguments: [
            ("127.0.0.1:8443", "127.0.0.1:8443"), ("https://ra.example:443/", "ra.example:443"),
            ("[2001:db8::1]:8443", "[2001:db8::1]:8443"),
        ])
    func addresses(text: String, expected: String) throws { #expect(try NodeAddress(parsing: text).text == expected) }

    @Test(
        "What is no address",
        arguments: [
            "", "host", "host:", "host:0", "host:65536", ":8443", "2001:db8::1:8443", "a b:1", "user@host:1", "host/x:1", "host:08443",
        ])
    func noAddress(text: String) async { #expect(await code { _ = try NodeAddress(parsing: text) } == "client.address-malformed") }
}
