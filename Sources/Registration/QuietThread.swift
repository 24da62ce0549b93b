import Foundation

/// A thread for minutes of computing that nobody waits for: Swift's own pool has one thread for each core, and issuing needs them.
enum QuietThread {
    static func run<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            Thread {
                // Whatever else wants the processor goes first. On Linux this is the thread's own.
                _ = setpriority(Int32(PRIO_PROCESS.rawValue), 0, 15)
                continuation.resume(returning: body())
            }.start()
        }
    }
}
