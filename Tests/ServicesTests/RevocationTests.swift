import Access
import Approval
import Basics
import Foundation
import Node
import PKIX
import Proofs
import Registration
import Testing
import Transparency

extension TestHouse {
    /// What the third officer's client writes.
    func revocation(
        _ certificate: Certificate, _ house: House, reason: RevocationReason = .keyCompromise,
        change: (inout RevocationParts) -> Void = { _ in }
    ) throws -> Revocation {
        let charter = try house.services.ledger.view().charter
        let profile = try #require(charter.documents.profiles.values.first)
        let authority = try #require(charter.documents.authorities[profile.value.authority])
        let policy = try #require(profile.value.approval.flatMap { charter.documents.approvals[$0] })
        var parts = RevocationParts(
            requester: officers[2].handle, authority: authority.reference, serial: certificate.tbs.serialNumber,
            certificate: certificate.fingerprint, effective: clocks.now, opened: clocks.now)
        change(&parts)
        return Revocation(
            instance: charter.instance, subject: ID(at: clocks.now, entropy: SystemEntropy()), requester: parts.requester,
            rosterVersion: charter.roster.version, rosterDigest: charter.roster.digest, policy: policy.reference,
            profile: profile.reference, authority: parts.authority, serial: parts.serial, certificate: parts.certificate, reason: reason,
            effective: parts.effective, opened: parts.opened, expires: parts.opened.adding(days: 1))
    }

    struct RevocationParts {
        var requester: Handle
        var authority: DocumentReference
        var serial: SerialNumber
        var certificate: Digest32
        var effective: UTCTime
        var opened: UTCTime
    }

    func request(_ revocation: Revocation, _ house: House, by officer: TestPerson? = nil) async throws -> RevocationRecord {
        let officer = officer ?? officers[2]
        let submission = Submission(
            instance: revocation.instance, subject: revocation.subject, requester: officer.handle, profile: revocation.profile,
            request: revocation.wish, time: clocks.now)
        return try await house.services.revocations.request(
            revocation.text, submission: try officer.sign(submission.text), by: officer.principal(.registrationOfficer))
    }

    @discardableResult
    func vote(_ revocation: Revocation, _ person: TestPerson, _ house: House, _ decision: Vote.Decision = .approve) async throws
        -> RevocationRecord
    {
        let vote = Vote(
            instance: revocation.instance, voter: person.handle, decision: decision, time: clocks.now, kind: Revocation.kind,
            statements: [revocation.digest])
        return try await house.services.revocations.vote(
            try person.sign(vote.text), on: revocation.subject, reason: decision == .reject ? "in use" : nil,
            by: person.principal(.registrationOfficer))
    }

    func issued(_ house: House, _ key: PrivateKey? = nil, serial: String = "SN-0001") async throws -> Certificate {
        try await issued(house, csr: try key.map { try TestRequest.make($0) }, serial: serial)
    }

    func issued(_ house: House, csr: Bytes?, serial: String = "SN-0001") async throws -> Certificate {
        let record = try await house.services.registrar.submit(
            try wish(house, serial: serial, csr: csr), by: officers[2].principal(.registrationOfficer))
        try await vote(record, officers[0], house)
        return try Certificate(der: try #require(try await vote(record, officers[1], house).certificate))
    }

    /// A wish for a certificate of this key.
    func wish(_ house: House, _ key: PrivateKey?, serial: String) throws -> Registrar.Wish {
        try wish(house, serial: serial, csr: try key.map { try TestRequest.make($0) })
    }
}

@Suite("Revocation: two people take a certificate back, for ever")
struct RevocationTests {
    @Test("Asked for, voted on, revoked; known after a restart, in lists and by its own status")
    func whole() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let certificate = try await test.issued(house)
        let other = try await test.issued(house, serial: "SN-0002")
        let revocation = try test.revocation(certificate, house)
        #expect(try await test.request(revocation, house).state == .requested)
        await expect("vote.own-request") { try await test.vote(revocation, test.officers[2], house) }
        #expect(try await test.vote(revocation, test.officers[0], house).state == .requested)
        await expect("vote.twice") { try await test.vote(revocation, test.officers[0], house) }
        #expect(try await house.services.revocations.status(of: certificate.fingerprint).isRevoked == false)
        #expect(try await test.vote(revocation, test.officers[1], house).state == .revoked)
        // A vote behind the decision changes nothing, and is told what it became.
        let size = house.services.ledger.store.head.size
        #expect(try await test.vote(revocation, test.officers[0], house, .reject).state == .revoked)
        #expect(house.services.ledger.store.head.size == size)

