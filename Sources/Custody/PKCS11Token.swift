import Basics
import Foundation
import Synchronization

/// Which token, and how it is used.
public struct PKCS11Configuration: Hashable, Sendable {
    /// The token's label and serial number: slots have numbers that change.
    public let label: String
    public let serial: String
    /// Sessions at a time, beside the one that holds the login; the token may allow fewer.
    public let sessions: Int
    /// How long a caller waits for a signature, and for a new key.
    public let signing: Duration
    public let generating: Duration
    /// How often it is looked at while nobody asks for anything.
    public let watching: Duration

    public init(
        label: String, serial: String, sessions: Int = 8, signing: Duration = .seconds(10),
        generating: Duration = .seconds(180), watching: Duration = .seconds(5)
    ) {
        self.label = label
        self.serial = serial
        self.sessions = min(max(1, sessions), 256)
        self.signing = signing
        self.generating = generating
        self.watching = watching
    }
}

/// A token in use: a pool of sessions on threads of their own, an anchor session that holds the login and is used for nothing else, and the
/// handles of keys. Whatever is lost is looked for again, with back-off; the caller gets a result or a clear error within its time.
/// Call ``close()`` at the end: threads hold this value.
public final class PKCS11Token: Sendable {
    public let configuration: PKCS11Configuration
    let module: PKCS11Module
    let pin: PIN?
    let clocks: any Clocks

    /// What is known of the token, and of our sessions on it.
    struct State {
        var condition = Condition.away(what: "It was not asked for yet", until: .zero, failures: 0)
        var epochs = 0
        /// Who owns each open session: a worker's number, or ``anchorOwner``.
        var owners: [PKCS11Session: Int] = [:]
        /// Sessions that the module did not close when it was asked to.
        var leftovers: [PKCS11Session] = []
        /// Whether this PIN was ever accepted.
        var isPINProven = false
        var logins = 0
        /// The look at the token that goes on now: of which connection, and since when, a monotonic time.
        var look: (epoch: Int, since: Duration)?
        /// Looks one after the other that did not see it.
        var missedLooks = 0
        /// Whether the module is to be ended and initialized anew, though others use it.
        var isRestartDue = false
        /// Logins that were begun.
        var attempts = 0
    }

    enum Condition {
        case up(PKCS11Connection)
        /// Nothing is tried before `until`, a monotonic time.
        case away(what: String, until: Duration, failures: Int)
        case halted(String)
        case closed
    }

    /// Never held during a call into the module.
    let state = Mutex(State())
    /// Held by the one thread that connects, logs in or looks after the login.
    let connecting = Mutex<Void>(())
    private let threads: PKCS11Threads

    static let anchorOwner = 0

    /// The token is looked for with the first use, or by ``connect()``.
    /// - Parameter pin: nil only where the token has a keypad of its own, or wants no login.
    public init(_ configuration: PKCS11Configuration, of module: PKCS11Module, pin: PIN?, clocks: any Clocks) {
        self.configuration = configuration
        self.pin = pin
        self.clocks = clocks
        self.module = module
        threads = PKCS11Threads(most: configuration.sessions, clocks: clocks)
    }

    /// Finds the token and logs in, if that was not done before.
    public func connect() async throws(CustodyError) {
        try await run(within: configuration.signing) { (_, token) throws(PKCS11Interruption) in _ = try token.connected() }
    }

    /// Whether signatures can be had, in a word for ``ready`` and an operator.
    public enum Health: Hashable, Sendable {
        case up
        /// It comes back by itself.
        case away(String)
        /// An operator has to act.
        case halted(String)
    }

    public var health: Health {
        let (condition, look) = state.withLock { ($0.condition, $0.look) }
        let areAllStuck = threads.counts.stuck >= configuration.sessions
        return switch condition {
        case .up where areAllStuck: .away("None of the calls into the module comes back")
        case .up(let connection):
            if let look, look.epoch == connection.epoch, clocks.monotonic - look.since > configuration.signing {
                .away("The module does not answer")
            } else {
                .up
            }
        case .away(let what, _, _): .away(what)
        case .halted(let what): .halted(what)
        case .closed: .halted("It is closed")
        }
    }

    /// Figures since the start.
    public struct Counts: Hashable, Sendable {
        /// Sessions open now, the anchor among them.
        public let sessions: Int
        /// Threads that were given up in a call that has not come back.
        public let stuck: Int
        public let logins: Int
        /// How often the token was found.
        public let connections: Int
        /// How often its module was initialized: more than once where only that finds the token again.
        public let starts: Int
    }

    public var counts: Counts {
        let (stuck, starts) = (threads.counts.stuck, module.starts)
        return state.withLock {
            Counts(
                sessions: $0.owners.count + $0.leftovers.count, stuck: stuck, logins: $0.logins, connections: $0.epochs,
                starts: starts)
        }
    }

    /// Lets what waits come to its end, closes the sessions, logs out, and closes the anchor. The module itself stays: others in this process
    /// may use it.
    public func close() async {
        await threads.close()
        // One more thread, for the anchor; the module may be stuck in it, and then it is left.
        let last = PKCS11Threads(most: 1, clocks: clocks)
        _ = await last.run(within: configuration.signing) { _ in .done(self.disconnectForGood()) }
        await last.close()
    }

    /// Runs `body` on a thread that may wait.
    /// - Parameters:
    ///   - late: what the caller is told when its time is over and `body` was begun.
    ///   - dropped: what to do with a result for which nobody waits any more.
    func run<Result: Sendable>(
        within: Duration, late: CustodyError = .late,
        dropped: @escaping @Sendable (PKCS11Threads.Worker, PKCS11Token, Result) -> Void = { _, _, _ in },
        _ body: @escaping @Sendable (PKCS11Threads.Worker, PKCS11Token) throws(PKCS11Interruption) -> Result
    ) async throws(CustodyError) -> Result {
        let outcome: PKCS11Threads.Outcome<Swift.Result<Result, CustodyError>> = await threads.run(
            within: within,
            dropped: { worker, result in if case .success(let value) = result { dropped(worker, self, value) } },
            { worker in
                do throws(PKCS11Interruption) { return .done(.success(try body(worker, self))) } catch {
                    switch error {
                    case .failed(let error): return .done(.failure(error))
                    case .noSession: return .handBack
                    }
                }
            })
        switch outcome {
        case .done(let result): return try result.get()
        case .full: throw .busy
        case .late(true): throw late
        case .late(false): throw .busy
        case .closed: throw .unavailable("The token is closed", retryAfter: .seconds(1))
        }
    }
}

extension CustodyError {
    /// A call into the module was begun, and did not come back in time.
    static let late = CustodyError.unavailable("The module did not answer in time", retryAfter: .seconds(1))
}

/// Why a job ends without a result.
enum PKCS11Interruption: Error {
    case failed(CustodyError)
    /// The token opens no session for this thread, while others have theirs: one of them is to take the job.
    case noSession
}

extension PKCS11Token: CustomStringConvertible, CustomReflectable {
    public var description: String { "token \(configuration.label.escaped), serial \(configuration.serial.escaped)" }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
