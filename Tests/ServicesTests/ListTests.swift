import API
import Access
import Authorities
import Basics
import Client
import GRDB
import PKIX
import Policies
import Registration
import Storage
import Testing
import Wire

/// A list of the API that can grow, and how its table is filled from outside.
struct GrowingList: Sendable, CustomTestStringConvertible {
    let route: Route
    var state: String?
    /// The answer's member with the elements.
    let member: String
    /// The element's member that names it; nil where an element is a text.
    let name: String?
    /// :n the row's number, :id 16 random octets, :hex the same in hexadecimal, :one and :two 32 random octets each.
    let insert: String
    /// What stands in the table, by name, without hyphens.
    let stored: String

    var testDescription: String { route.name + (state.map { " " + $0 } ?? "") }

    static let all: [GrowingList] = [
        request(nil), request("rejected"), certificate, allowance(nil), allowance("closed"), revocation(nil), revocation("revoked"),
        GrowingList(
            route: Routes.keys, member: "keys", name: "id",
            insert: """
                INSERT INTO key (id, name, algorithm, purposes, spki, sealed, created, version)
                SELECT :id, 'more-' || :hex, algorithm, purposes, spki, sealed, created, 1 FROM key WHERE name NOT LIKE 'more-%' LIMIT 1
                """, stored: "SELECT lower(hex(id)) FROM key"),
        GrowingList(
            route: Routes.officers, member: "officers", name: "handle",
            insert: "INSERT INTO invitation VALUES (:hex, :one, :n, :n, 0, 'open', NULL, 1)",
            stored: "SELECT replace(handle, '-', '') FROM invitation"),
        GrowingList(
            route: Routes.persons, member: "people", name: nil, insert: "INSERT INTO person VALUES (:one, :hex, :hex, :n)",
            stored: "SELECT replace(note, '-', '') FROM person"),
    ]

    private static func request(_ state: String?) -> GrowingList {
        GrowingList(
            route: Routes.requests, state: state, member: "requests", name: "id",
            insert: """
                INSERT INTO request VALUES (:id, 'officer-3', 'device-identity', :one, '', '', x'', x'',
                CASE :n % 3 WHEN 0 THEN 'issued' ELSE 'rejected' END, NULL, NULL, NULL, :n, :n, 1)
                """, stored: "SELECT lower(hex(id)) FROM request" + (state.map { " WHERE state = '\($0)'" } ?? ""))
    }

    /// Many in one second, as a line makes them.
    private static let certificate = GrowingList(
        route: Routes.certificates, member: "certificates", name: "fingerprint",
        insert: "INSERT INTO certificate VALUES (:one, :two, 'devices', :id, :two, x'', :n, 1800000000 + :n / 700)",
        stored: "SELECT lower(hex(fingerprint)) FROM certificate")

    private static func allowance(_ state: String?) -> GrowingList {
        GrowingList(
            route: Routes.allowances, state: state, member: "allowances", name: "id",
            insert: """
                INSERT INTO allowance VALUES (:id, 'officer-3', 'line-3', 'device-identity', :one, '', '',
                CASE :n % 3 WHEN 0 THEN 'open' ELSE 'closed' END, NULL, NULL, :n, 1)
                """, stored: "SELECT lower(hex(id)) FROM allowance" + (state.map { " WHERE state = '\($0)'" } ?? ""))
    }

    private static func revocation(_ state: String?) -> GrowingList {
        GrowingList(
            route: Routes.revocations, state: state, member: "revocations", name: "id",
            insert: """
                INSERT INTO revocation VALUES (:id, 'officer-3', :two, :one, '', '',
                CASE :n % 3 WHEN 0 THEN 'rejected' ELSE 'revoked' END, NULL, NULL, :n, 1)
                """, stored: "SELECT lower(hex(id)) FROM revocation" + (state.map { " WHERE state = '\($0)'" } ?? ""))
    }

