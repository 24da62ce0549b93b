import Basics

extension SoftwareKey {
    /// The private key as a file (RFC 5958): ECPrivateKey (RFC 5915), PKCS#1, an octet string (RFC 8410), or the seed (RFC 9881 §6).
    public var pkcs8: Bytes {
        let (secret, algorithm) = (secret, publicKey.keyAlgorithm)
        let inner =
            switch algorithm.kind {
            case .ec:
                DERWriter.encode { writer in
                    writer.sequence { writer in
                        writer.integer(1)
                        writer.octetString(secret)
                        writer.constructed(.context(1, constructed: true)) { $0.bitString(publicKey.key) }
                    }
                }
            case .rsa: secret
            case .ed25519: DERWriter.encode { $0.octetString(secret) }
            case .mlDSA: DERWriter.encode { $0.primitive(.context(0, constructed: false), secret) }
            }
        return DERWriter.encode { writer in
            writer.sequence { writer in
                writer.integer(0)
                writer.raw(algorithm.identifier.der)
                writer.octetString(inner)
            }
        }
    }
}
