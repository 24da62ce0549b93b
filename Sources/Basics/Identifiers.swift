/// A 128-bit id that grows with time (RFC 9562 §5.7, UUID version 7).
public struct ID: Hashable, Comparable, Sendable {
    /// Always 16 octets.
    public let bytes: Bytes

    /// - Returns: nil unless `bytes` has 16 octets.
    public init?(bytes: Bytes) {
        guard bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// A fresh id: 48 bits of milliseconds, version, variant, 74 random bits.
    public init(at time: UTCTime, entropy: some Entropy) {
        let milliseconds = UInt64(clamping: time.seconds) &* 1000
        let random = entropy.bytes(10)
        var octets = (0..<6).map { UInt8(truncatingIfNeeded: milliseconds >> UInt64(40 - 8 * $0)) } + random
        octets[6] = 0x70 | octets[6] & 0x0f
        octets[8] = 0x80 | octets[8] & 0x3f
        bytes = octets
    }

    /// - Returns: nil unless `text` is 8-4-4-4-12 lower-case hexadecimal digits.
    public init?(_ text: some StringProtocol) {
        let groups = text.split(separator: "-", omittingEmptySubsequences: false)
        guard groups.map(\.utf8.count) == [8, 4, 4, 4, 12], let bytes = Bytes(hex: groups.joined()) else { return nil }
        self.init(bytes: bytes)
    }

    public static func < (left: ID, right: ID) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}

extension ID: CustomStringConvertible {
    public var description: String {
        let digits = Array(bytes.hex)
        return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }.joined(separator: "-")
    }
}

/// A short name for a person, a machine, a document: `[a-z0-9-]{1,32}`, but not `-` alone, which stands for nothing in texts.
public struct Handle: Hashable, Comparable, Sendable, CustomStringConvertible {
    public let description: String

    public init?(_ text: some StringProtocol) {
        guard (1...32).contains(text.utf8.count), text != "-",
            text.utf8.allSatisfy({ (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d })
        else { return nil }
        description = String(text)
    }

    private init(known: String) { description = known }

    /// The custody that every house has.
    public static let sealed = Handle(known: "sealed")

    public static func < (left: Handle, right: Handle) -> Bool {
        left.description.utf8.lexicographicallyPrecedes(right.description.utf8)
    }
}

/// Which house a text belongs to: 16 random octets, drawn once by `assay init`.
public struct Instance: Hashable, Sendable, CustomStringConvertible {
    public let bytes: Bytes

    public init?(bytes: Bytes) {
        guard bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// - Returns: nil unless `text` has 32 lower-case hexadecimal digits.
    public init?(_ text: some StringProtocol) {
        guard let bytes = Bytes(hex: text) else { return nil }
        self.init(bytes: bytes)
    }

    public var description: String { bytes.hex }
}