    /// Adds rows with these numbers, at random places of the order.
    func grow(_ numbers: Range<Int>, _ bench: AttackBench) throws {
        try bench.connected { db in
            for number in numbers {
                let id = SystemEntropy().bytes(16)
                try db.execute(
                    sql: insert,
                    arguments: [
                        "n": number, "id": id.data, "hex": id.hex, "one": SystemEntropy().bytes(32).data,
                        "two": SystemEntropy().bytes(32).data,
                    ])
            }
        }
    }

    func storedNames(_ bench: AttackBench) throws -> Set<String> { Set(try bench.connected { try String.fetchAll($0, sql: stored) }) }

    /// One page as the node answers it.
    func page(_ client: NodeClient, after: String?, limit: Int) async throws -> (names: [String], next: String?) {
        var query = ["limit": [String(limit)]]
        query["after"] = after.map { [$0] }
        query["state"] = state.map { [$0] }
        let answer = try await client.send(route, query: query)
        guard case .object(let members) = try JSON(parsing: answer.body, limit: 1 << 22), case .array(let elements)? = members[member]
        else {
            throw Problem(.invalid, "test.answer", title: "no list", detail: "")
        }
        let names = elements.compactMap { element -> String? in
            switch (element, name) {
            case (.string(let text), nil): text
            case (.object(let members), let name?): if case .string(let text)? = members[name] { text } else { nil }
            default: nil
            }
        }
        #expect(names.count == elements.count)
        if case .string(let next)? = members["next"] { return (names, next) }
        #expect(members["next"] == nil)
        return (names, nil)
    }
}

@Suite("Lists that grow")
struct ListTests {
    @Test("Page by page, 1,200 rows are each met exactly once, also while rows are added", arguments: GrowingList.all)
    func once(_ list: GrowingList) async throws {
        try await EdgeHouse.run { edge in
            try list.grow(1..<1201, edge.bench)
            let before = try list.storedNames(edge.bench)
            #expect(before.count >= (list.state == nil ? 1200 : 800))
            let client = try edge.client(edge.bench.test.admin.login)
            var met: [String] = []
            var after: String?
            var pages = 0
            repeat {
                let page = try await list.page(client, after: after, limit: 97)
                #expect(page.next == nil || page.names.count == 97)
                met += page.names.map { $0.replacing("-", with: "") }
                after = page.next
                pages += 1
                try list.grow((1200 + pages * 10)..<(1210 + pages * 10), edge.bench)
            } while after != nil && pages < 100
            #expect(after == nil)
            #expect(Set(met).count == met.count)
            #expect(before.subtracting(met).isEmpty)
            // Nothing is made up, and a page is never longer than was asked for.
            #expect(Set(met).subtracting(try list.storedNames(edge.bench)).isEmpty)
            let usual = try await client.send(list.route)
            guard case .object(let members) = try JSON(parsing: usual.body, limit: 1 << 22), case .array(let first)? = members[list.member]
            else { throw Problem(.invalid, "test.answer", title: "no list", detail: "") }
            #expect(first.count == 100 && members["next"] != nil)
            #expect(try await list.page(client, after: nil, limit: 500).names.count == 500)
            await client.close()
        }
    }

    @Test("Exactly as many as fit have no next page, and neither has an empty list")
    func edges() async throws {
        try await EdgeHouse.run { edge in
            let list = try #require(GrowingList.all.first { $0.route == Routes.allowances })
            let client = try edge.client(edge.bench.test.admin.login)
            #expect(try await list.page(client, after: nil, limit: 1) == ([], nil))
            try list.grow(1..<4, edge.bench)
            let whole = try await list.page(client, after: nil, limit: 3)
            #expect(whole.names.count == 3 && whole.next == nil)
            let part = try await list.page(client, after: nil, limit: 2)
            #expect(part.names == Array(whole.names.prefix(2)) && part.next == part.names.last)
            #expect(try await list.page(client, after: part.next, limit: 2) == ([try #require(whole.names.last)], nil))
            #expect(try await list.page(client, after: whole.names.last, limit: 2) == ([], nil))
            await client.close()
        }
    }

