import Approval
import Basics
import Foundation
import Node
import Registration
import Testing

/// SIGKILL leaves the page cache; a power cut does not. From one recorded run of the real program, directories are rebuilt as power cuts
/// at random moments could have left them; each must open, hold everything that somebody had been told by then, and go on.
///
/// `ASSAY_POWER_CUTS` is the number of images (`make soak`), `ASSAY_POWER_CUT_SEED` repeats the choices over another run.
@Suite("Power cut", .serialized, .timeLimit(.minutes(60)))
struct PowerCutTests {
    private static let run = Task { try await RecordedRun.make() }
    private static let environment = ProcessInfo.processInfo.environment
    private static let images = environment["ASSAY_POWER_CUTS"].flatMap(Int.init) ?? 40
    private static let seed = environment["ASSAY_POWER_CUT_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0 ... .max)

    @Test("Each image opens, holds everything that was told, proves itself, and issues")
    func images() async throws {
        let run = try await Self.run.value
        print("Power cut: seed \(Self.seed), \(Self.images) images of \(run.recording.last) records, \(run.recording.flushCount) flushes")
        var held = 0
        for number in 0..<Self.images {
            let image = try Image(run, run.recording, Self.seed, number)
            defer { image.test.remove() }
            let losses = await image.losses()
            #expect(
                losses.isEmpty, "image \(number) of seed \(Self.seed), cut after record \(image.cut): \(losses.joined(separator: "; "))")
            held += image.told.count
            guard losses.isEmpty else { continue }
            try await image.goesOn()
        }
        // The cuts lie where something had been told.
        #expect(held > Self.images)
    }

    /// A flush that does nothing, and the images that must show it.
    enum Deaf: CaseIterable {
        case database, custody

        func ignores(_ name: String) -> Bool { (self == .database) == name.hasPrefix("assay.db") }
    }

    @Test("The same images show it when flushes do nothing", arguments: Deaf.allCases)
    func control(_ deaf: Deaf) async throws {
        let run = try await Self.run.value
        let recording = run.recording.withoutFlushes { deaf.ignores($0) }
        var lost = 0
        for number in 0..<24 {
            let image = try Image(run, recording, Self.seed, number)
            defer { image.test.remove() }
            if await !image.losses().isEmpty { lost += 1 }
        }
        print("Power cut: \(lost) of 24 images lose something when \(deaf) is not flushed")
        #expect(lost > 0)
    }
}

/// The directory after one power cut, and what had been told before it.
private struct Image {
    let cut: UInt64
    let test: TestHouse
    /// The last answer about each request.
    let told: [ToldAnswer]

    init(_ run: RecordedRun, _ recording: DiskRecording, _ seed: UInt64, _ number: Int) throws {
        var chance = Chance(seed: seed &+ UInt64(number) &* 0x2545_f491_4f6c_dd1d)
        cut = recording.cut(&chance)
        let paths = HousePaths(data: FileManager.default.temporaryDirectory.appendingPathComponent("assay-\(UUID().uuidString)").path)
        test = TestHouse(
            paths: paths, clocks: TestClocks(SystemClocks().now), admin: run.test.admin, officers: run.test.officers, pin: run.test.pin)
        var latest: [String: ToldAnswer] = [:]
        for answer in run.told where answer.mark <= cut && answer.votes.count >= latest[answer.id]?.votes.count ?? 0 {
            latest[answer.id] = answer
        }
        told = Array(latest.values)
        try recording.write(at: cut, to: paths.data, chance: &chance)
    }

    /// What is not there any more, in words.
    func losses() async -> [String] {
        let house: House
        do throws(Problem) { house = try await test.open() } catch { return ["it does not open: \(error.code) \(error.detail)"] }
        var losses: [String] = []
        for answer in told {
            do {
                if let loss = try await loss(of: answer, house) { losses.append("request \(answer.id): \(loss)") }
            } catch { losses.append("request \(answer.id): \(error)") }
        }
        do { try await house.services.ledger.stop() } catch { losses.append("it does not stop: \(error)") }
        return losses
    }

    private func loss(of answer: ToldAnswer, _ house: House) async throws -> String? {
        let now = try await house.services.registrar.request(try #require(ID(answer.id)))
        if now.statement != answer.statement { return "it has another statement" }
        if !Set(now.votes).isSuperset(of: answer.votes) { return "it lost a vote" }
        if answer.state == "open" { return nil }
        if now.state.rawValue != answer.state || now.certificate != answer.certificate {
            return "it was \(answer.state), and is \(now.state)"
        }
        if try !house.services.ledger.view().isClosed(Digest32(of: answer.statement)) { return "it is not closed" }
        if let certificate = answer.certificate {
            return try await house.services.registrar.certificate(Digest32(of: certificate)) == certificate ? nil : "its certificate"
        }
        let again = try await test.vote(now, test.officers[1], house)
        return again.state == .rejected ? nil : "its rejection did not stay"
    }

    /// Opened once more after its orderly stop: the ledger verifies, nothing was signed twice, and the next request is issued.
    func goesOn() async throws {
        let house = try await test.open()
        let record = try await test.submit(house, serial: "AFTER")
        try await test.vote(record, test.officers[0], house)
        #expect(try await test.vote(record, test.officers[1], house).state == .issued)
        #expect(house.keys.signatures(.certificate) == 1)
        try await test.audit(house)
        try await house.services.ledger.stop()
    }
}
