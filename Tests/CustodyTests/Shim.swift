import Approval
import Basics
import Custody
import Foundation
import Glibc
import TestSupport
import Testing

/// A module that stands before SoftHSM and fails as it is told (Tests/PKCS11Shim/shim.c). Each value loads a copy of its own.
final class Shim: Sendable {
    let module: PKCS11Module
    private let folder: TestFolder
    private nonisolated(unsafe) let library: UnsafeMutableRawPointer

    /// Compiled once.
    private static let compiled = Result<(folder: TestFolder, library: String), any Error> {
        let folder = try TestFolder()
        let library = folder.path + "/shim.so"
        try SharedLibrary.compile("PKCS11Shim/shim.c", to: library)
        return (folder, library)
    }

    /// - Parameter alone: nobody else in this process uses SoftHSM: this one's module initializes it, and has to end it. Otherwise it is
    ///   initialized already by its own value.
    init(alone: Bool = false) async throws {
        if !alone { _ = try await SoftHSM.shared.get().connected() }
        folder = try TestFolder()
        let path = folder.path + "/module.so"
        try FileManager.default.copyItem(atPath: try Self.compiled.get().library, toPath: path)
        library = try #require(dlopen(path, RTLD_NOW | RTLD_LOCAL))
        let load = unsafeBitCast(
            try #require(dlsym(library, "shim_load")), to: (@convention(c) (UnsafePointer<CChar>) -> Int32).self)
        try #require(load(SoftHSM.path) == 1)
        module = try PKCS11Module(path: path)
    }

    private func function<Function>(_ name: String, _ type: Function.Type) -> Function {
        guard let symbol = dlsym(library, name) else { fatalError("the shim has no \(name)") }
        return unsafeBitCast(symbol, to: type)
    }

    /// The calls after the next `skip` answer `code`, `times` of them; with `after`, when the real call was made.
    func answer(_ call: String, _ code: UInt, skip: Int = 0, times: Int = 1, after: Bool = false) {
        function("shim_plan", (@convention(c) (UnsafePointer<CChar>, UInt, Int, Int, Int32) -> Void).self)(
            call, code, skip, times, after ? 1 : 0)
    }

    func hang(_ call: String, skip: Int = 0, times: Int = 1) {
        function("shim_hang", (@convention(c) (UnsafePointer<CChar>, Int, Int) -> Void).self)(call, skip, times)
    }

    func release() { function("shim_release", (@convention(c) () -> Void).self)() }

    /// Faults in so many of 10,000 calls.
    func random(_ rate: UInt32, seed: UInt64) { function("shim_random", (@convention(c) (UInt32, UInt64) -> Void).self)(rate, seed) }

    func spoil(_ signatures: Int) { function("shim_spoil", (@convention(c) (Int) -> Void).self)(signatures) }
    func keypad(_ pin: String) { function("shim_keypad", (@convention(c) (UnsafePointer<CChar>) -> Void).self)(pin) }
    func rawPoints() { function("shim_raw_points", (@convention(c) (Int32) -> Void).self)(1) }

    /// What it says instead of the truth, under the names of `LIES` in shim.c; nil: the truth again.
    func lie(_ what: String, _ value: UInt?) {
        function("shim_lie", (@convention(c) (UnsafePointer<CChar>, UInt, Int32) -> Void).self)(what, value ?? 0, value == nil ? 0 : 1)
    }

    func loseSessions() { function("shim_lose_sessions", (@convention(c) () -> Void).self)() }
    func logOut() { function("shim_log_out", (@convention(c) () -> Void).self)() }
    func takeAway(_ isAway: Bool) { function("shim_take_away", (@convention(c) (Int32) -> Void).self)(isAway ? 1 : 0) }

    func calls(_ name: String) -> Int { function("shim_calls", (@convention(c) (UnsafePointer<CChar>) -> Int).self)(name) }
    var sessions: Int { function("shim_sessions", (@convention(c) () -> Int).self)() }
    var mostSessions: Int { function("shim_most_sessions", (@convention(c) () -> Int).self)() }
    var hanging: Int { function("shim_hanging", (@convention(c) () -> Int).self)() }
    var faults: Int { function("shim_faults", (@convention(c) () -> Int).self)() }
}

/// A house whose authorities' keys lie in a token behind a shim.
struct ShimmedHouse {
    let shim: Shim
    let token: PKCS11Token
    let house: TestKeys
    let place: SoftHSM.Token

    /// - Parameters:
    ///   - shim: a new one, unless it is another's as well.
    ///   - place: the token; one of those that all share, unless it is named.
    ///   - watching: how often the token is looked at while nobody asks.
    ///   - keypad: the PIN is not given, but entered at the token.
    init(
        _ shim: Shim? = nil, _ place: SoftHSM.Token? = nil, sessions: Int = 4, signing: Duration = .seconds(60),
        generating: Duration = .seconds(60), watching: Duration = .seconds(3600), keypad: Bool = false
    ) async throws {
        if let shim { self.shim = shim } else { self.shim = try await Shim() }
        if let place { self.place = place } else { self.place = try SoftHSM.token() }
        if keypad { self.shim.keypad(SoftHSM.pin) }
        token = try self.place.open(
            self.shim.module, pin: keypad ? nil : SoftHSM.pin, sessions: sessions, signing: signing, generating: generating,
            watching: watching)
        house = try await TestKeys(provider: .token(token))
    }

    /// What a signature by `one`'s key fails with; nil when it is correct.
    func failure(_ signer: any Signer) async -> CustodyError? {
        do {
            let signature = try await signer.sign(try house.message("one"), under: try house.warrant("one"))
            #expect(try house.isValid(signature, by: "one"))
            return nil
        } catch let error as CustodyError { return error } catch {
            Issue.record("\(error)")
            return nil
        }
    }

    /// Signatures by many at a time.
    @discardableResult
    func signMany(_ count: Int, _ signer: any Signer, mayFail: Bool = false) async throws -> (signed: Int, failed: Int) {
        let callers = min(32, count)
        return try await withThrowingTaskGroup(of: (Int, Int).self) { group in
            for caller in 0..<callers {
                group.addTask {
                    var outcome = (0, 0)
                    for _ in stride(from: caller, to: count, by: callers) {
                        let found = await failure(signer)
                        if let found, !mayFail { throw found }
                        if found == nil { outcome.0 += 1 } else { outcome.1 += 1 }
                    }
                    return outcome
                }
            }
            return try await group.reduce(into: (0, 0)) {
                $0.0 += $1.0
                $0.1 += $1.1
            }
        }
    }

    /// Closes the token; every session that was opened is closed.
    func close() async {
        await token.close()
        #expect(shim.sessions == 0 && token.counts.sessions == 0)
    }

    /// Waits until `condition` holds.
    func until(_ condition: () -> Bool) async throws {
        while !condition() { try await Task.sleep(for: .milliseconds(5)) }
    }
}
