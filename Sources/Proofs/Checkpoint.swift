import Basics

/// What a log says of itself at a size (c2sp.org/tlog-checkpoint): origin, size and root, one line each.
public struct Checkpoint: Hashable, Sendable {
    /// Names the log for ever: a name as keys have them, and no context line of a text that people sign.
    public let origin: String
    /// Leaves: 0…``Merkle/sizeLimit``.
    public let size: Int64
    public let root: Digest32

    /// - Throws: ``NoteError/origin``; ``NoteError/malformedCheckpoint`` when the size is out of range, or is 0 with another root than
    ///   ``Merkle/emptyRoot``.
    public init(origin: String, size: Int64, root: Digest32) throws(NoteError) {
        guard VerifierKey.isName(origin), !origin.utf8.starts(with: "assay/".utf8) else { throw .origin }
        guard (0...Merkle.sizeLimit).contains(size), size > 0 || root == Merkle.emptyRoot else { throw .malformedCheckpoint }
        self.origin = origin
        self.size = size
        self.root = root
    }

    /// Reads the text of a checkpoint. Extension lines are refused: ours have none.
    /// - Throws: ``NoteError/malformedCheckpoint``, ``NoteError/origin``
    public init(text: String) throws(NoteError) {
        // By octets: for Swift a carriage return and the line feed behind it are one Character.
        let lines = text.utf8.split(separator: 0x0a, omittingEmptySubsequences: false).map { String($0) }
        guard lines.count == 4, lines[3] == "", let origin = lines[0], let digits = lines[1], let base64 = lines[2],
            let size = Decimal.parse(digits), let root = Digest32(base64: base64)
        else { throw .malformedCheckpoint }
        try self.init(origin: origin, size: size, root: root)
    }

    /// The text that is signed.
    public var text: String { "\(origin)\n\(size)\n\(root.base64)\n" }

    /// The checkpoint of a note that `key` has signed.
    /// - Throws: ``NoteError``: not signed or badly signed, no checkpoint, or another log's.
    public static func verified(note: SignedNote, by key: VerifierKey, origin: String) throws(NoteError) -> Checkpoint {
        try verified(note: note, by: [key], origin: origin)
    }

    /// The checkpoint of a note that at least one of the log's keys has signed, old and new ones while a key is replaced.
    public static func verified(note: SignedNote, by keys: [VerifierKey], origin: String) throws(NoteError) -> Checkpoint {
        _ = try note.verify(by: keys)
        let checkpoint = try Checkpoint(text: note.text)
        guard checkpoint.origin.utf8.elementsEqual(origin.utf8) else { throw .origin }
        return checkpoint
    }
}
