import Basics
import PKIX

/// A subject's template: `CN={model} {serial}, serialNumber={serial}, O=Example Devices`.
///
/// The text reads as RFC 4514 does: the most specific attribute stands first. In DER the order is the reverse, most significant
/// first (O, serialNumber, CN), so that `openssl x509 -subject -nameopt RFC2253` prints what the profile says. One attribute
/// makes one RDN. Blanks around an attribute and its value do not count; `\` stands before `, + " \ < > ; = # { }` when the
/// character itself is meant. An empty text is the empty name.
///
/// String types are fixed when the template is read and the same for each certificate, because names are compared as octets:
/// countryName, serialNumber and dnQualifier are PrintableString, emailAddress and domainComponent IA5String, all others
/// UTF8String, but for those that the profile lists under `printable`.
enum SubjectTemplate {
    /// An attribute that a template may name; others are written as dotted object identifiers.
    struct Kind: Hashable, Sendable {
        let name: String
        let oid: OID
        /// Tag of its only string type, nil for a DirectoryString.
        let tag: UInt8?
        /// Upper bound in characters (RFC 5280 appendix A.1).
        let bound: Int
    }

    static let kinds = [
        Kind(name: "CN", oid: .commonName, tag: nil, bound: 64),
        Kind(name: "serialNumber", oid: .serialNumber, tag: 0x13, bound: 64),
        Kind(name: "C", oid: .countryName, tag: 0x13, bound: 2),
        Kind(name: "L", oid: .locality, tag: nil, bound: 128),
        Kind(name: "ST", oid: .state, tag: nil, bound: 128),
        Kind(name: "STREET", oid: .street, tag: nil, bound: 128),
        Kind(name: "O", oid: .organization, tag: nil, bound: 64),
        Kind(name: "OU", oid: .organizationalUnit, tag: nil, bound: 64),
        Kind(name: "title", oid: .title, tag: nil, bound: 64),
        Kind(name: "dnQualifier", oid: .dnQualifier, tag: 0x13, bound: 64),
        Kind(name: "DC", oid: .domainComponent, tag: 0x16, bound: 63),
        Kind(name: "UID", oid: .userID, tag: nil, bound: 256),
        Kind(name: "emailAddress", oid: .emailAddress, tag: 0x16, bound: 255),
    ]

    private static let mostAttributes = 16
    private static let special: Set<Unicode.Scalar> = [",", "+", "\"", "<", ">", ";", "=", "#"]

    /// - Parameters:
    ///   - printable: attribute types (names as in the text) that are PrintableString here.
    ///   - tree: knows the fields.
    ///   - place: where the text stands in the document, `subject`.
    /// - Throws: `profile.document-invalid`.
    static func node(_ text: String, printable: Set<String>, tree: ValueTree, at place: String) throws(Problem) -> Node {
        var scanner = TextScanner(text)
        var attributes: [Node] = []
        var left = printable
        scanner.skipSpaces()
        while scanner.current != nil {
            guard let type = scanner.word(upTo: "=") else {
                throw .document("An attribute is written TYPE=value; attributes are separated by commas.", place)
            }
            let trimmed = type.trimmingSpaces
            let attribute = try kind(trimmed, tree: tree, at: place)
            let value = try value(&scanner, at: "\(place).\(trimmed)")
            left.remove(trimmed)
            attributes.append(try node(attribute, value, isPrintable: printable.contains(trimmed), tree: tree))
            if scanner.current == "," {
                scanner.skip()
                scanner.skipSpaces()
                guard scanner.current != nil else { throw .document("There is no attribute after the last comma.", place) }
            }
        }
        if let unused = left.sorted().first {
            throw .document("\(unused.escaped) is listed under printable, but is not in the subject.", "printable")
        }
        guard attributes.count <= mostAttributes else { throw .document("\(mostAttributes) attributes are the most.", place) }
        return .constructed(tag: 0x30, attributes.reversed())
    }

    private static func value(_ scanner: inout TextScanner, at place: String) throws(Problem) -> Text {
        scanner.skipSpaces()
        var forbidden = special
        forbidden.remove(",")
        let text = try scanner.text(at: place, escapes: ",+\"\\<>;=#{}", endsAt: [","], forbids: forbidden).trimmingConstantEnd
        guard !text.segments.isEmpty else { throw .document("\(place) has no value.", place) }
        return text
    }

    private static func kind(_ type: String, tree: ValueTree, at place: String) throws(Problem) -> Kind {
        if let kind = kinds.first(where: { $0.name == type }) { return kind }
        guard type.utf8.first.map({ (0x30...0x39).contains($0) }) == true else {
            let known = kinds.map(\.name).joined(separator: ", ")
            throw .document("\(type.escaped) is no attribute that is known here: \(known), or a dotted object identifier.", place)
        }
        let oid = try tree.objectIdentifier(type, at: place)
        guard !kinds.contains(where: { $0.oid == oid }) else {
            throw .document("\(type) has a name: write that.", place)
        }
        return Kind(name: type, oid: oid, tag: nil, bound: 256)
    }

    private static func node(_ kind: Kind, _ value: Text, isPrintable: Bool, tree: ValueTree) throws(Problem) -> Node {
        guard !isPrintable || kind.tag == nil || kind.tag == 0x13 else {
            throw .document("\(kind.name) is never a PrintableString.", "printable")
        }
        let tag = isPrintable ? 0x13 : kind.tag ?? 0x0c
        switch tag {
        case 0x13: try value.require(.printable, for: "\(kind.name), a PrintableString,", fields: tree.fields)
        case 0x16: try value.require(.ascii, for: "\(kind.name), an IA5String,", fields: tree.fields)
        default: try value.require(.text, for: kind.name, fields: tree.fields)
        }
        return .constructed(tag: 0x31, [.constructed(tag: 0x30, [.constant(kind.oid.encoded), .string(tag: tag, value)])])
    }
}
