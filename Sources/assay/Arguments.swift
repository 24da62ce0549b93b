import Approval
import ArgumentParser
import Basics

// What a mistyped argument is told by the parser (exit status 64).
extension Handle: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

extension ID: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

extension Role: ExpressibleByArgument {}

/// `name=value`.
struct FieldArgument: ExpressibleByArgument {
    let name: String
    let value: String

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let name = parts.first, !name.isEmpty, let value = parts.last else { return nil }
        self.name = String(name)
        self.value = String(value)
    }
}

/// `2026-11-25T07:02:24Z`, or a date, which begins at midnight UTC.
extension UTCTime: ExpressibleByArgument {
    public init?(argument: String) {
        let pattern = /([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T([0-9]{2}):([0-9]{2}):([0-9]{2})Z)?/
        guard let match = argument.wholeMatch(of: pattern)?.output, let year = Int(match.1), let month = Int(match.2),
            let day = Int(match.3)
        else { return nil }
        let time = [match.4, match.5, match.6].map { $0.flatMap { Int($0) } ?? 0 }
        self.init(Calendar(year: year, month: month, day: day, hour: time[0], minute: time[1], second: time[2]))
    }
}
