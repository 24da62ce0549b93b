import Basics
import Foundation

/// Addresses in text: what a profile writes and what `explain` shows.
enum IPAddress {
    /// 4 octets of `192.0.2.1` or 16 of `2001:db8::1`; nil for anything else.
    static func octets(of text: String) -> Bytes? {
        text.utf8.contains(0x3a) ? version6(text) : version4(text)
    }

    static func text(of octets: Bytes) -> String {
        switch octets.count {
        case 4: octets.map(String.init).joined(separator: ".")
        case 16:
            stride(from: 0, to: 16, by: 2).map { String(UInt16(octets[$0]) << 8 | UInt16(octets[$0 + 1]), radix: 16) }
                .joined(separator: ":")
        default: octets.hex
        }
    }

    private static func version4(_ text: String) -> Bytes? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        let octets = parts.compactMap { part in Decimal.parse(part).flatMap { UInt8(exactly: $0) } }
        return octets.count == 4 ? octets : nil
    }

    private static func version6(_ text: String) -> Bytes? {
        let halves = text.components(separatedBy: "::")
        guard halves.count <= 2 else { return nil }
        func groups(_ half: String) -> [UInt16]? {
            if half.isEmpty { return [] }
            var values: [UInt16] = []
            for part in half.split(separator: ":", omittingEmptySubsequences: false) {
                guard (1...4).contains(part.utf8.count), part.allSatisfy(\.isHexDigit), let value = UInt16(part, radix: 16) else {
                    return nil
                }
                values.append(value)
            }
            return values
        }
        guard let front = halves.first.flatMap(groups) else { return nil }
        var all = front
        if halves.count == 2 {
            guard let back = halves.last.flatMap(groups), front.count + back.count < 8 else { return nil }
            all += Array(repeating: 0, count: 8 - front.count - back.count) + back
        }
        guard all.count == 8 else { return nil }
        return all.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xff)] }
    }
}
