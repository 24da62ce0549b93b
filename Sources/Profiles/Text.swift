import Basics

/// Where a value comes from.
enum Hole: Hashable, Sendable {
    /// Given with each request.
    case field(String)
    /// The certificate's serial number, 40 lower-case hexadecimal digits.
    case certificateSerial
    /// The beginning of its validity, `20261125070224Z`.
    case certificateTime
    /// SHA-256 of the SubjectPublicKeyInfo, 64 lower-case hexadecimal digits.
    case keyDigest

    /// Built-in holes have a dot in their name, fields never have.
    init?(_ name: String) {
        switch name {
        case "certificate.serial": self = .certificateSerial
        case "certificate.time": self = .certificateTime
        case "key.digest": self = .keyDigest
        default:
            guard Field.isName(name) else { return nil }
            self = .field(name)
        }
    }

    var name: String {
        switch self {
        case .field(let name): name
        case .certificateSerial: "certificate.serial"
        case .certificateTime: "certificate.time"
        case .keyDigest: "key.digest"
        }
    }
}

/// One string of a template, cut into constants and holes before any value is known. What is put into a hole is never read
/// again as template, so a value cannot become another attribute, another hole or another escape.
struct Text: Hashable, Sendable {
    enum Segment: Hashable, Sendable {
        case constant(String)
        case hole(Hole)
    }

    /// Neither empty nor with two constants side by side.
    let segments: [Segment]
    /// Where the text stands, `subject.CN`: it names the place in errors.
    let place: String

    var fields: [String] {
        segments.compactMap { if case .hole(.field(let name)) = $0 { name } else { nil } }
    }

    var isConstant: Bool {
        segments.allSatisfy { if case .constant = $0 { true } else { false } }
    }
}

extension Text {
    /// Without the blanks that a constant at the end ends in.
    var trimmingConstantEnd: Text {
        guard case .constant(let constant) = segments.last else { return self }
        let kept = constant.unicodeScalars.reversed().drop { $0 == " " }.reversed()
        let last: [Segment] = kept.isEmpty ? [] : [.constant(String(String.UnicodeScalarView(kept)))]
        return Text(segments: segments.dropLast() + last, place: place)
    }

    /// Reads `SN-{serial}`: `{name}` is a hole; `\{`, `\}` and `\\` stand for the character.
    init(parsing text: String, at place: String) throws(Problem) {
        var scanner = TextScanner(text)
        self = try scanner.text(at: place, escapes: "{}\\", endsAt: [], forbids: [])
        guard !segments.isEmpty else { throw .document("\(place.escaped) is empty.", place.escaped) }
    }

    /// Each character of each constant, and the alphabet of each hole, must be one of `alphabet`.
    /// - Throws: `profile.document-invalid`.
    func require(_ alphabet: Alphabet, for what: String, fields: [String: Field]) throws(Problem) {
        for segment in segments {
            switch segment {
            case .constant(let constant):
                if let wrong = constant.unicodeScalars.first(where: { !alphabet.contains($0) }) {
                    throw .document(
                        "\(String(Character(wrong)).escaped) cannot stand in \(what); accepted are \(alphabet.words).", place.escaped)
                }
            case .hole(.field(let name)):
                guard let field = fields[name] else {
                    throw .document("{\(name)} is not one of the fields.", place.escaped)
                }
                guard field.alphabet.isWithin(alphabet) else {
                    throw .document(
                        "{\(name)} stands in \(what): give fields.\(name) the alphabet \(alphabet.rawValue), or a narrower one.",
                        place.escaped)
                }
            case .hole: continue  // built-in holes are letters and digits
            }
        }
    }
}

/// Cuts template text into segments; knows of attributes only at which characters a text ends.
struct TextScanner {
    private let scalars: [Unicode.Scalar]
    private(set) var at = 0

    init(_ text: String) {
        scalars = Array(text.unicodeScalars)
    }

    var current: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }

    /// The next character, which is consumed.
    mutating func skip() {
        at = min(at + 1, scalars.count)
    }

    mutating func skipSpaces() {
        while current == " " { at += 1 }
    }

    /// The characters before `end`, without escapes and holes, and the end itself is consumed. nil when there is no `end`.
    mutating func word(upTo end: Unicode.Scalar) -> String? {
        guard let stop = scalars[at...].firstIndex(of: end) else { return nil }
        defer { at = stop + 1 }
        return String(String.UnicodeScalarView(scalars[at..<stop]))
    }

    /// - Parameters:
    ///   - place: where the text stands, for errors.
    ///   - escapes: what may follow a backslash.
    ///   - ends: characters that end the text; they are not consumed.
    ///   - forbids: characters that must be escaped.
    mutating func text(at place: String, escapes: String, endsAt ends: Set<Unicode.Scalar>, forbids: Set<Unicode.Scalar>) throws(Problem)
        -> Text
    {
        var segments: [Text.Segment] = []
        var constant = String.UnicodeScalarView()
        func flush() {
            guard !constant.isEmpty else { return }
            segments.append(.constant(String(constant)))
            constant = String.UnicodeScalarView()
        }
        while let scalar = current, !ends.contains(scalar) {
            at += 1
            switch scalar {
            case "\\":
                guard let next = current, escapes.unicodeScalars.contains(next) else {
                    throw .document("A backslash may stand before \(escapes) only.", place.escaped)
                }
                at += 1
                constant.append(next)
            case "{":
                guard let name = word(upTo: "}"), let hole = Hole(name) else {
                    throw .document("A hole is {name}, the name of a field; a brace itself is written \\{.", place.escaped)
                }
                flush()
                segments.append(.hole(hole))
            default:
                guard scalar != "}", !forbids.contains(scalar), Alphabet.isClean(scalar) else {
                    throw .document(
                        "\(String(Character(scalar)).escaped) must be written with a backslash, or cannot stand here at all.", place.escaped
                    )
                }
                constant.append(scalar)
            }
        }
        flush()
        return Text(segments: segments, place: place)
    }
}

extension String {
    /// Without blanks at either end.
    var trimmingSpaces: String {
        let scalars = unicodeScalars.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed()
        return String(String.UnicodeScalarView(scalars))
    }
}
