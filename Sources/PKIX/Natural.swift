import Basics

/// A natural number of any size, for the checks of public keys. The time taken depends on the value: nothing secret comes here.
struct Natural: Hashable, Comparable {
    /// Least significant first; the last is not zero.
    private(set) var words: [UInt32]

    static let zero = Natural(0)

    init(_ value: UInt32) { words = value == 0 ? [] : [value] }

    /// - Parameter octets: big-endian.
    init(_ octets: some BidirectionalCollection<UInt8>) {
        words = []
        var word: UInt32 = 0
        var shift: UInt32 = 0
        for octet in octets.reversed() {
            word |= UInt32(octet) << shift
            shift += 8
            if shift == 32 {
                words.append(word)
                (word, shift) = (0, 0)
            }
        }
        words.append(word)
        trim()
    }

    private init(words: [UInt32]) {
        self.words = words
        trim()
    }

    private mutating func trim() { while words.last == 0 { words.removeLast() } }

    var bits: Int { words.last.map { words.count * 32 - $0.leadingZeroBitCount } ?? 0 }
    var isOdd: Bool { words.first.map { $0 & 1 == 1 } ?? false }
    var low: UInt32 { words.first ?? 0 }

    func bit(_ index: Int) -> Bool { index / 32 < words.count && words[index / 32] >> UInt32(index % 32) & 1 == 1 }

    static func < (left: Natural, right: Natural) -> Bool {
        guard left.words.count == right.words.count else { return left.words.count < right.words.count }
        for index in left.words.indices.reversed() where left.words[index] != right.words[index] {
            return left.words[index] < right.words[index]
        }
        return false
    }

    static func + (left: Natural, right: Natural) -> Natural {
        let (long, short) = left.words.count >= right.words.count ? (left.words, right.words) : (right.words, left.words)
        var sum = long
        var carry: UInt64 = 0
        for index in long.indices {
            carry += UInt64(long[index]) + (index < short.count ? UInt64(short[index]) : 0)
            sum[index] = UInt32(truncatingIfNeeded: carry)
            carry >>= 32
        }
        if carry > 0 { sum.append(UInt32(carry)) }
        return Natural(words: sum)
    }

    /// Zero when `right` is the larger.
    static func - (left: Natural, right: Natural) -> Natural {
        guard left > right else { return zero }
        var difference = left.words
        var borrow: Int64 = 0
        for index in difference.indices {
            borrow += Int64(difference[index]) - (index < right.words.count ? Int64(right.words[index]) : 0)
            difference[index] = UInt32(truncatingIfNeeded: borrow)
            borrow >>= 32
        }
        return Natural(words: difference)
    }

    static func * (left: Natural, right: Natural) -> Natural {
        var product = [UInt32](repeating: 0, count: left.words.count + right.words.count)
        for (i, a) in left.words.enumerated() {
            var carry: UInt64 = 0
            for (j, b) in right.words.enumerated() {
                carry += UInt64(a) * UInt64(b) + UInt64(product[i + j])
                product[i + j] = UInt32(truncatingIfNeeded: carry)
                carry >>= 32
            }
            product[i + right.words.count] = UInt32(carry)
        }
        return Natural(words: product)
    }

    static func << (value: Natural, count: Int) -> Natural {
        guard count > 0, !value.words.isEmpty else { return value }
        let shift = UInt32(count % 32)
        var words = [UInt32](repeating: 0, count: count / 32)
        var carry: UInt32 = 0
        for word in value.words {
            words.append(word << shift | carry)
            carry = shift == 0 ? 0 : word >> (32 - shift)
        }
        words.append(carry)
        return Natural(words: words)
    }

    static func >> (value: Natural, count: Int) -> Natural {
        guard count / 32 < value.words.count else { return zero }
        let shift = UInt32(count % 32)
        let kept = Array(value.words[(count / 32)...])
        guard shift > 0 else { return Natural(words: kept) }
        return Natural(words: kept.indices.map { kept[$0] >> shift | ($0 + 1 < kept.count ? kept[$0 + 1] << (32 - shift) : 0) })
    }

    /// - Parameter divisor: not zero.
    static func % (value: Natural, divisor: UInt32) -> UInt32 {
        UInt32(value.words.reversed().reduce(UInt64(0)) { ($0 << 32 | UInt64($1)) % UInt64(divisor) })
    }

    static func % (value: Natural, divisor: Natural) -> Natural { value.divided(by: divisor).remainder }

    /// Long division (Knuth, The Art of Computer Programming 2, §4.3.1, algorithm D). By zero it gives zero and the value itself.
    func divided(by divisor: Natural) -> (quotient: Natural, remainder: Natural) {
        guard self >= divisor, let top = divisor.words.last else { return (.zero, self) }
        let shift = top.leadingZeroBitCount
        let v = (divisor << shift).words
        var u = (self << shift).words
        let n = v.count
        while u.count <= words.count { u.append(0) }
        var quotient = [UInt32](repeating: 0, count: u.count - n)
        let high = UInt64(v[n - 1])
        let next = n > 1 ? UInt64(v[n - 2]) : 0
        for j in quotient.indices.reversed() {
            let two = UInt64(u[j + n]) << 32 | UInt64(u[j + n - 1])
            var guess = two / high
            var rest = two % high
            while guess >> 32 != 0 || (rest >> 32 == 0 && guess * next > rest << 32 | (n > 1 ? UInt64(u[j + n - 2]) : 0)) {
                guess -= 1
                rest += high
                if rest >> 32 != 0 && guess >> 32 == 0 { break }
            }
            var borrow: Int64 = 0
            var carry: UInt64 = 0
            for i in 0..<n {
                carry += guess * UInt64(v[i])
                borrow += Int64(u[i + j]) - Int64(carry & 0xffff_ffff)
                u[i + j] = UInt32(truncatingIfNeeded: borrow)
                borrow >>= 32
                carry >>= 32
            }
            borrow += Int64(u[j + n]) - Int64(carry)
            u[j + n] = UInt32(truncatingIfNeeded: borrow)
            if borrow < 0 {
                guess -= 1
                var over: UInt64 = 0
                for i in 0..<n {
                    over += UInt64(u[i + j]) + UInt64(v[i])
                    u[i + j] = UInt32(truncatingIfNeeded: over)
                    over >>= 32
                }
                u[j + n] = u[j + n] &+ UInt32(over)
            }
            quotient[j] = UInt32(truncatingIfNeeded: guess)
        }
        return (Natural(words: quotient), Natural(words: Array(u.prefix(n))) >> shift)
    }

    /// The largest number whose square is not above this one, by Newton's method from above.
    var squareRoot: Natural {
        guard !words.isEmpty else { return self }
        var root = Natural(1) << ((bits + 1) / 2)
        while true {
            let next = (root + divided(by: root).quotient) >> 1
            if next >= root { return root }
            root = next
        }
    }

    /// This to the power of `exponent`, modulo `modulus`.
    func power(_ exponent: Natural, modulo modulus: Natural) -> Natural {
        var result = Natural(1) % modulus
        for index in (0..<exponent.bits).reversed() {
            result = result * result % modulus
            if exponent.bit(index) { result = result * self % modulus }
        }
        return result
    }
}
