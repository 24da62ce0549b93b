import Basics
import Crypto
import Foundation
import PKIX

/// The server's TLS key in its file: one line, `CONTEXT BOX`, under a key that derives from the master key (docs/formats.md, custody). Whoever
/// has the file without the master key cannot pretend to be the server.
enum ServerKeySeal {
    static let context = "assay/server-key/v1"
    private static let use = "assay server key v1"

    static func seal(_ key: PrivateKey, _ master: MasterKey, entropy: some Entropy) throws(CustodyError) -> Bytes {
        let secret = SecretBytes { key.pkcs8 }
        do {
            let nonce = try AES.GCM.Nonce(data: entropy.bytes(12))
            let box = try secret.withBytes {
                try AES.GCM.seal($0, using: master.derive(use, info: []), nonce: nonce, authenticating: Bytes(context.utf8))
            }
            return Bytes("\(context) \((Bytes(nonce) + Bytes(box.ciphertext) + Bytes(box.tag)).base64)\n".utf8)
        } catch { throw .refused("The server's key could not be sealed.") }
    }

    /// Whether the file lies as it was written before keys were sealed: PKCS#8 in PEM.
    static func isPlain(_ text: Bytes) -> Bool { text.starts(with: "-----BEGIN ".utf8) }

    static func open(_ text: Bytes, _ master: MasterKey, path: String) throws(CustodyError) -> PrivateKey {
        if isPlain(text) {
            do { return try PrivateKey(pkcs8: try PEM.derOrPEM(text, labels: ["PRIVATE KEY"])) } catch {
                throw .malformed(path: path, what: error.text)
            }
        }
        let words = String(decoding: text.dropLast(), as: UTF8.self).split(separator: " ", omittingEmptySubsequences: false)
        guard text.last == 0x0a, words.count == 2, words[0] == context, let box = Bytes(base64: words[1]),
            let sealed = try? AES.GCM.SealedBox(combined: box),
            var octets = try? AES.GCM.open(sealed, using: master.derive(use, info: []), authenticating: Bytes(context.utf8))
        else { throw .malformed(path: path, what: "it was altered, or belongs to another master key") }
        defer { octets.resetBytes(in: octets.startIndex..<octets.endIndex) }
        do { return try PrivateKey(pkcs8: Bytes(octets)) } catch { throw .malformed(path: path, what: error.text) }
    }
}
