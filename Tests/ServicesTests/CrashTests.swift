import Approval
import Basics
import Foundation
import Node
import PKIX
import Proofs
import Registration
import Synchronization
import Testing

/// The process ends between two of its writes: what is on the disk then is what another process opens.
@Suite("Crashes")
struct CrashTests {
    /// The files of one moment. Custody is copied first: it is never ahead of the database.
    private func image(_ test: TestHouse) throws -> HousePaths {
        let paths = HousePaths(data: FileManager.default.temporaryDirectory.appendingPathComponent("assay-\(UUID().uuidString)").path)
        let files = FileManager.default
        try files.createDirectory(atPath: paths.data, withIntermediateDirectories: true)
        try files.copyItem(atPath: test.paths.custody, toPath: paths.custody)
        try files.copyItem(atPath: test.paths.database, toPath: paths.database)
        if files.fileExists(atPath: test.paths.database + "-wal") {
            try files.copyItem(atPath: test.paths.database + "-wal", toPath: paths.database + "-wal")
        }
        return paths
    }

    private func test(_ test: TestHouse, at paths: HousePaths) -> TestHouse {
        TestHouse(paths: paths, clocks: TestClocks(test.clocks.now), admin: test.admin, officers: test.officers, pin: test.pin)
    }

    /// One image's custody with another's database.
    private func mixed(custody: HousePaths, database: HousePaths) throws -> HousePaths {
        let paths = HousePaths(data: FileManager.default.temporaryDirectory.appendingPathComponent("assay-\(UUID().uuidString)").path)
        try FileManager.default.copyItem(atPath: database.data, toPath: paths.data)
        try FileManager.default.removeItem(atPath: paths.custody)
        try FileManager.default.copyItem(atPath: custody.custody, toPath: paths.custody)
        return paths
    }

    enum Act: CaseIterable { case lastVote, rejection, firstVote }

    @Test("Between COMMIT and the anchor's line, before both, after both", arguments: Act.allCases)
    func points(of act: Act) async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        let house = try await bench.test.open()
        let before = try image(bench.test)
        defer { try? FileManager.default.removeItem(atPath: before.data) }
        let record = act == .firstVote ? bench.fresh : bench.target
        let told = try await bench.test.vote(record, bench.test.officers[1], house, act == .rejection ? .reject : .approve)
        let after = try image(bench.test)
        defer { try? FileManager.default.removeItem(atPath: after.data) }
        try await house.services.ledger.stop()

        for custody in [after, before] {
            let paths = try mixed(custody: custody, database: after)
            let crashed = test(bench.test, at: paths)
            defer { crashed.remove() }
            let reopened = try await crashed.open()
            try await crashed.holds([told, bench.issued, bench.rejected], reopened)
            #expect(reopened.keys.signatures(.certificate) == 0)
            try await crashed.audit(reopened)
            // What was decided is closed for ever, also when its rows are taken away now.
            if act != .firstVote {
                #expect(try reopened.services.ledger.view().isClosed(Digest32(of: told.statement)))
            }
            try await reopened.services.ledger.stop()
        }

        // Before COMMIT nothing was told, and nothing is missing.
        let crashed = test(bench.test, at: try mixed(custody: before, database: before))
        defer { crashed.remove() }
        let reopened = try await crashed.open()
        let again = try await crashed.vote(record, crashed.officers[1], reopened, act == .rejection ? .reject : .approve)
        #expect(again.state == told.state)
        #expect(reopened.keys.signatures(.certificate) == (act == .lastVote ? 1 : 0))
        try await crashed.audit(reopened)
        try await reopened.services.ledger.stop()

