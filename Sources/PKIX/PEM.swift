import Basics

/// One block of a PEM text.
public struct PEMBlock: Hashable, Sendable {
    public let label: String
    public let der: Bytes

    public init(label: String, der: Bytes) {
        self.label = label
        self.der = der
    }
}

/// The textual encoding of X.509 objects (RFC 7468): written in its strict form, read as people's tools write it.
///
/// Read are: text before, between and after blocks, a byte order mark, CR, LF and CRLF mixed, lines of any length, blanks at the ends
/// of lines. Nothing that looks like a boundary is skipped silently, and a block has one meaning only.
public enum PEM {
    /// Octets of a text that are read at most.
    public static let sizeLimit = 1 << 20
    /// What a certificate signing request is called; the second is what keytool, certtool and certreq write.
    public static let requestLabels = ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"]
    private static let begin = Bytes("-----BEGIN ".utf8)
    private static let end = Bytes("-----END ".utf8)
    private static let dashes = Bytes("-----".utf8)

    /// One block: lines of 64 characters, LF, a final LF.
    public static func encode(_ label: String, _ der: Bytes) -> String {
        let text = Bytes(der.base64.utf8)
        var lines = ["-----BEGIN \(label)-----"]
        for start in stride(from: 0, to: text.count, by: 64) {
            lines.append(String(decoding: text[start..<min(start + 64, text.count)], as: UTF8.self))
        }
        lines.append("-----END \(label)-----")
        return lines.joined(separator: "\n") + "\n"
    }

    /// All blocks of `text`, in their order.
    /// - Parameter limit: how many blocks are accepted at most.
    /// - Throws: ``PKIXError/pem(_:line:)``, ``PKIXError/wrongPEMLabel(_:)`` for a block with another label (it is not left out), or
    ///   ``PKIXError/tooLong(limit:)``.
    public static func decode(_ text: Bytes, accepting labels: [String], limit: Int = 100) throws(PKIXError) -> [PEMBlock] {
        guard text.count <= sizeLimit else { throw .tooLong(limit: sizeLimit) }
        var blocks: [PEMBlock] = []
        var open: (label: String, body: Bytes, line: Int)?
        var number = 0
        for line in lines(text) {
            number += 1
            if let label = try boundary(line, begin, number) {
                guard open == nil else { throw .pem(.nested, line: number) }
                guard labels.contains(label) else { throw .wrongPEMLabel(label) }
                guard blocks.count < limit else { throw .pem(.blocks, line: number) }
                open = (label, [], number)
            } else if let label = try boundary(line, end, number) {
                guard let block = open, block.label == label else { throw .pem(.unpaired, line: number) }
                guard !block.body.isEmpty else { throw .pem(.empty, line: number) }
                guard let der = Bytes(base64: String(decoding: block.body, as: UTF8.self)) else { throw .pem(.base64, line: block.line) }
                blocks.append(PEMBlock(label: label, der: der))
                open = nil
            } else if open != nil {
                guard !line.contains(0x3a) else { throw .pem(.header, line: number) }
                open?.body += line
            }
        }
        guard open == nil else { throw .pem(.unfinished, line: number) }
        return blocks
    }

    /// The one object that `bytes` are: DER when the first octet is 30, else a PEM text with exactly one block.
    public static func derOrPEM(_ bytes: Bytes, labels: [String]) throws(PKIXError) -> Bytes {
        if bytes.first == 0x30 { return bytes }
        guard let block = try decode(bytes, accepting: labels, limit: 1).first else { throw .pem(.missing, line: 1) }
        return block.der
    }

    /// The lines, without their ends and without blanks there.
    private static func lines(_ text: Bytes) -> [ArraySlice<UInt8>] {
        var lines: [ArraySlice<UInt8>] = []
        var start = text.starts(with: [0xef, 0xbb, 0xbf]) ? 3 : 0
        var at = start
        while at <= text.count {
            if at == text.count || text[at] == 0x0a || text[at] == 0x0d {
                var stop = at
                while stop > start, text[stop - 1] == 0x20 || text[stop - 1] == 0x09 { stop -= 1 }
                lines.append(text[start..<stop])
                // CRLF is one line end.
                if at + 1 < text.count, text[at] == 0x0d, text[at + 1] == 0x0a { at += 1 }
                start = at + 1
            }
            at += 1
        }
        return lines
    }

    /// The label when `line` is a boundary of this kind; nil when it is none.
    private static func boundary(_ line: ArraySlice<UInt8>, _ kind: Bytes, _ number: Int) throws(PKIXError) -> String? {
        guard line.starts(with: kind) else {
            // A boundary behind blanks or glued to text would be lost without a word.
            guard !contains(line, kind) else { throw .pem(.boundary, line: number) }
            return nil
        }
        let rest = line.dropFirst(kind.count)
        let label = rest.dropLast(dashes.count)
        guard rest.suffix(dashes.count) == dashes[...], (1...64).contains(label.count), label.first != 0x20, label.last != 0x20,
            label.allSatisfy({ (0x20...0x7e).contains($0) && $0 != 0x2d })
        else { throw .pem(.boundary, line: number) }
        return String(decoding: label, as: UTF8.self)
    }

    private static func contains(_ line: ArraySlice<UInt8>, _ part: Bytes) -> Bool {
        guard line.count >= part.count else { return false }
        return (line.startIndex...line.endIndex - part.count).contains { line[$0...].starts(with: part) }
    }
}
