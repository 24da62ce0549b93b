import Approval
import Basics
import CLoop
import Custody
import Foundation
import PKIX

/// Signatures by a key in SoftHSM2: through Assay, and by the least program in C in the same process, in turns.
enum Token {
    private static let module = "/usr/lib/softhsm/libsofthsm2.so"
    private static let pin = "bench-5738"

    static func run() async throws {
        guard FileManager.default.fileExists(atPath: module) else { return print("SoftHSM2 is not here: scripts/setup-hsm.sh") }
        let folder = FileManager.default.temporaryDirectory.path + "/assay-bench-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder + "/tokens", withIntermediateDirectories: true)
        try "directories.tokendir = \(folder)/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
            .write(toFile: folder + "/softhsm2.conf", atomically: false, encoding: .utf8)
        let environment = ["SOFTHSM2_CONF": folder + "/softhsm2.conf"]
        _ = try tool(["--init-token", "--free", "--label", "bench", "--so-pin", "so-bench", "--pin", pin], environment)
        let slots = try tool(["--show-slots"], environment)
        guard let serial = slots.firstMatch(of: /Serial number: +([0-9a-f]{16})/)?.output.1 else { return print("no token") }
        let loaded = try PKCS11Module(path: module, environment: environment)
        let custody = try CustodyDirectory.create(at: folder + "/custody", entropy: SystemEntropy())
        guard let instance = Instance(bytes: SystemEntropy().bytes(16)) else { return }
        let context = SealContext(instance: instance, pin: Digest32(of: "bench"))
        for sessions in [1, 2, 8] {
            let token = PKCS11Token(
                PKCS11Configuration(label: "bench", serial: String(serial), sessions: sessions), of: loaded, pin: PIN(Bytes(pin.utf8)),
                clocks: SystemClocks())
            let keys = custody.tokenKeys(context, in: token, entropy: SystemEntropy())
            let record = try await keys.generate(
                .ecdsaP256, id: ID(at: SystemClocks().now, entropy: SystemEntropy()), purposes: [.certificate])
            try await measure(keys, record, sessions)
            await token.close()
        }
        loaded.finalize()
    }

    private static func measure(_ keys: PKCS11Keys, _ record: KeyRecord, _ sessions: Int) async throws {
        let signer = try await keys.signer(for: record, as: .ecdsaSHA256)
        let slot = cloop_slot(module, "bench")
        let each = 2400 / sessions
        let software = try KeyAlgorithm.ecdsaP256.generate()
        let message = Bytes("assay/probe/v1\n".utf8)
        let good = try software.sign(message, as: .ecdsaSHA256)
        var (alone, checked, ours): ([Double], [Double], [Double]) = ([], [], [])
        for _ in 0..<9 {
            let c = cloop_sign(module, slot, record.id.bytes, UInt(record.id.bytes.count), Int32(sessions), Int32(each))
            guard c > 0 else { return print("the C loop failed: \(c)") }
            alone.append(c)
            // As many verifications, on as many threads: what Assay does with each signature before it leaves.
            let begin = ContinuousClock.now
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<sessions {
                    group.addTask {
                        for _ in 0..<each { _ = SignatureAlgorithm.ecdsaSHA256.isValid(good, over: message, by: software.publicKey) }
                    }
                }
            }
            checked.append(c + Bench.seconds(ContinuousClock.now - begin))
            let start = ContinuousClock.now
            try await withThrowingTaskGroup(of: Void.self) { group in
                // A server has more callers than sessions: a session never waits for one.
                for _ in 0..<(4 * sessions) { group.addTask { for _ in 0..<(each / 4) { try await signer.probe() } } }
                try await group.waitForAll()
            }
            ours.append(Bench.seconds(ContinuousClock.now - start))
        }
        let count = Double(each * sessions)
        Bench.line("SoftHSM2, P-256, C alone, \(sessions) sessions", count / Bench.median(alone), "1/s")
        Bench.line("  the same, and each verified", count / Bench.median(checked), "1/s")
        Bench.line("  through Assay, each verified", count / Bench.median(ours), "1/s")
        Bench.line("  share of C with verification", Bench.median(ours.indices.map { checked[$0] / ours[$0] * 100 }), "%")
        Bench.line("  share of C alone", Bench.median(ours.indices.map { alone[$0] / ours[$0] * 100 }), "%")
    }

    private static func tool(_ arguments: [String], _ environment: [String: String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/softhsm2-util")
        process.arguments = arguments
        process.environment = environment
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return text
    }
}
