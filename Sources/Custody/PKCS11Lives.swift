import Glibc
import Synchronization

/// The lives of a module in this process, each from C_Initialize to C_Finalize. Slots, sessions and handles mean something in one life, and in
/// the next nothing, or something else; so each call names the life that its numbers are of, and no life ends while a call is running.
final class PKCS11Lives: Sendable {
    /// Whether this value began the life that is, so that it may end it. Held while a life begins or ends, in the module's calls for that.
    private let isOurs = Mutex(false)
    /// Held for a few instructions only.
    private let present = Mutex(Present())

    private struct Present {
        var life = 0
        /// How many this value began.
        var begun = 0
        /// Calls that are running.
        var calls = 0
        /// Whether calls that come have to wait for those that are running.
        var isEnding = false
    }

    private enum Entry {
        case mayCall
        case wait
        case isOver
    }

    private static let pollMicroseconds: UInt32 = 200

    var begun: Int { present.withLock { $0.begun } }

    /// Runs a call into the module.
    /// - Throws: ``PKCS11Fault/lifeIsOver`` without a call.
    func during<Result>(_ life: Int, _ body: () throws(PKCS11Fault) -> Result) throws(PKCS11Fault) -> Result {
        var pause = Self.pollMicroseconds
        while true {
            let entry = present.withLock { present -> Entry in
                guard present.life == life else { return .isOver }
                guard !present.isEnding else { return .wait }
                present.calls += 1
                return .mayCall
            }
            switch entry {
            case .mayCall:
                defer { present.withLock { $0.calls -= 1 } }
                return try body()
            case .wait:
                usleep(pause)
                // A module may be stuck in its end.
                pause = min(2 * pause, 50_000)
            case .isOver: throw .lifeIsOver
            }
        }
    }

    /// Begins a life unless the module has one. Somebody else in this process may have begun it: that is as good. The module answers so while
    /// the other is still at it, so all users of one module share one value of this type, and wait here.
    /// - Returns: the number of the life that is.
    func begin(_ initialize: () throws(PKCS11Fault) -> Void) throws(PKCS11Fault) -> Int {
        try isOurs.withLock { isOurs throws(PKCS11Fault) in
            do throws(PKCS11Fault) {
                try initialize()
                isOurs = true
                present.withLock { present in
                    present.life += 1
                    present.begun += 1
                }
            } catch { guard error == .answered(call: "C_Initialize", .alreadyInitialized) else { throw error } }
            return present.withLock { $0.life }
        }
    }

    /// Ends the life that is, if this value began it and all calls come to their end in time.
    /// - Parameters:
    ///   - within: how long running calls are waited for; calls that come meanwhile wait as long.
    ///   - isAllowed: asked when no call is running, and none can begin.
    ///   - finalize: whether the module said that it has ended.
    /// - Returns: whether the life is over.
    func end(within: Duration, if isAllowed: () -> Bool = { true }, _ finalize: () -> Bool) -> Bool {
        var left = Int(within / .microseconds(Self.pollMicroseconds))
        func mayWait() -> Bool {
            left -= 1
            if left > 0 { usleep(Self.pollMicroseconds) }
            return left > 0
        }
        while true {
            // A module may be stuck in its beginning.
            let isOver = isOurs.withLockIfAvailable { isOurs -> Bool in
                guard isOurs else { return false }
                present.withLock { $0.isEnding = true }
                defer { present.withLock { $0.isEnding = false } }
                while present.withLock({ $0.calls > 0 }) { guard mayWait() else { return false } }
                guard isAllowed(), finalize() else { return false }
                present.withLock { $0.life += 1 }
                isOurs = false
                return true
            }
            if let isOver { return isOver }
            guard mayWait() else { return false }
        }
    }
}

/// A slot of one life of a module.
struct PKCS11Slot: Hashable, Sendable {
    let number: UInt
    let life: Int
}

/// A session of one life of a module.
struct PKCS11Session: Hashable, Sendable {
    let number: UInt
    let life: Int
}
