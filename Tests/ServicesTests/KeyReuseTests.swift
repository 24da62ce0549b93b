import Approval
import Basics
import Foundation
import Node
import PKIX
import Proofs
import Registration
import Testing
import Transparency

@Suite("One key is one device's")
struct KeyReuseTests {
    private static func request(_ key: SoftwareKey) throws -> Bytes { try TestRequest.make(key, as: .ecdsaSHA256) }

    @Test("A key is certified again for the same subject, and for no other: by request, by draw, after a restart")
    func anotherSubject() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let requester = test.officers[2].principal(.registrationOfficer)
        let station = try TestStation()
        _ = try await test.opened(house, station, number: 5)
        let csr = try Self.request(try KeyAlgorithm.ecdsaP256.generate())
        func submit(_ serial: String, _ house: House) async throws -> RequestRecord {
            try await house.services.registrar.submit(try test.wish(house, serial: serial, csr: csr), by: requester)
        }
        // Opened while the key was nobody's, decided after it had become SN-1's.
        let late = try await submit("SN-2", house)
        try await test.vote(late, test.officers[0], house)
        for _ in 0..<2 {
            let record = try await submit("SN-1", house)
            for officer in [0, 1] { try await test.vote(record, test.officers[officer], house) }
        }
        #expect(try await test.draw(house, station, try test.wish(serial: "SN-1", csr: csr)).tbs.subject.description.contains("SN-1"))
        let before = house.keys.signatures(.certificate)
        await expect("key.certified") { try await test.vote(late, test.officers[1], house) }
        await expect("key.certified") { try await submit("SN-3", house) }
        await expect("key.certified") { try await test.draw(house, station, try test.wish(serial: "SN-3", csr: csr)) }
        #expect(house.keys.signatures(.certificate) == before)
        #expect(try await house.services.registrar.request(late.id).state == .open)
        try await test.audit(house)
        try await house.services.ledger.stop()
        let again = try await test.open()
        await expect("key.certified") { try await submit("SN-3", again) }
        _ = try await submit("SN-1", again)
        // Its number was not used up by the refusal.
        for serial in ["D-1", "D-2", "D-3", "D-4"] { _ = try await test.draw(again, station, try test.wish(serial: serial)) }
        try await again.services.ledger.stop()
    }

    @Test("Thirty draws at once with one key for thirty devices: one device gets it")
    func race() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let station = try TestStation()
        _ = try await test.opened(house, station, number: 40)
        let csr = try Self.request(try KeyAlgorithm.ecdsaP256.generate())
        let drawn = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<30 {
                group.addTask { (try? await test.draw(house, station, try test.wish(serial: "SN-\(number)", csr: csr))) != nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(drawn == 1)
        #expect(try await house.services.registrar.everyCertificate().count == 1)
        try await test.audit(house)
        try await house.services.ledger.stop()
    }

    @Test("A key that was ever an authority's is never a device's")
    func authority() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let ledger = house.services.ledger
        // Each authority's entry says what its key is.
        for authority in try ledger.view().charter.documents.authorities.values.map(\.value) {
            let about = try await ledger.entries(about: authority.publicKey.digest.bytes).map { try Entry(decoding: $0.entry) }
            #expect(about.map(\.type) == [.authorityIssue])
        }
        // As of an authority that is not in force any more, and whose key somebody has.
        let key = try KeyAlgorithm.ecdsaP256.generate()
        let entry = try ledger.entry(.authorityIssue, at: try ledger.now(), digests: [Entry.DigestKey.key: key.publicKey.digest])
        try await ledger.store.commit(.init(entries: [entry]))
        await expect("key.authority") {
            try await house.services.registrar.submit(
                try test.wish(house, csr: try Self.request(key)), by: test.officers[2].principal(.registrationOfficer))
        }
        try await ledger.stop()
    }

    @Test("With `keyReuse: never` each certificate needs a new key, for the same subject too")
    func never() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        var profile = TestHouse.Documents.profile
        profile["keyReuse"] = .string("never")
        try await test.put(.profile, "device-identity", profile, house)
        let csr = try Self.request(try KeyAlgorithm.ecdsaP256.generate())
        let requester = test.officers[2].principal(.registrationOfficer)
        let record = try await house.services.registrar.submit(try test.wish(house, csr: csr), by: requester)
        for officer in [0, 1] { try await test.vote(record, test.officers[officer], house) }
        await expect("key.certified-before") {
            try await house.services.registrar.submit(try test.wish(house, csr: csr), by: requester)
        }
        _ = try await test.submit(house)
        try await house.services.ledger.stop()
    }

    @Test("Without a subject the subjectAltName says whose key it is; a second key counts as the first does")
    func otherNames() async throws {
        let (test, house) = try await HybridTests.found()
        defer { test.remove() }
        var profile = HybridTests.profile()
        profile["subject"] = nil
        profile["fields"] = .object([
            "model": .object(["max": .integer(24), "alphabet": .string("printable")]),
            "serial": .object(["max": .integer(32), "alphabet": .string("digits")]),
        ])
        profile["subjectAltName"] = .array([.object(["uri": .string("urn:example:{model}_{serial}")])])
        try await test.put(.profile, "device-identity", profile, house)
        let requester = test.officers[2].principal(.registrationOfficer)
        let (key, second) = (try KeyAlgorithm.ecdsaP256.generate(), try KeyAlgorithm.mlDSA65.generate())
        func submit(_ key: SoftwareKey, _ serial: String) async throws -> RequestRecord {
            let csr = try TestRequest.make(key, alternative: second)
            return try await house.services.registrar.submit(try test.wish(house, serial: serial, csr: csr), by: requester)
        }
        let record = try await submit(key, "1")
        for officer in [0, 1] { try await test.vote(record, test.officers[officer], house) }
        _ = try await submit(key, "1")
        await expect("key.certified") { try await submit(try KeyAlgorithm.ecdsaP256.generate(), "2") }
        try await test.audit(house)
        try await house.services.ledger.stop()
    }

    @Test("Who writes the database hides no earlier certificate unseen, and makes nobody's key somebody's")
    func altered() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let requester = test.officers[2].principal(.registrationOfficer)
        let key = try KeyAlgorithm.ecdsaP256.generate()
        let csr = try Self.request(key)
        let record = try await house.services.registrar.submit(try test.wish(house, csr: csr), by: requester)
        for officer in [0, 1] { try await test.vote(record, test.officers[officer], house) }
        // A key that no certificate has, said to be in the entry of this one.
        let other = try KeyAlgorithm.ecdsaP256.generate()
        try test.write(
            "INSERT INTO mention (object, idx) SELECT x'\(other.publicKey.digest.bytes.hex)', idx FROM mention "
                + "WHERE object = x'\(key.publicKey.digest.bytes.hex)'")
        _ = try await house.services.registrar.submit(
            try test.wish(house, serial: "SN-2", csr: try Self.request(other)), by: requester)
        await expect("ledger.rows-differ") { try await house.services.ledger.audit() }
        try test.write("DELETE FROM mention WHERE object = x'\(other.publicKey.digest.bytes.hex)'")
        _ = try await house.services.ledger.audit()
        try test.write("UPDATE certificate SET der = x'3000'")
        await expect("certificate.record-altered") {
            try await house.services.registrar.submit(try test.wish(house, csr: csr), by: requester)
        }
        try test.write("DELETE FROM mention WHERE object = x'\(key.publicKey.digest.bytes.hex)'")
        await expect("ledger.rows-differ") { try await house.services.ledger.audit() }
        try await house.services.ledger.stop()
    }
}
