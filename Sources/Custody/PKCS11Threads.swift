import Basics
import Dispatch
import Foundation
import Synchronization

/// Threads that may wait in a module's call for as long as it likes; their callers wait no longer than they said. A thread that is stuck is
/// left alone and replaced; too many of them, and nothing is begun until some come back.
final class PKCS11Threads: Sendable {
    /// What a thread keeps between jobs: its session.
    final class Worker {
        let number: Int
        /// The session that this thread owns, and the connection that it belongs to.
        var session: (handle: UInt, epoch: Int)?
        fileprivate var wanted: @Sendable () -> Bool = { true }

        fileprivate init(number: Int) { self.number = number }

        /// Whether somebody still waits for what this thread does.
        var isWanted: Bool { wanted() }
    }

    /// What became of a job.
    enum Outcome<Result: Sendable>: Sendable {
        case done(Result)
        /// Too much waits already, or too many threads are stuck: it was not begun.
        case full
        /// Its time was over. It was begun, and may still come to its end.
        case late(began: Bool)
        case closed
    }

    /// What a job says to its thread.
    enum Step<Result: Sendable>: Sendable {
        case done(Result)
        /// This thread gets no session: another is to take the job, and this one ends.
        case handBack
    }

    private struct Job: Sendable {
        let deadline: Duration
        /// False: handed back.
        let work: @Sendable (Worker) -> Bool
        let isWanted: @Sendable () -> Bool
        let fail: @Sendable (Failure) -> Void
    }

    private enum Failure {
        case full
        case late(began: Bool)
        case closed
    }

    /// All of it guarded by one lock, which is never held during a call into a module.
    private struct State {
        var queue: [Job] = []
        /// By worker.
        var running: [Int: Job] = [:]
        /// Threads that take jobs, those that wait for one among them.
        var workers = 0
        /// Threads that wait and that nobody has woken yet.
        var idle = 0
        /// Threads that were given up in a call.
        var stuck = 0
        /// Threads that have not given their session back; without those that are stuck.
        var present = 0
        var next = 0
        var most: Int
        /// When `most` is what it was at the start again.
        var growsAt: Duration?
        var isClosed = false
        /// Called when nobody is present any more.
        var ended: (@Sendable () -> Void)?

        mutating func takeEnded() -> (@Sendable () -> Void)? {
            guard isClosed, present == 0 else { return nil }
            defer { ended = nil }
            return ended
        }
    }

    private let state: Mutex<State>
    private let wake = DispatchSemaphore(value: 0)
    private let watch = DispatchQueue(label: "assay.pkcs11.watch")
    private let clocks: any Clocks
    private let most: Int
    private var mostWaiting: Int { 64 * most }
    private var mostStuck: Int { most }
    /// On the thread of a worker that ends: gives its session back.
    private let leave: @Sendable (Worker) -> Void

    /// - Parameter most: threads that work at a time; as many may be stuck.
    init(most: Int, clocks: any Clocks, leave: @escaping @Sendable (Worker) -> Void) {
        state = Mutex(State(most: most))
        self.most = most
        self.clocks = clocks
        self.leave = leave
        lookSoon()
    }

    private func lookSoon() {
        watch.asyncAfter(deadline: .now() + .milliseconds(50)) { [weak self] in if let self, look() { lookSoon() } }
    }

    /// Threads that work, and threads that are stuck.
    var counts: (working: Int, stuck: Int) { state.withLock { ($0.workers, $0.stuck) } }

    /// Runs `body` on a thread of its own kind.
    /// - Parameters:
    ///   - within: after this the caller is told that it was late; `body` is not interrupted.
    ///   - dropped: what to do with a result for which nobody waits any more; on the same thread.
    func run<Result: Sendable>(
        within: Duration, dropped: @escaping @Sendable (Worker, Result) -> Void = { _, _ in },
        _ body: @escaping @Sendable (Worker) -> Step<Result>
    ) async -> Outcome<Result> {
        await withCheckedContinuation { continuation in
            let answer = Answer<Outcome<Result>>(continuation)
            let job = Job(
                deadline: clocks.monotonic + within,
                work: { worker in
                    guard case .done(let result) = body(worker) else { return false }
                    if !answer.give(.done(result)) { dropped(worker, result) }
                    return true
                },
                isWanted: { answer.isWanted },
                fail: { failure in
                    switch failure {
                    case .full: answer.give(.full)
                    case .late(let began): answer.give(.late(began: began))
                    case .closed: answer.give(.closed)
                    }
                })
            submit(job)
        }
    }

    private func submit(_ job: Job) {
        let (failure, help) = state.withLock { state -> (Failure?, Help) in
            guard !state.isClosed else { return (.closed, Help()) }
            guard state.stuck < mostStuck, state.queue.count < mostWaiting else { return (.full, Help()) }
            state.queue.append(job)
            return (nil, helpers(for: 1, &state))
        }
        if let failure { return job.fail(failure) }
        send(help)
    }

