import Basics

/// A text with signature lines behind it (c2sp.org/signed-note). What is signed is the text with its final line feed.
public struct SignedNote: Hashable, Sendable {
    /// The octets that are signed: the text with its final line feed. Two notes are equal when these are, not when they look alike.
    public let message: Bytes
    /// At least one.
    public let signatures: [Signature]

    /// One line: who signed, by which key, and how.
    public struct Signature: Hashable, Sendable {
        /// The key's name: not empty, no Unicode space, no `+`.
        public let name: String
        /// A handle of the key, no proof of anything: 32 bits can be made to collide.
        public let keyID: UInt32
        /// 1 to 8,192 octets, in the form of the key's type.
        public let signature: Bytes

        /// - Throws: ``NoteError/keyName``; ``NoteError/signatureLength``
        public init(name: String, keyID: UInt32, signature: Bytes) throws(NoteError) {
            guard VerifierKey.isName(name) else { throw .keyName }
            guard (1...8192).contains(signature.count) else { throw .signatureLength }
            self.name = name
            self.keyID = keyID
            self.signature = signature
        }
    }

    /// Octets of a text at most.
    public static let textLimit = 1 << 20
    /// Octets of a note at most.
    public static let sizeLimit = 1 << 21
    /// Signature lines at most.
    public static let signatureLimit = 100

    /// - Throws: ``NoteError`` when the text is no note's text, or there is no signature or more than ``signatureLimit``.
    public init(text: String, signatures: [Signature]) throws(NoteError) {
        try Self.check(Bytes(text.utf8))
        guard text.utf8.count <= Self.textLimit else { throw .tooLong }
        guard text.utf8.last == 0x0a, !signatures.isEmpty else { throw .notANote }
        guard signatures.count <= Self.signatureLimit else { throw .tooManySignatures }
        message = Bytes(text.utf8)
        self.signatures = signatures
    }

    /// Reads a note in its only spelling: ``rendered`` gives the same text.
    /// - Throws: ``NoteError``
    public init(parsing note: String) throws(NoteError) { try self.init(parsing: Bytes(note.utf8)) }

    /// Reads a note in its only spelling: ``rendered`` gives the same octets.
    /// - Throws: ``NoteError``
    public init(parsing note: Bytes) throws(NoteError) {
        guard note.count <= Self.sizeLimit else { throw .tooLong }
        try Self.check(note)
        guard note.last == 0x0a, let gap = Self.lastEmptyLine(in: note) else { throw .notANote }
        let lines = note[(gap + 1)...].dropLast().split(separator: 0x0a, omittingEmptySubsequences: false)
        guard lines.count <= Self.signatureLimit else { throw .tooManySignatures }
        var signatures: [Signature] = []
        for (number, line) in lines.enumerated() {
            guard let signature = Self.signature(line) else { throw .malformedSignature(line: number + 1) }
            signatures.append(signature)
        }
        try self.init(text: String(decoding: note[..<gap], as: UTF8.self), signatures: signatures)
    }

    /// The note as it is sent and kept.
    public var rendered: String {
        text + "\n" + signatures.map { "— \($0.name) \(($0.keyID.bigEndianBytes + $0.signature).base64)\n" }.joined()
    }

    /// Ends in a line feed. It may hold empty lines.
    public var text: String { String(decoding: message, as: UTF8.self) }

    private static func check(_ note: Bytes) throws(NoteError) {
        guard String(validating: note, as: UTF8.self) != nil, note.allSatisfy({ $0 >= 0x20 || $0 == 0x0a }) else { throw .notText }
    }

    /// The offset of the empty line's own line feed.
    private static func lastEmptyLine(in note: Bytes) -> Int? {
        guard note.count > 2 else { return nil }
        // Not at the very end: behind the empty line there is at least one signature line.
        return (1..<note.count - 1).last { note[$0] == 0x0a && note[$0 - 1] == 0x0a }
    }

    private static func signature(_ line: ArraySlice<UInt8>) -> Signature? {
        let words = line.split(separator: 0x20, omittingEmptySubsequences: false)
        guard words.count == 3, Bytes(words[0]) == Bytes("—".utf8),
            let octets = Bytes(base64: String(decoding: words[2], as: UTF8.self)), octets.count > 4
        else { return nil }
        let keyID = octets.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return try? Signature(name: String(decoding: words[1], as: UTF8.self), keyID: keyID, signature: Bytes(octets.dropFirst(4)))
    }
}

extension SignedNote {
    /// Checks every line by a key of `keys`. Lines of other keys are ignored.
    /// - Returns: the keys that have signed, each once, in the order of `keys`; at least one.
    /// - Throws: ``NoteError/invalidSignature(name:)`` when a line by a trusted key does not verify, ``NoteError/notSigned`` when there is
    ///   no line by one.
    public func verify(by keys: [VerifierKey]) throws(NoteError) -> [VerifierKey] {
        var signers: Set<VerifierKey> = []
        for line in signatures {
            let candidates = keys.filter { $0.keyID == line.keyID && $0.name.utf8.elementsEqual(line.name.utf8) }
            guard !candidates.isEmpty else { continue }
            guard let signer = candidates.first(where: { $0.isValid(line.signature, over: text) }) else {
                throw .invalidSignature(name: line.name)
            }
            signers.insert(signer)
        }
        guard !signers.isEmpty else { throw .notSigned }
        return keys.filter { signers.remove($0) != nil }
    }
}

extension FixedWidthInteger {
    /// The octets, most significant first.
    var bigEndianBytes: Bytes { (0..<Self.bitWidth / 8).reversed().map { UInt8(truncatingIfNeeded: self >> Self($0 * 8)) } }
}
