import Basics
import Custody
import Foundation
import Glibc
import PKIX
import Synchronization
import Testing

/// SoftHSM2 with tokens of our own, in a temporary folder. The module reads its configuration once in a process, so all tests share the
/// folder, and each takes tokens of its own.
enum SoftHSM {
    static let path = "/usr/lib/softhsm/libsofthsm2.so"
    private static let utility = "/usr/bin/softhsm2-util"
    private static let tool = "/usr/bin/pkcs11-tool"

    /// Whether the independent programs are there; scripts/setup-tests.sh installs them.
    static let isThere = [path, utility, tool].allSatisfy { FileManager.default.fileExists(atPath: $0) }

    static let pin = "5738-test"

    private static var tokens: String { folder + "/tokens" }

    private static let folder: String = {
        let path = FileManager.default.temporaryDirectory.path + "/assay-softhsm-\(UUID().uuidString)"
        try? FileManager.default.createDirectory(atPath: path + "/tokens", withIntermediateDirectories: true)
        let text = "directories.tokendir = \(path)/tokens\nobjectstore.backend = file\nlog.level = ERROR\n"
        try? Data(text.utf8).write(to: URL(fileURLWithPath: path + "/softhsm2.conf"))
        setenv("SOFTHSM2_CONF", path + "/softhsm2.conf", 1)
        return path
    }()

    static let module = Result {
        _ = folder
        return try PKCS11Module(path: path)
    }

    /// Registered when the module has registered its own exit handlers, so run before them: it crashes when it is not finalized then.
    private static let ending: Void = {
        atexit {
            (try? SoftHSM.module.get())?.finalize()
            SoftHSM.remove()
        }
    }()

    static func remove() { try? FileManager.default.removeItem(atPath: folder) }

    /// A token that is in no other test's use.
    struct Token: Sendable {
        let label: String
        let serial: String

        /// - Parameter module: SoftHSM itself unless something stands before it.
        func open(
            _ module: PKCS11Module? = nil, pin: String? = SoftHSM.pin, sessions: Int = 4, signing: Duration = .seconds(60),
            generating: Duration = .seconds(180), watching: Duration = .seconds(3600)
        ) throws -> PKCS11Token {
            PKCS11Token(
                PKCS11Configuration(
                    label: label, serial: serial, sessions: sessions, signing: signing, generating: generating, watching: watching),
                of: try module ?? SoftHSM.module.get(), pin: pin.map { PIN(Bytes($0.utf8)) }, clocks: SystemClocks())
        }

        /// Takes its files out of SoftHSM's sight.
        func takeAway() throws { try FileManager.default.moveItem(atPath: SoftHSM.tokens + "/" + name(), toPath: away) }

        func bringBack() throws { try FileManager.default.moveItem(atPath: away, toPath: SoftHSM.tokens + "/" + serial) }

        private var away: String { SoftHSM.folder + "/away-" + serial }

        private func name() throws -> String {
            let label = Data(label.utf8)
            return try #require(
                try FileManager.default.contentsOfDirectory(atPath: SoftHSM.tokens).first {
                    try Data(contentsOf: URL(fileURLWithPath: SoftHSM.tokens + "/\($0)/token.object")).range(of: label) != nil
                })
        }

        /// Opens it, and finds it.
        func connected(_ module: PKCS11Module? = nil, sessions: Int = 4) async throws -> PKCS11Token {
            let token = try open(module, sessions: sessions)
            try await token.connect()
            _ = ending
            return token
        }

        /// What `pkcs11-tool` says of the token's objects, logged in.
        func objects() throws -> String {
            try SoftHSM.run(tool, ["--module", path, "--token-label", label, "--login", "--pin", pin, "--list-objects"])
        }
    }

    /// For tests that need no token of their own: each key has an id of its own.
    static let shared = Result { try token() }

    /// CKA_ID of the shared token's AES key, made once. The token that made it stays open: closing it logs all others out.
    static let sealingKey = Task {
        let token = try await shared.get().connected()
        let id = SystemEntropy().bytes(16)
        try await token.addSealingKey(id: id)
        return id
    }

    /// A token that is in no other test's use, labeled like no other but for the two named `twins`. SoftHSM sees only tokens that were there
    /// when it was initialized, so all are made at once.
    static func token() throws -> Token {
        let number = taken.withLock { taken in
            defer { taken += 1 }
            return taken
        }
        let single = try made.get().filter { $0.label != "twin" }
        try #require(number < single.count, "make more tokens")
        return single[number]
    }

    private static let taken = Mutex(0)

    static func twins() throws -> [Token] { try made.get().filter { $0.label == "twin" } }

    private static let made = Result {
        // pkcs11-tool compares only the beginning of a label, so none begins another.
        try make(["twin", "twin"] + (101...164).map { "assay test \($0)" })
    }

    /// Where nobody has initialized SoftHSM yet.
    static func make(_ labels: [String]) throws -> [Token] {
        for label in labels {
            _ = try run(utility, ["--init-token", "--free", "--label", label, "--so-pin", "so-\(pin)", "--pin", pin])
        }
        func values(_ name: String, _ text: String) -> [String] {
            text.split(separator: "\n").filter { $0.contains(name + ":") }
                .map { $0.split(separator: ":").dropFirst().joined().trimmingCharacters(in: .whitespaces) }
        }
        let slots = try run(utility, ["--show-slots"])
        return zip(values("Label", slots), values("Serial number", slots)).filter { !$0.0.isEmpty }.map(Token.init)
    }

    private static func run(_ program: String, _ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.environment = ["SOFTHSM2_CONF": folder + "/softhsm2.conf", "LC_ALL": "C"]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(program): \(text)")
        return text
    }
}

/// Custodies over which one suite runs.
enum Provider: Sendable, CustomTestStringConvertible {
    case sealed, softHSM, nss
    case token(PKCS11Token)

    /// Those that can run here; where ASSAY_ORACLES is `required`, a test names what is missing.
    static var present: [Provider] { [.sealed] + (SoftHSM.isThere ? [.softHSM] : []) + (NSS.isThere ? [.nss] : []) }

    var testDescription: String {
        switch self {
        case .sealed: "sealed"
        case .softHSM: "SoftHSM2"
        case .nss: "NSS"
        case .token(let token): "\(token)"
        }
    }

    var isSealed: Bool { if case .sealed = self { true } else { false } }

    func keys(_ custody: CustodyDirectory, _ context: SealContext, _ sealed: SealedKeys) async throws -> any KeyProvider {
        switch self {
        case .sealed: return sealed
        case .softHSM:
            let token = try await SoftHSM.shared.get().connected()
            return custody.tokenKeys(context, in: token, sealingKey: try await SoftHSM.sealingKey.value, entropy: SystemEntropy())
        case .nss: return custody.tokenKeys(context, in: try await NSS.token.value, entropy: SystemEntropy())
        case .token(let token): return custody.tokenKeys(context, in: token, entropy: SystemEntropy())
        }
    }
}
