import Basics
import CGMP

/// A natural number of the GMP library, as far as products and remainders of millions of bits need it. Nothing secret comes here, and the
/// library ends the process when memory is short: whoever calls bounds what is multiplied.
final class Integer {
    private var value = __mpz_struct()

    init() { __gmpz_init(&value) }

    deinit { __gmpz_clear(&value) }

    /// - Parameter octets: big-endian.
    convenience init(_ octets: Bytes) {
        self.init()
        __gmpz_import(&value, octets.count, 1, 1, 1, 0, octets)
    }

    var isOne: Bool { __gmpz_cmp_ui(&value, 1) == 0 }

    static func * (left: Integer, right: Integer) -> Integer {
        let product = Integer()
        __gmpz_mul(&product.value, &left.value, &right.value)
        return product
    }

    /// - Parameter right: not zero.
    static func % (left: Integer, right: Integer) -> Integer {
        let remainder = Integer()
        __gmpz_tdiv_r(&remainder.value, &left.value, &right.value)
        return remainder
    }

    /// The quotient of a division that leaves nothing.
    /// - Parameter divisor: not zero.
    func divided(exactlyBy divisor: Integer) -> Integer {
        let quotient = Integer()
        __gmpz_divexact(&quotient.value, &value, &divisor.value)
        return quotient
    }

    func greatestCommonDivisor(with other: Integer) -> Integer {
        let divisor = Integer()
        __gmpz_gcd(&divisor.value, &value, &other.value)
        return divisor
    }
}
