import API
import Access
import Approval
import Basics
import Client
import PKIX
import Proofs
import Registration
import Testing
import Wire

@Suite("The API over a real house")
struct EdgeTests {
    @Test("A damaged CSR is a clear problem, in JSON and as it is, and changes nothing")
    func damagedRequests() async throws {
        try await EdgeHouse.run { edge in
            let officer = edge.bench.test.officers[2]
            let client = try edge.client(officer.login)
            let before = try edge.state()
            let damaged = try DamagedRequests.all()
            #expect(damaged.count >= 60)
            for (place, (name, csr)) in damaged.enumerated() {
                let submission = try edge.submission(of: csr, by: officer)
                let problem = await edge.problem {
                    if place % 2 == 0 {
                        try await client.send(Routes.submitRequest, body: .json(edge.wish(csr, submission)))
                    } else {
                        try await client.send(
                            Routes.submitRequest,
                            query: ["submission": [Bytes(submission.rendered.utf8).base64URL], "field": ["model=PLC-7", "serial=SN-9"]],
                            body: .raw(.pkcs10, csr))
                    }
                }
                #expect(problem?.kind == .invalid, "\(name): \(String(describing: problem))")
                #expect(
                    ["request.csr-invalid", "request.possession-unproven", "profile.key-algorithm"].contains(problem?.code),
                    "\(name): \(String(describing: problem))")
                #expect(problem?.field?.hasPrefix("csr") == true, "\(name): \(String(describing: problem))")
            }
            #expect(try edge.state() == before)
            await client.close()
        }
    }

    @Test("A damaged body is a clear problem by its own code, names its field, and changes nothing")
    func damagedBodies() async throws {
        try await EdgeHouse.run { edge in
            let before = try edge.state()
            let damaged = try edge.damagedBodies()
            #expect(damaged.count >= 50)
            for one in damaged {
                let client = try edge.client(one.caller.login)
                let parameters = one.route == Routes.vote ? ["id": edge.bench.fresh.id.description] : [:]
                let problem = await edge.problem { try await client.send(one.route, parameters: parameters, body: .raw(.json, one.body)) }
                #expect(problem?.code == one.code, "\(one.name): \(String(describing: problem))")
                #expect(problem?.field == one.field, "\(one.name): \(String(describing: problem))")
                #expect(problem.map { (400..<500).contains($0.kind.status) } == true, "\(one.name): \(String(describing: problem))")
                await client.close()
            }
            #expect(try edge.state() == before)
        }
    }

    @Test("Nobody, a stranger, an officer, an administrator: who may call what")
    func permissions() async throws {
        let administrators: Set = ["roster.propose", "roster.proposals", "officer.add", "officers", "officer", "authority.draft"]
        let officers: Set = ["request.submit", "allowance.request", "allowance.close", "revocation.request"]
        let machines: Set = ["certificate.draw"]
        let anyone: Set = ["health", "ready", "metrics", "enrollment.redeem"]
        try await EdgeHouse.run { edge in
            let before = try edge.state()
            let callers: [(String, TestPerson?)] = [
                ("nobody", nil), ("stranger", edge.bench.mallory), ("officer", edge.bench.test.officers[0]),
                ("admin", edge.bench.test.admin),
            ]
            for route in Routes.all {
                for (name, person) in callers {
                    let client = try edge.client(person?.login)
                    let code = await edge.problem { try await edge.call(route, client) }?.code
                    let expected: String? =
                        switch name {
                        case _ where anyone.contains(route.name): nil
                        case "nobody": "access.key-missing"
                        // No person is a machine.
                        case _ where machines.contains(route.name): "access.machine-unknown"
                        case "stranger": "access.key-unknown"
                        case "officer" where administrators.contains(route.name): "access.role-missing"
                        case "admin" where officers.contains(route.name): "access.role-missing"
                        default: nil
                        }
                    let refused = code.flatMap { $0.hasPrefix("access.") ? $0 : nil }
                    #expect(refused == expected, "\(route.name) by \(name): \(code ?? "-")")
                    await client.close()
                }
            }
            // A checkpoint is made for whoever asks for one; nothing else came of it.
            let after = try edge.state()
            #expect(after.size == before.size)
            #expect(after.rows.filter { $0.key != "checkpoint" } == before.rows.filter { $0.key != "checkpoint" })
        }
    }

    @Test("A removed officer's key is refused at once, on the connection that is open")
    func removedOfficer() async throws {
        try await EdgeHouse.run { edge in
            let test = edge.bench.test
            let officer = test.officers[0]
            let client = try edge.client(officer.login)
            #expect(try await client.send(Routes.node).status == 200)
            try await test.accept([.remove(officer.handle)], edge.house)
            #expect(await edge.problem { try await client.send(Routes.node) }?.code == "access.key-unknown")
            let ballot = try test.ballot(edge.bench.fresh, officer)
            let body = JSON.object(["vote": .string(ballot.rendered), "reason": .null])
            let id = edge.bench.fresh.id.description
            #expect(
                await edge.problem { try await client.send(Routes.vote, parameters: ["id": id], body: .json(body)) }?.code
                    == "access.key-unknown")
            // The vote that was cast before counts no more: one is missing.
            #expect(try await test.vote(edge.bench.target, test.officers[1], edge.house).state == .open)
            #expect(edge.house.keys.signatures(.certificate) == 0)
            await client.close()
        }
    }
}

extension EdgeHouse {
    func submission(of csr: Bytes, by person: TestPerson) throws -> SignedNote {
        let charter = try house.services.ledger.view().charter
        let profile = try #require(charter.documents.profiles.values.first)
        let submission = Submission(
            instance: charter.instance, subject: ID(at: bench.test.clocks.now, entropy: SystemEntropy()), requester: person.handle,
            profile: profile.reference, request: Digest32(of: csr), time: bench.test.clocks.now)
        return try person.sign(submission.text)
    }

    func wish(_ csr: Bytes, _ submission: SignedNote, fields: [String: String] = ["model": "PLC-7", "serial": "SN-9"]) -> JSON {
        .object([
            "submission": .string(submission.rendered), "csr": .string(csr.base64), "fields": .object(fields.mapValues { .string($0) }),
        ])
    }

    /// The problem that a call ends in, nil when it ends well.
    func problem(_ call: () async throws -> some Any) async -> Problem? {
        do {
            _ = try await call()
            return nil
        } catch { return error as? Problem }
    }

    /// Calls a route with whatever it needs, and an empty body.
    func call(_ route: Route, _ client: NodeClient) async throws -> ClientResponse {
        var parameters: [String: String] = [:]
        for parameter in route.pathParameters {
            parameters[parameter.name] =
                switch parameter.kind {
                case .handle: "officer-9"
                case .id: bench.fresh.id.description
                case .digest: Digest32(of: "none").hex
                case .number: "0"
                case .limit: "1"
                case .text: "x"
                }
        }
        var query: [String: [String]] = [:]
        for parameter in route.query where parameter.isRequired { query[parameter.name] = ["0"] }
        return try await client.send(
            route, parameters: parameters, query: query, body: route.method == .post ? .raw(.json, Bytes("{}".utf8)) : .none)
    }
}
