import Basics
import Crypto
import CryptoExtras
import Foundation
import Glibc

/// How the master key lies in its file.
public enum MasterKeyProtection: Sendable, CustomStringConvertible {
    /// As it is, in a file of mode 0600: whoever reads the file has it.
    case plain
    /// Sealed under a passphrase (scrypt, AES-256-GCM).
    case passphrase(Bytes)
    /// Sealed under a random key that a token has encrypted with an AES key that never leaves it.
    case token(TokenSeal)

    public var description: String {
        switch self {
        case .plain: "plain"
        case .passphrase: "passphrase"
        case .token(let seal): "\(seal.key.place)"
        }
    }
}

/// A random key, and the same encrypted by a token: made for one master key file.
public struct TokenSeal: Sendable {
    let random: SymmetricKey
    let key: WrappedKey

    static let context = "assay/master-token/v1"

    /// What the token authenticates.
    static func bound(_ place: TokenKey) -> Bytes { Bytes("\(context) \(place)".utf8) }
}

extension PKCS11Token {
    /// Draws a random key and has it encrypted.
    /// - Parameter id: CKA_ID of the AES key.
    public func tokenSeal(under id: Bytes, entropy: some Entropy) async throws(CustodyError) -> TokenSeal {
        var random = entropy.bytes(32)
        defer { explicit_bzero(&random, random.count) }
        let place = TokenKey(label: configuration.label, serial: configuration.serial, id: id)
        let key = try await wrap(random, under: id, iv: entropy.bytes(WrappedKey.ivLength), associated: TokenSeal.bound(place))
        return TokenSeal(random: SymmetricKey(data: random), key: key)
    }
}

extension TokenSeal: CustomReflectable, CustomStringConvertible {
    public var description: String { "a seal under \(key.place)" }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// The master key under a token: one line, `CONTEXT PLACE IV WRAPPED BOX`, the last three in base64 (docs/formats.md, custody).
struct MasterKeyInToken: Hashable, Sendable {
    let key: WrappedKey
    private let box: Bytes

    static func seal(_ master: SymmetricKey, under seal: TokenSeal, entropy: some Entropy) throws(CustodyError) -> Bytes {
        let head = head(seal.key)
        do {
            let nonce = try AES.GCM.Nonce(data: entropy.bytes(12))
            let box = try master.withUnsafeBytes {
                try AES.GCM.seal($0, using: seal.random, nonce: nonce, authenticating: Bytes(head.utf8))
            }
            return Bytes("\(head) \((Bytes(nonce) + Bytes(box.ciphertext) + Bytes(box.tag)).base64)\n".utf8)
        } catch { throw .refused("The master key could not be sealed.") }
    }

    private static func head(_ key: WrappedKey) -> String {
        "\(TokenSeal.context) \(key.place) \(key.iv.base64) \(key.wrapped.base64)"
    }

    /// nil: it is not of this form.
    init?(_ line: Bytes) {
        let words = String(decoding: line.dropLast(), as: UTF8.self).split(separator: " ", omittingEmptySubsequences: false)
        guard line.last == 0x0a, words.count == 5, words[0] == TokenSeal.context, let place = TokenKey(String(words[1])),
            let iv = Bytes(base64: words[2]), let wrapped = Bytes(base64: words[3]), let box = Bytes(base64: words[4]),
            iv.count == WrappedKey.ivLength, wrapped.count == WrappedKey.wrappedLength, box.count == 60
        else { return nil }
        key = WrappedKey(place: place, iv: iv, wrapped: wrapped)
        self.box = box
    }

    /// nil: it was altered.
    func open(_ random: Bytes) -> SymmetricKey? {
        guard let sealed = try? AES.GCM.SealedBox(combined: box),
            var opened = try? AES.GCM.open(sealed, using: SymmetricKey(data: random), authenticating: Bytes(Self.head(key).utf8)),
            opened.count == 32
        else { return nil }
        defer { opened.resetBytes(in: opened.startIndex..<opened.endIndex) }
        return SymmetricKey(data: opened)
    }
}

/// The master key under a passphrase: one line of text, authenticated whole (docs/formats.md, custody).
struct MasterKeySeal {
    static let context = "assay/master-sealed/v1"

