import Approval
import Basics
import CLoop
import Crypto
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
            var ways = ["C alone", "C, each verified", "through Assay, each verified"].map { Way(name: $0) }
            // Where a module's sessions lie in memory makes a tenth of the speed: each round has others.
            for _ in 0..<4 {
                let token = PKCS11Token(
                    PKCS11Configuration(label: "bench", serial: String(serial), sessions: sessions), of: loaded,
                    pin: PIN(Bytes(pin.utf8)), clocks: SystemClocks())
                let keys = custody.tokenKeys(context, in: token, entropy: SystemEntropy())
                let record = try await keys.generate(
                    .ecdsaP256, id: ID(at: SystemClocks().now, entropy: SystemEntropy()), purposes: [.certificate])
                try await measure(keys, record, sessions, &ways)
                await token.close()
            }
            report(sessions, ways)
        }
        loaded.finalize()
    }

    /// What the C program checks a signature with: the library's verification, its key read once, and nothing around it.
    private final class Check {
        let key: P256.Signing.PublicKey
        let digest = SHA256.hash(data: Bytes("assay/probe/v1\n".utf8))

        init(_ key: Bytes) throws { self.key = try P256.Signing.PublicKey(x963Representation: key) }

        func isGood(_ signature: UnsafeRawBufferPointer) -> Bool {
            guard let signature = try? P256.Signing.ECDSASignature(rawRepresentation: signature) else { return false }
            return key.isValidSignature(signature, for: digest)
        }
    }

    /// One way to sign, in its turns.
    private struct Way {
        let name: String
        /// Seconds by the wall clock, and of the processors.
        var turns: [(wall: Double, processors: Double)] = []
    }

    private static let signatures = 2400

    private static func measure(_ keys: PKCS11Keys, _ record: KeyRecord, _ sessions: Int, _ ways: inout [Way]) async throws {
        let signer = try await keys.signer(for: record, as: .ecdsaSHA256)
        let slot = cloop_slot(module, "bench")
        let each = signatures / sessions
        let check = try Check(SubjectPublicKeyInfo(der: record.publicKey).key)
        let isGood: cloop_check = { context, signature, length in
            guard let context, let signature else { return 0 }
            let check = Unmanaged<Check>.fromOpaque(context).takeUnretainedValue()
            return check.isGood(UnsafeRawBufferPointer(start: signature, count: Int(length))) ? 1 : 0
        }
        let loop: (cloop_check?) -> Double = { isGood in
            withExtendedLifetime(check) {
                cloop_sign(
                    module, slot, record.id.bytes, UInt(record.id.bytes.count), Bytes(check.digest), Int32(sessions), Int32(each), isGood,
                    Unmanaged.passUnretained(check).toOpaque())
            }
        }
        let runs: [() async throws -> Double] = [
            { loop(nil) }, { loop(isGood) },
            {
                let start = ContinuousClock.now
                try await withThrowingTaskGroup(of: Void.self) { group in
                    // A server has more callers than sessions: a session never waits for one.
                    for _ in 0..<32 { group.addTask { for _ in 0..<(each * sessions / 32) { try await signer.probe() } } }
                    try await group.waitForAll()
                }
                return Bench.seconds(ContinuousClock.now - start)
            },
        ]
        for turn in 0..<9 {
            // To and fro, so that none of them always runs first.
            for place in turn.isMultiple(of: 2) ? [0, 1, 2] : [2, 1, 0] {
                let before = Bench.processorTime(CLOCK_PROCESS_CPUTIME_ID)
                let wall = try await runs[place]()
                guard wall > 0 else { throw Failed(code: wall) }
                // The first turn opens the sessions.
                if turn > 0 { ways[place].turns.append((wall, Bench.processorTime(CLOCK_PROCESS_CPUTIME_ID) - before)) }
            }
        }
    }

    /// The C program did not sign, or what it signed does not verify.
    private struct Failed: Error {
        let code: Double
    }

    private static func report(_ sessions: Int, _ ways: [Way]) {
        let count = Double(signatures / sessions * sessions)
        print("SoftHSM2, P-256, \(sessions) sessions")
        for way in ways {
            Bench.line("  \(way.name)", count / Bench.median(way.turns.map(\.wall)), "1/s")
            Bench.line("    processor time", Bench.median(way.turns.map(\.processors)) / count * 1e6, "µs")
        }
        for way in ways.dropLast().reversed() {
            let pairs = zip(way.turns, ways[2].turns)
            Bench.line("  share of: \(way.name)", Bench.median(pairs.map { $0.wall / $1.wall * 100 }), "%")
            Bench.line("    by processor time", Bench.median(pairs.map { $0.processors / $1.processors * 100 }), "%")
        }
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
