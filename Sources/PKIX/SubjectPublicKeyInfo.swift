import Basics

/// A public key as certificates carry it (RFC 5280 §4.1.2.7), fully checked: exact parameters, length, point on its curve, nothing after.
public struct SubjectPublicKeyInfo: Hashable, Sendable {
    /// Exactly as received.
    public let der: Bytes
    public let keyAlgorithm: KeyAlgorithm
    /// The octets of the BIT STRING: for a P-256 key 04 ‖ X ‖ Y.
    public let key: Bytes

    public init(der: Bytes) throws(PKIXError) {
        var reader = try DERReader(der, limit: 8192)
        var fields = try reader.sequence()
        try reader.finish()
        let identifier = try AlgorithmIdentifier(reading: &fields)
        key = try fields.bitString()
        try fields.finish()
        keyAlgorithm = try KeyAlgorithm.row(of: identifier, key: key)
        self.der = der
    }

    /// From the key's octets.
    public init(_ keyAlgorithm: KeyAlgorithm, key: Bytes) throws(PKIXError) {
        try self.init(
            der: DERWriter.encode { writer in
                writer.sequence { writer in
                    writer.raw(keyAlgorithm.identifier.der)
                    writer.bitString(key)
                }
            })
        // A name that says more than the identifier, as RSA's length, is kept too.
        guard self.keyAlgorithm == keyAlgorithm else { throw .keyLength }
    }

    public var algorithm: AlgorithmIdentifier { keyAlgorithm.identifier }

    /// An RSA key's modulus, big-endian without a leading zero octet; nil for other keys.
    public var rsaModulus: Bytes? {
        guard case .rsa = keyAlgorithm.kind else { return nil }
        return (try? RSAPublicKey(key))?.modulus
    }

    /// SHA-256 of the whole SubjectPublicKeyInfo: what pins and rosters call the key.
    public var digest: Digest32 { Digest32(of: der) }

    /// The leftmost 160 bits of the SHA-256 of the key's octets (RFC 7093 §2, method 1).
    public var keyIdentifier: Bytes { Bytes(Digest32(of: key).bytes.prefix(20)) }
}
