import Basics
import PKIX

/// An ASN.1 value as data: `{"sequence": [{"oid": "1.2.3"}, {"utf8": "unit {serial}"}]}`. Each node is an object of one member:
///
/// | member | value |
/// |---|---|
/// | `sequence`, `set` | list of nodes; a set of several must be constant, it is sorted as DER wants |
/// | `oid` | dotted |
/// | `integer`, `enumerated` | number |
/// | `boolean` | true, false |
/// | `null` | true |
/// | `octets` | lower-case hexadecimal, or `{"text": …}` for the octets of a text, or a node for its DER |
/// | `bits` | lower-case hexadecimal, no unused bits |
/// | `utf8`, `printable`, `ia5` | text, holes allowed |
/// | `tag` | `{"number": 0…30, "explicit": node}` or `{"number": …, "implicit": node}`: context-specific |
struct ValueTree {
    /// The profile's fields: what may stand in holes.
    let fields: [String: Field]

    private static let deepest = 8
    private static let kinds = [
        "sequence", "set", "oid", "integer", "enumerated", "boolean", "null", "octets", "bits", "utf8", "printable", "ia5", "tag",
    ]

    /// - Throws: `profile.document-invalid`, with the node's place.
    func node(_ json: JSON, at place: String, depth: Int = 0) throws(Problem) -> Node {
        guard depth <= Self.deepest else { throw .document("\(place) is nested too deeply.", place) }
        var members = try JSONFields(json, path: place, code: Problem.documentCode)
        guard members.names.count == 1, let kind = members.names.first, Self.kinds.contains(kind) else {
            throw .document("\(place) is one of \(Self.kinds.joined(separator: ", ")), and one only.", place)
        }
        switch kind {
        case "sequence": return try .constructed(tag: 0x30, nodes(members.array(kind), at: members.name(kind), depth: depth))
        case "set": return try set(nodes(members.array(kind), at: members.name(kind), depth: depth), at: place)
        case "oid": return try .constant(objectIdentifier(members.string(kind), at: members.name(kind)).encoded)
        case "integer": return try .constant(DER.integer(members.integer(kind)))
        case "enumerated": return try .constant(DER.integer(members.integer(kind), tag: 0x0a))
        case "boolean": return try .constant(members.bool(kind, default: false) ? [0x01, 0x01, 0xff] : [0x01, 0x01, 0x00])
        case "null":
            guard try members.bool(kind, default: false) else { throw members.wrong(kind, expected: "true") }
            return .constant([0x05, 0x00])
        case "octets": return try octets(members.any(kind), at: members.name(kind), depth: depth)
        case "bits": return try .constant(DER.value(0x03, [0x00] + hex(members.string(kind), at: members.name(kind))))
        case "utf8": return try string(0x0c, members.string(kind), .text, "a UTF8String", at: members.name(kind))
        case "printable": return try string(0x13, members.string(kind), .printable, "a PrintableString", at: members.name(kind))
        case "ia5": return try string(0x16, members.string(kind), .ascii, "an IA5String", at: members.name(kind))
        default: return try tagged(members.object(kind), at: members.name(kind), depth: depth)
        }
    }

    private func nodes(_ values: [JSON], at place: String, depth: Int) throws(Problem) -> [Node] {
        var nodes: [Node] = []
        for (index, value) in values.enumerated() { nodes.append(try node(value, at: "\(place).\(index)", depth: depth + 1)) }
        return nodes
    }

    private func set(_ nodes: [Node], at place: String) throws(Problem) -> Node {
        guard nodes.count > 1 else { return .constructed(tag: 0x31, nodes) }
        guard nodes.allSatisfy({ $0.texts.isEmpty }) else {
            throw .document("A set of several values must be constant: its order depends on the values.", place)
        }
        let nothing = Node.Content(text: { _ in "" }, keyIdentifier: [], issuerKeyIdentifier: [])
        let sorted = nodes.map { $0.encode(nothing) }.sorted { $0.lexicographicallyPrecedes($1) }
        return .constructed(tag: 0x31, sorted.map { .constant($0) })
    }

    private func octets(_ value: JSON, at place: String, depth: Int) throws(Problem) -> Node {
        switch value {
        case .string(let digits): return .constant(DER.value(0x04, try hex(digits, at: place)))
        case .object(let members) where members.keys.contains("text"):
            var fields = try JSONFields(value, path: place, code: Problem.documentCode)
            let text = try fields.string("text")
            try fields.end()
            return try string(0x04, text, .text, "octets", at: place)
        default: return .constructed(tag: 0x04, [try node(value, at: place, depth: depth + 1)])
        }
    }

    private func hex(_ digits: String, at place: String) throws(Problem) -> Bytes {
        guard let bytes = Bytes(hex: digits) else {
            throw .document("\(place) is lower-case hexadecimal, two digits an octet.", place)
        }
        return bytes
    }

    func objectIdentifier(_ dotted: String, at place: String) throws(Problem) -> OID {
        do { return try OID(dotted) } catch {
            throw .document("\(dotted.escaped) is no object identifier; write it dotted, 1.3.6.1.4.1.32473.", place)
        }
    }

    /// A string with holes; constant ones are encoded at once.
    func string(_ tag: UInt8, _ text: String, _ alphabet: Alphabet, _ what: String, at place: String) throws(Problem) -> Node {
        let parsed = try Text(parsing: text, at: place)
        try parsed.require(alphabet, for: what, fields: fields)
        return .string(tag: tag, parsed)
    }

    private func tagged(_ members: JSONFields, at place: String, depth: Int) throws(Problem) -> Node {
        var members = members
        let number = try members.integer("number")
        guard (0...30).contains(number) else { throw members.wrong("number", expected: "0 to 30") }
        let tag = 0x80 | UInt8(number)
        let node: Node
        if let inner = members.optional("explicit") {
            node = .constructed(tag: tag | 0x20, [try self.node(inner, at: members.name("explicit"), depth: depth + 1)])
        } else {
            let inner = try self.node(members.any("implicit"), at: members.name("implicit"), depth: depth + 1)
            node = inner.retagged(tag)
        }
        try members.end()
        return node
    }
}

extension Node {
    /// The same value under an IMPLICIT context tag: its class and number change, whether it is constructed stays.
    func retagged(_ tag: UInt8) -> Node {
        switch self {
        case .constant(let bytes):
            guard let first = bytes.first else { return self }
            return .constant([tag | first & 0x20] + bytes.dropFirst())
        case .string(_, let text): return .string(tag: tag, text)
        case .keyIdentifier: return .keyIdentifier(tag: tag)
        case .issuerKeyIdentifier: return .issuerKeyIdentifier(tag: tag)
        case .constructed(let old, let nodes): return .constructed(tag: old == 0x04 ? tag : tag | 0x20, nodes)
        }
    }
}
