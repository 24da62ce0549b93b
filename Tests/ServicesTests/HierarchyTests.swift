import Authorities
import Basics
import PKIX
import Registration
import Testing

/// The key of a root, the key of the authority below it, and how each signs.
struct Hierarchy: Sendable, CustomTestStringConvertible {
    let root: String
    let devices: String
    var rootSignature: SignatureAlgorithm?

    var testDescription: String { "\(root) over \(devices)" }

    var documents: [[String: JSON]] {
        var root = TestHouse.Documents.root
        var devices = TestHouse.Documents.devices
        root["key"] = .string(self.root)
        devices["key"] = .string(self.devices)
        if let rootSignature { root["signature"] = .string(rootSignature.name) }
        return [root, devices]
    }
}

@Suite("Authorities of other algorithms")
struct HierarchyTests {
    @Test(
        "The hierarchy is applied, issues to subjects of several kinds, and is the same after a restart",
        arguments: [
            Hierarchy(root: "ml-dsa-65", devices: "ml-dsa-65"), Hierarchy(root: "ml-dsa-87", devices: "ecdsa-p256"),
            Hierarchy(root: "rsa-3072", devices: "ecdsa-p384", rootSignature: .rsaPSSSHA384),
            Hierarchy(root: "ecdsa-p521", devices: "ed25519"),
        ])
    func issues(_ hierarchy: Hierarchy) async throws {
        let (test, house) = try await TestHouse.found(authorities: hierarchy.documents)
        defer { test.remove() }
        let chain = try house.services.authorities.chain(of: try #require(Handle("devices")))
        try #require(chain.count == 2)
        #expect(chain.map(\.tbs.publicKey.keyAlgorithm.name) == [hierarchy.devices, hierarchy.root])
        #expect(chain[0].isSigned(by: chain[1].tbs.publicKey) && chain[1].isSigned(by: chain[1].tbs.publicKey))
        if let scheme = hierarchy.rootSignature { #expect(chain.allSatisfy { $0.signatureAlgorithm == scheme.identifier }) }

        for (number, kind) in [KeyAlgorithm.ecdsaP256, .mlDSA65].enumerated() {
            let csr = try TestRequest.make(kind.generate(), as: .preferred(for: kind))
            let record = try await house.services.registrar.submit(
                try test.wish(house, serial: "SN-\(number)", csr: csr), by: test.officers[2].principal(.registrationOfficer))
            try await test.vote(record, test.officers[0], house)
            let issued = try await test.vote(record, test.officers[1], house)
            let certificate = try Certificate(der: try #require(issued.certificate))
            #expect(certificate.tbs.der == record.tbs)
            #expect(certificate.tbs.publicKey.keyAlgorithm == kind)
            #expect(certificate.isSigned(by: chain[0].tbs.publicKey) && !certificate.isSigned(by: chain[1].tbs.publicKey))
            #expect(certificate.signatureAlgorithm == SignatureAlgorithm.preferred(for: chain[0].tbs.publicKey.keyAlgorithm).identifier)
        }
        try await house.services.ledger.stop()
    }

    @Test("A request without attributes is accepted by a profile that forgives it, and by no other")
    func lenient() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let csr = try TestRequest.make(KeyAlgorithm.ecdsaP256.generate(), as: .ecdsaSHA256, attributes: false)
        let requester = test.officers[2].principal(.registrationOfficer)
        await expect("request.csr-invalid") { try await house.services.registrar.submit(try test.wish(house, csr: csr), by: requester) }
        var members = TestHouse.Documents.profile
        members["leniencies"] = .array([.string("absentAttributes")])
        try await test.put(.profile, "device-identity", members, house)
        let record = try await house.services.registrar.submit(try test.wish(house, csr: csr), by: requester)
        try await test.vote(record, test.officers[0], house)
        #expect(try await test.vote(record, test.officers[1], house).state == .issued)
        try await house.services.ledger.stop()
    }

    @Test("A kind of key that the profile does not name, and a way of signing that does not fit the key, are refused")
    func refused() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let csr = try TestRequest.make(KeyAlgorithm.ed25519.generate(), as: .ed25519)
        await expect("profile.key-algorithm") {
            try await house.services.registrar.submit(
                try test.wish(house, csr: csr), by: test.officers[2].principal(.registrationOfficer))
        }
        let wrong = Hierarchy(root: "ecdsa-p256", devices: "ecdsa-p256", rootSignature: .rsaSHA256)
        await expect("document.authority-invalid") {
            try await house.services.authorities.draft(
                wrong.documents.map { .object($0) }, call: ID(at: test.clocks.now, entropy: SystemEntropy()), by: test.adminPrincipal)
        }
        try await house.services.ledger.stop()
    }

    @Test("One administrator alone does not fill a token: so many keys a day are made, and a call that is sent again makes none")
    func manyKeys() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let most = CertificateAuthorities.mostDrafts
        let documents = (0..<most).map { number in
            JSON.object(
                TestHouse.Documents.root.merging(["name": .string("root-\(number)"), "key": .string("ed25519")]) { _, new in new })
        }
        func draft(_ documents: [JSON], _ call: ID) async throws {
            _ = try await house.services.authorities.draft(documents, call: call, by: test.adminPrincipal)
        }
        func keys() async throws -> Int { try await house.services.authorities.allKeys(Paging(limit: 500)).elements.count }
        let calls = (0..<(CertificateAuthorities.mostKeysADay / most)).map { _ in ID(at: test.clocks.now, entropy: SystemEntropy()) }
        for call in calls { try await draft(documents, call) }
        let made = try await keys()
        await expect("authority.draft-many") { try await draft(documents, ID(at: test.clocks.now, entropy: SystemEntropy())) }
        try await draft(documents, try #require(calls.first))
        #expect(try await keys() == made)
        test.clocks.pass(seconds: 86_401)
        try await draft(documents, ID(at: test.clocks.now, entropy: SystemEntropy()))
        #expect(made <= CertificateAuthorities.mostKeysADay + most)
        try await house.services.ledger.stop()
    }
}
