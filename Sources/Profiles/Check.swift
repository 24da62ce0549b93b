import Basics
import PKIX

extension Profile {
    /// Whether `tbs` is an instance of this profile, from bytes alone. The values of the fields are found in the certificate, the
    /// certificate is made again from them, and both must be the same octet for octet; so nothing in it is unaccounted for.
    /// The rules before that only say what is wrong in words.
    /// - Parameters:
    ///   - request: the request that the key came in. Only an authority's own certificate goes without one.
    ///   - opened: when the certificate's content was fixed; then its validity must be exactly what ``fill(_:issuer:)`` makes of
    ///     that time. Without it any beginning is accepted that is not before the issuer's.
    /// - Throws: `profile.request-missing`, `.key-algorithm`, `.key-mismatch`, `.signature-algorithm`, `.issuer-name`,
    ///   `.serial-number`, `.validity-begin`, `.validity-end`, `.extension-unexpected`, `.extension-missing`, `.extension-order`,
    ///   `.extension-criticality`, `.extension-value`, `.subject-mismatch`, `.value-mismatch`, `.not-an-instance`; and what
    ///   `fill` throws for values that it would not have taken.
    public func check(
        _ tbs: TBSCertificate, issuer: Issuer, request: CertificateRequest?, opened: UTCTime? = nil
    ) throws(Problem) {
        if let request {
            try checkKey(tbs.publicKey, request: request)
        } else {
            guard isAuthority else {
                throw .instance("request-missing", "Without its request it cannot be told whose key this is.", "request")
            }
            try checkKey(tbs.publicKey, request: nil)
        }
        try checkAlternative(tbs, issuer: issuer, request: request)
        try checkFrame(tbs, issuer: issuer)
        try checkValidity(tbs.validity, issuer: issuer, opened: opened)
        try checkExtensionList(Self.own(tbs))
        let values = try values(of: tbs)
        for field in fields {
            guard let value = values.fields[field.name] else {
                throw .instance("value-mismatch", "The value of \(field.name) is not to be found.", "fields.\(field.name)")
            }
            try field.check(value)
        }
        for predicate in template.predicates { try predicate.check(values.fields, render: values.render) }
        try checkSame(tbs, as: try make(values, validity: tbs.validity, issuer: issuer))
        try checkSizeAndLint(tbs, issuer: issuer)
    }

    /// An authority's own certificate, against the key that its document names.
    public func check(
        _ tbs: TBSCertificate, issuer: Issuer, publicKey: SubjectPublicKeyInfo, alternativeKey: SubjectPublicKeyInfo? = nil,
        opened: UTCTime? = nil
    ) throws(Problem) {
        guard tbs.publicKey.der == publicKey.der, tbs.value(of: .subjectAltPublicKeyInfo)?.value == alternativeKey?.der else {
            throw .instance("key-mismatch", "The key is not the one that the authority's document names.", "publicKey")
        }
        try check(tbs, issuer: issuer, request: nil, opened: opened)
    }

    /// The values of the fields in a certificate of this profile.
    /// - Throws: `profile.subject-mismatch`, `profile.extension-value` or `profile.value-mismatch` when it is not one.
    public func fieldValues(of tbs: TBSCertificate) throws(Problem) -> [String: String] {
        try checkExtensionList(Self.own(tbs))
        return try values(of: tbs).fields
    }

    /// The extensions that the profile's template is about: all but those of a second key.
    private static func own(_ tbs: TBSCertificate) -> [Extension] { tbs.extensions.filter { !OID.alternativeSignature.contains($0.oid) } }

    /// What stands behind the profile's own extensions is exactly what request and authority make of it.
    private func checkAlternative(_ tbs: TBSCertificate, issuer: Issuer, request: CertificateRequest?) throws(Problem) {
        let key: SubjectPublicKeyInfo?
        do { key = try tbs.alternativePublicKey() } catch {
            throw .instance("extension-value", "The alternative key is not acceptable: \(error.text).", "alternativeKey")
        }
        try checkAlternativeKey(key, beside: tbs.publicKey, request: request)
        guard tbs.alternativeSignature == nil else {
            throw .instance("extension-unexpected", "What is decided has no signature in it yet.", "extensions")
        }
        guard Array(tbs.extensions.drop { !OID.alternativeSignature.contains($0.oid) }) == Self.alternative(key, issuer) else {
            throw .instance(
                "signature-algorithm",
                "Its alternative algorithm is not the authority's, which is \(issuer.alternativeSignatureAlgorithm?.name ?? "none").",
                "signature")
        }
    }

