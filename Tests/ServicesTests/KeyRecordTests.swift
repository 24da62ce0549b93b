import API
import Authorities
import Basics
import Testing
import Wire

/// Who writes the database can keep authorities from signing. A node says so before two people have voted.
@Suite("Records of authorities' keys, altered")
struct KeyRecordTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: String
        let sql: [String]

        init(_ name: String, _ code: String, _ sql: String...) { (testDescription, self.code, self.sql) = (name, code, sql) }
    }

    static let cases = [
        Case(
            "another key's seal", "custody.seal-broken",
            "UPDATE key SET sealed = (SELECT sealed FROM key WHERE name LIKE 'root %') WHERE name LIKE 'devices %'"),
        Case(
            "another purpose", "custody.seal-broken", "UPDATE key SET purposes = 'certificate,checkpoint' WHERE name LIKE 'devices %'"),
        Case("a purpose that is none", "storage.damaged", "UPDATE key SET purposes = 'anything' WHERE name LIKE 'devices %'"),
        Case(
            "two authorities' keys exchanged", "custody.seal-broken",
            "CREATE TABLE x AS SELECT * FROM key WHERE name LIKE 'root %' OR name LIKE 'devices %'",
            "UPDATE key SET sealed = (SELECT sealed FROM x WHERE x.id <> key.id) WHERE id IN (SELECT id FROM x)"),
        Case("a place in a token", "custody.refused", "UPDATE key SET sealed = CAST(x'02' || sealed AS BLOB) WHERE name LIKE 'devices %'"),
        Case("no key", "authority.key-missing", "DELETE FROM key WHERE name LIKE 'devices %'"),
    ]

    @Test("The node is not called ready, and its warnings and its log name the authority", arguments: cases)
    func found(_ one: Case) async throws {
        try await EdgeHouse.run { edge in
            let client = try edge.client(edge.bench.test.admin.login)
            func warnings() async throws -> [String] {
                let answer = try await client.send(Routes.node)
                guard case .object(let members) = try JSON(parsing: answer.body), case .array(let all) = members["warnings"] else {
                    return []
                }
                return all.compactMap { if case .string(let text) = $0 { text } else { nil } }
            }
            #expect(try await client.send(Routes.ready).status == 200)
            #expect(try await warnings().allSatisfy { !$0.contains("Authority devices") })
            for sql in one.sql { try edge.bench.write(sql) }
            let ready = await edge.problem { try await client.send(Routes.ready) }
            #expect(ready?.code == "node.not-ready" && ready?.detail.contains("devices") == true, "\(String(describing: ready))")
            #expect(try await warnings().contains { $0.hasPrefix("Authority devices: \(one.code): ") })
            #expect(try await edge.house.services.authorities.keyProblems().contains { $0.problem.code == one.code && !$0.isOpen })
            await client.close()
        }
    }
}
