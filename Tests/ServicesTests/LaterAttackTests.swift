import Approval
import Basics
import Foundation
import GRDB
import Node
import PKIX
import Proofs
import Testing

/// What the attacker tries around other acts than the last vote.
@Suite("The attacker with the database: other acts")
struct LaterAttackTests {
    @Test("A code of one's own is redeemed, and its person is nobody", arguments: [false, true])
    func ownCode(isRunning: Bool) async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        let secret = Bytes(repeating: 9, count: 16)
        let plant = {
            try bench.write(
                """
                INSERT INTO invitation (handle, code_hash, created, expires, tries, state, note, version)
                VALUES ('mallory', ?, 0, ?, 0, 'open', NULL, 1)
                """, [Digest32(of: secret).data, Int64.max])
        }
        if !isRunning { try plant() }
        let house = try await bench.test.open()
        if isRunning { try plant() }
        let instance = try house.services.ledger.view().charter.instance
        _ = try await house.services.invitations.redeem(secret, person: try bench.mallory.note(instance, at: bench.test.clocks.now))
        try bench.write("UPDATE invitation SET state = 'enrolled' WHERE handle = 'mallory'")
        #expect(try house.services.ledger.principal(loginKey: bench.mallory.login.publicKey.digest) == nil)
        await expect("vote.voter-unknown") { try await bench.test.vote(bench.target, bench.mallory, house) }
        await expect("submission.requester-unknown") { try await bench.test.submit(house, by: bench.mallory) }
        #expect(house.keys.signatures(.certificate) == 0)
        try await house.services.ledger.stop()
    }

    @Test("A database that lies there before the founding is nobody's")
    func beforeFounding() async throws {
        let paths = HousePaths(data: FileManager.default.temporaryDirectory.appendingPathComponent("assay-\(UUID().uuidString)").path)
        defer { try? FileManager.default.removeItem(atPath: paths.data) }
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        try FileManager.default.createDirectory(atPath: paths.data, withIntermediateDirectories: true)
        try FileManager.default.copyItem(atPath: bench.database, toPath: paths.database)
        let names = HouseFounding.Names(origin: "assay.test/ledger", node: try #require(Handle("node-1")))
        for again in [false, true] {
            await expect("custody.unanchored") {
                try HouseFounding(
                    paths, administrator: try bench.test.admin.note(nil, at: TestHouse.start), names: names, now: TestHouse.start,
                    entropy: SystemEntropy(), again: again)
            }
        }
        await expect("custody.unanchored") { try await House.open(paths, bench.test.surroundings) }
    }

    @Test("Where there is no house, opening says so; a ledger's name that no note could carry is refused before anything is made")
    func nothingThere() async throws {
        let paths = HousePaths(data: FileManager.default.temporaryDirectory.appendingPathComponent("assay-\(UUID().uuidString)").path)
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        await expect("custody.absent") { try await House.open(paths, bench.test.surroundings) }
        for origin in ["", "two words", "a+b", "https://assay.test/ledger", String(repeating: "a", count: 201)] {
            await expect("init.origin-invalid") {
                try HouseFounding(
                    paths, administrator: try bench.test.admin.note(nil, at: TestHouse.start),
                    names: .init(origin: origin, node: try #require(Handle("node-1"))), now: TestHouse.start, entropy: SystemEntropy())
            }
        }
        #expect(!FileManager.default.fileExists(atPath: paths.data))
    }

    @Test("The pending person's text is swapped: the fingerprint differs, and keys that the person did not send are not taken")
    func pendingSwapped() async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        let house = try await bench.test.open()
        let instance = try house.services.ledger.view().charter.instance
        let person = try TestPerson("officer-4")
        let secret = try await bench.test.invite(person.handle, house)
        let sent = try await house.services.invitations.redeem(secret, person: try person.note(instance, at: bench.test.clocks.now))
        let forged = try TestPerson("officer-4")
        let note = try forged.note(instance, at: bench.test.clocks.now)
        try bench.write("UPDATE invitation SET note = ? WHERE handle = 'officer-4'", [note.rendered])
        let pending = try await house.services.invitations.invitation(person.handle)
        let shown = try Person(SignedNote("person", try #require(pending.person)))
        #expect(shown.fingerprint != sent.fingerprint)
        // An administrator who holds the true person's text, and the house the forged one.
        let roster = try house.services.ledger.view().charter.roster
        let next = try roster.successor([.add(sent, roles: [.registrationOfficer])], time: bench.test.clocks.now)
        await expect("person.mismatch") {
            try await house.services.rosters.propose(
                try bench.test.admin.sign(next.text), documents: [], people: [note], by: bench.test.adminPrincipal)
        }
        #expect(try house.services.ledger.view().charter.roster.version == roster.version)
        try await house.services.ledger.stop()
    }

    @Test("A proposal that was signed and given up does not come into force by a row", arguments: [false, true])
    func abandonedProposal(isRunning: Bool) async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        let plant = {
            let (note, version) = try bench.connected { db in
                let row = try #require(try Row.fetchOne(db, sql: "SELECT note, version FROM roster ORDER BY version DESC"))
                return (try SignedNote(parsing: row["note"] as String), row["version"] as Int64)
            }
            let person = try Person(bench.mallory.note(Statement(text: bench.target.statement).instance, at: bench.test.clocks.now))
            let next = try Roster(text: note.text).successor([.add(person, roles: [.registrationOfficer])], time: bench.test.clocks.now)
            let signed = try bench.test.admin.sign(next.text)
            try bench.write(
                "INSERT INTO roster (version, hash, note) VALUES (?, ?, ?)", [version + 1, next.digest.data, signed.rendered])
            try bench.write(
                "INSERT INTO person (hash, handle, note, created) VALUES (?, 'mallory', ?, 0)",
                [person.digest.data, try bench.mallory.note(person.instance, at: bench.test.clocks.now).rendered])
        }
        if !isRunning { try plant() }
        let house = try await bench.test.open()
        if isRunning { try plant() }
        let version = try house.services.ledger.view().charter.roster.version
        #expect(try house.services.ledger.principal(loginKey: bench.mallory.login.publicKey.digest) == nil)
        await expect("vote.voter-unknown") { try await bench.test.vote(bench.target, bench.mallory, house) }
        #expect(try house.services.ledger.view().charter.roster.version == version)
        #expect(house.keys.signatures(.certificate) == 0)
        try await house.services.ledger.stop()
    }

    @Test("The content of an authority's certificate is altered before it is signed")
    func draftAltered() async throws {
        for column in ["tbs", "content"] {
            let bench = try await AttackBench.copy()
            defer { bench.test.remove() }
            let house = try await bench.test.open()
            var wanted = TestHouse.Documents.root
            wanted["name"] = .string("root-2")
            wanted["subject"] = .string("CN=Example Devices Root CA 2")
            let draft = try #require(
                try await house.services.authorities.draft(
                    [.object(wanted)], call: ID(at: bench.test.clocks.now, entropy: SystemEntropy()), by: bench.test.adminPrincipal
                ).first)
            let tbs = try TBSCertificate(der: draft.tbs)
            let other = try TBSCertificate(
                serialNumber: tbs.serialNumber, signature: tbs.signature, issuer: tbs.issuer,
                validity: Validity(notBefore: tbs.validity.notBefore, notAfter: .never), subject: tbs.subject, publicKey: tbs.publicKey,
                extensions: tbs.extensions)
            try bench.write(
                "UPDATE draft SET \(column) = ? WHERE authority = 'root-2'", [column == "tbs" ? other.der.data : other.content.data])
            let roster = try house.services.ledger.view().charter.roster
            let next = try roster.successor(
                [.put(.init(kind: .authority, name: draft.name, digest: Digest32(of: draft.document)))], time: bench.test.clocks.now)
            _ = try await house.services.rosters.propose(
                try bench.test.admin.sign(next.text), documents: [draft.document], people: [], by: bench.test.adminPrincipal)
            let missing = try await house.services.authorities.complete()
            #expect(missing.map(\.code) == [column == "tbs" ? "statement.content-mismatch" : "authority.draft-missing"])
            #expect(house.keys.signatures(.certificate) == 0)
            await expect("authority.without-certificate") { try house.services.authorities.certificate(of: draft.name) }
            // With the true content back, it is made.
            try bench.write(
                "UPDATE draft SET tbs = ?, content = ? WHERE authority = 'root-2'", [draft.tbs.data, tbs.content.data])
            #expect(try await house.services.authorities.complete().isEmpty)
            #expect(house.keys.signatures(.certificate) == 1)
            try await house.services.ledger.stop()
        }
    }

    @Test("An authority's lost certificate is not made a second time", arguments: ["root", "devices"])
    func lostCertificate(name: String) async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        try bench.replaceCertificate(of: name)
        let house = try await bench.test.open()
        #expect(try await house.services.authorities.complete().map(\.code) == ["authority.record-missing"])
        await expect("authority.without-certificate") { try house.services.authorities.certificate(of: try #require(Handle(name))) }
        #expect(house.keys.signatures(.certificate) == 0)
        try await house.services.ledger.stop()
    }
}
