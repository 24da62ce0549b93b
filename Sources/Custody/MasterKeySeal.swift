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

    public var description: String {
        switch self {
        case .plain: "plain"
        case .passphrase: "passphrase"
        }
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
