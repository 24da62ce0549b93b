import Basics
import Yams

/// YAML as far as it says the same as JSON without fractions: mappings, sequences, strings, decimal integers, true and false.
public enum YAML {
    /// Octets of a document, values in it, and how deep they may lie.
    public static let sizeLimit = 1 << 20
    public static let mostValues = 20_000
    public static let deepest = 16

    /// - Throws: `document.yaml-invalid`, with the line.
    public static func json(_ octets: Bytes) throws(Problem) -> JSON {
        guard octets.count <= sizeLimit else { throw problem("It has more than \(sizeLimit) octets.") }
        guard let text = String(validating: octets, as: UTF8.self) else { throw problem("It is not UTF-8.") }
        // Tags are resolved here, from the text: the library's rules know dates, fractions and 16 words for true and false.
        let parser: Parser
        let root: Node?
        do {
            parser = try Parser(yaml: text, resolver: .basic)
            root = try parser.singleRoot()
        } catch { throw problem(Self.words(of: error)) }
        guard let root else { throw problem("It is empty.") }
        var rest = mostValues
        // Nodes know their anchors only as long as the parser lives.
        defer { withExtendedLifetime(parser) {} }
        return try value(root, depth: 0, &rest)
    }

    private static func value(_ node: Node, depth: Int, _ rest: inout Int) throws(Problem) -> JSON {
        rest -= 1
        guard rest >= 0 else { throw problem("It has more than \(mostValues) values.") }
        guard depth <= deepest else { throw problem("It is nested deeper than \(deepest).", node) }
        guard node.anchor == nil else { throw problem("Anchors and aliases are not read; write the value out.", node) }
        switch node {
        case .alias: throw problem("Anchors and aliases are not read; write the value out.", node)
        case .scalar(let scalar): return try self.scalar(scalar, node)
        case .sequence(let sequence):
            try checkTag(node)
            var values: [JSON] = []
            for element in sequence { values.append(try value(element, depth: depth + 1, &rest)) }
            return .array(values)
        case .mapping(let mapping):
            try checkTag(node)
            var members: [String: JSON] = [:]
            for (key, element) in mapping {
                guard case .scalar(let name) = key, key.anchor == nil else { throw problem("A key must be a word.", key) }
                guard name.string != "<<" else { throw problem("Merge keys are not read; write the members out.", key) }
                guard members.updateValue(try value(element, depth: depth + 1, &rest), forKey: name.string) == nil else {
                    throw problem("\(name.string.escaped) stands there twice.", key)
                }
            }
            return .object(members)
        }
    }

    private static func scalar(_ scalar: Node.Scalar, _ node: Node) throws(Problem) -> JSON {
        let text = scalar.string
        guard scalar.style == .plain else { return .string(text) }
        try checkTag(node)
        switch text {
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "", "~", "null", "Null", "NULL": throw problem("A value is missing; leave the member away.", node)
        default: break
        }
        // What other readers take for a truth value is neither guessed nor silently a word.
        guard !["yes", "no", "on", "off", "true", "false", "y", "n"].contains(text.lowercased()) else {
            throw problem("\(text.escaped) is read differently by different programs; write true, false, or put it in quotes.", node)
        }
        let digits = text.hasPrefix("-") ? text.dropFirst() : Substring(text)
        if let number = Decimal.parse(digits), text != "-0" { return .integer(text.hasPrefix("-") ? -number : number) }
        guard !looksLikeNumber(text) else {
            throw problem(
                "\(text.escaped) is no plain decimal integer; fractions and other spellings are not read. A text goes in quotes.", node)
        }
        return .string(text)
    }

    /// Whether YAML takes the text for a number or a date: object identifiers (two dots and more) are texts.
    private static func looksLikeNumber(_ text: String) -> Bool {
        text.wholeMatch(
            of:
                /[-+]?(0x[0-9a-fA-F_]+|0o?[0-7_]+|0b[01_]+|[0-9][0-9_]*|([0-9][0-9_]*)?\.[0-9_]*([eE][-+]?[0-9]+)?|[0-9][0-9_]*[eE][-+]?[0-9]+|\.(inf|Inf|INF|nan|NaN|NAN)|[0-9]+(:[0-5]?[0-9])+(\.[0-9]*)?|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*)/
        )
            != nil && text != "."
    }

    private static func checkTag(_ node: Node) throws(Problem) {
        let tag = node.tag.description
        guard ["", "?", "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:seq", "tag:yaml.org,2002:map"].contains(tag) else {
            throw problem("Tags such as \(tag.escaped) are not read.", node)
        }
    }

    private static func problem(_ what: String, _ node: Node? = nil) -> Problem {
        let place = node?.mark.map { "Line \($0.line), column \($0.column): " } ?? ""
        return Problem(.invalid, "document.yaml-invalid", title: "The file cannot be read as YAML", detail: place + what)
    }

    private static func words(of error: any Error) -> String {
        switch error as? YamlError {
        case .scanner(_, let what, let mark, _), .parser(_, let what, let mark, _), .composer(_, let what, let mark, _):
            "Line \(mark.line), column \(mark.column): \(what.escaped)."
                + (what.contains("cannot start any token") ? " Indent with spaces, never tabs; such a character goes in quotes." : "")
        case .duplicatedKeysInMapping(let keys, let context):
            "Line \(context.mark.line): \(keys.map(\.escaped).joined(separator: ", ")) stands there twice."
        default: "It is not YAML."
        }
    }
}
