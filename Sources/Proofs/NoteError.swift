import Basics

/// Why a note, a key, a checkpoint or a proof is refused; one rule a case.
public enum NoteError: Error, Hashable, Sendable {
    /// Longer than ``SignedNote/sizeLimit``, or a text longer than ``SignedNote/textLimit``.
    case tooLong
    /// Not UTF-8, or a control character below U+0020 other than the line feed.
    case notText
    /// No line feed at the end, or no empty line before the signature lines.
    case notANote
    /// Signature line `line` (from 1) is not an em dash, a name, and the base64 of 5 to 8,196 octets.
    case malformedSignature(line: Int)
    /// A signature has no octets, or more than 8,192.
    case signatureLength
    /// More signature lines than ``SignedNote/signatureLimit``.
    case tooManySignatures
    /// A key name is empty, or holds a space or `+`.
    case keyName
    /// A verifier key is not `name+hex+base64`, or its bytes are no key of the type.
    case malformedKey
    /// A verifier key's type is none that can be verified here.
    case unknownKeyType(UInt8)
    /// A verifier key's id is not what its name and bytes give.
    case keyID
    /// A line by a key that is trusted does not verify: the whole note is refused.
    case invalidSignature(name: String)
    /// None of the keys that are trusted signed the note.
    case notSigned
    /// A checkpoint's text is not origin, size and root, one line each and nothing else.
    case malformedCheckpoint
    /// The checkpoint is another log's.
    case origin
    /// The file is no proof in the form of c2sp.org/tlog-proof@v1.
    case malformedProof
    /// The proof does not lead from the entry to the checkpoint's root.
    case notIncluded
}

extension NoteError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .tooLong: "The note is longer than accepted."
        case .notText: "The note is not plain UTF-8 text with line feeds as its only control characters."
        case .notANote: "The text does not end in an empty line with signature lines behind it."
        case .malformedSignature(let line): "Signature line \(line) is not an em dash, a name and base64."
        case .signatureLength: "A signature is empty, or longer than 8,192 octets."
        case .tooManySignatures: "The note has more than \(SignedNote.signatureLimit) signature lines."
        case .keyName: "A key's name is empty, or holds a space or a plus sign."
        case .malformedKey: "The verifier key is not name+hex+base64 of a key of its type."
        case .unknownKeyType(let type): "Keys of type \(type) cannot be verified here; 1, 2 and 4 can."
        case .keyID: "The verifier key's id does not belong to its name and key."
        case .invalidSignature(let name): "The signature of \(name.escaped) is not valid."
        case .notSigned: "No trusted key has signed the note."
        case .malformedCheckpoint: "The text is not a checkpoint: origin, size and root, each on a line of its own."
        case .origin: "The checkpoint belongs to another log."
        case .malformedProof: "The file is not a proof of the form c2sp.org/tlog-proof@v1."
        case .notIncluded: "The proof does not show that the entry is in the ledger."
        }
    }
}
