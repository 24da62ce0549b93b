import Basics
import Crypto

/// A public key that signs notes, with the name it signs under (c2sp.org/signed-note): `name+hex8(key id)+base64(type ‖ key)`.
public struct VerifierKey: Hashable, Sendable {
    /// Not empty, no Unicode space, no `+`.
    public let name: String
    /// The first four octets of SHA-256 over name, type and key; for type 2 over the key alone.
    public let keyID: UInt32
    public let type: UInt8
    /// In the form of the type: 32 octets for Ed25519, a SubjectPublicKeyInfo in DER for ECDSA.
    public let key: Bytes

    /// Ed25519 over the text: 64 octets.
    public static let ed25519: UInt8 = 0x01
    /// ECDSA with P-256 and SHA-256 over the text, the signature in DER.
    public static let ecdsa: UInt8 = 0x02
    /// A witness's Ed25519 cosignature (c2sp.org/tlog-cosignature): 8 octets of POSIX seconds, then 64 over time and text.
    public static let cosignature: UInt8 = 0x04

    /// - Throws: ``NoteError/keyName``, ``NoteError/unknownKeyType(_:)``, ``NoteError/malformedKey``
    public init(name: String, type: UInt8, key: Bytes) throws(NoteError) {
        guard Self.isName(name) else { throw .keyName }
        guard let scheme = Scheme(rawValue: type) else { throw .unknownKeyType(type) }
        guard scheme.accepts(key) else { throw .malformedKey }
        self.name = name
        self.type = type
        self.key = key
        keyID = scheme == .ecdsa ? Self.keyID(spki: key) : Self.keyID(name: name, type: type, key: key)
    }

    /// Reads a verifier key in its only spelling.
    /// - Throws: ``NoteError/malformedKey``, ``NoteError/keyName``, ``NoteError/unknownKeyType(_:)``, ``NoteError/keyID``
    public init(vkey: String) throws(NoteError) {
        // The base64 may hold plus signs too; the name and the id may not.
        let parts = vkey.utf8.split(separator: 0x2b, maxSplits: 2, omittingEmptySubsequences: false).map { String($0) }
        guard vkey.utf8.count <= 16_384, parts.count == 3, let name = parts[0], let id = parts[1], let body = parts[2],
            let keyID = Bytes(hex: id), keyID.count == 4, let octets = Bytes(base64: body), let type = octets.first
        else { throw .malformedKey }
        try self.init(name: name, type: type, key: Bytes(octets.dropFirst()))
        guard self.keyID.bigEndianBytes == keyID else { throw .keyID }
    }

    /// - Parameter publicKey: 32 octets.
    /// - Throws: ``NoteError/keyName``, ``NoteError/malformedKey``
    public static func ed25519(name: String, publicKey: Bytes) throws(NoteError) -> VerifierKey {
        try VerifierKey(name: name, type: ed25519, key: publicKey)
    }

    public var vkey: String { "\(name)+\(keyID.bigEndianBytes.hex)+\(([type] + key).base64)" }

    /// Whether `signature` is this key's over `text`, which ends in a line feed.
    public func isValid(_ signature: Bytes, over text: String) -> Bool {
        Scheme(rawValue: type)?.isValid(signature, over: Bytes(text.utf8), by: key) ?? false
    }

    /// The key id of a person's ECDSA key, and of any key of type 2: the first four octets of SHA-256 over the SubjectPublicKeyInfo.
    public static func keyID(spki: Bytes) -> UInt32 { first4(of: spki) }

    /// The key id of every other type: the first four octets of SHA-256(name ‖ line feed ‖ type ‖ key).
    public static func keyID(name: String, type: UInt8, key: Bytes) -> UInt32 { first4(of: Bytes(name.utf8) + [0x0a, type] + key) }

    /// Whether a key may be called so: not empty, no space, no control, no `+`; at most 255 octets.
    public static func isName(_ name: String) -> Bool {
        (1...255).contains(name.utf8.count)
            && name.unicodeScalars.allSatisfy { !$0.properties.isWhitespace && $0.value >= 0x20 && $0 != "+" }
    }

    private static func first4(of message: Bytes) -> UInt32 {
        Digest32(of: message).bytes.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }
}

extension VerifierKey: CustomStringConvertible {
    public var description: String { vkey }
}

/// How the keys of each type sign.
private enum Scheme: UInt8 {
    case ed25519 = 0x01
    case ecdsa = 0x02
    case cosignature = 0x04

    func accepts(_ key: Bytes) -> Bool {
        switch self {
        case .ed25519, .cosignature: key.count == 32
        // Only the one DER form of the key: a second spelling would be a second key id.
        case .ecdsa: (try? P256.Signing.PublicKey(derRepresentation: key)).map { Bytes($0.derRepresentation) == key } ?? false
        }
    }

    func isValid(_ signature: Bytes, over text: Bytes, by key: Bytes) -> Bool {
        switch self {
        case .ed25519:
            guard let key = try? Curve25519.Signing.PublicKey(rawRepresentation: key) else { return false }
            return signature.count == 64 && key.isValidSignature(signature, for: text)
        case .ecdsa:
            guard let key = try? P256.Signing.PublicKey(derRepresentation: key),
                let parsed = try? P256.Signing.ECDSASignature(derRepresentation: signature),
                Bytes(parsed.derRepresentation) == signature
            else { return false }
            return key.isValidSignature(parsed, for: text)
        case .cosignature:
            guard signature.count == 72 else { return false }
            let time = signature.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            guard time <= UInt64(Int64.max) else { return false }
            let message = Bytes("cosignature/v1\ntime \(time)\n".utf8) + text
            return Scheme.ed25519.isValid(Bytes(signature.dropFirst(8)), over: message, by: key)
        }
    }
}