    /// Threads to wake, and numbers of threads to begin.
    private struct Help {
        var wakes = 0
        var begins: [Int] = []
    }

    private func helpers(for jobs: Int, _ state: inout State) -> Help {
        var help = Help(wakes: min(jobs, state.idle))
        state.idle -= help.wakes
        while help.wakes + help.begins.count < jobs, state.workers < state.most {
            state.workers += 1
            state.present += 1
            state.next += 1
            help.begins.append(state.next)
        }
        return help
    }

    private func send(_ help: Help) {
        for _ in 0..<help.wakes { wake.signal() }
        for number in help.begins { Thread { self.work(number) }.start() }
    }

    private func work(_ number: Int) {
        let worker = Worker(number: number)
        var wasGivenUp = false
        while let job = next(number) {
            worker.wanted = job.isWanted
            let isDone = job.work(worker)
            worker.wanted = { true }
            let (goesOn, isGivenUp) = finish(number, job, isDone: isDone)
            wasGivenUp = isGivenUp
            guard goesOn else { break }
        }
        leave(worker)
        let ended = state.withLock { state in
            if !wasGivenUp { state.present -= 1 }
            return state.takeEnded()
        }
        ended?()
    }

    /// Waits for the next job; nil when all is closed.
    private func next(_ number: Int) -> Job? {
        while true {
            let (job, isOver) = state.withLock { state -> (Job?, Bool) in
                if !state.queue.isEmpty {
                    let job = state.queue.removeFirst()
                    state.running[number] = job
                    return (job, false)
                }
                if state.isClosed { state.workers -= 1 } else { state.idle += 1 }
                return (nil, state.isClosed)
            }
            if isOver { return nil }
            if let job { return job }
            wake.wait()
        }
    }

    /// Whether the thread goes on: not when it was given up meanwhile, nor when it gets no session.
    private func finish(_ number: Int, _ job: Job, isDone: Bool) -> (goesOn: Bool, isGivenUp: Bool) {
        let (goesOn, isGivenUp, help) = state.withLock { state -> (Bool, Bool, Help) in
            guard state.running.removeValue(forKey: number) != nil else {
                state.stuck -= 1
                return (false, true, Help())
            }
            guard !isDone else { return (true, false, Help()) }
            state.queue.insert(job, at: 0)
            state.workers -= 1
            state.most = max(1, state.workers)
            state.growsAt = clocks.monotonic + .seconds(30)
            return (false, false, helpers(for: 1, &state))
        }
        send(help)
        return (goesOn, isGivenUp)
    }

    /// Gives up what is late, and begins what waits for want of a thread.
    /// - Returns: whether there is something to look after, now or later.
    private func look() -> Bool {
        let now = clocks.monotonic
        let (late, help, ended, isOver) = state.withLock { state -> ([(Job, Bool)], Help, (@Sendable () -> Void)?, Bool) in
            var late = state.queue.filter { $0.deadline <= now }.map { ($0, false) }
            state.queue.removeAll { $0.deadline <= now }
            for (number, job) in state.running where job.deadline <= now {
                late.append((job, true))
                state.running[number] = nil
                state.workers -= 1
                state.present -= 1
                state.stuck += 1
            }
            if let time = state.growsAt, time <= now {
                state.most = most
                state.growsAt = nil
            }
            if state.stuck >= mostStuck {
                late += state.queue.map { ($0, false) }
                state.queue = []
            }
            return (late, helpers(for: state.queue.count, &state), state.takeEnded(), state.isClosed && state.present == 0)
        }
        for (job, began) in late { job.fail(.late(began: began)) }
        send(help)
        ended?()
        return !isOver
    }

    /// Takes no more jobs, lets those that wait come to their end, and returns when all threads that are not stuck have ended.
    func close() async {
        await withCheckedContinuation { continuation in
            let (isEmpty, wakes) = state.withLock { state -> (Bool, Int) in
                state.isClosed = true
                guard state.present > 0 else { return (true, 0) }
                state.ended = { continuation.resume() }
                defer { state.idle = 0 }
                return (false, state.idle)
            }
            if isEmpty { return continuation.resume() }
            for _ in 0..<wakes { wake.signal() }
        }
    }
}

/// A continuation that is resumed once, by whoever comes first.
private final class Answer<Value: Sendable>: Sendable {
    private let waiting: Mutex<CheckedContinuation<Value, Never>?>

    init(_ continuation: CheckedContinuation<Value, Never>) { waiting = Mutex(continuation) }

    var isWanted: Bool { waiting.withLock { $0 != nil } }

    /// Whether this was the first.
    @discardableResult
    func give(_ value: Value) -> Bool {
        let continuation = waiting.withLock { waiting in
            defer { waiting = nil }
            return waiting
        }
        continuation?.resume(returning: value)
        return continuation != nil
    }
}
