import API
import Access
import Approval
import Basics
import Client
import Foundation
import Logging
import Node
import PKIX
import Proofs
import Registration
import Wire

/// A real house on this disk: last votes that issue, 32 at once; then the same over TLS with 32 keep-alive clients, beside the same
/// server's static answer.
enum House32 {
    static let workers = 32
    static let jobs = 1600

    struct Person: Sendable {
        let handle: Handle
        let login: PrivateKey
        let vote: PrivateKey

        init(_ name: String) throws {
            guard let handle = Handle(name) else { throw Problem(.invalid, "bench", title: "", detail: name) }
            self.handle = handle
            login = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
            vote = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
        }

        func sign(_ text: String) throws -> SignedNote { try vote.note(text, as: handle) }

        func text(_ instance: Instance?, _ now: UTCTime) throws -> SignedNote {
            try sign(Approval.Person(instance: instance, handle: handle, login: login.publicKey, vote: vote.publicKey, time: now).text)
        }

        var officer: Principal { Principal(handle: handle, roles: [.registrationOfficer]) }
    }

    /// - Parameter certificates: how many are drawn and stored before anything is measured.
    static func run(storing certificates: Int) async throws {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("assay-bench-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let clocks = SystemClocks()
        let admin = try Person("admin")
        let officers = try (1...3).map { try Person("officer-\($0)") }
        guard let node = Handle("node-1") else { return }
        let founding = try HouseFounding(
            HousePaths(data: directory), administrator: try admin.text(nil, clocks.now),
            names: .init(origin: "assay.bench/ledger", node: node),
            now: clocks.now, entropy: SystemEntropy())
        _ = try await founding.finish(signed: try admin.sign(founding.roster.text))
        let house = try await House.open(
            HousePaths(data: directory),
            .init(clocks: clocks, entropy: SystemEntropy(), logger: Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }))
        try await furnish(house, admin, officers, clocks)
        if certificates == 0 { try flushRate(directory) } else { try await store(certificates, in: house, officers, clocks) }
        try await inProcess(house, officers, clocks)
        try await overTLS(house, officers, clocks)
    }

    private static func furnish(_ house: House, _ admin: Person, _ officers: [Person], _ clocks: some Clocks) async throws {
        let principal = Principal(handle: admin.handle, roles: [.administrator])
        let drafts = try await house.services.authorities.draft(
            [.object(Fixtures.root), .object(Fixtures.devices)], call: ID(at: clocks.now, entropy: SystemEntropy()), by: principal)
        var changes: [RosterChange] = []
        var documents: [Bytes] = []
        func put(_ kind: DocumentKind, _ name: Handle, _ bytes: Bytes) {
            changes.append(.put(.init(kind: kind, name: name, digest: Digest32(of: bytes))))
            documents.append(bytes)
        }
        for draft in drafts { put(.authority, draft.name, draft.document) }
        if let profile = Handle("device-identity"), let policy = Handle("two-officers") {
            put(.profile, profile, JSON.object(Fixtures.profile).canonicalBytes)
            put(.approval, policy, JSON.object(Fixtures.policy).canonicalBytes)
        }
        let roster = try house.services.ledger.view().charter.roster
        let notes = try officers.map { try $0.text(roster.instance, clocks.now) }
        changes += try notes.map { .add(try Approval.Person($0), roles: [.registrationOfficer]) }
        let next = try roster.successor(changes, time: clocks.now)
        _ = try await house.services.rosters.propose(try admin.sign(next.text), documents: documents, people: notes, by: principal)
        _ = try await house.services.authorities.complete()
    }

