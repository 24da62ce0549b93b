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

    @Test("Both are named, whenever the second one comes, with every certificate that has them; keys of other kinds are not looked at")
    func named() async throws {
        let (test, house) = try await Self.found()
        defer { test.remove() }
        let fleet = house.services.fleetKeys
        #expect(await fleet.report == nil)
        let first = try await test.issued(house, csr: SharedPrimeRequests.first, serial: "SN-1")
        _ = try await test.issued(house, csr: SharedPrimeRequests.alone, serial: "SN-2")
        _ = try await test.issued(house, csr: try TestRequest.make(try KeyAlgorithm.ecdsaP256.generate(), as: .ecdsaSHA256), serial: "SN-3")
        try await fleet.update()
        let before = try #require(await fleet.report)
        // The root's too.
        #expect(before.keys == 3 && before.findings.isEmpty && before.entries == house.services.ledger.store.head.size)

        let second = try await test.issued(house, csr: SharedPrimeRequests.second, serial: "SN-4")
        let renewed = try await test.issued(house, csr: SharedPrimeRequests.first, serial: "SN-1")
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
        _ = try await test.issued(house, csr: SharedPrimeRequests.first, serial: "SN-1")
        _ = try await test.issued(house, csr: SharedPrimeRequests.second, serial: "SN-2")
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
        _ = try await test.issued(house, csr: SharedPrimeRequests.first, serial: "SN-1")
        _ = try await test.issued(house, csr: SharedPrimeRequests.second, serial: "SN-2")
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
