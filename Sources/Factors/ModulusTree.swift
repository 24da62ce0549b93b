import Basics

/// RSA moduli, multiplied two by two, and so on, up to one number: with that all greatest common divisors are found in little more than
/// the time of a multiplication, instead of one for each pair (D. J. Bernstein, "How to find smooth parts of integers", 2004; used on the
/// keys of the internet by N. Heninger et al., "Mining Your Ps and Qs", 2012).
///
/// Devices whose random numbers begin alike make keys with one prime in common, and whoever has both moduli has both keys.
public struct ModulusTree {
    /// The moduli below, the product of all on top.
    private let levels: [[Integer]]

    public var count: Int { levels.first?.count ?? 0 }

    /// - Parameter moduli: each once, big-endian, none zero: such a one counts as 1, which has no factors.
    public init(_ moduli: [Bytes]) {
        var levels = [moduli.map { octets in octets.contains { $0 != 0 } ? Integer(octets) : Integer([1]) }]
        while let top = levels.last, top.count > 1 {
            levels.append(
                stride(from: 0, to: top.count, by: 2).map { index in index + 1 < top.count ? top[index] * top[index + 1] : top[index] })
        }
        self.levels = levels
    }

    private var product: Integer { levels.last?.first ?? Integer([1]) }

    /// Which of the moduli have a factor in common with another of them, by their places, ascending.
    public func sharing() -> [Int] {
        // P mod n² is n times (P/n mod n).
        let moduli = levels.first ?? []
        let remainders = remainders(of: product) { $0 * $0 }
        return moduli.indices.filter { index in
            let modulus = moduli[index]
            return !remainders[index].divided(exactlyBy: modulus).greatestCommonDivisor(with: modulus).isOne
        }
    }

    /// Which of the moduli have a factor in common with one of another tree's, by their places, ascending.
    /// - Parameter other: has none of the same moduli.
    public func sharing(with other: ModulusTree) -> [Int] {
        let moduli = levels.first ?? []
        let remainders = remainders(of: other.product) { $0 }
        return moduli.indices.filter { !remainders[$0].greatestCommonDivisor(with: moduli[$0]).isOne }
    }

    /// What is left of `number` modulo each leaf's divisor: from the top down, so that the numbers become smaller with each level.
    private func remainders(of number: Integer, _ divisor: (Integer) -> Integer) -> [Integer] {
        var rest = [number]
        for level in levels.reversed() {
            rest = level.indices.map { rest[rest.count == level.count ? $0 : $0 / 2] % divisor(level[$0]) }
        }
        return rest
    }
}

/// Whether two moduli have a factor in common.
public func haveCommonFactor(_ left: Bytes, _ right: Bytes) -> Bool {
    !Integer(left).greatestCommonDivisor(with: Integer(right)).isOne
}
