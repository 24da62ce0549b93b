import Basics
import Factors
import Testing

@Suite("Common factors of many moduli")
struct ModulusTreeTests {
    private static func octets(_ number: UInt64) -> Bytes { (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) } }

    private static func divisor(_ left: UInt64, _ right: UInt64) -> UInt64 { right == 0 ? left : divisor(right, left % right) }

    /// Random numbers of 2 to 64 bits, each once: many have small factors in common, and some are another's multiple.
    private static func numbers(_ count: Int, atLeast least: UInt64 = 2) -> [UInt64] {
        var generator = SystemRandomNumberGenerator()
        var numbers: Set<UInt64> = []
        while numbers.count < count {
            numbers.insert(max(least, UInt64.random(in: .min ... .max, using: &generator) >> UInt64.random(in: 0..<60)))
        }
        return Array(numbers)
    }

    @Test("Exactly those that Euclid finds, one pair after the other", arguments: [0, 1, 2, 3, 4, 5, 7, 8, 9, 31, 32, 33, 100, 257])
    func euclid(count: Int) {
        // A few that share nothing with anything else, so that both answers occur.
        let primes: [UInt64] = [4_294_967_291, 18_446_744_073_709_551_557, 9_007_199_254_740_881]
        let numbers = Array((primes + Self.numbers(count)).suffix(count))
        let expected = numbers.indices.filter { index in
            numbers.indices.contains { $0 != index && Self.divisor(numbers[index], numbers[$0]) != 1 }
        }
        #expect(ModulusTree(numbers.map(Self.octets)).sharing() == expected)
    }

    @Test("Between two sets", arguments: [(1, 1), (1, 40), (40, 1), (33, 70), (0, 3), (3, 0)])
    func twoSets(left: Int, right: Int) {
        let numbers = Self.numbers(left + right)
        let (mine, others) = (Array(numbers.prefix(left)), Array(numbers.dropFirst(left)))
        let expected = mine.indices.filter { index in others.contains { Self.divisor(mine[index], $0) != 1 } }
        #expect(ModulusTree(mine.map(Self.octets)).sharing(with: ModulusTree(others.map(Self.octets))) == expected)
        for number in mine {
            for other in others {
                #expect(haveCommonFactor(Self.octets(number), Self.octets(other)) == (Self.divisor(number, other) != 1))
            }
        }
    }

    @Test("Zero and one, which are no moduli, share nothing")
    func degenerate() {
        #expect(ModulusTree([[0], [], [1], [0, 0, 15], [35]]).sharing() == [3, 4])
    }
}
