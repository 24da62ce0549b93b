import Basics

/// The quality of an RSA key, from its modulus and exponent alone (NIST SP 800-89 §5.3.3, CA/Browser Forum baseline §6.1.6).
struct RSAPublicKey {
    /// Big-endian, without a leading zero octet.
    let modulus: Bytes
    let exponent: Bytes

    /// - Parameter key: RSAPublicKey of RFC 8017 appendix A.1.1.
    init(_ key: Bytes) throws(PKIXError) {
        var reader = try DERReader(key, limit: 2048)
        var fields = try reader.sequence()
        try reader.finish()
        let numbers = [try fields.integer(), try fields.integer()]
        try fields.finish()
        for number in numbers where number.first.map({ $0 >= 0x80 }) ?? true { throw .keyForm }
        modulus = Self.unsigned(numbers[0])
        exponent = Self.unsigned(numbers[1])
    }

    private static func unsigned(_ number: Bytes) -> Bytes { number.first == 0 ? Bytes(number.dropFirst()) : number }

    /// - Throws: ``PKIXError/keyLength``, ``PKIXError/keyExponent``, ``PKIXError/keyFactors``, ``PKIXError/keyROCA``
    func check(bits: Int) throws(PKIXError) {
        let n = Natural(modulus)
        let e = Natural(exponent)
        guard n.bits == bits else { throw .keyLength }
        guard e.isOdd, e >= Natural(65537), e.bits <= 33 else { throw .keyExponent }
        for prime in Self.smallPrimes where n % prime == 0 { throw .keyFactors }
        guard !isROCA(n) else { throw .keyROCA }
        guard !hasCloseFactors(n) else { throw .keyFactors }
    }

    /// The odd primes up to 751, and 2.
    private static let smallPrimes: [UInt32] = (2...751).filter { number in
        !(2..<number).contains { $0 * $0 <= number && number % $0 == 0 }
    }

    /// CVE-2017-15361: the modulus lies in the group that 65537 generates, modulo each of these primes; `order` is its size.
    private static let fingerprint: [(order: Int, prime: UInt32)] = [
        (2, 11), (6, 13), (8, 17), (9, 19), (3, 37), (26, 53), (20, 61), (35, 71), (24, 73), (13, 79), (6, 97), (51, 103), (53, 107),
        (54, 109), (42, 127), (50, 151), (78, 157),
    ]

    private func isROCA(_ n: Natural) -> Bool {
        Self.fingerprint.allSatisfy { order, prime in
            let residue = n % prime
            return (0..<order).reduce(UInt32(1)) { power, _ in power * residue % prime } == 1
        }
    }

    private static let rounds = 110

    /// Fermat's factoring: n = a² − b² with a near the square root means factors that lie close together.
    private func hasCloseFactors(_ n: Natural) -> Bool {
        let root = n.squareRoot
        if root * root == n { return true }
        var a = root + Natural(1)
        var rest = a * a - n
        for _ in 0..<Self.rounds {
            if Self.isSquare(rest) { return true }
            rest = rest + a + a + Natural(1)
            a = a + Natural(1)
        }
        return false
    }

    private static let sieve: [(modulus: UInt32, squares: Set<UInt32>)] = [64, 63, 65, 11, 17, 19, 23].map { modulus in
        (modulus, Set((0..<modulus).map { $0 * $0 % modulus }))
    }

    private static func isSquare(_ value: Natural) -> Bool {
        guard sieve.allSatisfy({ $0.squares.contains(value % $0.modulus) }) else { return false }
        let root = value.squareRoot
        return root * root == value
    }
}
