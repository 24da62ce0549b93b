import Approval
import Basics
import Client
import Foundation
import Node
import PKIX
import Proofs
import Registration
import Synchronization
import Testing
import Wire

/// The real program, killed while it issues. Whatever a client was told is there when it runs again, and nothing is there twice.
@Suite("Killed while issuing", .serialized, .timeLimit(.minutes(5)))
struct KillTests {
    static let kills = 50

    @Test("SIGKILL, fifty times in the middle of issuing")
    func killed() async throws {
        let (test, house) = try await TestHouse.found(at: SystemClocks().now)
        defer { test.remove() }
        var wishes = Wishes(
            test: test, profile: try #require(try house.services.ledger.view().charter.documents.profiles.values.first?.reference))
        wishes.instance = try house.services.ledger.view().charter.instance
        try await house.services.ledger.stop()

        let told = ToldAnswers()
        for round in 0..<Self.kills {
            let served = try await ServedHouse.start(test.paths)
            let before = told.all
            let enough = told.count + 1 + (round * 11) % 37
            let work = try wishes.work(round, told: told, served: served)
            // In the middle of whatever the others are doing when this many answers have come, and a moment more or less.
            await told.wait(for: enough)
            try await Task.sleep(for: .microseconds((round * 7919) % 9000))
            await served.kill()
            for task in work { await task.value }
            #expect(told.count > before.count)
        }

        // The kills hit what was under way: things were found done when they were asked for again.
        #expect(told.foundDone > 0)
        let served = try await ServedHouse.start(test.paths)
        try await check(told, test, served)
        #expect(await served.stop() == 0)
        // What it left is what the house itself opens; the ledger verifies from the first entry to the last.
        let reopened = try await House.open(test.paths, test.surroundings)
        try await test.audit(reopened)
        #expect(reopened.keys.signatures(.certificate) == 0)
        try await reopened.services.ledger.stop()
    }

    private func check(_ told: ToldAnswers, _ test: TestHouse, _ served: ServedHouse) async throws {
        let client = try served.client(test.officers[0])
        var latest: [String: ToldAnswer] = [:]
        for answer in told.all {
            if let earlier = latest[answer.id] {
                #expect(answer.statement == earlier.statement)
                #expect(Set(answer.votes).isSuperset(of: earlier.votes))
                if earlier.certificate != nil { #expect(answer.certificate == earlier.certificate) }
            }
            latest[answer.id] = answer
        }
        var issued: [Bytes] = []
        for answer in latest.values {
            let now = try ToldAnswer(try await client.send(Routes.request, parameters: ["id": answer.id]))
            #expect(now.statement == answer.statement)
            #expect(Set(now.votes).isSuperset(of: answer.votes))
            if let certificate = answer.certificate {
                #expect(now.certificate == certificate)
                issued.append(certificate)
                let fingerprint = Digest32(of: certificate).hex
                let served = try await client.send(Routes.certificate, parameters: ["fingerprint": fingerprint])
                #expect(try served.octets(.certificate) == certificate)
            }
        }
        let serials = try issued.map { try Certificate(der: $0).tbs.serialNumber }
        #expect(Set(serials).count == serials.count)
        #expect(issued.count >= Self.kills)
        await client.close()
    }
}

/// What is asked for: each request by its own submission, so that it can be asked for again when no answer came.
private struct Wishes: Sendable {
    let test: TestHouse
    let profile: DocumentReference
    var instance: Instance?
    /// Asked for, and not seen to its end: taken up again by the next round.
    let open = Unfinished()

    /// Four workers that submit and vote until the connection breaks.
    func work(_ round: Int, told: ToldAnswers, served: ServedHouse) throws -> [Task<Void, Never>] {
        let clients = try test.officers.map { try served.client($0) }
        return try (0..<4).map { worker in
            let fresh = try (0..<8).map { try wish("SN-\(round)-\(worker)-\($0)") }
            return Task {
                var queue = open.take() + fresh
                while !queue.isEmpty {
                    let next = queue.removeFirst()
                    guard await finish(next, clients, told) else {
                        // Fresh ones that were never sent need not be kept.
                        open.put([next])
                        break
                    }
                }
                open.put(queue.filter { kept in !fresh.contains { $0.id == kept.id } })
            }
        }
    }

    private func wish(_ serial: String) throws -> Wish {
        let csr = try TestRequest.make(PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy()))
        let now = SystemClocks().now
        let submission = Submission(
            instance: try #require(instance), subject: ID(at: now, entropy: SystemEntropy()), requester: test.officers[2].handle,
            profile: profile, request: Digest32(of: csr), time: now)
        let note = try test.officers[2].sign(submission.text)
        return Wish(
            id: submission.subject,
            body: .object([
                "submission": .string(note.rendered), "csr": .string(csr.base64),
                "fields": .object(["model": .string("PLC-7"), "serial": .string(serial)]),
            ]))
    }

    /// - Returns: false when the connection broke before the request was decided.
    private func finish(_ wish: Wish, _ clients: [NodeClient], _ told: ToldAnswers) async -> Bool {
        do {
            let opened = try ToldAnswer(try await clients[2].send(Routes.submitRequest, body: .json(wish.body)))
            told.add(opened)
            if opened.certificate != nil { told.countFoundDone() }
            for officer in [0, 1] {
                let vote = Vote(
                    instance: try #require(instance), voter: test.officers[officer].handle, decision: .approve, time: SystemClocks().now,
                    statements: [Digest32(of: opened.statement)])
                let body = JSON.object(["vote": .string(try test.officers[officer].sign(vote.text).rendered), "reason": .null])
                do {
                    told.add(
                        try ToldAnswer(try await clients[officer].send(Routes.vote, parameters: ["id": opened.id], body: .json(body))))
                } catch let problem as Problem where problem.code == "vote.twice" {
                    // It was counted before the process ended; only the answer was lost.
                    told.countFoundDone()
                }
            }
            return true
        } catch let problem as Problem {
            if !problem.code.hasPrefix("client.") { Issue.record("\(problem)") }
            return false
        } catch {
            Issue.record("\(error)")
            return false
        }
    }
}

private struct Wish: Sendable {
    let id: ID
    let body: JSON
}

private final class Unfinished: Sendable {
    private let wishes = Mutex<[Wish]>([])

    func put(_ more: [Wish]) { wishes.withLock { $0 += more } }

    func take() -> [Wish] {
        wishes.withLock { wishes in
            defer { wishes = [] }
            return wishes
        }
    }
}

/// What a client was told about a request.
private struct ToldAnswer: Sendable {
    let id: String
    let statement: String
    let votes: [String]
    let certificate: Bytes?

    init(_ response: ClientResponse) throws {
        var fields = try response.fields()
        id = try fields.string("id")
        statement = try fields.string("statement")
        votes = try fields.strings("votes")
        certificate = fields.optional("certificate") == .null ? nil : try fields.base64("certificate")
    }
}

private final class ToldAnswers: Sendable {
    private let answers = Mutex<[ToldAnswer]>([])

    var all: [ToldAnswer] { answers.withLock { $0 } }
    var count: Int { answers.withLock { $0.count } }
    private let repeated = Mutex(0)

    /// How often something was found done when it was asked for again.
    var foundDone: Int { repeated.withLock { $0 } }
    func countFoundDone() { repeated.withLock { $0 += 1 } }
    func add(_ answer: ToldAnswer) { answers.withLock { $0.append(answer) } }

    func wait(for number: Int) async {
        for _ in 0..<20_000 where count < number { try? await Task.sleep(for: .milliseconds(1)) }
    }
}
