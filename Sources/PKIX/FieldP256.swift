/// Products modulo P-256's prime, by the fast reduction for its form (FIPS 186-4 §D.2.3). Words are least significant first.
enum FieldP256 {
    private static let p: [Int64] = [0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0, 0, 0, 1, 0xffff_ffff]

    static func multiply(_ left: [UInt32], _ right: [UInt32]) -> [UInt32] {
        var product = [UInt32](repeating: 0, count: 16)
        for i in 0..<8 {
            var carry: UInt64 = 0
            for j in 0..<8 {
                carry += UInt64(left[i]) * UInt64(right[j]) + UInt64(product[i + j])
                product[i + j] = UInt32(truncatingIfNeeded: carry)
                carry >>= 32
            }
            product[i + 8] = UInt32(carry)
        }
        let c = product.map { Int64($0) }
        // s1 + 2·s2 + 2·s3 + s4 + s5 − s6 − s7 − s8 − s9, word by word.
        let sums: [Int64] = [
            c[0] + c[8] + c[9] - c[11] - c[12] - c[13] - c[14],
            c[1] + c[9] + c[10] - c[12] - c[13] - c[14] - c[15],
            c[2] + c[10] + c[11] - c[13] - c[14] - c[15],
            c[3] + 2 * c[11] + 2 * c[12] + c[13] - c[15] - c[8] - c[9],
            c[4] + 2 * c[12] + 2 * c[13] + c[14] - c[9] - c[10],
            c[5] + 2 * c[13] + 2 * c[14] + c[15] - c[10] - c[11],
            c[6] + 3 * c[14] + 2 * c[15] + c[13] - c[8] - c[9],
            c[7] + 3 * c[15] + c[8] - c[10] - c[11] - c[12] - c[13],
        ]
        var value = [Int64](repeating: 0, count: 8)
        var carry: Int64 = 0
        for index in 0..<8 {
            carry += sums[index]
            value[index] = carry & 0xffff_ffff
            carry >>= 32
        }
        // The whole is carry·2^256 + value with a small carry of either sign.
        while carry < 0 { carry += step(&value, sign: 1) }
        while carry > 0 || !isBelowP(value) { carry += step(&value, sign: -1) }
        return value.map { UInt32(truncatingIfNeeded: $0) }
    }

    /// Adds or subtracts p; returns the carry.
    private static func step(_ value: inout [Int64], sign: Int64) -> Int64 {
        var carry: Int64 = 0
        for index in 0..<8 {
            carry += value[index] + sign * p[index]
            value[index] = carry & 0xffff_ffff
            carry >>= 32
        }
        return carry
    }

    private static func isBelowP(_ value: [Int64]) -> Bool {
        for index in (0..<8).reversed() where value[index] != p[index] { return value[index] < p[index] }
        return false
    }
}
