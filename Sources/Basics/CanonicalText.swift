/// What is wrong with a text of `key value` lines.
public enum TextError: Error, Hashable, Sendable {
    /// Not UTF-8 ending in a line feed, or a line is not `key value` with printable ASCII and one space after the key.
    case malformed(line: Int)
    /// Longer than the format allows.
    case tooLong(limit: Int)
    /// The first line is not the context that was asked for.
    case context(expected: String)
    /// The line with this key is missing, or stands elsewhere.
    case missing(key: String)
    /// The value of this key has another form.
    case value(key: String)
    /// There are lines after the last that the format knows.
    case trailing(line: Int)
    /// The text has one meaning but is not written in its only form.
    case notCanonical
}

/// Reads a canonical text line by line: a context line, then `key value` lines in a fixed order. Callers parse, render, compare.
public struct TextReader {
    private let lines: [Substring]
    private var next: Int

    /// - Parameter limit: octets that are accepted at most.
    public init(_ text: String, context: String, limit: Int = 65_536) throws(TextError) {
        guard text.utf8.count <= limit else { throw .tooLong(limit: limit) }
        guard text.utf8.last == 0x0a else { throw .malformed(line: 0) }
        // Split by octet: "\r\n" is one Character for Swift, and a carriage return must not pass as part of a line feed.
        lines = text.utf8.dropLast().split(separator: 0x0a, omittingEmptySubsequences: false).map { Substring($0) }
        for (number, line) in lines.enumerated() {
            guard line.utf8.allSatisfy({ (0x20...0x7e).contains($0) }) else { throw .malformed(line: number + 1) }
        }
        guard lines.first.map(String.init) == context else { throw .context(expected: context) }
        next = 1
    }

    /// The key of the next line, nil at the end.
    public var peek: Substring? {
        guard next < lines.count else { return nil }
        return lines[next].split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false).first
    }

    /// The value of the next line, which must have this key.
    public mutating func value(_ key: String) throws(TextError) -> Substring {
        guard next < lines.count else { throw .missing(key: key) }
        let line = lines[next]
        guard line.hasPrefix(key + " ") else { throw .missing(key: key) }
        let value = line.dropFirst(key.count + 1)
        guard !value.isEmpty, value.first != " ", value.last != " " else { throw .malformed(line: next + 1) }
        next += 1
        return value
    }

    /// The space-separated words of the next line, exactly `count` of them.
    public mutating func words(_ key: String, count: Int) throws(TextError) -> [Substring] {
        let words = try value(key).split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == count, words.allSatisfy({ !$0.isEmpty }) else { throw .value(key: key) }
        return words
    }

    public mutating func parsed<Value>(_ key: String, _ parse: (Substring) -> Value?) throws(TextError) -> Value {
        guard let parsed = parse(try value(key)) else { throw .value(key: key) }
        return parsed
    }

    public mutating func digest(_ key: String) throws(TextError) -> Digest32 { try parsed(key) { Digest32(base64: $0) } }
    public mutating func time(_ key: String) throws(TextError) -> UTCTime {
        try parsed(key) { Decimal.parse($0).map { UTCTime(seconds: $0) } }
    }
    public mutating func number(_ key: String) throws(TextError) -> Int64 { try parsed(key) { Decimal.parse($0) } }
    public mutating func handle(_ key: String) throws(TextError) -> Handle { try parsed(key) { Handle($0) } }

    /// - Throws: ``TextError/trailing(line:)`` unless every line was read.
    public func end() throws(TextError) {
        guard next == lines.count else { throw .trailing(line: next + 1) }
    }
}

/// Decimal numbers in their only spelling: no sign, no leading zero, below 2^63.
public enum Decimal {
    public static func parse(_ text: some StringProtocol) -> Int64? {
        guard (1...19).contains(text.utf8.count), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            text.utf8.count == 1 || text.utf8.first != 0x30
        else { return nil }
        return Int64(text)
    }
}
