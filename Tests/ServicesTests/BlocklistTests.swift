import Approval
import Basics
import Foundation
import Node
import PKIX
import Registration
import Testing

@Suite("Blocklists: keys that others have")
struct BlocklistTests {
    private static func file(_ keys: [SoftwareKey]) -> Bytes {
        Bytes("# test\n\(keys.map { $0.publicKey.digest.bytes.hex + "\n" }.joined())".utf8)
    }

    private static func document(_ file: Bytes, form: String = "spki-sha256") -> [String: JSON] {
        ["name": .string("known"), "form": .string(form), "sha256": .string(Digest32(of: file).bytes.hex)]
    }

    @Test("From the moment it is in force no request, waiting statement or draw with a listed key is signed; dropped, it binds nobody")
    func inForce() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let requester = test.officers[2].principal(.registrationOfficer)
        let station = try TestStation()
        _ = try await test.opened(house, station)
        let keys = try (0..<3).map { _ in try KeyAlgorithm.ecdsaP256.generate() }
        let csrs = try keys.map { try TestRequest.make($0, as: .ecdsaSHA256) }
        let waiting = try await house.services.registrar.submit(try test.wish(house, serial: "SN-0", csr: csrs[0]), by: requester)
        try await test.vote(waiting, test.officers[0], house)

        let file = Self.file([keys[0], keys[1]])
        await expect("blocklist.missing") { try await test.put(.blocklist, "known", Self.document(file), house) }
        let added = try test.paths.addBlocklist(file, form: "spki-sha256")
        #expect(added.keys == 2 && added.file == Digest32(of: file))
        try await test.put(.blocklist, "known", Self.document(file), house)

        let before = house.keys.signatures(.certificate)
        await expect("key.blocked") { try await test.vote(waiting, test.officers[1], house) }
        await expect("key.blocked") {
            try await house.services.registrar.submit(try test.wish(house, serial: "SN-1", csr: csrs[1]), by: requester)
        }
        await expect("key.blocked") { try await test.draw(house, station, try test.wish(serial: "SN-1", csr: csrs[1])) }
        #expect(house.keys.signatures(.certificate) == before)
        _ = try await test.draw(house, station, try test.wish(serial: "SN-2", csr: csrs[2]))
        try await house.services.ledger.stop()

        let again = try await test.open()
        await expect("key.blocked") { try await test.draw(again, station, try test.wish(serial: "SN-1", csr: csrs[1])) }
        try await test.accept([.drop(.blocklist, try #require(Handle("known")))], again)
        _ = try await test.draw(again, station, try test.wish(serial: "SN-1", csr: csrs[1]))
        try await test.vote(waiting, test.officers[1], again)
        try await test.audit(again)
        try await again.services.ledger.stop()
    }

    @Test("A second key is looked up as the first is")
    func secondKey() async throws {
        let (test, house) = try await HybridTests.found()
        defer { test.remove() }
        let second = try KeyAlgorithm.mlDSA65.generate()
        let file = Self.file([second])
        _ = try test.paths.addBlocklist(file, form: "spki-sha256")
        try await test.put(.blocklist, "known", Self.document(file), house)
        let csr = try TestRequest.make(KeyAlgorithm.ecdsaP256.generate(), alternative: second)
        await expect("key.blocked") {
            try await house.services.registrar.submit(
                try test.wish(house, csr: csr), by: test.officers[2].principal(.registrationOfficer))
        }
        try await house.services.ledger.stop()
    }

    @Test(
        "Without the file of a list in force, or with an altered one, the house opens and signs nothing", arguments: [nil, Bytes("#".utf8)])
    func lost(left: Bytes?) async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let file = Self.file([try KeyAlgorithm.ecdsaP256.generate()])
        _ = try test.paths.addBlocklist(file, form: "spki-sha256")
        try await test.put(.blocklist, "known", Self.document(file), house)
        let waiting = try await test.submit(house)
        try await test.vote(waiting, test.officers[0], house)
        try await house.services.ledger.stop()

        let path = test.paths.blocklists + "/" + Digest32(of: file).bytes.hex
        if let left {
            try Data(left).write(to: URL(fileURLWithPath: path))
        } else {
            try FileManager.default.removeItem(atPath: path)
        }
        let findings = await Doctor(test.paths, clocks: test.clocks).examine()
        #expect(findings.contains { $0.name == "blocklists" && $0.level == .fail && $0.command != nil }, "\(findings)")
        let again = try await test.open()
        let before = again.keys.signatures(.certificate)
        await expect("blocklist.missing") { try await test.vote(waiting, test.officers[1], again) }
        await expect("blocklist.missing") { try await test.submit(again) }
        #expect(again.keys.signatures(.certificate) == before)
        try await again.services.ledger.stop()

        _ = try test.paths.addBlocklist(file, form: "spki-sha256")
        let restored = try await test.open()
        #expect(try await test.vote(waiting, test.officers[1], restored).state == .issued)
        try await restored.services.ledger.stop()
    }

    @Test(
        "What is no list is not kept, and no document of another form than the file's comes into force",
        arguments: [
            ("spki-sha256", "0000\n", "blocklist.malformed"), ("openssl-modulus", String(repeating: "0", count: 64), "blocklist.malformed"),
            ("spki-sha256", "# nothing\n", "blocklist.malformed"), ("crl", String(repeating: "0", count: 64), "blocklist.form-unknown"),
        ])
    func refused(form: String, text: String, code: String) async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        await expect(code) { try test.paths.addBlocklist(Bytes(text.utf8), form: form) }
        #expect(!FileManager.default.fileExists(atPath: test.paths.blocklists))
        let file = Self.file([try KeyAlgorithm.ecdsaP256.generate()])
        _ = try test.paths.addBlocklist(file, form: "spki-sha256")
        await expect("blocklist.malformed") {
            try await test.put(.blocklist, "known", Self.document(file, form: "openssl-modulus"), house)
        }
        try await house.services.ledger.stop()
    }
}
