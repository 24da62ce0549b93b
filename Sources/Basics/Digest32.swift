import Crypto

/// A SHA-256 digest, or another value of exactly 32 octets that stands for one.
public struct Digest32: Hashable, Comparable, Sendable {
    /// Always 32 octets.
    public let bytes: Bytes

    /// - Returns: nil unless `bytes` has 32 octets.
    public init?(bytes: Bytes) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// - Returns: nil unless `base64` is the padded base64 of 32 octets, in its only spelling.
    public init?(base64: some StringProtocol) {
        guard let bytes = Bytes(base64: base64) else { return nil }
        self.init(bytes: bytes)
    }

    /// - Returns: nil unless `hex` has 64 lower-case hexadecimal digits.
    public init?(hex: some StringProtocol) {
        guard let bytes = Bytes(hex: hex) else { return nil }
        self.init(bytes: bytes)
    }

    /// The digest of `message`.
    public init(of message: Bytes) { bytes = Array(SHA256.hash(data: message)) }

    /// The digest of the UTF-8 octets of `text`.
    public init(of text: String) { self.init(of: Bytes(text.utf8)) }

    private init(unchecked bytes: Bytes) { self.bytes = bytes }

    /// 32 zero octets: what stands where nothing came before.
    public static let zero = Digest32(unchecked: Bytes(repeating: 0, count: 32))

    public var base64: String { bytes.base64 }
    public var hex: String { bytes.hex }

    public static func < (left: Digest32, right: Digest32) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}

extension Digest32: CustomStringConvertible {
    public var description: String { base64 }
}
