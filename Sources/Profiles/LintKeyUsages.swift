import Basics
import PKIX

extension LintRule {
    /// keyUsage and extKeyUsage (RFC 5280 §4.2.1.3, §4.2.1.12).
    static let keyUsages: [LintRule] = [
        LintRule("ku.present-ca", .error) { view in
            view.isAuthority && !view.has(.keyUsage) ? "An authority has a keyUsage." : nil
        },
        LintRule("ku.critical", .warning) { view in
            view[.keyUsage]?.isCritical == false ? "keyUsage should be critical." : nil
        },
        LintRule("ku.certsign-ca", .error) { view in
            guard let usage = view.usage, usage.contains(.keyCertSign) != view.isAuthority else { return nil }
            return "keyCertSign and an authority's basicConstraints belong together."
        },
        LintRule("ku.only-with-agreement", .error) { view in
            guard let usage = view.usage else { return nil }
            let both = usage.contains(.encipherOnly) && usage.contains(.decipherOnly)
            let either = usage.contains(.encipherOnly) || usage.contains(.decipherOnly)
            return both || either && !usage.contains(.keyAgreement)
                ? "encipherOnly or decipherOnly, one of them, stands with keyAgreement only." : nil
        },
        LintRule("ku.keytype", .error) { view in
            guard let usage = view.usage else { return nil }
            let possible = view.tbs.publicKey.keyAlgorithm.usages
            let wrong = KeyUsageNames.all.filter { usage.contains($0.bit) && !possible.contains($0.bit) }
            guard wrong.isEmpty else {
                return
                    "A key of this kind (\(view.tbs.publicKey.keyAlgorithm.name)) has no use as \(wrong.map(\.name).joined(separator: ", "))."
            }
            return nil
        },
        LintRule("ku.eku", .error) { view in
            // In an authority's certificate purposes limit those below it, and say nothing of its own key.
            guard let usage = view.usage, let purposes = view.purposes, !view.isAuthority else { return nil }
            for (purpose, uses) in consistentUses where purposes.contains(purpose) && usage.isDisjoint(with: uses) {
                return "No keyUsage bit fits the purpose \(Purpose.words(of: purpose))."
            }
            return nil
        },
        LintRule("eku.any-critical", .warning) { view in
            guard view[.extendedKeyUsage]?.isCritical == true, view.purposes?.contains(.anyExtendedKeyUsage) == true else { return nil }
            return "extKeyUsage with anyExtendedKeyUsage should not be critical."
        },
        LintRule("eku.timestamp", .error) { view in
            guard let purposes = view.purposes, purposes.contains(.timeStamping) else { return nil }
            return purposes.count == 1 && view[.extendedKeyUsage]?.isCritical == true
                ? nil : "timeStamping is the only purpose of its certificate, and critical (RFC 3161 §2.3)."
        },
        LintRule("eku.within-issuer", .error) { view in
            guard let allowed = view.issuer.purposes, !view.isSelfIssued else { return nil }
            guard let purposes = view.purposes, allowed.isSuperset(of: purposes) else {
                return "The issuer may be used for \(allowed.map(Purpose.words).sorted().joined(separator: ", ")) only."
            }
            return nil
        },
        LintRule("eku.unique", .error) { view in
            guard let purposes = view.purposes, Set(purposes).count < purposes.count else { return nil }
            return "A purpose stands there twice."
        },
    ]

    /// Uses of which a purpose needs one (RFC 5280 §4.2.1.12).
    private static let consistentUses: [(OID, KeyUsage)] = [
        (.serverAuth, [.digitalSignature, .keyEncipherment, .keyAgreement]),
        (.clientAuth, [.digitalSignature, .keyAgreement]),
        (.codeSigning, [.digitalSignature]),
        (.emailProtection, [.digitalSignature, .nonRepudiation, .keyEncipherment, .keyAgreement]),
        (.timeStamping, [.digitalSignature, .nonRepudiation]),
        (.ocspSigning, [.digitalSignature, .nonRepudiation]),
    ]
}
