import Basics

/// What the anchor says of an allowance: what limits it, whatever the database says.
public struct AnchoredAllowance: Hashable, Sendable {
    /// H of its statement.
    public let statement: Digest32
    /// How many certificates at most.
    public let number: Int64
    public let until: UTCTime
    /// Numbers below this one may have been drawn. After a crash they count as drawn.
    public internal(set) var reserved: Int64

    init(statement: Digest32, number: Int64, until: UTCTime, reserved: Int64 = 0) {
        self.statement = statement
        self.number = number
        self.until = until
        self.reserved = reserved
    }

    /// When its lines are left out: a day after the window, closed or not.
    public var forgotten: UTCTime { until.adding(days: 1) }

    func lines(_ id: ID) -> [AnchorLine] {
        [.allowance(id, statement, number: number, until: until)] + (reserved > 0 ? [.reserve(id, upTo: reserved)] : [])
    }
}

extension [ID: AnchoredAllowance] {
    /// A second `allowance` line changes nothing, and no line goes beyond the number that was voted.
    mutating func apply(_ line: AnchorLine) {
        switch line {
        case .allowance(let id, let statement, let number, let until):
            if self[id] == nil { self[id] = AnchoredAllowance(statement: statement, number: number, until: until) }
        case .reserve(let id, let count):
            if let known = self[id] { self[id]?.reserved = Swift.min(known.number, Swift.max(known.reserved, count)) }
        case .drawn(let id, let count):
            if let known = self[id] { self[id]?.reserved = Swift.min(known.reserved, count) }
        default: break
        }
    }
}
