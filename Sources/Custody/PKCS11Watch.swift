import Basics
import Dispatch

/// Looking at a token while nobody asks for anything: one that goes is noticed, and is found again before the next signature.
extension PKCS11Token {
    /// Looks at a token that is up every now and then, as long as its connection lasts.
    func watch(_ epoch: Int) { later(configuration.watching) { await $0.look(epoch) } }

    /// Looks for a token that is away.
    func comeBack(after wait: Duration) { later(wait) { await $0.findAgain() } }

    private func later(_ wait: Duration, _ body: @escaping @Sendable (PKCS11Token) async -> Void) {
        DispatchQueue.global().asyncAfter(deadline: .now() + .nanoseconds(Int(wait / .nanoseconds(1)))) { [weak self] in
            Task { [weak self] in if let self { await body(self) } }
        }
    }

    private func findAgain() async {
        do throws(CustodyError) { try await connect() } catch {
            // Whatever else comes of it, what follows was seen to where it came.
            if error == .busy { comeBack(after: .seconds(1)) }
        }
    }

    private func look(_ epoch: Int) async {
        do throws(CustodyError) {
            try await run(within: configuration.signing) { _, token throws(PKCS11Interruption) in
                guard token.isLooked(epoch) else { return }
                token.watch(epoch)
            }
        } catch {
            // One that was begun goes on by itself when its call comes back.
            if error == .busy { watch(epoch) }
        }
    }

    /// - Returns: whether the connection is the one of this epoch.
    private func isLooked(_ epoch: Int) -> Bool {
        guard case .up(let connection) = state.withLock({ $0.condition }), connection.epoch == epoch else { return false }
        state.withLock { $0.look = (epoch, clocks.monotonic) }
        defer { state.withLock { state in if state.look?.epoch == epoch { state.look = nil } } }
        // One fault is no reason to turn callers away; nor is a blink of the network one to call somebody to a keypad.
        if !isSeen(in: connection.slot), !isSeen(in: connection.slot) {
            let missed = state.withLock { state in
                state.missedLooks += 1
                return state.missedLooks
            }
            if missed > 1 || !connection.hasKeypad { disconnect(connection, Self.gone) }
            return true
        }
        state.withLock { $0.missedLooks = 0 }
        if connection.needsLogin, (try? module.isLoggedIn(connection.anchor)) != true {
            repair(connection)
        }
        return true
    }
}
