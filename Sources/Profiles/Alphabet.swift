/// Which characters a value may have. Closed: a profile names one of these, it does not write an expression.
public enum Alphabet: String, CaseIterable, Hashable, Sendable {
    /// Any assigned character but controls, invisible format characters, private use, and blanks other than the space.
    case text
    /// Space to tilde.
    case ascii
    /// The characters of a PrintableString (X.680 §41.4): letters, digits, space and `'()+,-./:=?`.
    case printable
    /// A–Z, a–z, 0–9.
    case alphanumeric
    /// 0–9.
    case digits
    /// 0–9, a–f.
    case hex
    /// 0–9, A–F.
    case upperHex
    /// Lower-case host names: a–z, 0–9, hyphen, dot.
    case hostname

    public func contains(_ scalar: Unicode.Scalar) -> Bool {
        switch self {
        case .text: Self.isClean(scalar)
        case .ascii: (0x20...0x7e).contains(scalar.value)
        case .printable: Self.isAlphanumeric(scalar) || " '()+,-./:=?".unicodeScalars.contains(scalar)
        case .alphanumeric: Self.isAlphanumeric(scalar)
        case .digits: ("0"..."9").contains(scalar)
        case .hex: ("0"..."9").contains(scalar) || ("a"..."f").contains(scalar)
        case .upperHex: ("0"..."9").contains(scalar) || ("A"..."F").contains(scalar)
        case .hostname: ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar) || scalar == "-" || scalar == "."
        }
    }

    /// Whether each character of this alphabet is one of `other`.
    public func isWithin(_ other: Alphabet) -> Bool {
        if other == .text { return true }
        if self == .text { return false }
        return (0..<0x80).allSatisfy { value in
            guard let scalar = Unicode.Scalar(UInt32(value)) else { return true }
            return !contains(scalar) || other.contains(scalar)
        }
    }

    /// What the alphabet has, for error texts.
    public var words: String {
        switch self {
        case .text: "any visible characters and single spaces"
        case .ascii: "visible ASCII characters and spaces"
        case .printable: "A-Z, a-z, 0-9, space and '()+,-./:=?"
        case .alphanumeric: "A-Z, a-z and 0-9"
        case .digits: "0-9"
        case .hex: "0-9 and a-f"
        case .upperHex: "0-9 and A-F"
        case .hostname: "a-z, 0-9, hyphens and dots"
        }
    }

    private static func isAlphanumeric(_ scalar: Unicode.Scalar) -> Bool {
        ("A"..."Z").contains(scalar) || ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
    }

    /// Nothing that could steer a terminal or stand there unseen.
    static func isClean(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return (0x20...0x7e).contains(scalar.value) }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned, .spaceSeparator: return false
        default: return true
        }
    }
}
