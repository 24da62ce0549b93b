import Basics
import Factors
import Foundation

/// The comparison of a fleet's RSA keys, beside what one common divisor after the other would take.
enum Fleet {
    private static let block = 1 << 14

    /// Odd numbers of 2048 bits with the top bit set: as large as moduli are, and as quick to multiply.
    private static func moduli() -> [Bytes] {
        let entropy = SystemEntropy()
        return (0..<block).map { _ in
            var octets = entropy.bytes(256)
            octets[0] |= 0x80
            octets[255] |= 1
            return octets
        }
    }

    static func run() throws {
        let (mine, others) = (moduli(), moduli())
        let tree = ModulusTree(others)
        var within: [Double] = []
        var between: [Double] = []
        var pair: [Double] = []
        var multiply: [Double] = []
        for _ in 0..<3 {
            within.append(try Bench.seconds(1) { _ = ModulusTree(mine).sharing() })
            between.append(try Bench.seconds(1) { _ = tree.sharing(with: ModulusTree(mine)) })
            multiply.append(try Bench.seconds(1) { _ = ModulusTree(mine).count })
            var place = 0
            pair.append(
                try Bench.seconds(1000) {
                    _ = haveCommonFactor(mine[place], others[place])
                    place += 1
                })
        }
        let pairs = Double(block) * Double(block - 1) / 2
        Bench.line("\(block) RSA moduli of 2048 bits with each other", Bench.median(within), "s")
        Bench.line("  multiplying them alone", Bench.median(multiply), "s")
        Bench.line("  multiplying them, and comparing with as many others", Bench.median(between), "s")
        Bench.line("  one common divisor", Bench.median(pair) * 1e6, "µs")
        Bench.line("  all pairs so", Bench.median(pair) * pairs, "s")
    }
}
