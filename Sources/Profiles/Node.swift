import Basics
import PKIX

/// A piece of DER in a template: constants are DER already, holes are strings. Built when the profile is read; from then on only
/// encoded, and compared with what a certificate has.
indirect enum Node: Hashable, Sendable {
    /// One or more whole DER values.
    case constant(Bytes)
    /// A primitive value whose content is the text's UTF-8 octets.
    case string(tag: UInt8, Text)
    /// A primitive value whose content is the certificate's own key identifier.
    case keyIdentifier(tag: UInt8)
    /// A primitive value whose content is the issuer's key identifier.
    case issuerKeyIdentifier(tag: UInt8)
    case constructed(tag: UInt8, [Node])

    /// What the holes and computed values of one certificate are.
    struct Content {
        let text: (Text) -> String
        let keyIdentifier: Bytes
        let issuerKeyIdentifier: Bytes
    }

    func encode(_ content: Content) -> Bytes {
        if case .constant(let bytes) = self { return bytes }
        return DERWriter.encode { write(content, to: &$0) }
    }

    private func write(_ content: Content, to writer: inout DERWriter) {
        switch self {
        case .constant(let bytes): writer.raw(bytes)
        case .string(let tag, let text): writer.primitive(DERTag(tag), Bytes(content.text(text).utf8))
        case .keyIdentifier(let tag): writer.primitive(DERTag(tag), content.keyIdentifier)
        case .issuerKeyIdentifier(let tag): writer.primitive(DERTag(tag), content.issuerKeyIdentifier)
        case .constructed(let tag, let nodes):
            writer.constructed(DERTag(tag)) { writer in
                for node in nodes { node.write(content, to: &writer) }
            }
        }
    }

    /// The texts inside, in their order.
    var texts: [Text] {
        switch self {
        case .string(_, let text): [text]
        case .constructed(_, let nodes): nodes.flatMap(\.texts)
        case .constant, .keyIdentifier, .issuerKeyIdentifier: []
        }
    }

    var isConstant: Bool { texts.allSatisfy(\.isConstant) }

    /// The string that stands for each of ``texts`` in `der`, nil when `der` has another form. Computed values are not compared
    /// here: the caller encodes the node again and compares the whole.
    func strings(in der: Bytes) -> [String]? {
        var reader = DER.Reader(der[...])
        var found: [String] = []
        guard match(&reader, &found), reader.isAtEnd else { return nil }
        return found
    }

    private func match(_ reader: inout DER.Reader, _ found: inout [String]) -> Bool {
        switch self {
        case .constant(let bytes): return reader.skip(bytes)
        case .string(let tag, _):
            guard let content = reader.value(tag), let text = String(validating: content, as: UTF8.self) else { return false }
            found.append(text)
            return true
        case .keyIdentifier(let tag), .issuerKeyIdentifier(let tag): return reader.value(tag) != nil
        case .constructed(let tag, let nodes):
            guard let content = reader.value(tag) else { return false }
            var inner = DER.Reader(content)
            for node in nodes {
                guard node.match(&inner, &found) else { return false }
            }
            return inner.isAtEnd
        }
    }
}

/// As much DER as templates need: one-octet tags, definite lengths. Certificates are parsed by PKIX, strictly, before they come
/// here, and what is found is encoded again and compared, so this reader decides nothing.
enum DER {
    static func value(_ tag: UInt8, _ content: Bytes) -> Bytes {
        let length = content.count
        if length < 0x80 { return [tag, UInt8(length)] + content }
        var octets: Bytes = []
        var rest = length
        while rest > 0 {
            octets.insert(UInt8(truncatingIfNeeded: rest), at: 0)
            rest >>= 8
        }
        return [tag, 0x80 | UInt8(octets.count)] + octets + content
    }

    static func integer(_ number: Int64, tag: UInt8 = 0x02) -> Bytes {
        var octets = (0..<8).map { UInt8(truncatingIfNeeded: number >> Int64(56 - 8 * $0)) }
        while octets.count > 1, octets[0] == 0 && octets[1] < 0x80 || octets[0] == 0xff && octets[1] >= 0x80 { octets.removeFirst() }
        return value(tag, octets)
    }

    struct Reader {
        private var left: ArraySlice<UInt8>

        init(_ octets: ArraySlice<UInt8>) { left = octets }

        var isAtEnd: Bool { left.isEmpty }

        mutating func skip(_ octets: Bytes) -> Bool {
            guard left.starts(with: octets) else { return false }
            left.removeFirst(octets.count)
            return true
        }

        /// The content of the next value if it has this tag.
        mutating func value(_ tag: UInt8) -> ArraySlice<UInt8>? {
            guard let (found, content) = next(), found == tag else { return nil }
            return content
        }

        mutating func next() -> (tag: UInt8, content: ArraySlice<UInt8>)? {
            guard let tag = left.popFirst(), let first = left.popFirst() else { return nil }
            var length = Int(first)
            if first >= 0x80 {
                let count = Int(first & 0x7f)
                guard (1...4).contains(count), left.count >= count else { return nil }
                length = left.prefix(count).reduce(0) { $0 << 8 | Int($1) }
                left.removeFirst(count)
            }
            guard length <= left.count else { return nil }
            defer { left.removeFirst(length) }
            return (tag, left.prefix(length))
        }
    }
}
