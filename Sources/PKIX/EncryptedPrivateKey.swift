import Basics
import Crypto
import CryptoExtras
import Foundation

/// Private keys under a passphrase: EncryptedPrivateKeyInfo (RFC 5958 §3) with PBES2 (RFC 8018 §6.2), namely PBKDF2 with HMAC-SHA-256,
/// and AES-256 in CBC mode. The file carries no authenticator: a wrong passphrase and a damaged file look the same.
extension PrivateKey {
    public static let passphraseIterations = 600_000
    /// How much work a file may ask for.
    public static let mostPassphraseIterations = 10_000_000
    /// Octets of salt that a file may have.
    static let longestSalt = 64

    /// The label under which this stands in PEM is `ENCRYPTED PRIVATE KEY`.
    /// - Parameter iterations: of PBKDF2, 1 to ``mostPassphraseIterations``.
    /// - Throws: ``PKIXError/parametersTooLarge`` when `iterations` is out of its range.
    public func encryptedPKCS8(
        passphrase: Bytes, entropy: any Entropy, iterations: Int = passphraseIterations
    ) throws(PKIXError) -> Bytes {
        guard (1...Self.mostPassphraseIterations).contains(iterations) else { throw .parametersTooLarge }
        let encryption = PassphraseEncryption(salt: entropy.bytes(16), iterations: iterations, vector: entropy.bytes(16))
        let content = try encryption.encrypt(pkcs8, passphrase: passphrase)
        return DERWriter.encode { writer in
            writer.sequence { writer in
                encryption.write(to: &writer)
                writer.octetString(content)
            }
        }
    }

    /// - Throws: ``PKIXError/wrongPassphrase`` when the content does not come out as a private key, for whatever reason;
    ///   ``PKIXError/unsupportedEncryption`` and ``PKIXError/parametersTooLarge`` before any work is done.
    public init(encryptedPKCS8 der: Bytes, passphrase: Bytes) throws(PKIXError) {
        var reader = try DERReader(der, limit: 8192)
        var fields = try reader.sequence()
        try reader.finish()
        guard fields.peek == .sequence else { throw .unsupportedPrivateKey }
        let encryption = try PassphraseEncryption(reading: &fields)
        let content = try fields.octetString()
        try fields.finish()
        guard !content.isEmpty, content.count % 16 == 0 else { throw .wrongPassphrase }
        let plain = try encryption.decrypt(content, passphrase: passphrase)
        do { try self.init(pkcs8: plain) } catch {
            // A key of another kind decrypts well, and deserves its own message; what is no PKCS#8 at all was not decrypted well.
            throw error == .unsupportedPrivateKey && Self.looksLikePKCS8(plain) ? error : .wrongPassphrase
        }
    }

    /// Whether `plain` is one whole SEQUENCE; random octets of a wrong passphrase are not, but once in millions.
    private static func looksLikePKCS8(_ plain: Bytes) -> Bool {
        guard plain.first == DERTag.sequence.octet, var reader = try? DERReader(plain), (try? reader.raw()) != nil else { return false }
        return reader.isAtEnd
    }
}

/// The parameters of PBES2 that are written and read.
private struct PassphraseEncryption {
    let salt: Bytes
    let iterations: Int
    let vector: Bytes

    init(salt: Bytes, iterations: Int, vector: Bytes) {
        self.salt = salt
        self.iterations = iterations
        self.vector = vector
    }

    init(reading reader: inout DERReader) throws(PKIXError) {
        var scheme = try reader.sequence()
        guard try scheme.oid() == .pbes2 else { throw .unsupportedEncryption }
        var parameters = try scheme.sequence()
        try scheme.finish()
        var derivation = try parameters.sequence()
        guard try derivation.oid() == .pbkdf2 else { throw .unsupportedEncryption }
        var values = try derivation.sequence()
        try derivation.finish()
        guard values.peek == .octetString else { throw .unsupportedEncryption }
        salt = try values.octetString()
        let stated = try values.integer()
        guard stated.count <= 4 else { throw .parametersTooLarge }
        guard let first = stated.first, first < 0x80 else { throw .unsupportedEncryption }
        iterations = stated.reduce(0) { $0 << 8 | Int($1) }
        if values.peek == .integer, try values.smallInteger() != 32 { throw .unsupportedEncryption }
        // Absent, the function is HMAC-SHA-1.
        guard values.peek == .sequence, try AlgorithmIdentifier(reading: &values) == Self.function else { throw .unsupportedEncryption }
        try values.finish()
        var cipher = try parameters.sequence()
        try parameters.finish()
        guard try cipher.oid() == .aes256CBC else { throw .unsupportedEncryption }
        vector = try cipher.octetString()
        try cipher.finish()
        guard vector.count == 16, iterations > 0, !salt.isEmpty else { throw .unsupportedEncryption }
        guard iterations <= PrivateKey.mostPassphraseIterations, salt.count <= PrivateKey.longestSalt else { throw .parametersTooLarge }
    }

    func write(to writer: inout DERWriter) {
        writer.sequence { writer in
            writer.oid(.pbes2)
            writer.sequence { writer in
                writer.sequence { writer in
                    writer.oid(.pbkdf2)
                    writer.sequence { writer in
                        writer.octetString(salt)
                        writer.integer(iterations)
                        writer.raw(Self.function.der)
                    }
                }
                writer.sequence { writer in
                    writer.oid(.aes256CBC)
                    writer.octetString(vector)
                }
            }
        }
    }

    func encrypt(_ plain: Bytes, passphrase: Bytes) throws(PKIXError) -> Bytes {
        guard let key = key(passphrase), let vector = try? AES._CBC.IV(ivBytes: vector),
            let content = try? AES._CBC.encrypt(plain, using: key, iv: vector)
        else { throw .unsupportedEncryption }
        return Bytes(content)
    }

    func decrypt(_ content: Bytes, passphrase: Bytes) throws(PKIXError) -> Bytes {
        guard let key = key(passphrase), let vector = try? AES._CBC.IV(ivBytes: vector),
            let plain = try? AES._CBC.decrypt(content, using: key, iv: vector)
        else { throw .wrongPassphrase }
        return Bytes(plain)
    }

    private func key(_ passphrase: Bytes) -> SymmetricKey? {
        try? KDF.Insecure.PBKDF2.deriveKey(
            from: passphrase, salt: salt, using: .sha256, outputByteCount: 32, unsafeUncheckedRounds: iterations)
    }

    private static let function = AlgorithmIdentifier(oid: .hmacSHA256, parameters: DERWriter.encode { $0.null() })
}
