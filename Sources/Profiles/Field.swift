import Basics
import Foundation

/// A value that each request gives: its name, how long it may be, and which characters it may have.
public struct Field: Hashable, Sendable {
    /// `[a-z][A-Za-z0-9-]{0,31}`.
    public let name: String
    /// Characters (Unicode scalars, as in X.520's upper bounds) at least.
    public let minimum: Int
    /// Characters at most.
    public let maximum: Int
    public let alphabet: Alphabet

    /// - Throws: `profile.document-invalid` when the name or a bound is not of the form above.
    init(name: String, document: JSON) throws(Problem) {
        let path = "fields.\(name)"
        var fields = try JSONFields(document, path: path, code: Problem.documentCode)
        guard Self.isName(name) else {
            throw .document(
                "\(name.escaped) is no name for a field: a lower-case letter, then up to 31 letters, digits and hyphens.", "fields")
        }
        let maximum = try fields.integer("max")
        guard (1...1024).contains(maximum) else { throw fields.wrong("max", expected: "1 to 1024") }
        let minimum = try fields.optionalInteger("min") ?? 1
        guard (1...maximum).contains(minimum) else { throw fields.wrong("min", expected: "1 to max") }
        let word = try fields.optionalString("alphabet") ?? Alphabet.text.rawValue
        guard let alphabet = Alphabet(rawValue: word) else {
            throw fields.wrong("alphabet", expected: "one of \(Alphabet.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        try fields.end()
        self.name = name
        self.minimum = Int(minimum)
        self.maximum = Int(maximum)
        self.alphabet = alphabet
    }

    static func isName(_ text: some StringProtocol) -> Bool {
        guard (1...32).contains(text.utf8.count), let first = text.utf8.first, (0x61...0x7a).contains(first) else { return false }
        return text.utf8.allSatisfy {
            (0x61...0x7a).contains($0) || (0x41...0x5a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d
        }
    }

    /// Whether the value may stand in this field's holes.
    /// - Throws: `profile.field-empty`, `profile.field-length`, `profile.field-alphabet`, `profile.field-blanks`,
    ///   `profile.field-normalization`; each names `fields.NAME`.
    public func check(_ value: String) throws(Problem) {
        let scalars = Array(value.unicodeScalars)
        guard let first = scalars.first, let last = scalars.last else {
            throw problem("empty", "The value is empty", "\(minimum) to \(maximum) characters are expected.")
        }
        guard (minimum...maximum).contains(scalars.count) else {
            throw problem(
                "length", "The value is too long or too short",
                "It has \(scalars.count) characters; \(minimum) to \(maximum) are accepted.")
        }
        if let wrong = scalars.first(where: { !alphabet.contains($0) }) {
            let shown =
                "U+" + String(repeating: "0", count: max(0, 4 - String(wrong.value, radix: 16).count))
                + String(wrong.value, radix: 16, uppercase: true)
            throw problem(
                "alphabet", "The value has a character that is not accepted",
                "\(shown) is not accepted; accepted are \(alphabet.words).")
        }
        guard first != " ", last != " " else {
            throw problem("blanks", "The value begins or ends with a blank", "Blanks are accepted between other characters only.")
        }
        guard scalars.allSatisfy(\.isASCII) || value.precomposedStringWithCanonicalMapping.utf8.elementsEqual(value.utf8) else {
            throw problem(
                "normalization", "The value is not in composed form",
                "Unicode normalization form C is expected: one character where a letter and its accent can be one.")
        }
    }

    private func problem(_ code: String, _ title: String, _ detail: String) -> Problem {
        Problem(.invalid, "profile.field-\(code)", title: title, detail: detail, field: "fields.\(name)")
    }
}