    private func checkFrame(_ tbs: TBSCertificate, issuer: Issuer) throws(Problem) {
        guard tbs.signature == issuer.signatureAlgorithm.identifier else {
            throw .instance("signature-algorithm", "The authority signs with \(issuer.signatureAlgorithm.name).", "signature")
        }
        guard tbs.issuer.der == issuer.name.der else {
            throw .instance("issuer-name", "The authority's name is \(issuer.name.description).", "issuer")
        }
        // 0x40000000 and a coarse time, then 128 random bits: positive, and 20 octets always.
        guard tbs.serialNumber.bytes.count == 20, let first = tbs.serialNumber.bytes.first, (0x40...0x7f).contains(first) else {
            throw .instance("serial-number", "Serial numbers have 20 octets here, the first of them 40 to 7f.", "serialNumber")
        }
    }

    private func checkValidity(_ found: Validity, issuer: Issuer, opened: UTCTime?) throws(Problem) {
        guard found.notBefore >= issuer.notBefore else {
            throw .instance("validity-begin", "It begins \(found.notBefore), its authority only \(issuer.notBefore).", "validity.notBefore")
        }
        if let opened {
            let expected = try validity(at: opened, issuer: issuer)
            guard found.notBefore == expected.notBefore else {
                throw .instance(
                    "validity-begin", "It begins \(found.notBefore); opened \(opened), it begins \(expected.notBefore).",
                    "validity.notBefore")
            }
        }
        let end = validity.end(from: found.notBefore)
        guard found.notAfter == end else {
            throw .instance("validity-end", "It ends \(found.notAfter); by its profile it ends \(end).", "validity.notAfter")
        }
    }

    private func checkExtensionList(_ found: [Extension]) throws(Problem) {
        let expected = template.extensions
        for one in found where !expected.contains(where: { $0.oid == one.oid }) {
            throw .instance("extension-unexpected", "The profile has no extension \(one.oid.description).", "extensions")
        }
        for one in expected where !found.contains(where: { $0.oid == one.oid }) {
            throw .instance("extension-missing", "The extension \(one.oid.description) is missing.", one.name)
        }
        guard found.map(\.oid) == expected.map(\.oid) else {
            throw .instance("extension-order", "The extensions stand in another order, or one of them twice.", "extensions")
        }
        for (one, mine) in zip(found, expected) where one.isCritical != mine.isCritical {
            throw .instance(
                "extension-criticality", "The extension \(one.oid.description) is \(mine.isCritical ? "" : "not ")critical.", mine.name)
        }
    }

    private func values(of tbs: TBSCertificate) throws(Problem) -> Values {
        guard var strings = template.subject.strings(in: tbs.subject.der) else {
            throw .instance("subject-mismatch", "Its subject has other attributes or string types than the profile's.", "subject")
        }
        for (one, mine) in zip(Self.own(tbs), template.extensions) {
            guard let found = mine.value.strings(in: one.value) else {
                throw .instance("extension-value", "The extension \(one.oid.description) has another value.", mine.name)
            }
            strings += found
        }
        var values = Values(
            fields: [:], serial: tbs.serialNumber, notBefore: tbs.validity.notBefore, publicKey: tbs.publicKey,
            alternativeKey: try? tbs.alternativePublicKey())
        guard let found = template.solution.values(in: strings, builtIn: values.builtIn) else {
            throw .instance("value-mismatch", "A text of it cannot come from the profile's.", "fields")
        }
        values.fields = found
        for (text, string) in zip(template.texts, strings) where !values.render(text).utf8.elementsEqual(string.utf8) {
            throw .instance(
                "value-mismatch", "By the profile and its other values, it would be \(values.render(text).escaped).", text.place.escaped)
        }
        return values
    }

    private func checkSame(_ tbs: TBSCertificate, as expected: TBSCertificate) throws(Problem) {
        guard tbs.subject.der == expected.subject.der else {
            throw .instance("subject-mismatch", "By the profile it would be \(expected.subject.description).", "subject")
        }
        for (one, mine) in zip(Self.own(tbs), zip(Self.own(expected), template.extensions)) where one.value != mine.0.value {
            throw .instance("extension-value", "The extension \(one.oid.description) has another value.", mine.1.name)
        }
        guard tbs.der == expected.der else {
            throw .instance("not-an-instance", "Made again by its profile, its octets are others.", "certificate")
        }
    }
}
