import Basics

/// How long the certificates of a profile are valid: a function of the beginning alone, so that a certificate's end can be
/// checked without knowing when it was asked for.
public struct ValidityRule: Hashable, Sendable {
    public enum Span: Hashable, Sendable {
        /// 99991231235959Z: no well-defined end (RFC 5280 §4.1.2.5).
        case never
        /// So many days of 86,400 seconds.
        case days(Int64)
        /// So many calendar years; from February 29 to February 28 where there is none.
        case years(Int)
    }

    public let span: Span
    /// Seconds by which a certificate begins before it is made, for verifiers whose clocks are late.
    public let skew: Int64

    init(document: JSONFields) throws(Problem) {
        var members = document
        let skew = try members.optionalInteger("skew") ?? 300
        guard (0...86_400).contains(skew) else { throw members.wrong("skew", expected: "0 to 86400 seconds") }
        self.skew = skew
        guard members.names.filter({ $0 != "skew" }).count == 1 else {
            throw .document("validity has one of until, days and years, and may have skew.", "validity")
        }
        if let until = try members.optionalString("until") {
            guard until == "never" else { throw members.wrong("until", expected: "never") }
            span = .never
        } else if let days = try members.optionalInteger("days") {
            guard (1...36_525).contains(days) else { throw members.wrong("days", expected: "1 to 36525") }
            span = .days(days)
        } else {
            let years = try members.integer("years")
            guard (1...100).contains(years) else { throw members.wrong("years", expected: "1 to 100") }
            span = .years(Int(years))
        }
        try members.end()
    }

    /// The last second of a certificate that begins at `beginning`. Both ends belong to the validity, so a day lasts until 86,399
    /// seconds after; the skew is given on top.
    public func end(from beginning: UTCTime) -> UTCTime {
        let start = beginning.adding(seconds: skew)
        switch span {
        case .never: return .never
        case .days(let days): return start.adding(days: days).adding(seconds: -1)
        case .years(let years):
            var calendar = start.calendar
            calendar.year += years
            if let same = UTCTime(calendar) { return same.adding(seconds: -1) }
            calendar.day = 28
            return (UTCTime(calendar) ?? .never).adding(seconds: -1)
        }
    }

    /// The beginning of a certificate that is made at `now`: `skew` earlier, but not before its issuer's own.
    public func beginning(at now: UTCTime, notBefore issuerBeginning: UTCTime) -> UTCTime {
        max(now.adding(seconds: -skew), issuerBeginning)
    }
}
