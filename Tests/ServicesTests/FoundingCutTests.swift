import Approval
import Basics
import Foundation
import Logging
import Node
import Testing

/// `assay init`, recorded, and power cuts in the middle of it: there is a house or there is none, never half of one that opens. Once
/// it has printed the hash for the safe, the house is there.
@Suite("Power cut while founding", .timeLimit(.minutes(5)))
struct FoundingCutTests {
    private static let images = 60

    @Test("Before its end begun anew, after its end opened")
    func founding() async throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("assay-\(UUID().uuidString)").path
        let home = root + "-home"
        for path in [root, home] { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
        defer { for path in [root, home] { try? FileManager.default.removeItem(atPath: path) } }
        let person = ["--home", home, "--as", "admin"]
        let text = home + "/admin.person"
        try #require(try await assay(["login", "--new", "--unsealed", "--out", text] + person) == 0)

        let notes = try RecorderNotes(root: root)
        defer { notes.remove() }
        var recording = try DiskRecording(base: root, leavingOut: [])
        // Two directories that are not there yet: each has to be known to the one above it.
        let initialize = { ["init", "--administrator", text, "--data", $0 + "/assay/data"] + person }
        try #require(try await assay(initialize(root), environment: notes.environment) == 0)
        try recording.read(notes.log)
        try await recording.expectComplete(root)

        let seed = PowerCutTests.seed
        print("Power cut while founding: seed \(seed), \(Self.images) images of \(recording.last) records")
        for number in 0..<Self.images {
            var chance = Chance(seed: seed &+ UInt64(number) &* 0x2545_f491_4f6c_dd1d)
            let cut = number.isMultiple(of: 4) ? recording.last : recording.cut(&chance)
            let image = FileManager.default.temporaryDirectory.appendingPathComponent("assay-\(UUID().uuidString)").path
            defer { try? FileManager.default.removeItem(atPath: image) }
            try recording.write(at: cut, to: image, chance: &chance)
            let comment: Comment = "image \(number) of seed \(seed), cut after record \(cut) of \(recording.last)"
            if await opens(image) { continue }
            #expect(cut < recording.last, comment)
            // Nothing is lost by beginning anew: nobody was told a hash.
            #expect(try await assay(initialize(image) + ["--again"]) == 0, comment)
            #expect(await opens(image), comment)
        }

        // Had nothing been flushed, some houses would not be there at the end.
        let deaf = recording.withoutFlushes { _ in true }
        var lost = 0
        for number in 0..<20 {
            var chance = Chance(seed: seed &+ UInt64(number))
            let image = FileManager.default.temporaryDirectory.appendingPathComponent("assay-\(UUID().uuidString)").path
            defer { try? FileManager.default.removeItem(atPath: image) }
            try deaf.write(at: deaf.last, to: image, chance: &chance)
            if await !opens(image) { lost += 1 }
        }
        #expect(lost > 0)
    }

    private func opens(_ image: String) async -> Bool {
        let surroundings = House.Surroundings(
            clocks: SystemClocks(), entropy: SystemEntropy(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        do {
            let house = try await House.open(HousePaths(data: image + "/assay/data"), surroundings)
            try await house.services.ledger.stop()
            return true
        } catch { return false }
    }

    /// - Returns: its exit status.
    private func assay(_ arguments: [String], environment: [String: String] = [:]) async throws -> Int32 {
        let process = Process()
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        process.executableURL = root.appending(path: ".build/debug/assay")
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
            .merging(environment) { $1 }
        process.standardOutput = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        return try await withCheckedThrowingContinuation { continuation in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
    }
}