    /// What the derivation costs; what is read from a file is bounded, or the file could stop the machine.
    struct Cost: Hashable {
        let logN: Int
        let blockSize: Int
        let parallelism: Int

        /// 128 MiB, about half a second.
        static let usual = Cost(logN: 17, blockSize: 8, parallelism: 1)

        var isAcceptable: Bool {
            (10...20).contains(logN) && (1...32).contains(blockSize) && (1...16).contains(parallelism)
                && 128 * blockSize << logN <= 1 << 30
        }
    }

    /// One line, with its line feed.
    static func seal(_ key: SymmetricKey, passphrase: Bytes, cost: Cost = .usual, entropy: some Entropy) throws(CustodyError) -> Bytes {
        let head = "\(context) scrypt \(cost.logN) \(cost.blockSize) \(cost.parallelism) \(entropy.bytes(16).base64)"
        guard let salt = Bytes(base64: head.split(separator: " ").last ?? "") else { throw .refused("The salt is malformed.") }
        do {
            let wrapping = try derive(passphrase, salt, cost)
            let nonce = try AES.GCM.Nonce(data: entropy.bytes(12))
            let box = try key.withUnsafeBytes { try AES.GCM.seal($0, using: wrapping, nonce: nonce, authenticating: Bytes(head.utf8)) }
            let sealed = Bytes(nonce) + Bytes(box.ciphertext) + Bytes(box.tag)
            return Bytes("\(head) \(commitment(wrapping)) \(sealed.base64)\n".utf8)
        } catch { throw .refused("The master key could not be sealed.") }
    }

    /// - Throws: ``CustodyError/passphrase(path:)`` when the passphrase is wrong, ``CustodyError/malformed(path:what:)``.
    static func open(_ line: Bytes, passphrase: Bytes, path: String) throws(CustodyError) -> SymmetricKey {
        let words = String(decoding: line.dropLast(), as: UTF8.self).split(separator: " ", omittingEmptySubsequences: false)
        guard line.last == 0x0a, words.count == 8, words[0] == context, words[1] == "scrypt", let logN = Decimal.parse(words[2]),
            let blockSize = Decimal.parse(words[3]), let parallelism = Decimal.parse(words[4]), let salt = Bytes(base64: words[5]),
            let commitment = Digest32(base64: words[6]), let sealed = Bytes(base64: words[7]), salt.count == 16, sealed.count == 60
        else { throw .malformed(path: path, what: "it is not a sealed master key of this version") }
        let cost = Cost(logN: Int(clamping: logN), blockSize: Int(clamping: blockSize), parallelism: Int(clamping: parallelism))
        guard cost.isAcceptable else { throw .malformed(path: path, what: "its derivation asks for more than 1 GiB of memory") }
        guard let wrapping = try? derive(passphrase, salt, cost) else { throw .malformed(path: path, what: "its derivation failed") }
        // GCM does not commit to its key: one file must not open under two passphrases.
        guard Self.commitment(wrapping).bytes.isEqualInConstantTime(to: commitment.bytes) else { throw .passphrase(path: path) }
        let head = Bytes(words[0..<6].joined(separator: " ").utf8)
        guard let box = try? AES.GCM.SealedBox(combined: sealed), var opened = try? AES.GCM.open(box, using: wrapping, authenticating: head)
        else { throw .malformed(path: path, what: "it was altered") }
        defer { opened.resetBytes(in: opened.startIndex..<opened.endIndex) }
        return SymmetricKey(data: opened)
    }

    private static func derive(_ passphrase: Bytes, _ salt: Bytes, _ cost: Cost) throws -> SymmetricKey {
        try KDF.Scrypt.deriveKey(
            from: passphrase, salt: salt, outputByteCount: 32, rounds: 1 << cost.logN, blockSize: cost.blockSize,
            parallelism: cost.parallelism)
    }

    private static func commitment(_ wrapping: SymmetricKey) -> Digest32 {
        let code = HMAC<SHA256>.authenticationCode(for: Bytes("assay master commitment v1".utf8), using: wrapping)
        return Digest32(bytes: Bytes(code)) ?? .zero
    }
}
