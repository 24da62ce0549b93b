import Basics

/// A private key of any algorithm, in this process's memory. Custody seals it; tests are its other user.
public struct SoftwareKey: Sendable {
    public let publicKey: SubjectPublicKeyInfo
    private let held: any HeldKey

    init(_ algorithm: KeyAlgorithm, held: any HeldKey) throws(PKIXError) {
        publicKey = try SubjectPublicKeyInfo(algorithm, key: held.publicOctets)
        self.held = held
    }

    /// The private key itself, as ``KeyAlgorithm/open(secret:)`` takes it: the scalar, the seed, or for RSA its PKCS#1 form.
    public var secret: Bytes { held.secret }

    /// - Parameter scheme: must fit the key.
    /// - Throws: ``PKIXError/signatureAlgorithmDoesNotFitKey``, ``PKIXError/signingFailed``
    public func sign(_ message: Bytes, as scheme: SignatureAlgorithm) throws(PKIXError) -> Bytes {
        guard scheme.fits(publicKey.keyAlgorithm) else { throw .signatureAlgorithmDoesNotFitKey }
        do { return try held.sign(message, as: scheme) } catch { throw .signingFailed }
    }
}

/// What is printed never shows the secret.
extension SoftwareKey: CustomStringConvertible, CustomReflectable {
    public var description: String { "\(publicKey.keyAlgorithm.name) key \(publicKey.digest), redacted" }
    public var customMirror: Mirror { Mirror(self, children: ["publicKey": publicKey.digest]) }
}
