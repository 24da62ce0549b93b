import Basics
import Crypto
import Foundation

/// Ed25519 (RFC 8032 §5.1), pure.
struct Ed25519Operations: KeyOperations {
    func check(_ key: Bytes) throws(PKIXError) { try Edwards25519.check(key) }

    func read(_ key: Bytes, for scheme: SignatureAlgorithm) -> (any ReadKey)? {
        (try? Curve25519.Signing.PublicKey(rawRepresentation: key)).map(Read.init)
    }

    private struct Read: ReadKey {
        let key: Curve25519.Signing.PublicKey

        func isValid(_ signature: Bytes, over message: Bytes) -> Bool {
            signature.count == 64 && key.isValidSignature(signature, for: message)
        }
    }

    func generate() throws(PKIXError) -> any HeldKey { Held(key: Curve25519.Signing.PrivateKey()) }

    func open(_ secret: Bytes) throws(PKIXError) -> any HeldKey {
        guard let key = try? Curve25519.Signing.PrivateKey(rawRepresentation: secret) else { throw .privateKeyOutOfRange }
        return Held(key: key)
    }

    private struct Held: HeldKey {
        let key: Curve25519.Signing.PrivateKey
        var publicOctets: Bytes { Bytes(key.publicKey.rawRepresentation) }
        var secret: Bytes { Bytes(key.rawRepresentation) }

        func sign(_ message: Bytes, as scheme: SignatureAlgorithm) throws -> Bytes { Bytes(try key.signature(for: message)) }
    }
}

/// −x² + y² = 1 + d·x²·y² modulo 2^255 − 19. The library takes keys of small order: with one of them a signature proves nothing.
private enum Edwards25519 {
    private static let prime = (Natural(1) << 255) - Natural(19)
    private static let d = Natural(Bytes(hex: "52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3") ?? [])
    /// y of the points whose order divides 8.
    private static let smallOrder: [Natural] =
        [.zero, Natural(1), prime - Natural(1)]
        + [
            "05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826",
            "7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7",
        ].compactMap { Bytes(hex: $0).map { Natural($0) } }

    /// - Parameter key: y, little-endian, and the sign of x in the highest bit.
    static func check(_ key: Bytes) throws(PKIXError) {
        guard key.count == 32 else { throw .keyLength }
        var octets = Bytes(key.reversed())
        octets[0] &= 0x7f
        let y = Natural(octets)
        guard y < prime else { throw .keyNotOnCurve }
        guard !smallOrder.contains(y) else { throw .keyWeak }
        // x² = u/v with u = y² − 1 and v = d·y² + 1; it is a square when u·v is one (Euler's criterion).
        let square = y * y % prime
        let u = (square + prime - Natural(1)) % prime
        let v = (d * square + Natural(1)) % prime
        guard (u * v % prime).power((prime - Natural(1)) >> 1, modulo: prime) == Natural(1) else { throw .keyNotOnCurve }
    }
}
