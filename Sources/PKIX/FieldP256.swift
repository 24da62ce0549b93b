import Basics

/// An integer modulo P-256's prime, by the fast reduction for its form (FIPS 186-4 §D.2.3). For public values only: the time taken
/// depends on them.
struct FieldP256: Hashable {
    /// Least significant first, below p.
    private var words: SIMD8<UInt32>

    private static let p = SIMD8<UInt32>(0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0, 0, 0, 1, 0xffff_ffff)

    private init(words: SIMD8<UInt32>) { self.words = words }

    /// - Parameter octets: big-endian.
    /// - Returns: nil unless there are 32 octets, and their number is below p.
    init?(_ octets: some Collection<UInt8>) {
        guard octets.count == 32 else { return nil }
        words = SIMD8(repeating: 0)
        for (index, octet) in octets.enumerated() { words[7 - index / 4] = words[7 - index / 4] << 8 | UInt32(octet) }
        guard Self.isBelowP(words) else { return nil }
    }

    static func + (left: FieldP256, right: FieldP256) -> FieldP256 {
        var sum = SIMD8<UInt32>(repeating: 0)
        var carry: UInt64 = 0
        for index in 0..<8 {
            carry += UInt64(left.words[index]) + UInt64(right.words[index])
            sum[index] = UInt32(truncatingIfNeeded: carry)
            carry >>= 32
        }
        return normalized(sum, carry: Int64(carry))
    }

    static func - (left: FieldP256, right: FieldP256) -> FieldP256 {
        var difference = SIMD8<UInt32>(repeating: 0)
        var carry: Int64 = 0
        for index in 0..<8 {
            carry += Int64(left.words[index]) - Int64(right.words[index])
            difference[index] = UInt32(truncatingIfNeeded: carry)
            carry >>= 32
        }
        return normalized(difference, carry: carry)
    }

    static func * (left: FieldP256, right: FieldP256) -> FieldP256 {
        var product = SIMD16<UInt32>(repeating: 0)
        for i in 0..<8 {
            var carry: UInt64 = 0
            for j in 0..<8 {
                carry += UInt64(left.words[i]) * UInt64(right.words[j]) + UInt64(product[i + j])
                product[i + j] = UInt32(truncatingIfNeeded: carry)
                carry >>= 32
            }
            product[i + 8] = UInt32(carry)
        }
        let c = SIMD16<Int64>(truncatingIfNeeded: product)
        // s1 + 2·s2 + 2·s3 + s4 + s5 − s6 − s7 − s8 − s9, word by word.
        let s0 = c[0] + c[8] + c[9] - c[11] - c[12] - c[13] - c[14]
        let s1 = c[1] + c[9] + c[10] - c[12] - c[13] - c[14] - c[15]
        let s2 = c[2] + c[10] + c[11] - c[13] - c[14] - c[15]
        let s3 = c[3] + 2 * (c[11] + c[12]) + c[13] - c[15] - c[8] - c[9]
        let s4 = c[4] + 2 * (c[12] + c[13]) + c[14] - c[9] - c[10]
        let s5 = c[5] + 2 * (c[13] + c[14]) + c[15] - c[10] - c[11]
        let s6 = c[6] + 3 * c[14] + 2 * c[15] + c[13] - c[8] - c[9]
        let s7 = c[7] + 3 * c[15] + c[8] - c[10] - c[11] - c[12] - c[13]
        let sums = SIMD8<Int64>(s0, s1, s2, s3, s4, s5, s6, s7)
        var words = SIMD8<UInt32>(repeating: 0)
        var carry: Int64 = 0
        for index in 0..<8 {
            carry += sums[index]
            words[index] = UInt32(truncatingIfNeeded: carry)
            carry >>= 32
        }
        return normalized(words, carry: carry)
    }

    /// carry·2^256 + words, with a carry of a few units of either sign, brought below p.
    private static func normalized(_ words: SIMD8<UInt32>, carry: Int64) -> FieldP256 {
        var words = words
        var carry = carry
        while carry < 0 { carry += step(&words, sign: 1) }
        while carry > 0 || !isBelowP(words) { carry += step(&words, sign: -1) }
        return FieldP256(words: words)
    }

    /// Adds or subtracts p.
    /// - Returns: what goes over.
    private static func step(_ words: inout SIMD8<UInt32>, sign: Int64) -> Int64 {
        var carry: Int64 = 0
        for index in 0..<8 {
            carry += Int64(words[index]) + sign * Int64(p[index])
            words[index] = UInt32(truncatingIfNeeded: carry)
            carry >>= 32
        }
        return carry
    }

    private static func isBelowP(_ words: SIMD8<UInt32>) -> Bool {
        for index in (0..<8).reversed() where words[index] != p[index] { return words[index] < p[index] }
        return false
    }
}
