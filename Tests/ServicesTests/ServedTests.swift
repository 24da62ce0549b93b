import Approval
import Basics
import Foundation
import GRDB
import Node
import PKIX
import Proofs
import Testing

/// What is given out is checked before it leaves: a row that somebody wrote does not become this house's word.
@Suite("The attacker with the database: what is served")
struct ServedTests {
    @Test("A forged checkpoint is never served")
    func checkpoints() async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        let house = try await bench.test.open()
        let view = try house.services.ledger.view()
        let key = view.charter.roster.log
        for size in view.frontier.size - 2...view.frontier.size + 2 {
            let text = try Checkpoint(origin: view.origin, size: size, root: Digest32(of: "\(size)")).text
            let line = try SignedNote.Signature(name: key.name, keyID: key.keyID, signature: Bytes(repeating: 1, count: 64))
            let forged = try SignedNote(text: text, signatures: [line])
            try bench.write(
                "INSERT INTO checkpoint (size, root, note) VALUES (?, ?, ?) ON CONFLICT (size) DO UPDATE SET note = excluded.note",
                [size, Digest32(of: "\(size)").data, forged.rendered])
        }
        for _ in 0..<2 {
            let served = try await house.services.ledger.checkpoint()
            let checkpoint = try Checkpoint.verified(note: served, by: [key], origin: view.origin)
            #expect(checkpoint.root == (try house.services.ledger.view().frontier.root))
            _ = try await bench.test.submit(house, serial: "SN-0006")
        }
        try await house.services.ledger.stop()
    }

    @Test("A certificate whose row was altered, or that the ledger does not have, is not served")
    func certificates() async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        let house = try await bench.test.open()
        let genuine = try Certificate(der: try #require(bench.issued.certificate))
        #expect(try await house.services.registrar.certificate(genuine.fingerprint) == genuine.der)

        // The true content under another signature, with its own right fingerprint.
        try bench.plantCertificate()
        let tbs = try TBSCertificate(der: bench.target.tbs)
        let row = try bench.connected { db in
            try Data.fetchOne(db, sql: "SELECT der FROM certificate WHERE serial = ?", arguments: [tbs.serialNumber.bytes.data])
        }
        let planted = try Certificate(der: Bytes(try #require(row)))
        await expect("certificate.record-altered") { try await house.services.registrar.certificate(planted.fingerprint) }

        try bench.write(
            "UPDATE certificate SET der = ? WHERE fingerprint = ?", [planted.der.data, genuine.fingerprint.data])
        await expect("certificate.record-altered") { try await house.services.registrar.certificate(genuine.fingerprint) }
        await expect("request.record-altered") { try await bench.test.vote(bench.issued, bench.test.officers[1], house) }
        try bench.write("DELETE FROM certificate WHERE fingerprint = ?", [genuine.fingerprint.data])
        await expect("certificate.not-found") { try await house.services.registrar.certificate(genuine.fingerprint) }
        await expect("request.record-altered") { try await bench.test.vote(bench.issued, bench.test.officers[1], house) }
        // Not a second one, whatever the request's row says.
        try bench.write("UPDATE request SET state = 'open', certificate = NULL WHERE id = ?", [bench.issued.id.bytes.data])
        await expect("request.record-missing") { try await bench.test.vote(bench.issued, bench.test.officers[1], house) }
        #expect(house.keys.signatures(.certificate) == 0)
        try await house.services.ledger.stop()
    }

    @Test("The genuine certificate behind a row that says open is given back, and not made again")
    func reopenedRow() async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        try bench.write("UPDATE request SET state = 'open', certificate = NULL WHERE id = ?", [bench.issued.id.bytes.data])
        let house = try await bench.test.open()
        let record = try await bench.test.vote(bench.issued, bench.test.officers[1], house)
        #expect(record.state == .issued)
        #expect(record.certificate == bench.issued.certificate)
        #expect(house.keys.signatures(.certificate) == 0)
        try await house.services.ledger.stop()
    }

    @Test("An entry that was altered has no proof, and the ledger's check names it")
    func entries() async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        let house = try await bench.test.open()
        let entries = try await house.services.ledger.entries(about: bench.rejected.id)
        let rejection = try #require(try entries.first { try Entry(decoding: $0.entry).type == .requestReject })
        let forged = try Entry(type: .requestExpire, time: 1_800_003_600_000, object: bench.rejected.id.bytes, node: "node-1")
        try bench.write("UPDATE entry SET body = ? WHERE idx = ?", [forged.encoded.data, rejection.index])
        await expect("ledger.altered") { try await house.services.ledger.proof(of: rejection.index) }
        let view = try house.services.ledger.view()
        var check = LedgerCheck(origin: view.origin, keys: [view.charter.roster.log])
        try check.expect(checkpoint: try await house.services.ledger.checkpoint().rendered)
        await #expect(throws: LedgerFault.self) {
            for body in try await house.services.ledger.entries(from: 0, count: 1000) { try check.add(body) }
            try check.finish()
        }
        try await house.services.ledger.stop()
    }

    @Test("A request's row that says its time is over does not make the ledger say so")
    func expiry() async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        let house = try await bench.test.open()
        try bench.write(
            "UPDATE request SET expires = 0, statement_hash = ? WHERE id = ?", [Digest32(of: "x").data, bench.fresh.id.bytes.data])
        #expect(try await house.services.registrar.expire() == 0)
        bench.test.clocks.pass(seconds: 6 * 86_400)
        #expect(try await house.services.registrar.expire() == 3)
        let last = try #require(try await house.services.ledger.entries(about: bench.fresh.id).last)
        let entry = try Entry(decoding: last.entry)
        #expect(entry.type == .requestExpire)
        #expect(entry.digests[Entry.DigestKey.statement] == Digest32(of: bench.fresh.statement))
        try await house.services.ledger.stop()
    }

    @Test("Rows that point at entries, planted ahead, do not stop the ledger")
    func mentions() async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        let house = try await bench.test.open()
        let size = try house.services.ledger.view().frontier.size
        for index in size..<size + 4 {
            try bench.write("INSERT INTO mention (object, idx) VALUES (?, ?)", [bench.target.id.bytes.data, index])
        }
        #expect(try await bench.test.vote(bench.target, bench.test.officers[1], house).state == .issued)
        try await house.services.ledger.stop()
    }
}
