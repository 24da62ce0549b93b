import Basics

/// A public key that is read once, for many signatures by one algorithm.
public struct Verifier: Sendable {
    public let key: SubjectPublicKeyInfo
    public let algorithm: SignatureAlgorithm
    /// nil when such a key makes no such signature: then none is valid.
    private let read: (any ReadKey)?

    public init(key: SubjectPublicKeyInfo, algorithm: SignatureAlgorithm) {
        self.key = key
        self.algorithm = algorithm
        read = algorithm.fits(key.keyAlgorithm) ? key.keyAlgorithm.read(key.key, for: algorithm) : nil
    }

    /// Whether `signature` is one by this key over `message`.
    public func isValid(_ signature: Bytes, over message: Bytes) -> Bool { read?.isValid(signature, over: message) ?? false }
}
