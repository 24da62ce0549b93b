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
        var session: (handle: PKCS11Session, epoch: Int)?
        /// Gives the session back when the thread ends.
        var farewell: ((Worker) -> Void)?
        /// Whether another job waited for a thread when this one took its own.
        fileprivate(set) var isAwaited = false
        fileprivate var job: (any Job)?

        fileprivate init(number: Int) { self.number = number }

        /// Whether somebody still waits for what this thread does.
        var isWanted: Bool { job?.isWanted ?? true }
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

    /// All of it guarded by one lock, which is never held during a call into a module.
    private struct State {
        var queue: [any Job] = []
        /// By worker.
        var running: [Int: any Job] = [:]
        /// Done, and not answered yet.
        var done: [any Job] = []
        /// Threads that take jobs.
        var workers = 0
        /// Those among them that wait to be woken.
        var idle = 0
        /// Whether one of them was begun or woken, and has not looked yet for the job that waits.
        var isComing = false
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

        /// What is to be answered now. Waking a caller costs as much as a tenth of a quick signature, so where others wait for this thread as
        /// well, a few are woken together.
        /// - Parameter mayWait: whether the next one is done as soon as that.
        mutating func takeDone(mayWait: Bool) -> [any Job] {
            guard !mayWait || queue.isEmpty || done.count >= PKCS11Threads.mostKept else { return [] }
            defer { done = [] }
            return done
        }

        mutating func takeEnded() -> (@Sendable () -> Void)? {
            guard isClosed, present == 0 else { return nil }
            defer { ended = nil }
            return ended
        }

        /// Whom to call when a job waits. One thread at a time: whoever takes a job calls the next, so that a thread that has just become
        /// free saves waking another, and all of them work where each call takes its time.
        mutating func help() -> Help? {
            guard !queue.isEmpty, !isComing else { return nil }
            if idle > 0 {
                idle -= 1
                isComing = true
                return .wake
            }
            guard workers < most else { return nil }
            workers += 1
            present += 1
            next += 1
            isComing = true
            return .begin(next)
        }
    }

    private enum Help {
        case wake
        case begin(Int)
    }

    private let state: Mutex<State>
    private let wake = DispatchSemaphore(value: 0)
    private let watch = DispatchQueue(label: "assay.pkcs11.watch")
    private let clocks: any Clocks
    private let most: Int
    private static let mostKept = 4
    /// A job that takes less than this is quick.
    private static let quick = Duration.microseconds(100)
    private var mostWaiting: Int { 64 * most }
    private var mostStuck: Int { most }

    /// - Parameter most: threads that work at a time; as many may be stuck.
    init(most: Int, clocks: any Clocks) {
        state = Mutex(State(most: most))
        self.most = most
        self.clocks = clocks
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
        let deadline = clocks.monotonic + within
        return await withCheckedContinuation { continuation in
            submit(Call(deadline: deadline, continuation, body: body, dropped: dropped))
        }
    }

    private func submit(_ job: any Job) {
        let (failure, help) = state.withLock { state -> (Failure?, Help?) in
            guard !state.isClosed else { return (.closed, nil) }
            guard state.stuck < mostStuck, state.queue.count < mostWaiting else { return (.full, nil) }
            state.queue.append(job)
            return (nil, state.help())
        }
        if let failure { return job.fail(failure) }
        send(help)
    }

    private func send(_ help: Help?) {
        switch help {
        case .wake: wake.signal()
        case .begin(let number): Thread { self.work(number) }.start()
        case nil: break
        }
    }

    private func work(_ number: Int) {
        let worker = Worker(number: number)
        var turn = next(number, .comes)
        while true {
            switch turn {
            case .work(let job, let others):
                worker.job = job
                worker.isAwaited = others
                let begun = clocks.monotonic
                let isDone = job.work(worker)
                worker.job = nil
                turn = next(number, isDone ? .isDone(job, isQuick: clocks.monotonic - begun < Self.quick) : .handsBack(job))
            case .wait:
                wake.wait()
                turn = next(number, .comes)
            case .end(let isPresent):
                worker.farewell?(worker)
                let ended = state.withLock { state in
                    if isPresent { state.present -= 1 }
                    return state.takeEnded()
                }
                ended?()
                return
            }
        }
    }

    private enum Arrival {
        case comes
        case isDone(any Job, isQuick: Bool)
        case handsBack(any Job)
    }

    private enum Turn {
        /// - Parameter others: whether more jobs wait.
        case work(any Job, others: Bool)
        case wait
        /// - Parameter isPresent: false for a thread that was given up meanwhile.
        case end(isPresent: Bool)
    }

    /// What a thread does next.
    private func next(_ number: Int, _ arrival: Arrival) -> Turn {
        let (turn, help, done) = state.withLock { state -> (Turn, Help?, [any Job]) in
            var mayWait = false
            if case .isDone(let job, let isQuick) = arrival {
                state.done.append(job)
                mayWait = isQuick
            }
            switch arrival {
            case .comes: state.isComing = false
            case .isDone, .handsBack:
                guard state.running.removeValue(forKey: number) != nil else {
                    state.stuck -= 1
                    return (.end(isPresent: false), nil, state.takeDone(mayWait: false))
                }
            }
            let done = state.takeDone(mayWait: mayWait)
            if case .handsBack(let job) = arrival {
                state.queue.insert(job, at: 0)
                state.workers -= 1
                state.most = max(1, state.workers)
                state.growsAt = clocks.monotonic + .seconds(30)
                // The last of them: another thread would get no session either. `look` begins one.
                return (.end(isPresent: true), state.workers == 0 ? nil : state.help(), done)
            }
            if !state.queue.isEmpty {
                let job = state.queue.removeFirst()
                state.running[number] = job
                return (.work(job, others: !state.queue.isEmpty), state.help(), done)
            }
            if state.isClosed { state.workers -= 1 } else { state.idle += 1 }
            return (state.isClosed ? .end(isPresent: true) : .wait, nil, done)
        }
        for job in done { job.answer() }
        send(help)
        return turn
    }

    /// Gives up what is late, begins what waits for want of a thread, and answers what is done: the next call may be stuck.
    /// - Returns: whether there is something to look after, now or later.
    private func look() -> Bool {
        let now = clocks.monotonic
        let (late, done, help, ended, isOver) = state.withLock {
            state -> ([(any Job, Bool)], [any Job], Help?, (@Sendable () -> Void)?, Bool) in
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
            let done = state.takeDone(mayWait: false)
            return (late, done, state.help(), state.takeEnded(), state.isClosed && state.present == 0)
        }
        for job in done { job.answer() }
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

private enum Failure {
    case full
    case late(began: Bool)
    case closed
}

private protocol Job: AnyObject, Sendable {
    /// A monotonic time.
    var deadline: Duration { get }
    var isWanted: Bool { get }
    /// False: handed back.
    func work(_ worker: PKCS11Threads.Worker) -> Bool
    /// Gives the caller what the work has brought.
    func answer()
    /// Tells the caller that nothing comes of it, unless something has by now.
    func fail(_ failure: Failure)
}

/// A job whose caller is answered once.
private final class Call<Result: Sendable>: Job {
    typealias Answer = PKCS11Threads.Outcome<Result>

    private struct Waiting {
        let continuation: CheckedContinuation<Answer, Never>
        var result: Result?
    }

    let deadline: Duration
    /// nil: answered.
    private let waiting: Mutex<Waiting?>
    private let body: @Sendable (PKCS11Threads.Worker) -> PKCS11Threads.Step<Result>
    private let dropped: @Sendable (PKCS11Threads.Worker, Result) -> Void

    init(
        deadline: Duration, _ continuation: CheckedContinuation<Answer, Never>,
        body: @escaping @Sendable (PKCS11Threads.Worker) -> PKCS11Threads.Step<Result>,
        dropped: @escaping @Sendable (PKCS11Threads.Worker, Result) -> Void
    ) {
        self.deadline = deadline
        waiting = Mutex(Waiting(continuation: continuation))
        self.body = body
        self.dropped = dropped
    }

    var isWanted: Bool { waiting.withLock { $0 != nil } }

    func work(_ worker: PKCS11Threads.Worker) -> Bool {
        guard case .done(let result) = body(worker) else { return false }
        let isKept = waiting.withLock { waiting in
            waiting?.result = result
            return waiting != nil
        }
        if !isKept { dropped(worker, result) }
        return true
    }

    func answer() { answer(or: nil) }

    func fail(_ failure: Failure) {
        switch failure {
        case .full: answer(or: .full)
        case .late(let began): answer(or: .late(began: began))
        case .closed: answer(or: .closed)
        }
    }

    private func answer(or failure: Answer?) {
        let (continuation, answer) = waiting.withLock { waiting -> (CheckedContinuation<Answer, Never>?, Answer?) in
            guard let answer = waiting?.result.map({ Answer.done($0) }) ?? failure else { return (nil, nil) }
            defer { waiting = nil }
            return (waiting?.continuation, answer)
        }
        if let continuation, let answer { continuation.resume(returning: answer) }
    }
}
