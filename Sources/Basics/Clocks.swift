import Foundation

/// Time as handed to whatever needs it; nothing reads a clock by itself.
public protocol Clocks: Sendable {
    /// The wall clock.
    var now: UTCTime { get }
    /// Time since some fixed moment of this process; never set back.
    var monotonic: Duration { get }
    func sleep(for duration: Duration) async throws
}

/// The machine's clocks.
public struct SystemClocks: Clocks {
    private let start = ContinuousClock.now

    public init() {}

    public var now: UTCTime { UTCTime(seconds: Int64(Date().timeIntervalSince1970.rounded(.down))) }
    public var monotonic: Duration { start.duration(to: .now) }
    public func sleep(for duration: Duration) async throws { try await Task.sleep(for: duration) }
}

/// Random octets as handed to whatever needs them.
public protocol Entropy: Sendable {
    /// `count` octets that nobody can guess.
    func bytes(_ count: Int) -> Bytes
}

/// The operating system's random source.
public struct SystemEntropy: Entropy {
    public init() {}

    public func bytes(_ count: Int) -> Bytes {
        var generator = SystemRandomNumberGenerator()
        var octets: Bytes = []
        octets.reserveCapacity(count + 7)
        // Eight octets a call: each is a system call.
        while octets.count < count {
            let word: UInt64 = generator.next()
            for shift in stride(from: UInt64(0), to: 64, by: 8) { octets.append(UInt8(truncatingIfNeeded: word >> shift)) }
        }
        octets.removeLast(octets.count - max(count, 0))
        return octets
    }
}
