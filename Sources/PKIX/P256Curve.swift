import Basics

/// Whether a point is a good public key on P-256 (FIPS 186-5): our own check, before a library sees the key.
enum P256Curve {
    private static let b = Bytes(hex: "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b").flatMap { FieldP256($0) }
    /// x of G and of 2G: keys with private key ±1 or ±2.
    private static let weak = [
        "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
        "7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978",
    ].map { Bytes(hex: $0).flatMap { FieldP256($0) } }

    /// - Parameter point: as X9.62 encodes it; uncompressed only, 04 ‖ X ‖ Y.
    static func check(_ point: Bytes) throws(PKIXError) {
        guard let form = point.first else { throw .keyLength }
        guard form == 4 else { throw .keyForm }
        guard point.count == 65 else { throw .keyLength }
        guard let b, let x = FieldP256(point[1..<33]), let y = FieldP256(point[33..<65]) else { throw .keyNotOnCurve }
        guard y * y == x * x * x - (x + x + x) + b else { throw .keyNotOnCurve }
        guard !weak.contains(x) else { throw .keyWeak }
    }
}
