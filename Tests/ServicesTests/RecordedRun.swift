import Basics
import Foundation
import Glibc
import Node
import Registration
import Synchronization
import TestSupport
import Testing

/// The real program, run twice over one data directory and recorded: it issues about sixty certificates and rejects some requests, is
/// stopped in order, which moves SQLite's log into the database, runs again, and loses its power.
struct RecordedRun: Sendable {
    let test: TestHouse
    let recording: DiskRecording
    let told: [ToldAnswer]

    static func make() async throws -> RecordedRun {
        let (test, house) = try await TestHouse.found(at: SystemClocks().now)
        defer { test.remove() }
        let wishes = try Wishes(test, house)
        try await house.services.ledger.stop()
        let notes = try RecorderNotes(root: test.paths.data)
        defer { notes.remove() }

        var recording = try DiskRecording(base: test.paths.data, leavingOut: ["log"])
        let told = ToldAnswers { notes.counter }
        for round in 0..<2 {
            let served = try await ServedHouse.start(test.paths, environment: notes.environment)
            let work = try wishes.work(round, told: told, served: served)
            let clients = try test.officers.map { try served.client($0) }
            for number in 0..<3 { #expect(await wishes.finish(try wishes.wish("NO-\(round)-\(number)"), clients, told, .reject)) }
            for task in work { await task.value }
            for client in clients { await client.close() }
            if round == 0 { #expect(await served.stop() == 0) } else { await served.kill() }
        }
        try recording.read(notes.log)
        try await recording.expectComplete(test.paths.data)
        let run = RecordedRun(test: test, recording: recording, told: told.all)
        #expect(run.told.count { $0.certificate != nil } >= 60)
        #expect(run.told.count { $0.state == "rejected" } == 6)
        return run
    }
}

extension DiskRecording {
    /// Everything that was done makes exactly what is there: the recorder has missed nothing.
    func expectComplete(_ root: String) async throws {
        let copy = FileManager.default.temporaryDirectory.appendingPathComponent("assay-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: copy) }
        var chance = Chance.nothingLost
        try write(at: last, to: copy, chance: &chance)
        let paths = { (root: String) in
            Set(try FileManager.default.subpathsOfDirectory(atPath: root)).filter { !$0.hasSuffix("-shm") && $0 != "log" }
        }
        #expect(try paths(copy) == paths(root))
        for path in try paths(root) {
            #expect(FileManager.default.contentsEqual(atPath: root + "/" + path, andPath: copy + "/" + path), "\(path)")
        }
    }
}

/// Where the preloaded recorder writes, and the recorder itself, compiled.
struct RecorderNotes: Sendable {
    let directory: URL
    let log: URL
    let environment: [String: String]
    private let counterPath: String

    init(root: String) throws {
        directory = FileManager.default.temporaryDirectory.appending(path: "assay-recorder-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        log = directory.appending(path: "log")
        counterPath = directory.appending(path: "counter").path
        try Data(count: 8).write(to: URL(filePath: counterPath))
        let library = directory.appending(path: "recorder.so").path
        try SharedLibrary.compile("PowerCut/recorder.c", to: library)
        environment = [
            "LD_PRELOAD": library, "RECORD_ROOT": root, "RECORD_LOG": log.path, "RECORD_COUNTER": counterPath, "RECORD_SLOW": "3000",
        ]
    }

    func remove() { try? FileManager.default.removeItem(at: directory) }

    /// The number of the newest record, from the mapped file.
    var counter: UInt64 {
        let file = open(counterPath, O_RDONLY | O_CLOEXEC)
        defer { close(file) }
        var number: UInt64 = 0
        guard file >= 0, pread(file, &number, 8, 0) == 8 else { return .max }
        return number
    }
}
