import Basics
import Crypto

/// What a message becomes before it is signed (FIPS 180-4).
public enum HashFunction: String, Hashable, Sendable, CaseIterable {
    case sha256, sha384, sha512

    /// Octets of a digest; also the length of the salt in RSASSA-PSS here.
    public var length: Int {
        switch self {
        case .sha256: 32
        case .sha384: 48
        case .sha512: 64
        }
    }

    var oid: OID {
        switch self {
        case .sha256: .sha256
        case .sha384: .sha384
        case .sha512: .sha512
        }
    }

    func digest(of message: Bytes) -> any Digest {
        switch self {
        case .sha256: SHA256.hash(data: message)
        case .sha384: SHA384.hash(data: message)
        case .sha512: SHA512.hash(data: message)
        }
    }
}
