import Access
import Approval
import Basics
import PKIX
import Proofs
import Synchronization

/// A person with keys of their own, as their client would have them.
struct TestPerson: Sendable {
    let handle: Handle
    let login: PrivateKey
    let vote: PrivateKey

    init(_ name: String) throws {
        guard let handle = Handle(name) else { throw Refusal.personMismatch(name) }
        self.handle = handle
        login = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
        vote = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
    }

    /// The person's own text, signed.
    func note(_ instance: Instance?, at time: UTCTime) throws -> SignedNote {
        let person = Person(instance: instance, handle: handle, login: login.publicKey, vote: vote.publicKey, time: time)
        return try vote.note(person.text, as: handle)
    }

    func principal(_ roles: Role...) -> Principal { Principal(handle: handle, roles: Set(roles)) }

    func sign(_ text: String) throws -> SignedNote { try vote.note(text, as: handle) }
}

/// A clock that stands still until a test moves it.
final class TestClocks: Clocks {
    private let state: Mutex<(now: UTCTime, monotonic: Duration)>

    init(_ now: UTCTime) { state = Mutex((now, .zero)) }

    var now: UTCTime { state.withLock { $0.now } }
    var monotonic: Duration { state.withLock { $0.monotonic } }
    func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }

    /// Time passes, on both clocks.
    func pass(seconds: Int64) {
        state.withLock { state in
            state.now = state.now.adding(seconds: seconds)
            state.monotonic += .seconds(seconds)
        }
    }

    /// Only the wall clock is set.
    func jump(seconds: Int64) { state.withLock { $0.now = $0.now.adding(seconds: seconds) } }
}
