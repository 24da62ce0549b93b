import Basics
import PKIX

extension LintRule {
    /// Key identifiers and basicConstraints (RFC 5280 §4.2.1.1, §4.2.1.2, §4.2.1.9).
    static let authorities: [LintRule] = [
        LintRule("aki.present", .error) { view in
            guard view.authorityKey?.keyIdentifier == nil, !view.isSelfIssued else { return nil }
            return "There is no authorityKeyIdentifier with a keyIdentifier."
        },
        LintRule("aki.noncritical", .error) { view in
            view[.authorityKeyIdentifier]?.isCritical == true ? "authorityKeyIdentifier is never critical." : nil
        },
        LintRule("aki.matches", .error) { view in
            guard let identifier = view.authorityKey?.keyIdentifier, identifier != view.issuer.keyIdentifier else { return nil }
            return "authorityKeyIdentifier is not the issuer's subjectKeyIdentifier."
        },
        LintRule("aki.pair", .error) { view in
            view.authorityKey?.others.isEmpty == false ? "authorityKeyIdentifier has the keyIdentifier only." : nil
        },
        LintRule("ski.ca", .error) { view in
            view.isAuthority && view.subjectKey == nil ? "An authority has a subjectKeyIdentifier." : nil
        },
        LintRule("ski.ee", .warning) { view in
            !view.isAuthority && view.subjectKey == nil ? "There is no subjectKeyIdentifier." : nil
        },
        LintRule("ski.noncritical", .error) { view in
            view[.subjectKeyIdentifier]?.isCritical == true ? "subjectKeyIdentifier is never critical." : nil
        },
        LintRule("ski.method", .note) { view in
            guard let found = view.subjectKey, found.bytes != view.tbs.publicKey.keyIdentifier else { return nil }
            return "subjectKeyIdentifier is not RFC 7093's method 1 of the key."
        },
        LintRule("bc.ca", .error) { view in
            guard view.isAuthority || view.usage?.contains(.keyCertSign) == true else { return nil }
            return view.isAuthority && view[.basicConstraints]?.isCritical == true
                ? nil : "An authority's basicConstraints say so, and are critical."
        },
        LintRule("bc.pathlen", .error) { view in
            guard view.isAuthority else {
                return view.constraints?.pathLength == nil ? nil : "A path length belongs to an authority only."
            }
            if view.constraints?.pathLength != nil, view.usage?.contains(.keyCertSign) != true {
                return "A path length needs keyCertSign."
            }
            guard let limit = view.issuer.pathLength, !view.isSelfIssued else { return nil }
            guard limit > 0 else { return "The issuer's path length is 0: it issues no authorities." }
            guard let own = view.constraints?.pathLength, own < limit else {
                return "The issuer's path length is \(limit): below it, it must be less."
            }
            return nil
        },
    ]
}
