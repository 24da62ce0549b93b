import Glibc
import Synchronization

/// The lives of a module in this process, each from C_Initialize to C_Finalize. Slots, sessions and handles mean something in one life, and in
/// the next nothing, or something else; so each call names the life that its numbers are of, and no life ends while a call is running.
final class PKCS11Lives: Sendable {
    /// Held while a life begins or ends.
    private let turn = Mutex(Turn())
    /// Held for a few instructions only.
    private let present = Mutex(Present())

    private struct Turn {
        /// Whether this value began the life that is, so that it may end it.
        var isOurs = false
        /// How many this value began.
        var begun = 0
    }

    private struct Present {
        var life = 0
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

    var begun: Int { turn.withLock { $0.begun } }

    /// Runs a call into the module.
    /// - Throws: CKR_CRYPTOKI_NOT_INITIALIZED, without a call, when that life is over.
    func during<Result>(_ life: Int, _ call: String, _ body: () throws(PKCS11Fault) -> Result) throws(PKCS11Fault) -> Result {
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
            case .wait: usleep(Self.pollMicroseconds)
            case .isOver: throw .answered(call: call, .notInitialized)
            }
        }
    }

    /// Begins a life unless the module has one. Somebody else in this process may have begun it: that is as good. The module answers so while
    /// the other is still at it, so all users of one module share one value of this type, and wait here.
    /// - Returns: the number of the life that is.
    func begin(_ initialize: () throws(PKCS11Fault) -> Void) throws(PKCS11Fault) -> Int {
        try turn.withLock { turn throws(PKCS11Fault) in
            do throws(PKCS11Fault) {
                try initialize()
                turn.isOurs = true
                turn.begun += 1
                present.withLock { $0.life += 1 }
            } catch { guard error == .answered(call: "C_Initialize", .alreadyInitialized) else { throw error } }
            return present.withLock { $0.life }
        }
    }

    /// Ends the life that is, if this value began it and all calls come to their end in time.
    /// - Parameter within: how long running calls are waited for; calls that come meanwhile wait as long.
    func end(within: Duration, _ finalize: () -> Void) {
        turn.withLock { turn in
            guard turn.isOurs else { return }
            present.withLock { $0.isEnding = true }
            defer { present.withLock { $0.isEnding = false } }
            var left = Int(within / .microseconds(Self.pollMicroseconds))
            while present.withLock({ $0.calls > 0 }) {
                guard left > 0 else { return }
                left -= 1
                usleep(Self.pollMicroseconds)
            }
            finalize()
            present.withLock { $0.life += 1 }
            turn.isOurs = false
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
