import Basics
import Glibc

/// A token's PIN: octets with one owner, wiped when it goes, never printed. It stays in memory, for a token that was away wants it again.
public final class PIN: Sendable {
    private let secret: SecretBytes

    /// - Parameter octets: the caller's copy is not wiped here.
    public init(_ octets: Bytes) { secret = SecretBytes { octets } }

    func withBytes<Result>(_ body: (Bytes) throws -> Result) rethrows -> Result { try secret.withBytes(body) }
}

extension PIN: CustomStringConvertible, CustomReflectable {
    public var description: String { "a PIN, redacted" }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
