import Basics

extension Certificate {
    /// An RSA certificate's modulus and the hash of its key, read without any of the checks that a certificate from outside gets: for
    /// going over many that were checked when they were issued.
    /// - Returns: nil when the key is none of RSA's, or these are not the octets of a certificate.
    public static func rsaModulus(der: Bytes) -> (modulus: Bytes, key: Digest32)? {
        guard var outer = try? DERReader(der, limit: TBSCertificate.sizeLimit), var whole = try? outer.sequence(),
            var fields = try? whole.sequence(), (try? fields.nested(.context(0, constructed: true))) != nil,
            // serialNumber, signature, issuer, validity, subject
            (0..<5).allSatisfy({ _ in (try? fields.raw()) != nil }),
            let key = try? fields.raw(.sequence), var info = try? DERReader(key, limit: 8192), var parts = try? info.sequence(),
            let algorithm = try? AlgorithmIdentifier(reading: &parts), algorithm.oid == .rsaEncryption,
            let octets = try? parts.bitString(), let modulus = try? RSAPublicKey(octets).modulus
        else { return nil }
        return (modulus, Digest32(of: key))
    }
}
