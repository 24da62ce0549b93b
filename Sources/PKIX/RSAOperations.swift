import Basics
import Crypto
import CryptoExtras
import Foundation

/// RSA (RFC 8017): PKCS#1 v1.5 and PSS as the scheme says, on a modulus of exactly so many bits.
struct RSAOperations: KeyOperations {
    let bits: Int

    func check(_ key: Bytes) throws(PKIXError) { try RSAPublicKey(key).check(bits: bits) }

    func read(_ key: Bytes, for scheme: SignatureAlgorithm) -> (any ReadKey)? {
        guard let hash = scheme.hash, let padding = scheme.padding, let parts = try? RSAPublicKey(key),
            let key = try? _RSA.Signing.PublicKey(n: parts.modulus, e: parts.exponent)
        else { return nil }
        return Read(key: key, octets: bits / 8, hash: hash, padding: padding.library)
    }

    private struct Read: ReadKey {
        let key: _RSA.Signing.PublicKey
        let octets: Int
        let hash: HashFunction
        let padding: _RSA.Signing.Padding

        func isValid(_ signature: Bytes, over message: Bytes) -> Bool {
            signature.count == octets
                && isValid(_RSA.Signing.RSASignature(rawRepresentation: signature), over: hash.digest(of: message))
        }

        private func isValid(_ signature: _RSA.Signing.RSASignature, over digest: some Digest) -> Bool {
            key.isValidSignature(signature, for: digest, padding: padding)
        }
    }

    func generate() throws(PKIXError) -> any HeldKey {
        guard let key = try? _RSA.Signing.PrivateKey(keySize: _RSA.Signing.KeySize(bitCount: bits)) else { throw .keyWeak }
        return Held(key: key)
    }

    func open(_ secret: Bytes) throws(PKIXError) -> any HeldKey {
        guard let key = try? _RSA.Signing.PrivateKey(derRepresentation: secret) else { throw .privateKeyOutOfRange }
        return Held(key: key)
    }

    private struct Held: HeldKey {
        let key: _RSA.Signing.PrivateKey
        let publicOctets: Bytes
        var secret: Bytes { Bytes(key.derRepresentation) }

        init(key: _RSA.Signing.PrivateKey) {
            self.key = key
            publicOctets = Bytes(key.publicKey.pkcs1DERRepresentation)
        }

        func sign(_ message: Bytes, as scheme: SignatureAlgorithm) throws -> Bytes {
            guard let hash = scheme.hash, let padding = scheme.padding else { throw PKIXError.signatureAlgorithmDoesNotFitKey }
            return try sign(hash.digest(of: message), padding.library)
        }

        private func sign(_ digest: some Digest, _ padding: _RSA.Signing.Padding) throws -> Bytes {
            Bytes(try key.signature(for: digest, padding: padding).rawRepresentation)
        }
    }
}

extension SignatureAlgorithm.Padding {
    fileprivate var library: _RSA.Signing.Padding {
        switch self {
        case .pkcs1: .insecurePKCS1v1_5
        case .pss: .PSS
        }
    }
}
