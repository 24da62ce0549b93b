import Basics

/// For keys that sign raw octets and do not hash, as hardware's: what they are given, and what becomes of their answer.
extension SignatureAlgorithm {
    /// ECDSA: the message's digest, no longer than the order (FIPS 186-5 §6.4.1). PKCS#1: the DigestInfo (RFC 8017 §9.2). PSS: the digest.
    /// Pure algorithms: the message itself.
    public func rawInput(_ message: Bytes, by key: KeyAlgorithm) -> Bytes {
        guard let hash else { return message }
        let digest = Bytes(hash.digest(of: message))
        if let order = key.orderOctets { return Bytes(digest.prefix(order)) }
        guard padding == .pkcs1 else { return digest }
        return DERWriter.encode { writer in
            writer.sequence { writer in
                writer.raw(AlgorithmIdentifier(oid: hash.oid, parameters: DERWriter.encode { $0.null() }).der)
                writer.octetString(digest)
            }
        }
    }

    /// The signature as certificates carry it: ECDSA's r ‖ s becomes a SEQUENCE (RFC 3279 §2.2.3), everything else stays.
    /// - Throws: ``PKIXError/signingFailed`` when r and s have not the order's length, or are zero.
    public func signature(raw: Bytes, by key: KeyAlgorithm) throws(PKIXError) -> Bytes {
        guard let order = key.orderOctets else { return raw }
        guard raw.count == 2 * order else { throw .signingFailed }
        let halves = [raw.prefix(order), raw.suffix(order)]
        guard halves.allSatisfy({ half in half.contains { $0 != 0 } }) else { throw .signingFailed }
        return DERWriter.encode { writer in
            writer.sequence { writer in
                for half in halves { writer.unsigned(half) }
            }
        }
    }
}

extension KeyAlgorithm {
    /// Octets of a curve's order, as of its field; nil for keys that are on no named curve of ECDSA.
    public var orderOctets: Int? {
        guard case .ec(let curve) = kind else { return nil }
        return switch curve {
        case .p256: 32
        case .p384: 48
        case .p521: 66
        default: nil
        }
    }

    /// Octets that a signature by such a key has at most in a certificate. Only ECDSA's differ from one to the next: two INTEGERs (RFC 3279
    /// §2.2.3), each of them with a zero in front when its first bit is set.
    public var longestSignature: Int {
        switch kind {
        case .ec(let curve):
            // P-521's order has 521 bits: its numbers need no zero in front.
            let number = Bytes(repeating: curve == .p521 ? 0x01 : 0xff, count: orderOctets ?? 0)
            return DERWriter.encode { $0.sequence { for _ in 0..<2 { $0.unsigned(number) } } }.count
        case .rsa(let bits): return bits / 8
        case .ed25519: return 64
        // FIPS 204, table 2.
        case .mlDSA(let set): return set == 87 ? 4627 : 3309
        }
    }
}

extension SubjectPublicKeyInfo {
    /// An RSA key from its numbers.
    /// - Parameters: big-endian; zeros in front do not count.
    public init(rsa keyAlgorithm: KeyAlgorithm, modulus: Bytes, exponent: Bytes) throws(PKIXError) {
        let key = DERWriter.encode { writer in
            writer.sequence { writer in
                for number in [modulus, exponent] { writer.unsigned(number) }
            }
        }
        try self.init(keyAlgorithm, key: key)
    }
}
