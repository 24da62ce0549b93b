import Basics
import Crypto
import Foundation

/// A person's or a server's private key that is held in software: ECDSA on P-256.
public struct PrivateKey: Sendable {
    private let key: P256.Signing.PrivateKey
    public let publicKey: SubjectPublicKeyInfo

    private init(_ key: P256.Signing.PrivateKey) throws(PKIXError) {
        self.key = key
        publicKey = try SubjectPublicKeyInfo(.ecdsaP256, key: Bytes(key.publicKey.x963Representation))
    }

    /// A new key from 32 octets of `entropy`; those that are no number below the curve's order are thrown away.
    /// - Throws: ``PKIXError/unsupportedPrivateKey`` for another kind than ECDSA P-256, ``PKIXError/keyWeak`` when the random source
    ///   gives nothing usable.
    public static func generate(_ algorithm: KeyAlgorithm, entropy: any Entropy) throws(PKIXError) -> PrivateKey {
        guard algorithm == .ecdsaP256 else { throw .unsupportedPrivateKey }
        for _ in 0..<16 {
            if let key = try? P256.Signing.PrivateKey(rawRepresentation: entropy.bytes(32)) { return try PrivateKey(key) }
        }
        throw .keyWeak
    }

    /// An ECDSA signature over the SHA-256 digest of `message`, as X.509 carries it: SEQUENCE of r and s.
    public func sign(_ message: Bytes) throws(PKIXError) -> Bytes {
        do { return Bytes(try key.signature(for: message).derRepresentation) } catch { throw .signingFailed }
    }

    /// PKCS#8 (RFC 5208) with the public key inside: what `openssl genpkey` writes, 138 octets. It is the secret itself.
    public var pkcs8: Bytes { publicKey.pkcs8(secret: Bytes(key.rawRepresentation)) }

    /// Reads PKCS#8 version 1 (RFC 5208, RFC 5915): named curve, 32 octets, and a public key that fits if there is one.
    /// - Throws: ``PKIXError/unsupportedPrivateKey`` for other forms, SEC 1 and PKCS#1 among them.
    public init(pkcs8: Bytes) throws(PKIXError) {
        var reader = try DERReader(pkcs8, limit: 4096)
        var fields = try reader.sequence()
        try reader.finish()
        guard try fields.smallInteger() == 0, fields.peek == .sequence else { throw .unsupportedPrivateKey }
        guard try AlgorithmIdentifier(reading: &fields) == KeyAlgorithm.ecdsaP256.identifier else { throw .unsupportedPrivateKey }
        var inner = try DERReader(try fields.octetString())
        guard fields.isAtEnd else { throw .unsupportedPrivateKey }
        var parts = try inner.sequence()
        try inner.finish()
        guard try parts.smallInteger() == 1 else { throw .unsupportedPrivateKey }
        let secret = try parts.octetString()
        guard secret.count == 32 else { throw .keyLength }
        if parts.peek == .context(0, constructed: true) {
            var curve = try parts.nested(.context(0, constructed: true))
            guard curve.peek == .oid, try curve.oid() == .p256 else { throw .unsupportedPrivateKey }
            try curve.finish()
        }
        var stated: Bytes?
        if parts.peek == .context(1, constructed: true) {
            var point = try parts.nested(.context(1, constructed: true))
            stated = try point.bitString()
            try point.finish()
        }
        try parts.finish()
        guard let key = try? P256.Signing.PrivateKey(rawRepresentation: secret) else { throw .privateKeyOutOfRange }
        try self.init(key)
        guard stated == nil || stated == publicKey.key else { throw .privateKeyDoesNotFitPublicKey }
    }
}

/// What is printed never shows the secret.
extension PrivateKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "PrivateKey(of \(publicKey.digest), redacted)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["publicKey": publicKey.digest]) }
}
