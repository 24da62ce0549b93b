import Basics
import Crypto
import Foundation

/// A curve's own rules: whether a point is a good public key (FIPS 186-5), before a library sees it.
protocol CurveRules: Sendable {
    associatedtype Private: ECPrivateKey
    /// Octets of a coordinate and of a scalar.
    static var octets: Int { get }
    /// Whether the coordinates are below the prime and on the curve.
    static func isOnCurve(x: ArraySlice<UInt8>, y: ArraySlice<UInt8>) -> Bool
    /// x of G and of 2G: keys with private key ±1 or ±2.
    static var weak: [Bytes] { get }
}

extension CurveRules {
    /// - Parameter point: as X9.62 encodes it; uncompressed only, 04 ‖ X ‖ Y.
    static func check(_ point: Bytes) throws(PKIXError) {
        guard let form = point.first else { throw .keyLength }
        guard form == 4 else { throw .keyForm }
        guard point.count == 1 + 2 * octets else { throw .keyLength }
        let x = point[1...octets]
        guard isOnCurve(x: x, y: point[(octets + 1)...]) else { throw .keyNotOnCurve }
        guard !weak.contains(where: { $0.elementsEqual(x) }) else { throw .keyWeak }
    }

    fileprivate static func constants(_ hex: String...) -> [Bytes] { hex.compactMap { Bytes(hex: $0) } }
}

enum P256Rules: CurveRules {
    typealias Private = P256.Signing.PrivateKey
    static let octets = 32
    private static let b = Bytes(hex: "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b").flatMap { FieldP256($0) }
    static let weak = constants(
        "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
        "7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978")

    static func isOnCurve(x: ArraySlice<UInt8>, y: ArraySlice<UInt8>) -> Bool {
        guard let b, let x = FieldP256(x), let y = FieldP256(y) else { return false }
        return y * y == x * x * x - (x + x + x) + b
    }
}

enum P384Rules: CurveRules {
    typealias Private = P384.Signing.PrivateKey
    static let octets = 48
    private static let equation = Weierstrass(
        prime: String(repeating: "ff", count: 31) + "fe" + "ffffffff" + String(repeating: "00", count: 8) + "ffffffff",
        b: "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef")
    static let weak = constants(
        "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
        "08d999057ba3d2d969260045c55b97f089025959a6f434d651d207d19fb96e9e4fe0e86ebe0e64f85b96a9c75295df61")

    static func isOnCurve(x: ArraySlice<UInt8>, y: ArraySlice<UInt8>) -> Bool { equation?.holds(Natural(x), Natural(y)) ?? false }
}

enum P521Rules: CurveRules {
    typealias Private = P521.Signing.PrivateKey
    static let octets = 66
    private static let equation = Weierstrass(
        prime: "01" + String(repeating: "ff", count: 65),
        b:
            "0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00"
    )
    static let weak = constants(
        "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66",
        "00433c219024277e7e682fcb288148c282747403279b1ccc06352c6e5505d769be97b3b204da6ef55507aa104a3a35c5af41cf2fa364d60fd967f43e3933ba6d783d"
    )

    static func isOnCurve(x: ArraySlice<UInt8>, y: ArraySlice<UInt8>) -> Bool { equation?.holds(Natural(x), Natural(y)) ?? false }
}

/// y² = x³ − 3x + b modulo a prime.
private struct Weierstrass {
    let prime: Natural
    let b: Natural

    init?(prime: String, b: String) {
        guard let prime = Bytes(hex: prime), let b = Bytes(hex: b) else { return nil }
        self.prime = Natural(prime)
        self.b = Natural(b)
    }

    func holds(_ x: Natural, _ y: Natural) -> Bool {
        guard x < prime, y < prime else { return false }
        return (y * y + Natural(3) * x) % prime == (x * x % prime * x + b) % prime
    }
}
