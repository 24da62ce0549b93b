import Basics

/// An anchored pattern over a whole value: literals, classes `[A-Z0-9_]`, and counts `{4}` or `{2,8}` after either. `\` stands
/// before a character that means itself. No alternatives, no open repetition: matching is bounded by pattern times value.
struct Pattern: Hashable, Sendable {
    private struct Item: Hashable, Sendable {
        /// What one character may be; a literal is a range of one.
        let ranges: [ClosedRange<Unicode.Scalar>]
        var least = 1
        var most = 1
    }

    /// As the profile writes it.
    let text: String
    private let items: [Item]

    private static let mostItems = 32
    private static let mostRepeats: Int64 = 64

    /// - Returns: nil when `text` is no pattern.
    init?(_ text: String) {
        var left = Array(text.unicodeScalars)[...]
        var items: [Item] = []
        while let first = left.popFirst() {
            var item: Item
            switch first {
            case "[":
                guard let ranges = Self.ranges(&left) else { return nil }
                item = Item(ranges: ranges)
            case "\\":
                guard let literal = left.popFirst() else { return nil }
                item = Item(ranges: [literal...literal])
            case "]", "{", "}", "*", "+", "?", ".", "|", "(", ")", "^", "$": return nil
            default: item = Item(ranges: [first...first])
            }
            if left.first == "{" {
                guard let (least, most) = Self.count(&left) else { return nil }
                item.least = least
                item.most = most
            }
            items.append(item)
        }
        guard (1...Self.mostItems).contains(items.count) else { return nil }
        self.text = text
        self.items = items
    }

    private static func ranges(_ left: inout ArraySlice<Unicode.Scalar>) -> [ClosedRange<Unicode.Scalar>]? {
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        while var scalar = left.popFirst() {
            if scalar == "]" { return ranges.isEmpty ? nil : ranges }
            if scalar == "[" || scalar == "^" { return nil }
            if scalar == "\\" {
                guard let literal = left.popFirst() else { return nil }
                scalar = literal
            }
            if left.first == "-", let upper = left.dropFirst().first, upper != "]" {
                guard upper != "\\", scalar <= upper else { return nil }
                left.removeFirst(2)
                ranges.append(scalar...upper)
            } else {
                ranges.append(scalar...scalar)
            }
        }
        return nil
    }

    private static func count(_ left: inout ArraySlice<Unicode.Scalar>) -> (Int, Int)? {
        guard let close = left.firstIndex(of: "}") else { return nil }
        let inside = String(String.UnicodeScalarView(left[left.startIndex + 1..<close]))
        left = left[(close + 1)...]
        let numbers = inside.split(separator: ",", omittingEmptySubsequences: false).map { Decimal.parse($0) }
        guard (1...2).contains(numbers.count), let least = numbers.first ?? nil, let most = numbers.last ?? nil,
            least <= most, (1...mostRepeats).contains(most)
        else { return nil }
        return (Int(least), Int(most))
    }

    func matches(_ value: String) -> Bool {
        let scalars = Array(value.unicodeScalars)
        /// Where the items so far may end.
        var ends: Set<Int> = [0]
        for item in items {
            var next: Set<Int> = []
            for start in ends {
                if item.least == 0 { next.insert(start) }
                var at = start
                while at < scalars.count, at - start < item.most, item.ranges.contains(where: { $0.contains(scalars[at]) }) {
                    at += 1
                    if at - start >= item.least { next.insert(at) }
                }
            }
            ends = next
        }
        return ends.contains(scalars.count)
    }
}
