import Basics

/// A proof that an entry is in the ledger, to be kept beside the entry (c2sp.org/tlog-proof): index, path and checkpoint.
public struct InclusionProofFile: Hashable, Sendable {
    /// The entry's number, from 0.
    public let index: Int64
    /// The leaf's sibling first; at most ``Merkle/pathLimit`` hashes.
    public let path: [Digest32]
    /// With all of its signature lines.
    public let checkpoint: SignedNote
    /// Whatever else the maker put in; nothing authenticates it.
    public let extra: Bytes?

    /// The first line.
    public static let context = "c2sp.org/tlog-proof@v1"

    /// - Throws: ``NoteError/malformedProof`` for a negative index or too long a path.
    public init(index: Int64, path: [Digest32], checkpoint: SignedNote, extra: Bytes? = nil) throws(NoteError) {
        guard index >= 0, path.count <= Merkle.pathLimit, extra?.isEmpty != true else { throw .malformedProof }
        self.index = index
        self.path = path
        self.checkpoint = checkpoint
        self.extra = extra
    }

    /// Reads a file in its only spelling.
    /// - Throws: ``NoteError/malformedProof``; what is wrong with the checkpoint's note.
    public init(parsing file: Bytes) throws(NoteError) {
        guard file.count <= SignedNote.sizeLimit else { throw .tooLong }
        guard file.count > 2, let gap = (1..<file.count).first(where: { file[$0] == 0x0a && file[$0 - 1] == 0x0a }),
            let head = String(validating: file[..<(gap - 1)], as: UTF8.self)
        else { throw .malformedProof }
        var lines = head.utf8.split(separator: 0x0a, omittingEmptySubsequences: false).map { Substring($0) }[...]
        guard lines.popFirst() == Self.context[...] else { throw .malformedProof }
        var extra: Bytes?
        if let line = lines.first, line.hasPrefix("extra ") {
            guard let octets = Bytes(base64: line.dropFirst(6)), !octets.isEmpty else { throw .malformedProof }
            extra = octets
            lines = lines.dropFirst()
        }
        guard let line = lines.popFirst(), line.hasPrefix("index "), let index = Decimal.parse(line.dropFirst(6)) else {
            throw .malformedProof
        }
        guard lines.count <= Merkle.pathLimit else { throw .malformedProof }
        var path: [Digest32] = []
        for line in lines {
            guard let hash = Digest32(base64: line) else { throw .malformedProof }
            path.append(hash)
        }
        try self.init(index: index, path: path, checkpoint: try SignedNote(parsing: Bytes(file[(gap + 1)...])), extra: extra)
    }

    /// The file's text; its name ends in `.tlog-proof`.
    public var rendered: String {
        var lines = [Self.context]
        if let extra { lines.append("extra \(extra.base64)") }
        lines.append("index \(index)")
        lines += path.map(\.base64)
        return lines.map { $0 + "\n" }.joined() + "\n" + checkpoint.rendered
    }

    /// Checks that the log with this origin and one of these keys holds `entry` at ``index``.
    /// - Returns: the checkpoint that shows it.
    /// - Throws: ``NoteError``: what is wrong with the checkpoint, or ``NoteError/notIncluded``.
    @discardableResult
    public func verify(entry: Bytes, keys: [VerifierKey], origin: String) throws(NoteError) -> Checkpoint {
        let leaf = Merkle.leafHash(entry)
        let head = try Checkpoint.verified(note: checkpoint, by: keys, origin: origin)
        guard Merkle.verifyInclusion(index: index, size: head.size, leaf: leaf, path: path, root: head.root) else { throw .notIncluded }
        return head
    }

    /// The same for a log with one key.
    @discardableResult
    public func verify(entry: Bytes, key: VerifierKey, origin: String) throws(NoteError) -> Checkpoint {
        try verify(entry: entry, keys: [key], origin: origin)
    }
}
