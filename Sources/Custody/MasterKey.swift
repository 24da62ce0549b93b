import Basics
import Crypto
import Foundation
import Glibc

/// The 32 octets under which everything else in custody is sealed or authenticated. They live in a `SymmetricKey`, which clears
/// its memory when it goes.
struct MasterKey: Sendable {
    private let key: SymmetricKey

    static let fileName = "master.key"
    private static let magic = "assay/master/v1 "

    static func generate(entropy: some Entropy) -> MasterKey {
        var octets = entropy.bytes(32)
        defer { explicit_bzero(&octets, octets.count) }
        return MasterKey(key: SymmetricKey(data: octets))
    }

    /// Writes the file: the old or the new one is there after a crash.
    func save(in files: PrivateFiles, _ protection: MasterKeyProtection, entropy: some Entropy) throws(CustodyError) {
        switch protection {
        case .plain:
            var text = key.withUnsafeBytes { Bytes((Self.magic + $0.hex + "\n").utf8) }
            defer { explicit_bzero(&text, text.count) }
            try files.write(Self.fileName, text)
        case .passphrase(let passphrase):
            try files.write(Self.fileName, try MasterKeySeal.seal(key, passphrase: passphrase, entropy: entropy))
        }
    }

    /// - Parameter passphrase: asked for only when the key is sealed.
    static func load(
        from files: PrivateFiles, passphrase: () throws(CustodyError) -> Bytes
    ) throws(CustodyError) -> (key: MasterKey, isSealed: Bool) {
        var text = try files.read(fileName, limit: 1024)
        defer { explicit_bzero(&text, text.count) }
        if text.starts(with: MasterKeySeal.context.utf8) {
            let opened = try MasterKeySeal.open(text, passphrase: try passphrase(), path: files.path(fileName))
            return (MasterKey(key: opened), true)
        }
        guard text.starts(with: magic.utf8), text.last == 0x0a,
            var octets = Bytes(hex: String(decoding: text.dropFirst(magic.utf8.count).dropLast(), as: UTF8.self)), octets.count == 32
        else { throw .malformed(path: files.path(fileName), what: "it is not a master key of this version") }
        defer { explicit_bzero(&octets, octets.count) }
        return (MasterKey(key: SymmetricKey(data: octets)), false)
    }

    /// A key of its own for each use (HKDF-SHA-256, RFC 5869).
    func derive(_ use: String, salt: Bytes = [], info: Bytes) -> SymmetricKey {
        HKDF<SHA256>.deriveKey(inputKeyMaterial: key, salt: salt, info: Bytes(use.utf8) + [0] + info, outputByteCount: 32)
    }

    /// HMAC-SHA-256 under a key that is derived for `use` and the instance.
    func mac(_ use: String, _ instance: Instance) -> @Sendable (Bytes) -> Digest32 {
        let key = derive(use, info: instance.bytes)
        return { message in
            let code = HMAC<SHA256>.authenticationCode(for: message, using: key)
            return Digest32(bytes: Bytes(code)) ?? .zero
        }
    }
}
