/// Which part of a list is asked for: so many at most, behind a place. Whoever hands in the place of the last one that they have seen
/// meets every other exactly once, however many are added meanwhile.
public struct Paging<Place: Sendable>: Sendable {
    /// Within ``PageLimit/accepted``.
    public let limit: Int64
    /// nil: from the list's beginning.
    public let after: Place?

    /// - Parameter limit: brought into ``PageLimit/accepted``.
    public init(limit: Int64 = PageLimit.usual, after: Place? = nil) {
        self.limit = min(max(limit, PageLimit.accepted.lowerBound), PageLimit.accepted.upperBound)
        self.after = after
    }
}

/// How much of a list is told in one answer.
public enum PageLimit {
    public static var accepted: ClosedRange<Int64> { 1...500 }
    /// Where nobody says a limit.
    public static var usual: Int64 { 100 }
}

/// A part of a list, in the list's order.
public struct Page<Element: Sendable>: Sendable {
    public let elements: [Element]
    /// The last element's place, to be handed in for the next page; nil when nothing comes behind it.
    public let next: String?

    public init(_ elements: [Element], next: String?) {
        self.elements = elements
        self.next = next
    }
}
