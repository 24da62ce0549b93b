import Approval
import Basics
import Foundation
import Node
import PKIX
import Registration
import Testing

/// Authorities that sign twice, and devices with two keys (X.509 §9.8): the same way as everything else.
@Suite("Hybrid certificates")
struct HybridTests {
    private static var authorities: [[String: JSON]] {
        [TestHouse.Documents.root, TestHouse.Documents.devices].map { document in
            var document = document
            document["alternative"] = .string("ml-dsa-65")
            return document
        }
    }

    /// A house with a hybrid hierarchy whose profile wants a second key.
    static func found(_ kinds: [String] = ["ml-dsa-65"]) async throws -> (TestHouse, House) {
        let (test, house) = try await TestHouse.found(authorities: authorities)
        try await test.put(.profile, "device-identity", profile(kinds), house)
        return (test, house)
    }

    static func profile(_ kinds: [String] = ["ml-dsa-65"]) -> [String: JSON] {
        var members = TestHouse.Documents.profile
        members["alternativeKeys"] = .array(kinds.map { .string($0) })
        return members
    }

    private static func csr(_ alternative: KeyAlgorithm? = .mlDSA65) throws -> Bytes {
        try TestRequest.make(KeyAlgorithm.ecdsaP256.generate(), alternative: alternative?.generate())
    }

