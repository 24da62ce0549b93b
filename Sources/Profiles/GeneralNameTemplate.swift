import Basics
import PKIX

/// One name of a subjectAltName template, an object of one member:
///
/// | member | value |
/// |---|---|
/// | `dns`, `email`, `uri` | text, holes allowed |
/// | `ip` | an address, no holes |
/// | `directoryName` | text as for the subject |
/// | `registeredID` | dotted |
/// | `hardwareModuleName` | `{"type": OID, "serial": text}` (RFC 4108 §5), or `{"type": OID, "serialHex": hex}` |
/// | `permanentIdentifier` | `{"value": text, "assigner": OID}`, either may be absent (RFC 4043 §2) |
/// | `otherName` | `{"type": OID, "value": tree}` |
enum GeneralNameTemplate {
    private static let kinds = [
        "dns", "email", "uri", "ip", "directoryName", "registeredID", "hardwareModuleName", "permanentIdentifier", "otherName",
    ]

    /// - Throws: `profile.document-invalid`.
    static func node(_ json: JSON, tree: ValueTree, at place: String) throws(Problem) -> Node {
        var members = try JSONFields(json, path: place, code: Problem.documentCode)
        guard members.names.count == 1, let kind = members.names.first, kinds.contains(kind) else {
            throw .document("\(place) is one of \(kinds.joined(separator: ", ")), and one only.", place)
        }
        let inner = members.name(kind)
        switch kind {
        case "email": return try tree.string(0x81, members.string(kind), .ascii, "an IA5String", at: inner)
        case "dns": return try tree.string(0x82, members.string(kind), .ascii, "an IA5String", at: inner)
        case "uri": return try tree.string(0x86, members.string(kind), .ascii, "an IA5String", at: inner)
        case "ip":
            guard let octets = IPAddress.octets(try members.string(kind)) else {
                throw members.wrong(kind, expected: "an IPv4 or IPv6 address")
            }
            return .constant(DER.value(0x87, octets))
        case "directoryName":
            let name = try SubjectTemplate.node(members.string(kind), printable: [], tree: tree, at: inner)
            return .constructed(tag: 0xa4, [name])
        case "registeredID":
            return Node.constant(try tree.objectIdentifier(members.string(kind), at: inner).encoded).retagged(0x88)
        case "hardwareModuleName": return try hardwareModuleName(members.object(kind), tree: tree)
        case "permanentIdentifier": return try permanentIdentifier(members.object(kind), tree: tree)
        default:
            var fields = try members.object(kind)
            let type = try tree.objectIdentifier(fields.string("type"), at: fields.name("type"))
            let value = try tree.node(fields.any("value"), at: fields.name("value"))
            try fields.end()
            return other(type.encoded, value)
        }
    }

    private static func hardwareModuleName(_ members: JSONFields, tree: ValueTree) throws(Problem) -> Node {
        var members = members
        let type = try tree.objectIdentifier(members.string("type"), at: members.name("type"))
        let serial: Node
        if let digits = try members.optionalString("serialHex") {
            guard let octets = Bytes(hex: digits), !octets.isEmpty else {
                throw members.wrong("serialHex", expected: "lower-case hexadecimal")
            }
            serial = .constant(DER.value(0x04, octets))
        } else {
            serial = try tree.string(0x04, members.string("serial"), .text, "octets", at: members.name("serial"))
        }
        try members.end()
        let id = try tree.objectIdentifier("1.3.6.1.5.5.7.8.4", at: members.name("type"))
        return other(id.encoded, .constructed(tag: 0x30, [.constant(type.encoded), serial]))
    }

    private static func permanentIdentifier(_ members: JSONFields, tree: ValueTree) throws(Problem) -> Node {
        var members = members
        var parts: [Node] = []
        if let value = try members.optionalString("value") {
            parts.append(try tree.string(0x0c, value, .text, "a UTF8String", at: members.name("value")))
        }
        if let assigner = try members.optionalString("assigner") {
            parts.append(.constant(try tree.objectIdentifier(assigner, at: members.name("assigner")).encoded))
        }
        try members.end()
        let id = try tree.objectIdentifier("1.3.6.1.5.5.7.8.3", at: members.name("value"))
        return other(id.encoded, .constructed(tag: 0x30, parts))
    }

    private static func other(_ type: Bytes, _ value: Node) -> Node {
        .constructed(tag: 0xa0, [.constant(type), .constructed(tag: 0xa0, [value])])
    }
}
