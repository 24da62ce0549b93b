import Basics

extension SubjectPublicKeyInfo {
    /// The private key of this one as a file (RFC 5958): ECPrivateKey (RFC 5915), PKCS#1, an octet string (RFC 8410), or the seed
    /// (RFC 9881 §6).
    /// - Parameter secret: the scalar, the seed, or for RSA the PKCS#1 form.
    func pkcs8(secret: Bytes) -> Bytes {
        DERWriter.encode { writer in
            writer.sequence { writer in
                writer.integer(0)
                writer.raw(algorithm.der)
                writer.constructed(.octetString) { writer in
                    switch keyAlgorithm.kind {
                    case .ec:
                        writer.sequence { writer in
                            writer.integer(1)
                            writer.octetString(secret)
                            writer.constructed(.context(1, constructed: true)) { $0.bitString(key) }
                        }
                    case .rsa: writer.raw(secret)
                    case .ed25519: writer.octetString(secret)
                    case .mlDSA: writer.primitive(.context(0, constructed: false), secret)
                    }
                }
            }
        }
    }
}

extension SoftwareKey {
    /// PKCS#8. It is the secret itself.
    public var pkcs8: Bytes { publicKey.pkcs8(secret: secret) }
}