    @Test("The hierarchy signs twice, a device gets both, by votes and by a draw; the same after a restart")
    func issued() async throws {
        let (test, house) = try await Self.found()
        defer { test.remove() }
        let chain = try house.services.authorities.chain(of: try #require(Handle("devices")))
        #expect(chain.count == 2 && chain[0].isSigned(by: chain[1]) && chain[1].isSigned(by: chain[1]))
        let keys = try chain.map { try $0.tbs.alternativePublicKey() }
        #expect(keys.allSatisfy { $0?.keyAlgorithm == .mlDSA65 } && keys[0] != keys[1])
        #expect(chain[0].alternativeVerdict(by: keys[1]) == .valid && chain[0].alternativeVerdict(by: keys[0]) == .invalid)

        let csr = try Self.csr()
        let record = try await house.services.registrar.submit(
            try test.wish(house, csr: csr), by: test.officers[2].principal(.registrationOfficer))
        try await test.vote(record, test.officers[0], house)
        let issued = try await test.vote(record, test.officers[1], house)
        let certificate = try Certificate(der: try #require(issued.certificate))
        #expect(certificate.tbs.undersigned == record.tbs && certificate.tbs.content == Digest32(of: record.tbs))
        #expect(certificate.isSigned(by: chain[0]) && certificate.alternativeVerdict(by: keys[0]) == .valid)
        #expect(try certificate.tbs.alternativePublicKey() == CertificateRequest(der: csr).alternative?.publicKey)

        let station = try TestStation()
        _ = try await test.opened(house, station, number: 3)
        let drawn = try await test.draw(house, station, try test.wish(csr: try Self.csr()))
        #expect(drawn.isSigned(by: chain[0]) && drawn.alternativeVerdict(by: keys[0]) == .valid)
        try await test.audit(house)
        try await house.services.ledger.stop()
        let again = try await test.open()
        #expect(try again.services.authorities.chain(of: try #require(Handle("devices"))) == chain)
        #expect(try await again.services.registrar.request(issued.id).certificate == issued.certificate)
        try await again.services.ledger.stop()
    }

    @Test("A request without the second key, with one of another kind, or one that the profile does not want, is refused by name")
    func refused() async throws {
        let (test, house) = try await Self.found()
        defer { test.remove() }
        let requester = test.officers[2].principal(.registrationOfficer)
        for (kind, code) in [(nil, "profile.alternative-key-missing"), (KeyAlgorithm.mlDSA87, "profile.key-algorithm")] {
            await expect(code) {
                try await house.services.registrar.submit(try test.wish(house, csr: try Self.csr(kind)), by: requester)
            }
        }
        try await test.put(.profile, "device-identity", TestHouse.Documents.profile, house)
        await expect("profile.alternative-key-unexpected") {
            try await house.services.registrar.submit(try test.wish(house, csr: try Self.csr()), by: requester)
        }
        // Under an authority that signs twice, a device with one key gets both signatures all the same.
        let record = try await house.services.registrar.submit(try test.wish(house, csr: try Self.csr(nil)), by: requester)
        try await test.vote(record, test.officers[0], house)
        let issued = try await test.vote(record, test.officers[1], house)
        let certificate = try Certificate(der: try #require(issued.certificate))
        #expect(certificate.tbs.value(of: .subjectAltPublicKeyInfo) == nil && certificate.tbs.alternativeSignature != nil)
        try await house.services.ledger.stop()
    }

    /// Who has taken a device's keys asks for another certificate, with one of the two in either place.
    @Test("After a compromise neither of a certificate's two keys is certified again, as first or as second key")
    func compromised() async throws {
        let (test, house) = try await Self.found()
        defer { test.remove() }
        let (key, second) = (try KeyAlgorithm.ecdsaP256.generate(), try KeyAlgorithm.mlDSA65.generate())
        func submit(_ key: SoftwareKey, _ second: SoftwareKey, _ serial: String) async throws -> RequestRecord {
            let csr = try TestRequest.make(key, alternative: second)
            return try await house.services.registrar.submit(
                try test.wish(house, serial: serial, csr: csr), by: test.officers[2].principal(.registrationOfficer))
        }
        let record = try await submit(key, second, "SN-1")
        try await test.vote(record, test.officers[0], house)
        let issued = try await test.vote(record, test.officers[1], house)
        // Opened before the keys were known to be lost, decided after.
        let early = try await submit(try KeyAlgorithm.ecdsaP256.generate(), second, "SN-1")
        try await test.vote(early, test.officers[0], house)
        let revocation = try test.revocation(try Certificate(der: try #require(issued.certificate)), house)
        _ = try await test.request(revocation, house)
        for officer in [0, 1] { try await test.vote(revocation, test.officers[officer], house) }

        let before = house.keys.signatures(.certificate)
        await expect("key.revoked") { try await test.vote(early, test.officers[1], house) }
        let (fresh, freshSecond) = (try KeyAlgorithm.ecdsaP256.generate(), try KeyAlgorithm.mlDSA65.generate())
        for (first, other) in [(key, freshSecond), (fresh, second), (second, freshSecond)] {
            await expect("key.revoked") { try await submit(first, other, "SN-3") }
        }
        #expect(house.keys.signatures(.certificate) == before)
        _ = try await submit(fresh, freshSecond, "SN-4")
        try await test.audit(house)
        try await house.services.ledger.stop()
        // A restart remembers it from the ledger.
        let again = try await test.open()
        #expect(try again.services.ledger.view().isKeyRevoked(second.publicKey))
        try await again.services.ledger.stop()
    }

    @Test("A machine does not put its own key into a certificate, as second key neither")
    func machineKey() async throws {
        let (test, house) = try await Self.found(["ml-dsa-65", "ecdsa-p256"])
        defer { test.remove() }
        let machine = try KeyAlgorithm.ecdsaP256.generate()
        let station = try TestStation("line-3", key: try PrivateKey(pkcs8: machine.pkcs8))
        _ = try await test.opened(house, station, number: 3)
        let before = house.keys.signatures(.certificate)
        let csr = try TestRequest.make(KeyAlgorithm.ecdsaP256.generate(), alternative: machine)
        await expect("statement.key-not-allowed") { try await test.draw(house, station, try test.wish(csr: csr)) }
        #expect(house.keys.signatures(.certificate) == before)
        try await house.services.ledger.stop()
    }

    @Test("Each key of a hybrid authority is known by its user; the doctor misses a second key that is gone")
    func keys() async throws {
        let (test, house) = try await Self.found()
        defer { test.remove() }
        let users = try await house.services.authorities.allKeys().elements.compactMap(\.user)
        #expect(users.sorted() == ["devices", "devices", "log", "root", "root"])
        try await house.services.ledger.stop()
        try test.write("DELETE FROM key WHERE algorithm = 'ml-dsa-65' AND name LIKE 'devices %'")
        let findings = await Doctor(test.paths, clocks: test.clocks).examine()
        let found = try #require(findings.first { $0.name == "keys" })
        #expect(found.level == .fail && found.text.contains("authority devices, its second one, is missing"), "\(found.text)")
    }

    @Test("A profile with second keys needs an authority that vouches for them, and an authority with one an issuer with one")
    func unvouched() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        var members = TestHouse.Documents.profile
        members["alternativeKeys"] = .array([.string("ml-dsa-65")])
        await expect("document.invalid") { try await test.put(.profile, "device-identity", members, house) }
        try await house.services.ledger.stop()
        var devices = TestHouse.Documents.devices
        devices["alternative"] = .string("ml-dsa-65")
        await #expect(throws: (any Error).self) { try await TestHouse.found(authorities: [TestHouse.Documents.root, devices]) }
    }

    /// Whoever writes the database: a second key of their own, none, or the second signature of another content.
    @Test("Rows about second keys and signatures are not believed")
    func altered() async throws {
        let (test, house) = try await Self.found()
        defer { test.remove() }
        let record = try await house.services.registrar.submit(
            try test.wish(house, csr: try Self.csr()), by: test.officers[2].principal(.registrationOfficer))
        try await test.vote(record, test.officers[0], house)
        let good = try TBSCertificate(der: record.tbs)
        let mine = try KeyAlgorithm.mlDSA65.generate()
        let planted = try TBSCertificate(
            serialNumber: good.serialNumber, signature: good.signature, issuer: good.issuer, validity: good.validity,
            subject: good.subject, publicKey: good.publicKey,
            extensions: good.extensions.map {
                $0.oid == .subjectAltPublicKeyInfo ? Extension(oid: $0.oid, isCritical: false, value: mine.publicKey.der) : $0
            })
        let before = house.keys.signatures(.certificate)
        for tbs in [planted.der, try TBSCertificate.without(.subjectAltPublicKeyInfo, good), try .without(.altSignatureAlgorithm, good)] {
            try test.write("UPDATE request SET tbs = x'\(tbs.hex)'")
            await #expect(throws: (any Error).self) { try await test.vote(record, test.officers[1], house) }
        }
        #expect(house.keys.signatures(.certificate) == before)
        try test.write("UPDATE request SET tbs = x'\(record.tbs.hex)'")
        // The second key's record under the first one's, and the other way round.
        try await house.services.ledger.stop()
        let again = try await test.open()
        try test.write(
            "UPDATE key SET sealed = (SELECT sealed FROM key AS k WHERE k.algorithm = 'ml-dsa-65' LIMIT 1) WHERE algorithm = 'ml-dsa-65'")
        await #expect(throws: (any Error).self) { try await test.vote(record, test.officers[1], again) }
        #expect(again.keys.signatures(.certificate) == 0)
        try await again.services.ledger.stop()
    }
}

extension Bytes {
    fileprivate static func without(_ oid: OID, _ tbs: TBSCertificate) throws -> Bytes { try TBSCertificate.without(oid, tbs) }
}

extension TBSCertificate {
    fileprivate static func without(_ oid: OID, _ tbs: TBSCertificate) throws -> Bytes {
        try TBSCertificate(
            serialNumber: tbs.serialNumber, signature: tbs.signature, issuer: tbs.issuer, validity: tbs.validity, subject: tbs.subject,
            publicKey: tbs.publicKey, extensions: tbs.extensions.filter { $0.oid != oid }
        ).der
    }
}
