/// Octets as they stand on the wire or on disk.
public typealias Bytes = [UInt8]

extension Sequence where Element == UInt8 {
    /// Lower-case hexadecimal, two digits an octet.
    public var hex: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: Bytes = []
        for octet in self {
            text.append(digits[Int(octet >> 4)])
            text.append(digits[Int(octet & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Standard base64 with padding (RFC 4648 §4), no line breaks.
    public var base64: String { Base64.encode(self, alphabet: Base64.standard, padded: true) }

    /// Base64 with the URL-safe alphabet and without padding (RFC 4648 §5).
    public var base64URL: String { Base64.encode(self, alphabet: Base64.urlSafe, padded: false) }
}

extension Array where Element == UInt8 {
    /// - Returns: nil unless `hex` is lower-case hexadecimal of even length.
    public init?(hex: some StringProtocol) {
        var octets: Bytes = []
        var high: UInt8?
        for character in hex.utf8 {
            let digit: UInt8
            switch character {
            case 0x30...0x39: digit = character - 0x30
            case 0x61...0x66: digit = character - 0x61 + 10
            default: return nil
            }
            if let first = high {
                octets.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        guard high == nil else { return nil }
        self = octets
    }

    /// Strict: padded, one spelling only (pad bits zero), no white space.
    public init?(base64: some StringProtocol) {
        guard let octets = Base64.decode(base64.utf8, alphabet: Base64.standard, padded: true) else { return nil }
        self = octets
    }

    /// Strict: URL-safe alphabet, unpadded, one spelling only.
    public init?(base64URL: some StringProtocol) {
        guard let octets = Base64.decode(base64URL.utf8, alphabet: Base64.urlSafe, padded: false) else { return nil }
        self = octets
    }

    /// Whether both hold the same octets; the time taken depends on the lengths only.
    public func isEqualInConstantTime(to other: Bytes) -> Bool {
        guard count == other.count else { return false }
        var difference: UInt8 = 0
        for (mine, theirs) in zip(self, other) { difference |= mine ^ theirs }
        return difference == 0
    }
}

enum Base64 {
    static let standard = Bytes("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    static let urlSafe = Bytes("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
    private static let standardValues = values(of: standard)
    private static let urlSafeValues = values(of: urlSafe)

    private static func values(of alphabet: Bytes) -> Bytes {
        var table = Bytes(repeating: 0xff, count: 256)
        for (value, character) in alphabet.enumerated() { table[Int(character)] = UInt8(value) }
        return table
    }

    static func encode(_ octets: some Sequence<UInt8>, alphabet: Bytes, padded: Bool) -> String {
        var text: Bytes = []
        var bits: UInt32 = 0
        var count = 0
        for octet in octets {
            bits = bits << 8 | UInt32(octet)
            count += 1
            if count == 3 {
                for shift in [18, 12, 6, 0] as [UInt32] { text.append(alphabet[Int(bits >> shift & 63)]) }
                bits = 0
                count = 0
            }
        }
        if count == 1 {
            text += [alphabet[Int(bits >> 2 & 63)], alphabet[Int(bits << 4 & 63)]]
            if padded { text += [0x3d, 0x3d] }
        } else if count == 2 {
            text += [alphabet[Int(bits >> 10 & 63)], alphabet[Int(bits >> 4 & 63)], alphabet[Int(bits << 2 & 63)]]
            if padded { text.append(0x3d) }
        }
        return String(decoding: text, as: UTF8.self)
    }

    static func decode(_ text: some Collection<UInt8>, alphabet: Bytes, padded: Bool) -> Bytes? {
        let table = alphabet == standard ? standardValues : urlSafeValues
        var body = Array(text)
        if padded {
            guard body.count % 4 == 0 else { return nil }
            if body.last == 0x3d { body.removeLast() }
            if body.last == 0x3d { body.removeLast() }
        }
        guard body.count % 4 != 1 else { return nil }
        var octets: Bytes = []
        octets.reserveCapacity(body.count * 3 / 4)
        var bits: UInt32 = 0
        var held = 0
        for character in body {
            let value = table[Int(character)]
            guard value != 0xff else { return nil }
            bits = (bits << 6 | UInt32(value)) & 0xffff
            held += 6
            if held >= 8 {
                held -= 8
                octets.append(UInt8(truncatingIfNeeded: bits >> UInt32(held)))
            }
        }
        guard bits & ((1 << UInt32(held)) - 1) == 0 else { return nil }
        return octets
    }
}