    @Test(
        "A limit, place or state that is none is named, with what is accepted",
        arguments: [
            ("limit=0", "limit", "from 1 to 500"), ("limit=501", "limit", "from 1 to 500"), ("limit=-1", "limit", "from 1 to 500"),
            ("limit=1&limit=2", "limit", "once"), ("after=A!", "after", "was expected"), ("after=", "after", "was expected"),
            ("after=' OR 1=1 --", "after", "was expected"), ("state=lost", "state", "state is one of"),
        ])
    func refused(query: String, field: String, words: String) async throws {
        try await EdgeHouse.run { edge in
            let query = query.replacing(" ", with: "%20")
            for list in GrowingList.all where field != "state" || list.state != nil {
                let problem = await edge.refusal("/api/v1/\(list.route.pattern.split(separator: "/").last ?? "")?\(query)")
                #expect(problem.status == 400 && problem.code == "request.parameter-invalid", "\(list.route.name)")
                #expect(problem.field == field && problem.detail.contains(words), "\(list.route.name): \(problem.detail)")
            }
            let unknown = await edge.refusal("/api/v1/certificates?after=\(String(repeating: "0", count: 64))")
            #expect(unknown.field == "after" && unknown.detail.contains("no certificate"))
        }
    }

    static let queries: [(name: String, query: ListQuery, isFirst: Bool)] = {
        let id = ID("01930f3e-0000-7000-8000-000000000001")
        let handle = Handle("officer-1")
        var all: [(String, ListQuery, Bool)] = []
        for isFirst in [true, false] {
            let paging = Paging<ID>(after: isFirst ? nil : id)
            let issued = (created: Int64(1_800_000_000), fingerprint: Digest32.zero)
            all += [
                ("requests", Registrar.requestQuery(nil, paging), isFirst), ("open requests", Registrar.requestQuery(.open, paging), false),
                ("certificates", Registrar.certificateQuery(after: isFirst ? nil : issued, limit: 100), isFirst),
                ("allowances", Allowances.query(nil, paging), isFirst), ("open allowances", Allowances.query(.open, paging), false),
                ("revocations", Revocations.query(nil, paging), isFirst), ("revoked", Revocations.query(.revoked, paging), false),
                ("keys", CertificateAuthorities.keyQuery(paging), isFirst),
                ("people", Rosters.peopleQuery(Paging(after: isFirst ? nil : Digest32.zero)), isFirst),
                ("officers", Invitations.query(Paging(after: isFirst ? nil : handle)), isFirst),
            ]
        }
        return all
    }()

    @Test("Every page is read by an index: nothing is sorted, and what lies before it is not read")
    func indexes() async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        let house = try await bench.test.open()
        for (name, query, isFirst) in Self.queries {
            let plan = try await house.services.ledger.store.read { snapshot in
                try snapshot.rows("EXPLAIN QUERY PLAN " + query.sql, query.arguments).map { try $0.text("detail") }
            }
            // A page at the beginning reads along the index, any other begins inside it.
            #expect(plan.count == 1, "\(name): \(plan)")
            #expect(plan.allSatisfy { $0.hasPrefix(isFirst ? "SCAN" : "SEARCH") && $0.contains("INDEX") }, "\(name): \(plan)")
        }
        try await house.services.ledger.stop()
    }
}

extension EdgeHouse {
    /// The problem by which the administrator is refused what stands in the request line.
    func refusal(_ target: String) async -> (status: Int, code: String?, field: String?, detail: String) {
        let head = RequestHead(
            id: ID(at: TestHouse.start, entropy: SystemEntropy()), method: "GET", target: target, contentType: nil, contentLength: 0,
            peer: bench.test.admin.login.publicKey)
        let answer: APIResponse =
            switch await dispatcher.admit(head).decision {
            case .answer(let response): response
            case .read(let handle): await handle([])
            }
        guard let json = try? JSON(parsing: answer.body), var fields = try? JSONFields(json, code: "test") else {
            return (answer.status, nil, nil, "")
        }
        return (
            answer.status, try? fields.string("code"), try? fields.optionalString("field"), (try? fields.string("detail")) ?? ""
        )
    }
}
