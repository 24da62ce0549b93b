import Approval
import Basics
import PKIX
import Proofs
import Registration
import Testing
import Transparency

@Suite("The main job, in one process")
struct MainJobTests {
    @Test("Two officers approve what will be issued; the certificate is exactly that, and the ledger proves it")
    func mainJob() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let record = try await test.submit(house)
        #expect(record.state == .open)
        #expect(house.keys.signatures(.certificate) == 2)

        let once = try await test.vote(record, test.officers[0], house)
        #expect(once.state == .open)
        let issued = try await test.vote(record, test.officers[1], house)
        #expect(issued.state == .issued)
        #expect(house.keys.signatures(.certificate) == 3)

        let certificate = try Certificate(der: try #require(issued.certificate))
        #expect(certificate.tbs.der == record.tbs)
        let chain = try house.services.authorities.chain(of: try #require(Handle("devices")))
        #expect(chain.count == 2)
        #expect(certificate.isSigned(by: chain[0].tbs.publicKey))
        #expect(chain[0].isSigned(by: chain[1].tbs.publicKey))
        #expect(chain[1].isSigned(by: chain[1].tbs.publicKey))

        let entries = try await house.services.ledger.entries(about: record.id)
        #expect(try entries.map { try Entry(decoding: $0.entry).type } == [.requestOpen, .voteCast, .voteCast, .certificateIssue])
        let last = try #require(entries.last)
        let issue = try Entry(decoding: last.entry)
        #expect(issue.digests[Entry.DigestKey.certificate] == certificate.fingerprint)
        let (entry, proof) = try await house.services.ledger.proof(of: last.index)
        let view = try house.services.ledger.view()
        let checkpoint = try proof.verify(entry: entry, key: view.charter.roster.log, origin: view.origin)
        #expect(checkpoint.size == view.frontier.size)
        try await house.services.ledger.stop()
    }

    @Test("The requester, and the same person twice, are refused; a vote after the decision gets what it became")
    func refusedVotes() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let record = try await test.submit(house)
        await expect("vote.own-request") { try await test.vote(record, test.officers[2], house) }
        try await test.vote(record, test.officers[0], house)
        await expect("vote.twice") { try await test.vote(record, test.officers[0], house) }
        await expect("vote.not-eligible") { try await test.vote(record, test.admin, house) }
        #expect(house.keys.signatures(.certificate) == 2)
        let issued = try await test.vote(record, test.officers[1], house)
        let again = try await test.vote(record, test.officers[1], house)
        #expect(again.certificate == issued.certificate)
        #expect(house.keys.signatures(.certificate) == 3)
        try await house.services.ledger.stop()
    }

    @Test("A rejection is final, before and after a restart")
    func rejection() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let record = try await test.submit(house)
        try await test.vote(record, test.officers[0], house)
        let rejected = try await test.vote(record, test.officers[1], house, .reject)
        #expect(rejected.state == .rejected)
        #expect(rejected.decidedBy == "officer-2")
        let after = try await test.vote(record, test.officers[1], house)
        #expect(after.state == .rejected)
        try await house.services.ledger.stop()

        let reopened = try await test.open()
        let stays = try await test.vote(record, test.officers[1], reopened)
        #expect(stays.state == .rejected)
        #expect(reopened.keys.signatures(.certificate) == 0)
        try await reopened.services.ledger.stop()
    }

    @Test("Fifty final approvals at once: one certificate, one answer")
    func concurrentApprovals() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let record = try await test.submit(house)
        try await test.vote(record, test.officers[0], house)
        let answers = try await withThrowingTaskGroup(of: Bytes?.self) { group in
            for _ in 0..<50 { group.addTask { try await test.vote(record, test.officers[1], house).certificate } }
            return try await group.reduce(into: Set<Bytes?>()) { $0.insert($1) }
        }
        #expect(answers.count == 1)
        #expect(answers.first != .some(nil))
        let certificates = try await house.services.registrar.certificates().elements
        #expect(certificates.count == 1)
        let issues = try await house.services.ledger.entries(about: record.id).filter {
            try Entry(decoding: $0.entry).type == .certificateIssue
        }
        #expect(issues.count == 1)
        try await house.services.ledger.stop()
    }

    @Test("Submitted twice, it is one request; an expired one is refused")
    func submittedTwice() async throws {
        let (test, house) = try await TestHouse.found()
        defer { test.remove() }
        let wish = try test.wish(house)
        let requester = test.officers[2].principal(.registrationOfficer)
        let first = try await house.services.registrar.submit(wish, by: requester)
        let second = try await house.services.registrar.submit(wish, by: requester)
        #expect(first.statement == second.statement)
        test.clocks.pass(seconds: 7 * 86_400)
        await expect("statement.expired") { try await test.vote(first, test.officers[0], house) }
        let expired = try await house.services.registrar.expire()
        #expect(expired == 1)
        let record = try await house.services.registrar.request(first.id)
        #expect(record.state == .expired)
        try await house.services.ledger.stop()
    }
}

/// Expects a problem of this code, and nothing else.
func expect(_ code: String, _ body: () async throws -> some Any, location: SourceLocation = #_sourceLocation) async {
    do {
        _ = try await body()
        Issue.record("\(code) was expected; nothing was thrown", sourceLocation: location)
    } catch let problem as Problem {
        #expect(problem.code == code, "\(problem)", sourceLocation: location)
    } catch {
        Issue.record("\(code) was expected; got \(error)", sourceLocation: location)
    }
}