    /// How often this disk can make one small append durable: the limit of everything that waits for it.
    private static func flushRate(_ directory: String) throws {
        let path = directory + "/flush"
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path) else { return }
        let clock = ContinuousClock()
        let start = clock.now
        var count = 0
        while clock.now - start < .seconds(1) {
            try file.write(contentsOf: Data(repeating: 1, count: 200))
            try file.synchronize()
            count += 1
        }
        Bench.line("flush of one small append (fsync)", Double(count), "1/s")
    }

    /// Requests with one vote each, and the vote that is missing.
    private static func prepare(
        _ house: House, _ officers: [Person], _ clocks: some Clocks
    ) async throws -> [(record: RequestRecord, vote: SignedNote)] {
        let charter = try house.services.ledger.view().charter
        guard let profile = charter.documents.profiles.values.first else { return [] }
        return try await concurrently { index in
            let csr = try Fixtures.request(try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy()))
            let submission = Submission(
                instance: charter.instance, subject: ID(at: clocks.now, entropy: SystemEntropy()), requester: officers[2].handle,
                profile: profile.reference, request: Digest32(of: csr), time: clocks.now)
            let record = try await house.services.registrar.submit(
                .init(submission: try officers[2].sign(submission.text), csr: csr, fields: ["model": "PLC-7", "serial": "SN-\(index)"]),
                by: officers[2].officer)
            let votes = try officers[0...1].map { officer in
                try officer.sign(
                    Vote(
                        instance: charter.instance, voter: officer.handle, decision: .approve, time: clocks.now,
                        statements: [Digest32(of: record.statement)]
                    ).text)
            }
            _ = try await house.services.registrar.vote(votes[0], on: record.id, reason: nil, by: officers[0].officer)
            return (record, votes[1])
        }
    }

    /// Draws certificates under an allowance, then compares all rows with the ledger.
    private static func store(_ number: Int, in house: House, _ officers: [Person], _ clocks: some Clocks) async throws {
        let charter = try house.services.ledger.view().charter
        let key = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy()).publicKey.digest
        guard let profile = charter.documents.profiles.values.first,
            let authority = charter.documents.authorities[profile.value.authority],
            let policy = profile.value.approval.flatMap({ charter.documents.approvals[$0] }), let name = Handle("line-1")
        else { return }
        let now = clocks.now
        let allowance = Allowance(
            instance: charter.instance, subject: ID(at: now, entropy: SystemEntropy()), requester: officers[2].handle,
            rosterVersion: charter.roster.version, rosterDigest: charter.roster.digest, policy: policy.reference,
            profile: profile.reference, authority: authority.reference, machine: .init(name: name, key: key),
            node: house.services.ledger.node, number: Int64(number), from: now, until: now.adding(seconds: 7200), opened: now,
            expires: now.adding(days: 1))
        let submission = Submission(
            instance: charter.instance, subject: allowance.subject, requester: officers[2].handle, profile: allowance.profile,
            request: allowance.wish, time: now)
        _ = try await house.services.allowances.request(
            allowance.text, submission: try officers[2].sign(submission.text), by: officers[2].officer)
        for officer in officers[0...1] {
            let vote = Vote(
                instance: charter.instance, voter: officer.handle, decision: .approve, time: clocks.now, kind: Allowance.kind,
                statements: [allowance.digest])
            _ = try await house.services.allowances.vote(
                try officer.sign(vote.text), on: allowance.subject, reason: nil, by: officer.officer)
        }
        let machine = Machine(name: name, key: key)
        try await timed("draws under an allowance, durable, in process, \(workers) at once", number) {
            _ = try await concurrently(number) { index in
                let csr = try Fixtures.request(try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy()))
                _ = try await house.services.allowances.draw(
                    .init(
                        profile: profile.value.name, csr: csr, fields: ["model": "PLC-7", "serial": "D-\(index)"],
                        call: ID(at: clocks.now, entropy: SystemEntropy())), by: machine)
            }
        }
        let entries = Int(try house.services.ledger.view().frontier.size)
        try await timed("entries and their rows compared, whole house", entries) { _ = try await house.services.ledger.audit() }
        print("with \(number) certificates stored:")
    }

    private static func concurrently<Value: Sendable>(
        _ jobs: Int = jobs, _ body: @escaping @Sendable (Int) async throws -> Value
    ) async throws -> [Value] {
        try await withThrowingTaskGroup(of: [Value].self) { group in
            for worker in 0..<workers {
                group.addTask {
                    var values: [Value] = []
                    for index in stride(from: worker, to: jobs, by: workers) { values.append(try await body(index)) }
                    return values
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
    }

    private static func timed(_ name: String, _ jobs: Int = jobs, _ body: () async throws -> Void) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        let busy = Bench.processorTime(CLOCK_PROCESS_CPUTIME_ID)
        try await body()
        let took = clock.now - start
        Bench.line(name, Double(jobs) / Bench.seconds(took), "1/s")
        Bench.line("  processor time each", (Bench.processorTime(CLOCK_PROCESS_CPUTIME_ID) - busy) / Double(jobs) * 1000, "ms")
    }

    private static func inProcess(_ house: House, _ officers: [Person], _ clocks: some Clocks) async throws {
        let prepared = try await prepare(house, officers, clocks)
        try await timed("last votes that issue, durable, in process, \(workers) at once") {
            _ = try await concurrently { index in
                _ = try await house.services.registrar.vote(
                    prepared[index].vote, on: prepared[index].record.id, reason: nil, by: officers[1].officer)
            }
        }
    }

    private static func overTLS(_ house: House, _ officers: [Person], _ clocks: some Clocks) async throws {
        let prepared = try await prepare(house, officers, clocks)
        let (ports, told) = AsyncStream.makeStream(of: Int.self)
        let serving = Task {
            try await house.serve(.init(host: "127.0.0.1", port: 0), stoppingOn: []) { told.yield($0) }
        }
        guard let port = await ports.first(where: { _ in true }) else { return }
        let clients = try (0..<workers).map { _ in
            try NodeClient(
                NodeAddress(host: "127.0.0.1", port: port), pin: house.services.facts.serverKey, key: officers[1].login, clocks: clocks,
                entropy: SystemEntropy())
        }
        try await timed("static answer over TLS, \(workers) keep-alive clients") {
            _ = try await concurrently { index in _ = try await clients[index % workers].send(Routes.health) }
        }
        try await timed("last votes that issue, durable, over TLS, \(workers) clients") {
            _ = try await concurrently { index in
                _ = try await clients[index % workers].send(
                    Routes.vote, parameters: ["id": prepared[index].record.id.description],
                    body: .json(.object(["vote": .string(prepared[index].vote.rendered)])))
            }
        }
        for client in clients { await client.close() }
        serving.cancel()
        _ = try? await serving.value
    }
}
