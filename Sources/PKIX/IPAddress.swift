import Basics

/// The octets of IP addresses as subjectAltName carries them (RFC 5280 §4.2.1.6), from their text.
public enum IPAddress {
    /// - Returns: 4 octets for `192.0.2.1`, 16 for `2001:db8::1` (RFC 4291 §2.2); nil for anything else, zones and prefixes included.
    public static func octets(_ text: String) -> Bytes? { text.utf8.contains(0x3a) ? version6(text) : version4(text) }

    private static func version4(_ text: some StringProtocol) -> Bytes? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let octets = parts.compactMap { Decimal.parse($0).flatMap { UInt8(exactly: $0) } }
        return parts.count == 4 && octets.count == 4 ? octets : nil
    }

    private static func version6(_ text: String) -> Bytes? {
        guard let gap = text.firstRange(of: "::") else {
            let octets = groups(text)
            return octets?.count == 16 ? octets : nil
        }
        let head = text[..<gap.lowerBound]
        let tail = text[gap.upperBound...]
        guard !head.contains("."), let first = head.isEmpty ? [] : groups(head), let last = tail.isEmpty ? [] : groups(tail),
            first.count + last.count <= 14
        else { return nil }
        return first + Bytes(repeating: 0, count: 16 - first.count - last.count) + last
    }

    /// Groups of one to four hexadecimal digits; the last may be written as an IPv4 address.
    private static func groups(_ text: some StringProtocol) -> Bytes? {
        var octets: Bytes = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if part.contains("."), index == parts.count - 1 {
                guard let dotted = version4(part) else { return nil }
                octets += dotted
            } else {
                guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(isHexadecimal), let value = UInt16(part, radix: 16) else {
                    return nil
                }
                octets += [UInt8(value >> 8), UInt8(value & 0xff)]
            }
        }
        return octets
    }

    private static func isHexadecimal(_ character: UInt8) -> Bool {
        switch character {
        case 0x30...0x39, 0x41...0x46, 0x61...0x66: true
        default: false
        }
    }
}
