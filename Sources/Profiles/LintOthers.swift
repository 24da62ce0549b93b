import Basics
import PKIX

extension LintRule {
    /// Extensions that a profile writes by object identifier.
    static let others: [LintRule] = [
        LintRule("ext.nonempty", .error) { view in
            view.tbs.extensions.first { $0.value == emptyList && lists.contains($0.oid) }.map {
                "The extension \($0.oid.description) is an empty list."
            }
        },
        LintRule("ext.unknown-critical", .error) { view in
            view.tbs.extensions.first { $0.isCritical && !view.named.contains($0.oid) }.map {
                "The critical extension \($0.oid.description) is not in the profile."
            }
        },
        LintRule("nc.ca-critical", .error) { view in
            guard let constraints = view[.nameConstraints] else { return nil }
            return view.isAuthority && constraints.isCritical ? nil : "nameConstraints belong to an authority, and are critical."
        },
        LintRule("policy.ca-only", .error) { view in
            view.tbs.extensions.first { authorityOnly.contains($0.oid) && !(view.isAuthority && $0.isCritical) }.map {
                "The extension \($0.oid.description) belongs to an authority, and is critical."
            }
        },
        LintRule("cp.unique", .error) { view in
            guard let value = view[.certificatePolicies]?.value, let policies = firstMembers(value) else { return nil }
            return Set(policies).count < policies.count ? "A certificate policy stands there twice." : nil
        },
        LintRule("cdp.form", .error) { view in
            for oid in [OID.crlDistributionPoints, .freshestCRL] {
                guard let points = view[oid] else { continue }
                if points.isCritical { return "The extension \(oid.description) is not critical." }
                if let points = list(points.value), points.contains(where: { $0.first != 0xa0 && $0.first != 0xa2 }) {
                    return "A distribution point needs a name (RFC 5280 §4.2.1.13)."
                }
            }
            return nil
        },
        LintRule("aia.form", .error) { view in
            guard let access = view[.authorityInformationAccess] else { return nil }
            return access.isCritical ? "authorityInfoAccess is never critical." : nil
        },
        LintRule("norev.exclusive", .error) { view in
            guard let none = view[.noRevocationAvailable] else { return nil }
            let answered = view[.authorityInformationAccess].flatMap { firstMembers($0.value) }?.contains(OID.ocsp.encoded) == true
            let clash = view.isAuthority || view.has(.crlDistributionPoints) || view.has(.freshestCRL) || answered || none.isCritical
            return clash
                ? "noRevAvail is not critical, not in an authority, and not beside a CRL or OCSP address (RFC 9608)." : nil
        },
        LintRule("alt.noncritical", .error) { view in
            OID.alternativeSignature.first { view[$0]?.isCritical == true }.map {
                "The extension \($0.description) is not critical, or every program that does not know it refuses the certificate."
            }
        },
        LintRule("alt.form", .error) { view in
            do throws(PKIXError) {
                _ = try view.tbs.alternativePublicKey()
                _ = try view.tbs.alternativeSignatureAlgorithm()
                return nil
            } catch { return "Of the second key or signature, \(error.text)." }
        },
        LintRule("alt.other-key", .error) { view in
            view[.subjectAltPublicKeyInfo]?.value == view.tbs.publicKey.der
                ? "The second key is the key itself: whoever has one has both." : nil
        },
        LintRule("alt.vouched", .error) { view in
            view.has(.subjectAltPublicKeyInfo) && !view.has(.altSignatureAlgorithm)
                ? "A second key needs a second signature: nothing else vouches for it on the day it is for." : nil
        },
        LintRule("alt.fits-issuer", .error) { view in
            let named = (try? view.tbs.alternativeSignatureAlgorithm()) ?? nil
            guard view.has(.altSignatureAlgorithm), named != view.issuer.alternativeSignatureAlgorithm else { return nil }
            return "The issuer's second key signs with \(view.issuer.alternativeSignatureAlgorithm?.name ?? "nothing: there is none")."
        },
        LintRule("nocheck.responder", .error) { view in
            guard let mark = view[.ocspNoCheck] else { return nil }
            return view.purposes?.contains(.ocspSigning) == true && !view.isAuthority && !mark.isCritical
                ? nil : "ocsp-nocheck belongs to a certificate with the purpose OCSPSigning (RFC 6960 §4.2.2.2.1)."
        },
    ]

    private static let emptyList: Bytes = [0x30, 0x00]

    /// SEQUENCE SIZE (1..MAX) types.
    private static let lists: Set<OID> = [
        .subjectAlternativeName, .extendedKeyUsage, .certificatePolicies, .crlDistributionPoints, .freshestCRL,
        .authorityInformationAccess, .policyMappings, .nameConstraints, .policyConstraints,
    ]

    private static let authorityOnly: [OID] = [.policyMappings, .policyConstraints, .inhibitAnyPolicy]

    /// The contents of a SEQUENCE's members, nil when it is none.
    private static func list(_ der: Bytes) -> [Bytes]? {
        var reader = DER.Reader(der[...])
        guard let content = reader.value(0x30) else { return nil }
        var inner = DER.Reader(content)
        var members: [Bytes] = []
        while !inner.isAtEnd {
            guard let (_, member) = inner.next() else { return nil }
            members.append(Bytes(member))
        }
        return members
    }

    /// The first value inside each member of a list, tag and length included.
    private static func firstMembers(_ der: Bytes) -> [Bytes]? {
        list(der)?.compactMap { member in
            var reader = DER.Reader(member[...])
            return reader.next().map { DER.value($0.tag, Bytes($0.content)) }
        }
    }
}
