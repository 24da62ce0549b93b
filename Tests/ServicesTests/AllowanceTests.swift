import Approval
import Basics
import Foundation
import PKIX
import Proofs
import Registration
import Testing
import Transparency

@Suite("Allowances: a machine draws what people voted for")
struct AllowanceTests {
    @Test("Two officers open it; the machine gets certificates in the same call until the number is used")
    func whole() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let station = try TestStation()
        let allowance = try await test.opened(house, station)
        #expect(try house.services.ledger.machine(key: station.key.publicKey.digest) == station.machine)
        let before = house.keys.signatures(.certificate)
        for number in 0..<3 {
            let certificate = try await test.draw(house, station, try test.wish(serial: "SN-\(number)"))
            let issuer = try house.services.authorities.certificate(of: try #require(Handle("devices")))
            #expect(certificate.isSigned(by: issuer.tbs.publicKey))
            #expect(certificate.tbs.subject.description.contains("SN-\(number)"))
            #expect(try await house.services.registrar.certificate(certificate.fingerprint) == certificate.der)
            let entries = try await house.services.ledger.entries(about: Draw.object(allowance.subject, Int64(number)))
            let entry = try Entry(decoding: try #require(entries.first).entry)
            #expect(entries.count == 1)
            #expect(entry.digests[Entry.DigestKey.certificate] == certificate.fingerprint)
        }
        await expect("allowance.exhausted") { try await test.draw(house, station) }
        #expect(house.keys.signatures(.certificate) == before + 3)
        #expect(try await house.services.allowances.allowance(allowance.subject).drawn == 3)
        let types = try await house.services.ledger.entries(about: allowance.subject).map { try Entry(decoding: $0.entry).type }
        #expect(types == [.allowanceRequest, .voteCast, .voteCast, .allowanceOpen])
        try await house.services.ledger.stop()

        let again = try await test.open()
        #expect(try await again.services.ledger.unaccounted().isEmpty)
        await expect("allowance.exhausted") { try await test.draw(again, station) }
        try await again.services.ledger.stop()
    }

    @Test("Fifty callers at once with one left: one certificate, and one signature")
    func lastOne() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let station = try TestStation()
        _ = try await test.opened(house, station, number: 1)
        let before = house.keys.signatures(.certificate)
        let drawn = await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<50 { group.addTask { (try? await test.draw(house, station)) != nil } }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(drawn == 1)
        #expect(house.keys.signatures(.certificate) == before + 1)
        #expect(try await house.services.registrar.certificates().elements.count == 1)
        try await house.services.ledger.stop()
    }

    @Test("Fifty retries of one call, and one after a crash: one certificate, one answer; the id is good for one wish")
    func retries() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let station = try TestStation()
        _ = try await test.opened(house, station)
        let wish = try test.wish()
        let before = house.keys.signatures(.certificate)
        let answers = try await withThrowingTaskGroup(of: Bytes.self) { group in
            for _ in 0..<50 { group.addTask { try await test.draw(house, station, wish).der } }
            return try await group.reduce(into: Set<Bytes>()) { $0.insert($1) }
        }
        #expect(answers.count == 1)
        #expect(house.keys.signatures(.certificate) == before + 1)
        await expect("allowance.call-reused") { try await test.draw(house, station, try test.wish(call: wish.call)) }

