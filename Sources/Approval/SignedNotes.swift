import Basics
import PKIX
import Proofs

extension SignedNote {
    /// Whether exactly one line is in `name`'s name, and it is `key`'s ECDSA signature over the text (note type 0x02).
    public func isSigned(by name: Handle, key: SubjectPublicKeyInfo) -> Bool {
        let lines = signatures.filter { $0.name == name.description }
        guard lines.count == 1, let line = lines.first, line.keyID == VerifierKey.keyID(spki: key.der) else { return false }
        return SignatureAlgorithm.preferred(for: key.keyAlgorithm).isValid(line.signature, over: Bytes(text.utf8), by: key)
    }

    /// The only signer's name. Texts of one person carry exactly one line.
    func onlySigner(_ what: String) throws(Refusal) -> Handle {
        guard signatures.count == 1, let line = signatures.first, let name = Handle(line.name) else { throw .note(what) }
        return name
    }

    /// Parses `rendered`, a note of the given kind of text.
    public init(_ what: String, _ rendered: String) throws(Refusal) {
        do { try self.init(parsing: rendered) } catch { throw .note(what) }
    }
}

extension PrivateKey {
    /// `text` as a note signed by this key in `name`'s name.
    public func note(_ text: String, as name: Handle) throws -> SignedNote {
        let line = try SignedNote.Signature(
            name: name.description, keyID: VerifierKey.keyID(spki: publicKey.der), signature: try sign(Bytes(text.utf8)))
        return try SignedNote(text: text, signatures: [line])
    }
}

/// How a person's key signs; the word in `key`, `login` and `vote` lines. One row today; WebAuthn and ML-DSA become further rows.
public struct KeyForm: Hashable, Sendable, CustomStringConvertible {
    public let description: String
    public let keyAlgorithm: KeyAlgorithm

    public static let es256 = KeyForm(description: "es256", keyAlgorithm: .ecdsaP256)
    public static let known = [es256]

    private init(description: String, keyAlgorithm: KeyAlgorithm) {
        self.description = description
        self.keyAlgorithm = keyAlgorithm
    }

    public init?(_ text: some StringProtocol) {
        guard let form = Self.known.first(where: { $0.description == text }) else { return nil }
        self = form
    }
}

extension TextReader {
    /// A line `key <form> <base64 SPKI>`: the key is checked before anything is verified with it.
    mutating func publicKey(_ key: String) throws(TextError) -> SubjectPublicKeyInfo {
        let words = try words(key, count: 2)
        guard let parsed = SubjectPublicKeyInfo(form: words[0], base64: words[1]) else { throw .value(key: key) }
        return parsed
    }

    /// A line `key <name> <H>`.
    mutating func reference(_ key: String) throws(TextError) -> DocumentReference {
        let words = try words(key, count: 2)
        guard let name = Handle(words[0]), let digest = Digest32(base64: words[1]) else { throw .value(key: key) }
        return DocumentReference(name: name, digest: digest)
    }
}

extension SubjectPublicKeyInfo {
    init?(form: Substring, base64: Substring) {
        guard let form = KeyForm(form), let der = Bytes(base64: base64), let key = try? SubjectPublicKeyInfo(der: der),
            key.keyAlgorithm == form.keyAlgorithm
        else { return nil }
        self = key
    }
}

/// A document by name and by the hash of its bytes.
public struct DocumentReference: Hashable, Sendable {
    public let name: Handle
    public let digest: Digest32

    public init(name: Handle, digest: Digest32) {
        self.name = name
        self.digest = digest
    }
}
