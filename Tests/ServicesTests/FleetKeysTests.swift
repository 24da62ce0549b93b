import Approval
import Basics
import Foundation
import Node
import PKIX
import Registration
import Testing

@Suite("RSA keys that share a prime", .serialized)
struct FleetKeysTests {
    private static func found() async throws -> (TestHouse, House) {
        var root = TestHouse.Documents.root
        root["key"] = .string("rsa-2048")
        let (test, house) = try await TestHouse.found(authorities: [root, TestHouse.Documents.devices])
        var profile = TestHouse.Documents.profile
        profile["keys"] = .array([.string("ecdsa-p256"), .string("rsa-2048")])
        try await test.put(.profile, "device-identity", profile, house)
        return (test, house)
    }

    private static func issued(_ csr: Bytes, _ serial: String, _ test: TestHouse, _ house: House) async throws -> Certificate {
        let record = try await house.services.registrar.submit(
            try test.wish(house, serial: serial, csr: csr), by: test.officers[2].principal(.registrationOfficer))
        try await test.vote(record, test.officers[0], house)
        return try Certificate(der: try #require(try await test.vote(record, test.officers[1], house).certificate))
    }

    @Test("Both are named, whenever the second one comes, with every certificate that has them; keys of other kinds are not looked at")
    func named() async throws {
        let (test, house) = try await Self.found()
        defer { test.remove() }
        let fleet = house.services.fleetKeys
        #expect(await fleet.report == nil)
        let first = try await Self.issued(SharedPrimeRequests.first, "SN-1", test, house)
        _ = try await Self.issued(SharedPrimeRequests.alone, "SN-2", test, house)
        _ = try await Self.issued(try TestRequest.make(try KeyAlgorithm.ecdsaP256.generate(), as: .ecdsaSHA256), "SN-3", test, house)
        try await fleet.update()
        let before = try #require(await fleet.report)
        // The root's too.
        #expect(before.keys == 3 && before.findings.isEmpty && before.entries == house.services.ledger.store.head.size)

        let second = try await Self.issued(SharedPrimeRequests.second, "SN-4", test, house)
        let renewed = try await Self.issued(SharedPrimeRequests.first, "SN-1", test, house)
        try await fleet.update()
        let report = try #require(await fleet.report)
        let (one, other) = (first.tbs.publicKey.digest, second.tbs.publicKey.digest)
        #expect(report.keys == 4)
        #expect(report.findings.map(\.key) == [one, other] && report.findings.map(\.other) == [other, one])
        #expect(report.findings.map(\.certificates) == [[first.fingerprint, renewed.fingerprint], [second.fingerprint]])
        // Asked again it stays; a start finds it anew, in one go.
        try await fleet.update()
        #expect(await fleet.report?.findings == report.findings)
        try await house.services.ledger.stop()
        let again = try await test.open()
        try await again.services.fleetKeys.update()
        let found = try #require(await again.services.fleetKeys.report)
        #expect(Set(found.findings) == Set(report.findings) && found.keys == 4)
        try await again.services.ledger.stop()
    }

    @Test("What is stored under another fingerprint is not compared, and stops nothing")
    func altered() async throws {
        let (test, house) = try await Self.found()
        defer { test.remove() }
        _ = try await Self.issued(SharedPrimeRequests.first, "SN-1", test, house)
        _ = try await Self.issued(SharedPrimeRequests.second, "SN-2", test, house)
        try test.write("UPDATE certificate SET der = x'3000'")
        try await house.services.fleetKeys.update()
        #expect(await house.services.fleetKeys.report?.keys == 1)
        await expect("ledger.rows-differ") { try await house.services.ledger.audit() }
        try await house.services.ledger.stop()
    }

    @Test("A comparison that is called off is done by the next")
    func cancelled() async throws {
        let (test, house) = try await Self.found()
        defer { test.remove() }
        _ = try await Self.issued(SharedPrimeRequests.first, "SN-1", test, house)
        _ = try await Self.issued(SharedPrimeRequests.second, "SN-2", test, house)
        let gate = AsyncStream<Void>.makeStream()
        let task = Task {
            for await _ in gate.stream {}
            try await house.services.fleetKeys.update()
        }
        task.cancel()
        gate.continuation.finish()
        await #expect(throws: CancellationError.self) { try await task.value }
        try await house.services.fleetKeys.update()
        #expect(await house.services.fleetKeys.report?.findings.count == 2)
        try await house.services.ledger.stop()
    }
}
