import Approval
import Basics
import Client
import Foundation
import Node
import PKIX
import Proofs
import Registration
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
        let wishes = try Wishes(test, house)
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
