import Basics
import PKIX

extension LintRule {
    /// Algorithms, names of issuer and subject, times (RFC 5280 §4.1).
    static let frame: [LintRule] = [
        LintRule("der.strict", .error) { view in
            view.malformed.first.map { "The extension \($0.description) has not the form that its standard gives it." }
        },
        LintRule("sigalg.fits-issuer", .error) { view in
            view.tbs.signature == view.issuer.signatureAlgorithm.identifier
                ? nil : "The issuer's key signs with \(view.issuer.signatureAlgorithm.name)."
        },
        LintRule("issuer.nonempty", .error) { view in
            view.tbs.issuer.rdns.isEmpty ? "The issuer's name is empty (RFC 5280 §4.1.2.4)." : nil
        },
        LintRule("issuer.bytes", .error) { view in
            view.tbs.issuer.der == view.issuer.name.der ? nil : "The issuer's name is not, octet for octet, the issuer's subject."
        },
        LintRule("time.9999-authority", .error) { view in
            view.isAuthority && view.tbs.validity.notAfter == .never ? "An authority's certificate has an end." : nil
        },
        LintRule("time.within-issuer", .warning) { view in
            let validity = view.tbs.validity
            guard validity.notBefore >= view.issuer.notBefore, validity.notAfter <= view.issuer.notAfter else {
                return "It is valid from \(validity.notBefore) to \(validity.notAfter), its issuer only from "
                    + "\(view.issuer.notBefore) to \(view.issuer.notAfter)."
            }
            return nil
        },
        LintRule("subject.ca-nonempty", .error) { view in
            view.isAuthority && view.hasEmptySubject ? "An authority needs a subject (RFC 5280 §4.1.2.6)." : nil
        },
        LintRule("subject.empty-san", .error) { view in
            guard view.hasEmptySubject else { return nil }
            return view[.subjectAlternativeName]?.isCritical == true
                ? nil : "Without subject there must be a critical subjectAltName (RFC 5280 §4.1.2.6)."
        },
    ]
}
