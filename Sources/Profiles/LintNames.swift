import Basics
import PKIX

extension LintRule {
    /// The subject's attributes (RFC 5280 §4.1.2.6 and appendix A.1, X.520).
    static let names: [LintRule] = [
        LintRule("dn.string-types", .error) { view in
            view.attributes.first { !isOfType($0) }.map { "\($0.oid.description) has a string type that it may not have." }
        },
        LintRule("dn.bounds", .error) { view in
            for attribute in view.attributes {
                let count = attribute.text.unicodeScalars.count
                let bound = SubjectTemplate.kinds.first { $0.oid == attribute.oid }?.bound ?? 256
                guard (1...bound).contains(count) else {
                    return "\(shortName(attribute)) has \(count) characters; 1 to \(bound) are allowed."
                }
            }
            return nil
        },
        LintRule("dn.country", .warning) { view in
            view.attributes.first { attribute in
                attribute.oid == .countryName
                    && !(attribute.text.utf8.count == 2 && attribute.text.utf8.allSatisfy { (0x41...0x5a).contains($0) })
            }.map { "C is \($0.text.escaped); two upper-case letters are expected (ISO 3166)." }
        },
        LintRule("dn.clean", .warning) { view in
            view.attributes.first { !isClean($0.text) }.map {
                "\(shortName($0)) is \($0.text.escaped): no controls, no blanks at its ends, no HTML."
            }
        },
        LintRule("dn.rdn-multi", .note) { view in
            view.tbs.subject.rdns.contains { $0.count > 1 } ? "An RDN of the subject has several attributes." : nil
        },
        LintRule("dn.email-in-san", .error) { view in
            let mailboxes = (view.names ?? []).compactMap { if case .email(let address) = $0 { address } else { nil } }
            return view.attributes.first { attribute in
                attribute.oid == .emailAddress && !mailboxes.contains { $0.utf8.elementsEqual(attribute.text.utf8) }
            }.map { "\($0.text.escaped) stands in the subject, but not in subjectAltName (RFC 5280 §4.1.2.6)." }
        },
    ]

    private static func shortName(_ attribute: Attribute) -> String {
        SubjectTemplate.kinds.first { $0.oid == attribute.oid }?.name ?? attribute.oid.description
    }

    private static func isOfType(_ attribute: Attribute) -> Bool {
        switch attribute.oid {
        case .countryName, .serialNumber, .dnQualifier: attribute.kind == .printable
        case .emailAddress, .domainComponent: attribute.kind == .ia5
        default: attribute.kind == .utf8 || attribute.kind == .printable
        }
    }

    private static func isClean(_ text: String) -> Bool {
        let scalars = text.unicodeScalars
        guard scalars.first != " ", scalars.last != " ", scalars.allSatisfy(Alphabet.isClean) else { return false }
        // An HTML entity: "&", letters, digits or "#", then ";".
        guard let start = scalars.firstIndex(of: "&") else { return true }
        let name = scalars[scalars.index(after: start)...].prefix { Alphabet.alphanumeric.contains($0) || $0 == "#" }
        return name.isEmpty || name.endIndex == scalars.endIndex || scalars[name.endIndex] != ";"
    }
}
