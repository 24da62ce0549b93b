import Basics
import Crypto
import Foundation
import Glibc

/// The 32 octets under which everything else in custody is sealed or authenticated. They live in a `SymmetricKey`, which clears
/// its memory when it goes.
struct MasterKey: Sendable {
    private let key: SymmetricKey

    static let fileName = "master.key"
    static let magic = "assay/master/v1 "

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
        case .token(let seal):
            try files.write(Self.fileName, try MasterKeyInToken.seal(key, under: seal, entropy: entropy))
        }
    }

    /// What the file gives.
    enum Loaded {
        case key(MasterKey, MasterKeyKind)
        /// To be opened by its token.
        case wrapped(MasterKeyInToken)
    }

    /// - Parameter passphrase: asked for only when the key is sealed under one.
    static func load(from files: PrivateFiles, passphrase: () throws(CustodyError) -> Bytes) throws(CustodyError) -> Loaded {
        var text = try files.read(fileName, limit: 1024)
        defer { explicit_bzero(&text, text.count) }
        let path = files.path(fileName)
        switch try MasterKeyKind(text, path: path) {
        case .passphrase:
            return .key(MasterKey(key: try MasterKeySeal.open(text, passphrase: try passphrase(), path: path)), .passphrase)
        case .token:
            guard let sealed = MasterKeyInToken(text) else { throw malformed(path) }
            return .wrapped(sealed)
        case .plain:
            guard text.last == 0x0a, var octets = Bytes(hex: String(decoding: text.dropFirst(magic.utf8.count).dropLast(), as: UTF8.self)),
                octets.count == 32
            else { throw malformed(path) }
            defer { explicit_bzero(&octets, octets.count) }
            return .key(MasterKey(key: SymmetricKey(data: octets)), .plain)
        }
    }

    /// - Parameter random: what the token has opened; wiped.
    init(_ wrapped: MasterKeyInToken, _ random: inout Bytes, path: String) throws(CustodyError) {
        defer { explicit_bzero(&random, random.count) }
        guard let opened = wrapped.open(random) else { throw .malformed(path: path, what: "it was altered") }
        key = opened
    }

    private init(key: SymmetricKey) { self.key = key }

    static func malformed(_ path: String) -> CustodyError { .malformed(path: path, what: "it is not a master key of this version") }

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

/// How a master key's file says that it is to be opened.
public enum MasterKeyKind: Hashable, Sendable {
    case plain, passphrase
    /// Under this AES key, which never leaves its token.
    case token(TokenKey)

    /// Reads how the master key of this custody directory lies; nothing is opened.
    public init(custody path: String) throws(CustodyError) {
        let files = PrivateFiles(directory: path)
        try files.checkDirectory()
        var text = try files.read(MasterKey.fileName, limit: 1024)
        defer { explicit_bzero(&text, text.count) }
        self = try MasterKeyKind(text, path: files.path(MasterKey.fileName))
    }

    init(_ protection: MasterKeyProtection) {
        switch protection {
        case .plain: self = .plain
        case .passphrase: self = .passphrase
        case .token(let seal): self = .token(seal.key.place)
        }
    }

    init(_ text: Bytes, path: String) throws(CustodyError) {
        if text.starts(with: MasterKeySeal.context.utf8) {
            self = .passphrase
        } else if text.starts(with: TokenSeal.context.utf8) {
            guard let sealed = MasterKeyInToken(text) else { throw MasterKey.malformed(path) }
            self = .token(sealed.key.place)
        } else {
            guard text.starts(with: MasterKey.magic.utf8) else { throw MasterKey.malformed(path) }
            self = .plain
        }
    }
}
