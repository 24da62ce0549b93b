/// A point in time in whole seconds since 1970-01-01T00:00:00Z; leap seconds are not counted.
public struct UTCTime: Hashable, Comparable, Sendable {
    public let seconds: Int64

    public init(seconds: Int64) { self.seconds = seconds }

    public static func < (left: UTCTime, right: UTCTime) -> Bool { left.seconds < right.seconds }

    /// The time `seconds` later; at the ends of the range it stays there.
    public func adding(seconds more: Int64) -> UTCTime {
        let (sum, overflow) = seconds.addingReportingOverflow(more)
        return UTCTime(seconds: overflow ? (more > 0 ? .max : .min) : sum)
    }

    public func adding(days: Int64) -> UTCTime {
        let (span, overflow) = days.multipliedReportingOverflow(by: 86_400)
        return adding(seconds: overflow ? (days > 0 ? .max : .min) : span)
    }

    /// Seconds from `other` to this time.
    public func seconds(since other: UTCTime) -> Int64 {
        let (difference, overflow) = seconds.subtractingReportingOverflow(other.seconds)
        return overflow ? (seconds > other.seconds ? .max : .min) : difference
    }
}

extension UTCTime {
    /// Year, month, day, hour, minute, second of the proleptic Gregorian calendar.
    public struct Calendar: Hashable, Sendable {
        public var year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int

        public init(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
            self.year = year
            self.month = month
            self.day = day
            self.hour = hour
            self.minute = minute
            self.second = second
        }
    }

    /// - Returns: nil unless the date exists and the year is 1…9999.
    public init?(_ calendar: Calendar) {
        let days = [31, Self.isLeap(calendar.year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...9999).contains(calendar.year), (1...12).contains(calendar.month),
            (1...days[calendar.month - 1]).contains(calendar.day), (0...23).contains(calendar.hour),
            (0...59).contains(calendar.minute), (0...59).contains(calendar.second)
        else { return nil }
        // Days from civil: years begin in March, so that the leap day is the last.
        let year = Int64(calendar.month <= 2 ? calendar.year - 1 : calendar.year)
        let era = (year >= 0 ? year : year - 399) / 400
        let ofEra = year - era * 400
        let month = Int64((calendar.month + 9) % 12)
        let ofYear = (153 * month + 2) / 5 + Int64(calendar.day) - 1
        let day = era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
        seconds = day * 86_400 + Int64(calendar.hour * 3600 + calendar.minute * 60 + calendar.second)
    }

    /// The calendar fields; times outside the years 1…9999 are shown as the nearest that is inside.
    public var calendar: Calendar {
        let clamped = min(max(seconds, -62_135_596_800), 253_402_300_799)
        let (quotient, remainder) = clamped.quotientAndRemainder(dividingBy: 86_400)
        let day = remainder < 0 ? quotient - 1 : quotient
        let ofDay = Int(remainder < 0 ? remainder + 86_400 : remainder)
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let ofEra = shifted - era * 146_097
        let yearOfEra = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * ofYear + 2) / 153
        let civilMonth = Int(month < 10 ? month + 3 : month - 9)
        return Calendar(
            year: Int(yearOfEra + era * 400) + (civilMonth <= 2 ? 1 : 0), month: civilMonth,
            day: Int(ofYear - (153 * month + 2) / 5 + 1), hour: ofDay / 3600, minute: ofDay / 60 % 60, second: ofDay % 60)
    }

    private static func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }

    /// RFC 5280 §4.1.2.5: no well-defined end, 99991231235959Z.
    public static let never = UTCTime(seconds: 253_402_300_799)
}

extension UTCTime: CustomStringConvertible {
    /// `2026-11-25T07:02:24Z` (RFC 3339).
    public var description: String {
        let at = calendar
        func padded(_ value: Int, _ width: Int) -> String {
            let digits = String(value)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        return "\(padded(at.year, 4))-\(padded(at.month, 2))-\(padded(at.day, 2))"
            + "T\(padded(at.hour, 2)):\(padded(at.minute, 2)):\(padded(at.second, 2))Z"
    }
}