        let after = try test.crashed()
        defer { after.remove() }
        let again = try await after.open()
        #expect(try await after.draw(again, station, wish).der == answers.first)
        #expect(again.keys.signatures(.certificate) == 0)
        try await again.services.ledger.stop()
        try await house.services.ledger.stop()
    }

    @Test("A call that was refused costs no number")
    func refusedCostsNothing() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let station = try TestStation()
        let allowance = try await test.opened(house, station, number: 1)
        let good = try test.wish()
        await expect("request.csr-invalid") {
            try await test.draw(house, station, .init(profile: good.profile, csr: [0x30, 0], fields: good.fields, call: good.call))
        }
        // The station's own key, and a person's, are no device's.
        for key in [station.key, test.officers[0].login] {
            let csr = try TestRequest.make(key)
            await expect("statement.key-not-allowed") {
                try await test.draw(house, station, .init(profile: good.profile, csr: csr, fields: good.fields, call: good.call))
            }
        }
        _ = try await test.draw(house, station, good)
        #expect(try await house.services.allowances.allowance(allowance.subject).drawn == 1)
        try await house.services.ledger.stop()
    }

    @Test("Foreign key, other profile, before and after the window, closed: each is refused by its own code")
    func refusals() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let station = try TestStation()
        let before = house.keys.signatures(.certificate)
        let allowance = try await test.opened(house, station, from: 600)
        await expect("allowance.outside-window") { try await test.draw(house, station) }
        test.clocks.pass(seconds: 601)
        let stranger = try TestStation()
        #expect(try house.services.ledger.machine(key: stranger.key.publicKey.digest) == nil)
        await expect("allowance.other-profile") { try await test.draw(house, stranger) }
        await expect("allowance.other-profile") { try await test.draw(house, station, try test.wish(profile: "lab")) }
        _ = try await test.draw(house, station)
        let officer = test.officers[0].principal(.registrationOfficer)
        #expect(try await house.services.allowances.close(allowance.subject, reason: "line moved", by: officer).state == .closed)
        await expect("allowance.closed") { try await test.draw(house, station) }
        let second = try await test.opened(house, station, seconds: 60)
        test.clocks.pass(seconds: 60)
        await expect("allowance.outside-window") { try await test.draw(house, station) }
        #expect(second.until == test.clocks.now)
        #expect(house.keys.signatures(.certificate) == before + 1)
        try await house.services.ledger.stop()
    }

    @Test("A document that was changed ends what was allowed under it")
    func changedDocument() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let station = try TestStation()
        _ = try await test.opened(house, station)
        _ = try await test.draw(house, station)
        try await test.put(.approval, "two-officers", TestHouse.Documents.policy.merging(["days": .integer(6)]) { $1 }, house)
        let before = house.keys.signatures(.certificate)
        await expect("statement.document-not-in-force") { try await test.draw(house, station) }
        #expect(house.keys.signatures(.certificate) == before)
        try await house.services.ledger.stop()
    }

    @Test("Votes: not one's own, not twice, a rejection is final, and nobody votes for another node's or an endless one")
    func votes() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let station = try TestStation()
        let allowance = try test.allowance(house, station)
        _ = try await test.request(allowance, house)
        #expect(try await test.request(allowance, house).state == .requested)
        await expect("vote.own-request") { try await test.vote(allowance, test.officers[2], house) }
        try await test.vote(allowance, test.officers[0], house)
        await expect("vote.twice") { try await test.vote(allowance, test.officers[0], house) }
        await expect("vote.not-eligible") { try await test.vote(allowance, test.admin, house) }
        await expect("allowance.other-profile") { try await test.draw(house, station) }
        #expect(try await test.vote(allowance, test.officers[1], house, .reject).state == .rejected)
        #expect(try await test.vote(allowance, test.officers[1], house).state == .rejected)
        await expect("allowance.other-profile") { try await test.draw(house, station) }
        await expect("allowance.other-node") { try await test.request(try test.allowance(house, station, node: "node-2"), house) }
        await expect("allowance.invalid") { try await test.request(try test.allowance(house, station, number: 0), house) }
        await expect("allowance.invalid") { try await test.request(try test.allowance(house, station, seconds: 367 * 86_400), house) }
        await expect("allowance.invalid") { try await test.request(try test.allowance(house, station, from: 7200), house) }
        try await house.services.ledger.stop()
    }

    @Test("After a crash what was reserved counts as drawn, and that is reported; an orderly stop loses nothing")
    func unaccounted() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let station = try TestStation()
        let allowance = try await test.opened(house, station, number: 1000)
        _ = try await test.draw(house, station)

        let after = try test.crashed()
        defer { after.remove() }
        let crashed = try await after.open()
        let found = try await crashed.services.ledger.unaccounted()
        #expect(found.map(\.code) == ["allowance.unaccounted"])
        #expect(crashed.services.facts.warnings == found)
        _ = try await after.draw(crashed, station)
        let numbers = try await crashed.services.ledger.entries(about: Draw.object(allowance.subject, 10))
        #expect(numbers.count == 1)
        try await crashed.services.ledger.stop()

        try await house.services.ledger.stop()
        let again = try await test.open()
        #expect(try await again.services.ledger.unaccounted().isEmpty)
        _ = try await test.draw(again, station)
        #expect(try await again.services.ledger.entries(about: Draw.object(allowance.subject, 1)).count == 1)
        try await again.services.ledger.stop()
    }
}
