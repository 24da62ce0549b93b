import Approval
import Basics
import Foundation
import Node
import PKIX
import Proofs
import Registration
import Storage
import Testing
import Transparency

@Suite("Rows against entries")
struct RowAuditTests {
    /// One statement of somebody who writes the database, and what the comparison says of it.
    struct Alteration: Sendable, CustomTestStringConvertible {
        let sql: String
        let says: [String]
        var code = "ledger.rows-differ"

        init(_ sql: String, _ says: String..., code: String = "ledger.rows-differ") {
            self.sql = sql
            self.says = says
            self.code = code
        }

        var testDescription: String { sql }
    }

    @Test("A house that did everything agrees with its ledger, row for row")
    func agrees() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let issued = try await test.submit(house, serial: "SN-1")
        for officer in [0, 1] { try await test.vote(issued, test.officers[officer], house) }
        let rejected = try await test.submit(house, serial: "SN-2")
        try await test.vote(rejected, test.officers[0], house, .reject)
        _ = try await test.submit(house, serial: "SN-3")
        // Approves, and then thinks better of it: the second vote stands in the place of the first.
        let regretted = try await test.submit(house, serial: "SN-4")
        for decision in [Vote.Decision.approve, .reject] { try await test.vote(regretted, test.officers[0], house, decision) }
        let station = try TestStation()
        let allowance = try await test.opened(house, station)
        for number in 0..<2 { _ = try await test.draw(house, station, try test.wish(serial: "D-\(number)")) }
        let officer = test.officers[0].principal(.registrationOfficer)
        _ = try await house.services.allowances.close(allowance.subject, reason: "done", by: officer)
        let certificate = try Certificate(der: try #require(try await house.services.registrar.request(issued.id).certificate))
        let revocation = try test.revocation(certificate, house)
        _ = try await test.request(revocation, house)
        for officer in [0, 1] { try await test.vote(revocation, test.officers[officer], house) }
        _ = try await house.services.ledger.checkpoint()

        let audit = try await house.services.ledger.audit()
        // The same in many passes.
        #expect(try await house.services.ledger.audit(share: 5) == audit)
        let counts = Dictionary(uniqueKeysWithValues: audit.rows.map { ($0.kind.name, $0.count) })
        #expect(counts["request"] == 4)
        #expect(counts["request.decision"] == 3)
        #expect(counts["certificate"] == 3)
        #expect(counts["draw"] == 2)
        #expect(counts["allowance"] == 1)
        // Opened, and closed.
        #expect(counts["allowance.decision"] == 2)
        #expect(counts["vote"] == 8)
        #expect(counts["authority"] == 2)
        #expect(counts["key"] == 3)
        #expect(counts["person"] == 4)
        for kind in RowKind.all { #expect((counts[kind.name] ?? 0) > 0, "\(kind.name)") }
        #expect(audit.checkpoints > 0)
        #expect(audit.size == house.services.ledger.store.head.size)
        // Days later one request has run out, which is an entry of its own.
        test.clocks.pass(seconds: 40 * 86_400)
        try await house.services.ledger.stop()
        let later = try await test.open(acceptClock: true)
        #expect(try await later.services.registrar.expire() == 1)
        _ = try await later.services.ledger.audit()
        try await later.services.ledger.stop()
    }

    private static let zeros = "x'0000000000000000000000000000000000000000000000000000000000000000'"

    static let alterations: [Alteration] = [
        Alteration("UPDATE request SET requester = 'officer-2' WHERE state = 'issued'", "The row request ", "request.open"),
        Alteration("UPDATE request SET state = 'open' WHERE state = 'rejected'", "request.reject"),
        Alteration("UPDATE request SET state = 'expired' WHERE state = 'rejected'", "The row request ", "request.reject"),
        Alteration("UPDATE request SET decided_by = 'officer-1' WHERE state = 'rejected'", "The row request ", "request.reject"),
        Alteration("UPDATE request SET reason = 'of my own' WHERE state = 'rejected'", "The row request ", "request.reject"),
        Alteration("UPDATE request SET state = 'rejected' WHERE state = 'open'", "No entry vouches for the row request "),
        Alteration("UPDATE request SET certificate = \(zeros) WHERE state = 'issued'", "The row request ", "certificate.issue"),
        Alteration("UPDATE request SET opened = opened + 1 WHERE state = 'issued'", "The row request "),
        Alteration("DELETE FROM request WHERE state = 'rejected'", "request.open"),
        Alteration("UPDATE vote SET decision = 'approve' WHERE decision = 'reject'", "The row vote ", "vote.cast"),
        Alteration("DELETE FROM vote WHERE decision = 'reject'", "vote.cast", "table vote"),
        Alteration(
            "INSERT INTO vote SELECT statement_hash, 'mallory', hash, decision, note, created FROM vote LIMIT 1",
            "No entry vouches for the row vote ", "/mallory"),
        Alteration("UPDATE certificate SET authority = 'root'", "The row certificate ", "certificate.issue"),
        Alteration("UPDATE certificate SET not_after = not_after + 1", "The row certificate "),
        Alteration("UPDATE certificate SET der = CAST(der || x'00' AS BLOB)", "The row certificate "),
        Alteration("DELETE FROM certificate", "table certificate", "certificate.issue"),
        Alteration("UPDATE person SET handle = 'officer-9' WHERE handle = 'officer-1'", "The row person ", "officer.enroll"),
        Alteration("DELETE FROM person WHERE handle = 'officer-3'", "table person"),
        Alteration("UPDATE key SET created = created + 1 WHERE name = 'log'", "The row key ", "key.generated"),
        Alteration("UPDATE authority SET name = 'devices' WHERE name = 'root'", "The row authority ", "authority.issue"),
        Alteration("UPDATE roster SET note = note || x'0a' WHERE version = 1", "The row roster 1 ", "ledger.created"),
        Alteration("UPDATE document SET name = 'other' WHERE kind = 'approval'", "The row document "),
        Alteration("UPDATE document SET bytes = CAST(bytes || x'20' AS BLOB) WHERE kind = 'profile'", "The row document "),
        Alteration("DELETE FROM document WHERE kind = 'profile'", "table document", "roster.accepted"),
        Alteration(
            "INSERT INTO document (hash, kind, name, bytes) VALUES (\(zeros), 'profile', 'mine', x'7b7d')",
            "No entry vouches for the row document "),
        Alteration("DELETE FROM mention WHERE idx = 0", "table mention", "ledger.created"),
        Alteration("INSERT INTO mention (object, idx) VALUES (x'00', 1)", "No entry vouches for the row mention "),
        Alteration("INSERT INTO tile (level, idx, hashes) VALUES (0, 9, \(zeros))", "belong to no tile"),
        Alteration("UPDATE checkpoint SET size = size + 1000000", "signed note"),
        Alteration("UPDATE checkpoint SET size = -1", "signed note"),
        Alteration("UPDATE checkpoint SET root = \(zeros)", "signed note"),
        Alteration("UPDATE checkpoint SET note = 'mine'", "checkpoint", code: "ledger.invalid"),
        Alteration(
            "UPDATE entry SET body = CAST(substr(body, 1, 20) || x'ff' || substr(body, 22) AS BLOB) WHERE idx = 4", "Entry 4 ",
            code: "ledger.invalid"),
    ]

    @Test("What somebody wrote into the running house's database is found and named", arguments: alterations)
    func altered(_ alteration: Alteration) async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        let house = try await bench.test.open()
        _ = try await house.services.ledger.checkpoint()
        _ = try await house.services.ledger.audit()
        try bench.write(alteration.sql)
        let problem = await #expect(throws: Problem.self) { try await house.services.ledger.audit() }
        #expect(problem?.code == alteration.code)
        for words in alteration.says { #expect(problem?.detail.contains(words) == true, "\(problem?.detail ?? "")") }
        try? await house.services.ledger.stop()
    }

    @Test("A row's digest tells every column, its kind and its length apart")
    func digests() throws {
        let kind = RowKind("k", of: "t", by: ["a"], ["b"])
        let values: [(SQLValue, SQLValue)] = [
            (.null, .null), (.text(""), .null), (.blob([]), .null), (.null, .text("")), (.integer(0), .null), (.integer(-1), .null),
            (.text("0"), .null), (.blob([0x30]), .null), (.text("x\nb null"), .null), (.text("x"), .text("y")), (.text("xy"), .text("")),
        ]
        var digests = Set(try values.map { try RowContent(kind, ["a": $0.0, "b": $0.1]).digest })
        #expect(digests.count == values.count)
        digests.insert(try RowContent(RowKind("l", of: "t", by: ["a"], ["b"]), ["a": .null, "b": .null]).digest)
        #expect(digests.count == values.count + 1)
        // By hand from docs/formats.md, section 9.
        let text = "assay/row/v1\nk\na integer 7\nb text 2\nhi\n"
        #expect(try RowContent(kind, ["b": .text("hi"), "a": .integer(7)]).digest == Digest32(of: text))
        #expect(throws: StorageError.undecodable(column: "b")) { try RowContent(kind, ["a": .null]) }
        #expect(throws: StorageError.undecodable(column: "c")) { try RowContent(kind, ["a": .null, "b": .null, "c": .null]) }
    }
}
