import Basics

/// What a profile requires beyond its template. A closed list, one object each under `require`:
/// `{"field": F, "matches": pattern}`, `{"field": F, "oneOf": [value, …]}`, `{"field": F, "equals": text with holes}`,
/// `{"maxBytes": n}` (octets of the certificate in DER, with all its signatures).
enum Predicate: Hashable, Sendable {
    case matches(String, Pattern)
    case oneOf(String, [String])
    case equals(String, Text)
    case maxBytes(Int)

    /// - Throws: `profile.document-invalid`.
    init(_ json: JSON, tree: ValueTree, at place: String) throws(Problem) {
        var members = try JSONFields(json, path: place, code: Problem.documentCode)
        if members.optional("maxBytes") != nil {
            let limit = try members.integer("maxBytes")
            guard (128...65_536).contains(limit) else { throw members.wrong("maxBytes", expected: "128 to 65536") }
            try members.end()
            self = .maxBytes(Int(limit))
            return
        }
        let field = try members.string("field")
        guard tree.fields[field] != nil else { throw members.wrong("field", expected: "the name of one of the fields") }
        if let text = try members.optionalString("matches") {
            guard let pattern = Pattern(text) else {
                throw members.wrong("matches", expected: "a pattern of literals, classes [A-Z0-9] and counts {2,8}")
            }
            self = .matches(field, pattern)
        } else if members.optional("oneOf") != nil {
            let values = try members.strings("oneOf")
            guard !values.isEmpty else { throw members.wrong("oneOf", expected: "at least one value") }
            self = .oneOf(field, values)
        } else {
            let text = try Text(parsing: members.string("equals"), at: members.name("equals"))
            try text.require(.text, for: "a field", fields: tree.fields)
            self = .equals(field, text)
        }
        try members.end()
    }

    /// - Throws: `profile.require-matches`, `profile.require-one-of`, `profile.require-equals`; each names the field.
    func check(_ values: [String: String], render: (Text) -> String) throws(Problem) {
        switch self {
        case .matches(let field, let pattern):
            guard pattern.matches(values[field] ?? "") else {
                throw problem("matches", field, "The profile wants the form \(pattern.text.escaped).")
            }
        case .oneOf(let field, let accepted):
            let value = values[field] ?? ""
            guard accepted.contains(where: { $0.utf8.elementsEqual(value.utf8) }) else {
                throw problem("one-of", field, "Accepted are: \(accepted.map(\.escaped).joined(separator: ", ")).")
            }
        case .equals(let field, let text):
            let expected = render(text)
            guard expected.utf8.elementsEqual((values[field] ?? "").utf8) else {
                throw problem("equals", field, "Here it must be \(expected.escaped).")
            }
        case .maxBytes: return
        }
    }

    var limitsSize: Bool { if case .maxBytes = self { true } else { false } }

    /// - Parameter size: octets of the certificate at most, signatures included.
    /// - Throws: `profile.require-max-bytes`.
    func check(size: Int) throws(Problem) {
        guard case .maxBytes(let limit) = self, size > limit else { return }
        throw Problem(
            .invalid, "profile.require-max-bytes", title: "The certificate is larger than its profile allows",
            detail: "With its signatures it has up to \(size) octets; \(limit) are accepted.", field: nil)
    }

    private func problem(_ code: String, _ field: String, _ detail: String) -> Problem {
        Problem(
            .invalid, "profile.require-\(code)", title: "The value is not what the profile requires", detail: detail,
            field: "fields.\(field)")
    }
}
