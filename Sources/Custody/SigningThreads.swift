import Foundation
import Synchronization

/// Threads for what takes longer than a thread change: RSA, the large curves, ML-DSA. Swift's own pool has one thread for each
/// core, and each that computes for milliseconds is missing for everything else. A thread begins with the first work and ends
/// with the last.
final class SigningThreads: Sendable {
    private struct State {
        var waiting: [@Sendable () -> Void] = []
        var next = 0
        var running = 0
    }

    private let state = Mutex(State())
    private let most: Int

    init(most: Int = max(1, ProcessInfo.processInfo.activeProcessorCount)) { self.most = most }

    func run<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            let begins = state.withLock { state in
                state.waiting.append { continuation.resume(returning: body()) }
                guard state.running < most else { return false }
                state.running += 1
                return true
            }
            if begins { Thread { self.work() }.start() }
        }
    }

    private func work() {
        while true {
            let job: (@Sendable () -> Void)? = state.withLock { state in
                guard state.next < state.waiting.count else {
                    state.waiting.removeAll(keepingCapacity: true)
                    state.next = 0
                    state.running -= 1
                    return nil
                }
                defer { state.next += 1 }
                return state.waiting[state.next]
            }
            guard let job else { return }
            job()
        }
    }
}