        // The anchor's line without the commit before it cannot be: somebody took the commit back.
        let taken = test(bench.test, at: try mixed(custody: after, database: before))
        defer { taken.remove() }
        await expect("ledger.unverified") { try await taken.open() }
    }

    @Test("The anchor's last append is torn at any octet")
    func tornAnchor() async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        let house = try await bench.test.open()
        let anchor = bench.test.paths.custody + "/anchor"
        let length = try Data(contentsOf: URL(fileURLWithPath: anchor)).count
        let told = try await bench.test.vote(bench.target, bench.test.officers[1], house)
        let whole = try Data(contentsOf: URL(fileURLWithPath: anchor))
        #expect(whole.count > length)
        let paths = try image(bench.test)
        try await house.services.ledger.stop()
        let crashed = test(bench.test, at: paths)
        defer { crashed.remove() }
        for cut in Array(stride(from: length, to: whole.count, by: 29)) + [whole.count - 1] {
            try whole.prefix(cut).write(to: URL(fileURLWithPath: crashed.paths.custody + "/anchor"))
            let copy = test(bench.test, at: try mixed(custody: crashed.paths, database: crashed.paths))
            defer { copy.remove() }
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: copy.paths.custody + "/anchor")
            let reopened = try await copy.open()
            try await copy.holds([told, bench.issued, bench.rejected], reopened)
            #expect(reopened.keys.signatures(.certificate) == 0)
            try await copy.audit(reopened)
            try await reopened.services.ledger.stop()
        }
    }

    @Test("A roster's acceptance is durable with its entry; an authority's certificate is made once, and only once")
    func rosters() async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        let house = try await bench.test.open()
        let before = try image(bench.test)
        var wanted = TestHouse.Documents.root
        wanted["name"] = .string("root-2")
        wanted["subject"] = .string("CN=Example Devices Root CA 2")
        let draft = try #require(
            try await house.services.authorities.draft(
                [.object(wanted)], call: ID(at: bench.test.clocks.now, entropy: SystemEntropy()), by: bench.test.adminPrincipal
            ).first)
        let next = try house.services.ledger.view().charter.roster.successor(
            [
                .put(.init(kind: .authority, name: draft.name, digest: Digest32(of: draft.document))),
                .remove(bench.test.officers[0].handle),
            ], time: bench.test.clocks.now)
        _ = try await house.services.rosters.propose(
            try bench.test.admin.sign(next.text), documents: [draft.document], people: [], by: bench.test.adminPrincipal)
        let accepted = try image(bench.test)
        #expect(try await house.services.authorities.complete().isEmpty)
        let completed = try image(bench.test)
        let made = try house.services.authorities.certificate(of: draft.name)
        try await house.services.ledger.stop()
        defer { for paths in [before, accepted, completed] { try? FileManager.default.removeItem(atPath: paths.data) } }

        for (custody, database, signatures) in [
            (before, accepted, 1), (accepted, accepted, 1), (accepted, completed, 0), (before, completed, 0), (completed, completed, 0),
        ] {
            let crashed = test(bench.test, at: try mixed(custody: custody, database: database))
            defer { crashed.remove() }
            for (round, count) in [signatures, 0].enumerated() {
                let reopened = try await crashed.open()
                #expect(try reopened.services.ledger.view().charter.roster == next)
                #expect(reopened.keys.signatures(.certificate) == count)
                let certificate = try reopened.services.authorities.certificate(of: draft.name)
                #expect(certificate.tbs == made.tbs)
                if database == completed { #expect(certificate == made) }
                // The first officer, who was removed, is nobody, and the vote cast before counts no more.
                #expect(try reopened.services.ledger.principal(loginKey: bench.test.officers[0].login.publicKey.digest) == nil)
                let record = try await crashed.vote(bench.target, crashed.officers[1], reopened).state
                #expect(record == .open)
                // In the second round a vote's row is missing: we have taken it away.
                try await crashed.audit(reopened, rows: round == 0)
                try await reopened.services.ledger.stop()
                try bench.remove(vote: bench.target, by: "officer-2", in: crashed)
            }
        }
        for (custody, database) in [(accepted, before), (completed, before), (completed, accepted)] {
            let taken = test(bench.test, at: try mixed(custody: custody, database: database))
            defer { taken.remove() }
            await expect("ledger.unverified") { try await taken.open() }
        }
    }

    @Test("Images taken while many votes are cast hold what had been told by then")
    func whileVoting() async throws {
        let bench = try await AttackBench.copy()
        defer { bench.test.remove() }
        let house = try await bench.test.open()
        let told = Told()
        let voting = Task { [bench, house] in
            try await withThrowingTaskGroup { group in
                for worker in 0..<4 {
                    group.addTask {
                        for round in 0..<12 {
                            let opened = try await bench.test.submit(house, serial: "SN-1\(worker)-\(round)")
                            told.add(opened)
                            let once = try await bench.test.vote(opened, bench.test.officers[0], house)
                            told.add(once)
                            let done = try await bench.test.vote(opened, bench.test.officers[1], house, round % 4 == 3 ? .reject : .approve)
                            told.add(done)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        var images: [(HousePaths, [RequestRecord])] = []
        for round in 1...8 {
            while told.all.count < round * 16 { try await Task.sleep(for: .milliseconds(1)) }
            let before = told.all
            images.append((try image(bench.test), before))
        }
        try await voting.value
        try await bench.test.audit(house)
        try await house.services.ledger.stop()
        defer { for (paths, _) in images { try? FileManager.default.removeItem(atPath: paths.data) } }
        for (paths, before) in images {
            let crashed = test(bench.test, at: paths)
            let reopened = try await crashed.open()
            try await crashed.holds(before, reopened)
            #expect(reopened.keys.signatures(.certificate) == 0)
            try await crashed.audit(reopened)
            try await reopened.services.ledger.stop()
        }
    }
}

/// The answers that came, in their order.
private final class Told: Sendable {
    private let records = Mutex<[RequestRecord]>([])

    var all: [RequestRecord] { records.withLock { $0 } }
    func add(_ record: RequestRecord) { records.withLock { $0.append(record) } }
}
