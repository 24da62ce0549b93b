import Basics

/// The wall clock, held against the monotonic one and against the anchor: a clock that jumps is refused before anything is
/// committed under it.
public struct TrustedClock: Sendable {
    /// Seconds that the clock may be behind the anchor, or off the monotonic clock.
    private static let slack: Int64 = 300
    /// Seconds that it may be ahead of the anchor at start.
    private static let longestGap: Int64 = 86_400

    private let clocks: any Clocks
    private let startWall: UTCTime
    private let startMonotonic: Duration

    /// - Parameters:
    ///   - anchored: the time of the anchor's newest head.
    ///   - acceptGap: whether the operator has said that more than a day has passed.
    public init(_ clocks: any Clocks, anchored: UTCTime, acceptGap: Bool) throws(Problem) {
        let now = clocks.now
        guard now.seconds(since: anchored) >= -Self.slack else {
            throw Problem(
                .fault, "clock.behind", title: "The clock is behind",
                detail: "It says \(now); the anchor's newest line is of \(anchored). Correct the clock.")
        }
        guard acceptGap || now.seconds(since: anchored) <= Self.longestGap else {
            throw Problem(
                .fault, "clock.ahead", title: "More than a day has passed since the last entry",
                detail: "The clock says \(now); the last entry is of \(anchored). If the clock is right, start with --accept-clock.")
        }
        self.clocks = clocks
        startWall = now
        startMonotonic = clocks.monotonic
    }

    /// - Throws: when the wall clock has moved by more than 5 minutes against the monotonic clock since the start.
    public func now() throws(Problem) -> UTCTime {
        let now = clocks.now
        let expected = startWall.adding(seconds: (clocks.monotonic - startMonotonic).components.seconds)
        guard abs(now.seconds(since: expected)) <= Self.slack else {
            throw Problem(
                .fault, "clock.jumped", title: "The clock has jumped",
                detail: "It says \(now); by this process's monotonic clock it should be about \(expected). Correct it and start again.")
        }
        return now
    }

    public func sleep(for duration: Duration) async throws { try await clocks.sleep(for: duration) }
}
