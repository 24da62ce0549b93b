import Basics
import PKIX

/// Reads a profile's extensions, in the only order in which certificates have them.
struct ExtensionTemplates {
    let tree: ValueTree
    let hasEmptySubject: Bool
    private(set) var isAuthority = false
    private(set) var waivers: Set<String> = []
    private var critical: [String: Bool] = [:]

    /// Made here only, never by `extensions`: their content follows from other members, or is not supported.
    private static let own = Set(OID.alternativeSignature).union([
        .subjectKeyIdentifier, .authorityKeyIdentifier, .basicConstraints, .keyUsage, .extendedKeyUsage, .subjectAlternativeName,
    ])

    private static let mayBeChosen: Set<String> = ["basicConstraints", "keyUsage", "extendedKeyUsage", "subjectAltName"]

    init(tree: ValueTree, hasEmptySubject: Bool) {
        self.tree = tree
        self.hasEmptySubject = hasEmptySubject
    }

    /// - Throws: `profile.document-invalid`.
    mutating func entries(_ members: inout JSONFields) throws(Problem) -> [Template.Entry] {
        try readChoices(&members)
        var entries: [Template.Entry] = []
        if try members.bool("subjectKeyIdentifier", default: true) {
            entries.append(entry("subjectKeyIdentifier", .subjectKeyIdentifier, false, .keyIdentifier(tag: 0x04)))
        } else {
            waivers.insert("ski.ee")
        }
        entries.append(
            entry(
                "authorityKeyIdentifier", .authorityKeyIdentifier, false,
                .constructed(tag: 0x30, [.issuerKeyIdentifier(tag: 0x80)])))
        if let constraints = try basicConstraints(&members) {
            entries.append(entry("basicConstraints", .basicConstraints, true, .constant(constraints.der)))
        }
        if members.optional("keyUsage") != nil {
            let usage = try KeyUsageNames.value(members.strings("keyUsage"))
            entries.append(entry("keyUsage", .keyUsage, true, .constant(usage.der)))
        }
        if members.optional("extendedKeyUsage") != nil {
            let purposes = try purposes(members.strings("extendedKeyUsage"))
            entries.append(entry("extendedKeyUsage", .extendedKeyUsage, false, purposes))
        }
        if members.optional("subjectAltName") != nil {
            var names: [Node] = []
            for (index, value) in try members.array("subjectAltName").enumerated() {
                names.append(try GeneralNameTemplate.node(value, tree: tree, at: "subjectAltName.\(index)"))
            }
            guard !names.isEmpty else { throw members.wrong("subjectAltName", expected: "at least one name") }
            entries.append(
                entry("subjectAltName", .subjectAlternativeName, hasEmptySubject, .constructed(tag: 0x30, names)))
        }
        entries += try others(&members, after: Set(entries.map(\.oid)))
        return entries
    }

    private mutating func readChoices(_ members: inout JSONFields) throws(Problem) {
        if members.optional("critical") != nil {
            var choices = try members.object("critical")
            for name in choices.names {
                guard Self.mayBeChosen.contains(name) else {
                    throw .document(
                        "critical may name \(Self.mayBeChosen.sorted().joined(separator: ", ")).", choices.name(name).escaped)
                }
                critical[name] = try choices.bool(name, default: false)
            }
        }
        if members.optional("waive") != nil {
            for id in try members.strings("waive") {
                guard let rule = LintRule.all.first(where: { $0.id == id }), rule.severity == .warning else {
                    throw .document("\(id.escaped) is no lint warning; errors cannot be waived, and notes need no waiver.", "waive")
                }
                waivers.insert(id)
            }
        }
    }

    private func entry(_ name: String, _ oid: OID, _ usual: Bool, _ value: Node) -> Template.Entry {
        Template.Entry(name: name, oid: oid, isCritical: critical[name] ?? usual, value: value)
    }

    private mutating func basicConstraints(_ members: inout JSONFields) throws(Problem) -> BasicConstraints? {
        switch members.optional("basicConstraints") {
        case nil, .string("absent"): return nil
        case .string("end-entity"): return .endEntity
        case .object:
            var fields = try members.object("basicConstraints")
            guard try fields.bool("authority", default: false) else { throw fields.wrong("authority", expected: "true") }
            let length = try fields.optionalInteger("pathLength")
            guard length.map({ (0...16).contains($0) }) ?? true else { throw fields.wrong("pathLength", expected: "0 to 16") }
            try fields.end()
            isAuthority = true
            return BasicConstraints.authority(pathLength: length.map { Int($0) })
        default: throw members.wrong("basicConstraints", expected: "absent, end-entity, or an object with authority: true")
        }
    }

    private func purposes(_ names: [String]) throws(Problem) -> Node {
        var purposes: [Node] = []
        for name in names {
            let oid: OID
            if let known = Purpose.known.first(where: { $0.name == name }) {
                oid = known.oid
            } else {
                oid = try tree.objectIdentifier(name, at: "extendedKeyUsage")
            }
            let node = Node.constant(oid.encoded)
            guard !purposes.contains(node) else { throw .document("\(name.escaped) stands there twice.", "extendedKeyUsage") }
            purposes.append(node)
        }
        guard !purposes.isEmpty else { throw .document("extendedKeyUsage has at least one purpose, or is left away.", "extendedKeyUsage") }
        return .constructed(tag: 0x30, purposes)
    }

    private func others(_ members: inout JSONFields, after own: Set<OID>) throws(Problem) -> [Template.Entry] {
        guard members.optional("extensions") != nil else { return [] }
        var entries: [Template.Entry] = []
        for (index, value) in try members.array("extensions").enumerated() {
            let place = "extensions.\(index)"
            var fields = try JSONFields(value, path: place, code: Problem.documentCode)
            let dotted = try fields.string("oid")
            let oid = try tree.objectIdentifier(dotted, at: fields.name("oid"))
            guard !Self.own.contains(oid) else {
                throw .document("\(dotted.escaped) is written from other members of the profile, or not supported.", fields.name("oid"))
            }
            guard !entries.contains(where: { $0.oid == oid }) else {
                throw .document("\(dotted.escaped) stands there twice.", fields.name("oid"))
            }
            guard case .bool(let isCritical) = try fields.any("critical") else {
                throw fields.wrong("critical", expected: "true or false")
            }
            let node = try tree.node(fields.any("value"), at: fields.name("value"))
            try fields.end()
            entries.append(Template.Entry(name: place, oid: oid, isCritical: isCritical, value: node))
        }
        return entries
    }
}
