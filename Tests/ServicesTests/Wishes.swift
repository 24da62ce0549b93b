import Approval
import Basics
import Client
import Foundation
import Node
import PKIX
import Synchronization
import Testing
import Wire

/// What is asked for: each request by its own submission, so that it can be asked for again when no answer came.
struct Wishes: Sendable {
    let test: TestHouse
    let profile: DocumentReference
    let instance: Instance
    /// Asked for, and not seen to its end: taken up again by the next round.
    let open = Unfinished()

    init(_ test: TestHouse, _ house: House) throws {
        let charter = try house.services.ledger.view().charter
        self.test = test
        instance = charter.instance
        profile = try #require(charter.documents.profiles.values.first?.reference)
    }

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

    func wish(_ serial: String) throws -> Wish {
        let csr = try TestRequest.make(PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy()))
        let now = SystemClocks().now
        let submission = Submission(
            instance: instance, subject: ID(at: now, entropy: SystemEntropy()), requester: test.officers[2].handle,
            profile: profile, request: Digest32(of: csr), time: now)
        let note = try test.officers[2].sign(submission.text)
        return Wish(
            id: submission.subject,
            body: .object([
                "submission": .string(note.rendered), "csr": .string(csr.base64),
                "fields": .object(["model": .string("PLC-7"), "serial": .string(serial)]),
            ]))
    }

    /// Submits, and lets two officers approve, or the first one reject.
    /// - Returns: false when the connection broke before the request was decided.
    func finish(_ wish: Wish, _ clients: [NodeClient], _ told: ToldAnswers, _ decision: Vote.Decision = .approve) async -> Bool {
        do {
            let opened = try ToldAnswer(try await clients[2].send(Routes.submitRequest, body: .json(wish.body)))
            told.add(opened)
            if opened.certificate != nil { told.countFoundDone() }
            for officer in decision == .approve ? [0, 1] : [0] {
                let vote = Vote(
                    instance: instance, voter: test.officers[officer].handle, decision: decision, time: SystemClocks().now,
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

struct Wish: Sendable {
    let id: ID
    let body: JSON
}

final class Unfinished: Sendable {
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
struct ToldAnswer: Sendable {
    let id: String
    let state: String
    let statement: String
    let votes: [String]
    let certificate: Bytes?
    /// What stood on the counter of ``ToldAnswers`` when the answer had come.
    var mark: UInt64 = 0

    init(_ response: ClientResponse) throws {
        var fields = try response.fields()
        id = try fields.string("id")
        state = try fields.string("state")
        statement = try fields.string("statement")
        votes = try fields.strings("votes")
        certificate = fields.optional("certificate") == .null ? nil : try fields.base64("certificate")
    }
}

final class ToldAnswers: Sendable {
    private let answers = Mutex<[ToldAnswer]>([])
    private let counter: @Sendable () -> UInt64

    /// - Parameter counter: asked after each answer; its number is the answer's mark.
    init(counter: @escaping @Sendable () -> UInt64 = { 0 }) { self.counter = counter }

    var all: [ToldAnswer] { answers.withLock { $0 } }
    var count: Int { answers.withLock { $0.count } }
    private let repeated = Mutex(0)

    /// How often something was found done when it was asked for again.
    var foundDone: Int { repeated.withLock { $0 } }
    func countFoundDone() { repeated.withLock { $0 += 1 } }
    func add(_ answer: ToldAnswer) {
        var answer = answer
        answer.mark = counter()
        let marked = answer
        answers.withLock { $0.append(marked) }
    }

    func wait(for number: Int) async {
        for _ in 0..<20_000 where count < number { try? await Task.sleep(for: .milliseconds(1)) }
    }
}
