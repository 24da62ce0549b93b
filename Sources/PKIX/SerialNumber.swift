import Basics

/// A certificate's serial number: a positive integer of at most 20 octets (RFC 5280 §4.1.2.2).
public struct SerialNumber: Hashable, Sendable, CustomStringConvertible {
    /// Big-endian, minimal: no leading zero octet unless the next octet's top bit is set.
    public let bytes: Bytes

    /// 128 random bits behind a coarse time: none is guessed, none repeats, and an index over them grows at its end.
    /// - Parameter random: 16 octets; fewer are filled up with zeros, more are cut.
    public init(at time: UTCTime, random: Bytes) {
        let quarter = UInt32(truncatingIfNeeded: time.seconds / 4) & 0x3fff_ffff | 0x4000_0000
        let tail = (random + Bytes(repeating: 0, count: 16)).prefix(16)
        bytes = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: quarter >> UInt32($0)) } + tail
    }

    /// - Throws: ``PKIXError/serialNumberOutOfRange`` when `bytes` is empty, zero, negative, or longer than 20 octets, and
    ///   ``PKIXError/der(_:offset:)`` when it is not minimal.
    public init(bytes: Bytes) throws(PKIXError) {
        guard (1...20).contains(bytes.count), let first = bytes.first, first < 0x80, bytes != [0] else { throw .serialNumberOutOfRange }
        guard bytes.count == 1 || first != 0 || bytes[1] >= 0x80 else { throw .der(.integer, offset: 0) }
        self.bytes = bytes
    }

    public var hex: String { bytes.hex }
    public var description: String { hex }
}
