import Basics

/// Whether a point lies on P-256 (FIPS 186-5): our own check, before a library sees the key. Arithmetic is on public values only.
enum P256Curve {
    private static let p: [UInt32] = words("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff")
    private static let b: [UInt32] = words("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b")
    /// x of G and of 2G: keys with private key ±1 or ±2.
    private static let weak: [[UInt32]] = [
        words("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"),
        words("7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978"),
    ]

    /// - Parameter point: 65 octets.
    static func check(_ point: Bytes) throws(PKIXError) {
        guard point.count == 65 else { throw .keyLength }
        guard point[0] == 4 else { throw .keyForm }
        let x = words(point[1..<33])
        let y = words(point[33..<65])
        guard isBelow(x, p), isBelow(y, p) else { throw .keyNotOnCurve }
        // y² = x³ − 3x + b
        let cube = multiply(multiply(x, x), x)
        let right = add(subtract(cube, add(add(x, x), x)), b)
        guard multiply(y, y) == right else { throw .keyNotOnCurve }
        guard !weak.contains(x) else { throw .keyWeak }
    }

    /// Eight 32-bit words, least significant first.
    private static func words(_ octets: some Collection<UInt8>) -> [UInt32] {
        var result = [UInt32](repeating: 0, count: 8)
        for (index, octet) in octets.reversed().enumerated() { result[index / 4] |= UInt32(octet) << UInt32(8 * (index % 4)) }
        return result
    }

    private static func words(_ hex: String) -> [UInt32] { words(Bytes(hex: hex) ?? []) }

    private static func isBelow(_ left: [UInt32], _ right: [UInt32]) -> Bool {
        for (mine, other) in zip(left.reversed(), right.reversed()) where mine != other { return mine < other }
        return false
    }

    private static func add(_ left: [UInt32], _ right: [UInt32]) -> [UInt32] {
        var sum = [UInt32](repeating: 0, count: 9)
        var carry: UInt64 = 0
        for index in 0..<8 {
            carry += UInt64(left[index]) + UInt64(right[index])
            sum[index] = UInt32(truncatingIfNeeded: carry)
            carry >>= 32
        }
        sum[8] = UInt32(carry)
        return reduce(sum)
    }

    private static func subtract(_ left: [UInt32], _ right: [UInt32]) -> [UInt32] {
        var difference = [UInt32](repeating: 0, count: 9)
        var borrow: Int64 = 0
        // left + p − right is not negative, since right < p.
        for index in 0..<8 {
            borrow += Int64(left[index]) + Int64(p[index]) - Int64(right[index])
            difference[index] = UInt32(truncatingIfNeeded: borrow)
            borrow >>= 32
        }
        difference[8] = UInt32(truncatingIfNeeded: borrow)
        return reduce(difference)
    }

    /// Subtracts p while the value is not below it; the value is below 2p.
    private static func reduce(_ value: [UInt32]) -> [UInt32] {
        var value = value
        while value[8] != 0 || !isBelow(Array(value[0..<8]), p) {
            var borrow: Int64 = 0
            for index in 0..<9 {
                borrow += Int64(value[index]) - (index < 8 ? Int64(p[index]) : 0)
                value[index] = UInt32(truncatingIfNeeded: borrow)
                borrow >>= 32
            }
        }
        return Array(value[0..<8])
    }

    /// By shift and add: 256 doublings a product, plain and fast enough for a check beside a signature verification.
    private static func multiply(_ left: [UInt32], _ right: [UInt32]) -> [UInt32] { FieldP256.multiply(left, right) }
}
