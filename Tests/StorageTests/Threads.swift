import Dispatch
import Synchronization

/// A gate between threads that are not Swift's own.
struct Waiting: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    func signal() { semaphore.signal() }
    func wait() { semaphore.wait() }

    /// Waits without a thread of Swift's own.
    func opened() async {
        await withCheckedContinuation { caller in
            DispatchQueue(label: "waiting").async {
                semaphore.wait()
                caller.resume()
            }
        }
    }
}

/// Counts from 1, on whatever threads.
final class Count: Sendable {
    private let count = Mutex(0)
    var value: Int { count.withLock { $0 } }
    func next() -> Int {
        count.withLock { count in
            count += 1
            return count
        }
    }
}