        let types = try await house.services.ledger.entries(about: revocation.subject).map { try Entry(decoding: $0.entry) }
        #expect(types.map(\.type) == [.revocationRequest, .voteCast, .voteCast, .certificateRevoke])
        #expect(types.last?.outcome == "key-compromise")
        #expect(types.last?.digests[Entry.DigestKey.key] == certificate.tbs.publicKey.digest)
        for opened in [house, nil] {
            let house: House
            if let opened { house = opened } else { house = try await test.open() }
            #expect(try house.services.ledger.view().isRevoked(certificate.fingerprint))
            #expect(try !house.services.ledger.view().isRevoked(other.fingerprint))
            let list = try await house.services.registrar.certificates().elements
            #expect(list.filter(\.isRevoked).map(\.fingerprint) == [certificate.fingerprint])
            let (isRevoked, record) = try await house.services.revocations.status(of: certificate.fingerprint)
            #expect(isRevoked)
            #expect(record?.id == revocation.subject)
            await expect("certificate.revoked") { try await test.request(try test.revocation(certificate, house), house) }
            try await test.audit(house)
            try await house.services.ledger.stop()
        }
    }

    @Test("A rejection is final, and the requester's own takes it back; another revocation can be asked for")
    func rejected() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let certificate = try await test.issued(house)
        for rejecter in [1, 2] {
            let revocation = try test.revocation(certificate, house)
            _ = try await test.request(revocation, house)
            try await test.vote(revocation, test.officers[0], house)
            #expect(try await test.vote(revocation, test.officers[rejecter], house, .reject).state == .rejected)
            #expect(try await test.vote(revocation, test.officers[1], house).state == .rejected)
            #expect(throws: Refusal.statementClosed) {
                try Guard(view: try house.services.ledger.view(), now: test.clocks.now)
                    .revocation(.init(statement: revocation.text, certificate: certificate.der, submission: nil, votes: []))
            }
        }
        #expect(try !house.services.ledger.view().isRevoked(certificate.fingerprint))
        try await test.audit(house)
        try await house.services.ledger.stop()
    }

    @Test("A compromised key is never certified again, by request or by draw; a superseded one may be")
    func keys() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let station = try TestStation()
        _ = try await test.opened(house, station)
        let drawnWish = try test.wish(serial: "D-1")
        let drawn = try await test.draw(house, station, drawnWish)
        let (lost, kept) = (
            try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy()), try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
        )
        let waiting = try await test.submit(house, serial: "SN-7")
        // Opened before its key was known to be lost, decided after.
        let early = try await house.services.registrar.submit(
            try test.wish(house, lost, serial: "SN-8"), by: test.officers[2].principal(.registrationOfficer))
        try await test.vote(early, test.officers[0], house)
        let all = [
            (try await test.issued(house, lost), RevocationReason.keyCompromise), (try await test.issued(house, kept), .superseded),
            (drawn, .cessationOfOperation),
        ]
        for (certificate, reason) in all {
            let revocation = try test.revocation(certificate, house, reason: reason)
            _ = try await test.request(revocation, house)
            for officer in [0, 1] { try await test.vote(revocation, test.officers[officer], house) }
        }
        let before = house.keys.signatures(.certificate)
        await expect("key.revoked") { try await test.issued(house, lost) }
        await expect("key.revoked") { try await test.vote(early, test.officers[1], house) }
        let handle = try #require(Handle("device-identity"))
        await expect("key.revoked") {
            try await test.draw(
                house, station,
                DrawWish(
                    profile: handle, csr: try TestRequest.make(lost), fields: ["model": "PLC-7", "serial": "D-2"],
                    call: ID(at: test.clocks.now, entropy: SystemEntropy())))
        }
        // The same call again does not hand out what was taken back.
        await expect("certificate.revoked") { try await test.draw(house, station, drawnWish) }
        #expect(house.keys.signatures(.certificate) == before)
        _ = try await test.issued(house, kept)
        // Nor may it become a machine's.
        let machine = try TestStation("line-4", key: lost)
        await expect("key.revoked") { try await test.opened(house, machine) }
        #expect(try await house.services.registrar.request(waiting.id).state == .open)
        try await test.audit(house)
        try await house.services.ledger.stop()
    }

    struct Wrong: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: String
        let change: @Sendable (inout TestHouse.RevocationParts) -> Void

        init(_ name: String, _ code: String, _ change: @escaping @Sendable (inout TestHouse.RevocationParts) -> Void) {
            testDescription = name
            self.code = code
            self.change = change
        }
    }

    static let wrongs: [Wrong] = [
        Wrong("another certificate's serial number", "revocation.invalid") {
            $0.serial = SerialNumber(at: UTCTime(seconds: 1_700_000_000), random: [])
        },
        Wrong("a certificate that this house has not issued", "certificate.not-found") { $0.certificate = Digest32(of: "none") },
        Wrong("a time to come", "revocation.invalid") { $0.effective = $0.opened.adding(seconds: 1) },
        Wrong("in another person's name", "submission.mismatch") { $0.requester = Handle("officer-1") ?? $0.requester },
        Wrong("opened an hour ago", "revocation.time") {
            $0.opened = $0.opened.adding(seconds: -3600)
            $0.effective = $0.opened
        },
        Wrong("an authority that is not the profile's", "statement.document-not-in-force") {
            $0.authority = DocumentReference(name: $0.authority.name, digest: Digest32(of: "other"))
        },
    ]

    @Test("What is refused when it is asked for, and leaves nothing", arguments: wrongs)
    func refused(_ wrong: Wrong) async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let certificate = try await test.issued(house)
        let size = house.services.ledger.store.head.size
        await expect(wrong.code) { try await test.request(try test.revocation(certificate, house, change: wrong.change), house) }
        #expect(house.services.ledger.store.head.size == size)
        #expect(try await house.services.revocations.list().elements.isEmpty)
        try await house.services.ledger.stop()
    }

    @Test("Fifty times the same wish is one revocation; a rival's with its id is refused")
    func retries() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let certificate = try await test.issued(house)
        let revocation = try test.revocation(certificate, house)
        let size = house.services.ledger.store.head.size
        let records = try await withThrowingTaskGroup(of: RevocationRecord.self) { group in
            for _ in 0..<50 { group.addTask { try await test.request(revocation, house) } }
            return try await group.reduce(into: Set<ID>()) { $0.insert($1.id) }
        }
        #expect(records == [revocation.subject])
        #expect(house.services.ledger.store.head.size == size + 1)
        let other = try test.revocation(certificate, house, reason: .superseded)
        let rival = Revocation(
            instance: other.instance, subject: revocation.subject, requester: other.requester, rosterVersion: other.rosterVersion,
            rosterDigest: other.rosterDigest, policy: other.policy, profile: other.profile, authority: other.authority,
            serial: other.serial, certificate: other.certificate, reason: other.reason, effective: other.effective, opened: other.opened,
            expires: other.expires)
        await expect("request.id-taken") { try await test.request(rival, house) }
        try await house.services.ledger.stop()
    }

    /// Somebody who writes the database, while the house runs or not.
    static let alterations = [
        "DELETE FROM revocation", "UPDATE revocation SET state = 'requested'", "UPDATE revocation SET state = 'rejected'",
        "DELETE FROM vote WHERE statement_hash IN (SELECT statement_hash FROM revocation)",
        "UPDATE revocation SET certificate = (SELECT fingerprint FROM certificate ORDER BY created LIMIT 1)",
    ]

    @Test("No row takes a revocation back, or makes one", arguments: alterations, [true, false])
    func rows(_ sql: String, isRunning: Bool) async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        var house = try await bench.test.open()
        let certificate = try Certificate(der: try #require(bench.issued.certificate))
        let revocation = try bench.test.revocation(certificate, house)
        _ = try await bench.test.request(revocation, house)
        for officer in [0, 1] { try await bench.test.vote(revocation, bench.test.officers[officer], house) }
        if !isRunning { try await house.services.ledger.stop() }
        try bench.write(sql)
        if !isRunning { house = try await bench.test.open() }
        #expect(try house.services.ledger.view().isRevoked(certificate.fingerprint))
        #expect(
            try await house.services.registrar.certificates().elements.filter(\.isRevoked).map(\.fingerprint) == [certificate.fingerprint])
        if !sql.contains("SET certificate = ") { await expect("ledger.rows-differ") { try await house.services.ledger.audit() } }
        // Voting again on what looks undecided writes nothing more.
        let size = house.services.ledger.store.head.size
        _ = try? await bench.test.vote(revocation, bench.test.officers[0], house)
        #expect(house.services.ledger.store.head.size == size)
        try await house.services.ledger.stop()
    }

    @Test("A row that says revoked revokes nothing; planted with one officer's vote it is refused")
    func planted() async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        let house = try await bench.test.open()
        let certificate = try Certificate(der: try #require(bench.issued.certificate))
        let revocation = try bench.test.revocation(certificate, house)
        _ = try await bench.test.request(revocation, house)
        try bench.write("UPDATE revocation SET state = 'revoked'")
        #expect(try !house.services.ledger.view().isRevoked(certificate.fingerprint))
        #expect(try await house.services.revocations.status(of: certificate.fingerprint).isRevoked == false)
        await expect("revocation.record-altered") { try await bench.test.vote(revocation, bench.test.officers[0], house) }
        try bench.write("UPDATE revocation SET state = 'requested'")
        // A certificate that is put in the place of the one that was looked at.
        try bench.write("UPDATE certificate SET der = CAST(der || x'00' AS BLOB)")
        await expect("revocation.invalid") { try await bench.test.vote(revocation, bench.test.officers[0], house) }
        try await house.services.ledger.stop()
    }
}
