import Synchronization

/// Counts the reads that are under way, so that closing can wait for them.
final class Readers: Sendable {
    private struct State: Sendable {
        var count = 0
        var isClosed = false
        var closer: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// - Returns: whether the read may begin; then ``leave()`` ends it.
    func enter() -> Bool {
        state.withLock { state in
            if !state.isClosed { state.count += 1 }
            return !state.isClosed
        }
    }

    func leave() {
        let closer = state.withLock { state in
            state.count -= 1
            return state.count == 0 ? state.closer.take() : nil
        }
        closer?.resume()
    }

    /// Lets nobody in any more, and waits until all have left.
    /// - Returns: false when it was closed before.
    func close() async -> Bool {
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard isFirst else { return false }
        await withCheckedContinuation { closer in
            let isIdle = state.withLock { state in
                if state.count > 0 { state.closer = closer }
                return state.count == 0
            }
            if isIdle { closer.resume() }
        }
        return true
    }
}
