import Basics
import PKIX

extension Profile {
    /// The certificate's content for this filling: serial, validity, subject, key and extensions are fixed from here on.
    /// - Throws: `profile.field-…` and `profile.require-…` name `fields.NAME`; `profile.key-algorithm`, `profile.key-mismatch`;
    ///   `profile.issuer-not-yet-valid`; `lint.RULE` for the first lint rule that refuses.
    public func fill(_ filling: Filling, issuer: Issuer) throws(Problem) -> TBSCertificate {
        if let unknown = filling.fields.keys.filter({ template.fields[$0] == nil }).sorted().first {
            throw Problem(
                .invalid, "profile.field-unknown", title: "The profile has no such field",
                detail: "\(unknown.escaped) is not one of \(fields.map(\.name).joined(separator: ", ")).",
                field: "fields.\(unknown.escaped)")
        }
        for field in fields {
            guard let value = filling.fields[field.name] else {
                throw Problem(
                    .invalid, "profile.field-missing", title: "A field is missing",
                    detail: "\(field.name) is expected: \(field.minimum) to \(field.maximum) characters, \(field.alphabet.words).",
                    field: "fields.\(field.name)")
            }
            try field.check(value)
        }
        try checkKey(filling.publicKey, request: filling.request)
        try checkAlternativeKey(filling.alternativeKey, beside: filling.publicKey, request: filling.request)
        let validity = try validity(at: filling.now, issuer: issuer)
        let values = Values(
            fields: filling.fields, serial: filling.serial, notBefore: validity.notBefore, publicKey: filling.publicKey,
            alternativeKey: filling.alternativeKey)
        for predicate in template.predicates { try predicate.check(values.fields, render: values.render) }
        let tbs = try make(values, validity: validity, issuer: issuer)
        try checkSizeAndLint(tbs, issuer: issuer)
        return tbs
    }

    /// The validity of a certificate that is made at `now`.
    /// - Throws: `profile.issuer-not-yet-valid` when `now` is before the issuer's own validity.
    public func validity(at now: UTCTime, issuer: Issuer) throws(Problem) -> Validity {
        guard now >= issuer.notBefore else {
            throw Problem(
                .conflict, "profile.issuer-not-yet-valid", title: "The authority is not valid yet",
                detail: "Its validity begins \(issuer.notBefore); it is \(now).")
        }
        let notBefore = self.validity.beginning(at: now, notBefore: issuer.notBefore)
        return Validity(notBefore: notBefore, notAfter: self.validity.end(from: notBefore))
    }

    /// What a root takes from itself.
    /// - Throws: `profile.document-invalid` when the subject has holes: nobody could know it beforehand.
    public func ownIssuer(publicKey: SubjectPublicKeyInfo) throws(Problem) -> Issuer {
        guard template.subject.isConstant else {
            throw .document("A root's subject has no holes.", "subject")
        }
        let content = Node.Content(
            text: { text in
                text.segments.map { if case .constant(let constant) = $0 { constant } else { "" } }.joined()
            }, keyIdentifier: [], issuerKeyIdentifier: [])
        return Issuer(
            name: try name(template.subject.encode(content)), keyIdentifier: publicKey.keyIdentifier,
            signatureAlgorithm: SignatureAlgorithm.preferred(for: publicKey.keyAlgorithm), keyAlgorithm: publicKey.keyAlgorithm,
            notAfter: .never)
    }

    /// The only place where a certificate's content is made; `check` makes it again and compares.
    func make(_ values: Values, validity: Validity, issuer: Issuer) throws(Problem) -> TBSCertificate {
        let content = Node.Content(
            text: values.render, keyIdentifier: values.publicKey.keyIdentifier, issuerKeyIdentifier: issuer.keyIdentifier)
        let subject = try name(template.subject.encode(content))
        let extensions = template.extensions.map {
            Extension(oid: $0.oid, isCritical: $0.isCritical, value: $0.value.encode(content))
        }
        let alternative = Self.alternative(values.alternativeKey, issuer)
        do {
            return try TBSCertificate(
                serialNumber: values.serial, signature: issuer.signatureAlgorithm.identifier, issuer: issuer.name, validity: validity,
                subject: subject, publicKey: values.publicKey, extensions: extensions + alternative)
        } catch {
            throw Problem(
                .invalid, "profile.certificate-invalid", title: "The profile and these values make no certificate", detail: error.text)
        }
    }

    /// What stands behind the profile's own extensions; never critical, or who does not know them could not read the certificate.
    static func alternative(_ key: SubjectPublicKeyInfo?, _ issuer: Issuer) -> [Extension] {
        [
            (OID.subjectAltPublicKeyInfo, key?.der), (OID.altSignatureAlgorithm, issuer.alternativeSignatureAlgorithm?.identifier.der),
        ].compactMap { oid, value in value.map { Extension(oid: oid, isCritical: false, value: $0) } }
    }

    /// Octets of the certificate at most, with every signature that its authority puts to it.
    private static func largest(_ tbs: TBSCertificate, _ issuer: Issuer) throws(Problem) -> Int {
        do throws(PKIXError) {
            var unfinished = try UnfinishedCertificate(tbs)
            while let slot = unfinished.next {
                let key = slot == .alternative ? issuer.alternativeKeyAlgorithm : issuer.keyAlgorithm
                guard let key else { throw .alternativeIncomplete }
                unfinished = try unfinished.adding(Bytes(repeating: 0, count: key.longestSignature))
            }
            guard let certificate = unfinished.certificate else { throw .alternativeIncomplete }
            return certificate.der.count
        } catch {
            throw .instance("not-an-instance", "Its size with its signatures cannot be told: \(error.text).", "certificate")
        }
    }

    private func name(_ der: Bytes) throws(Problem) -> Name {
        do { return try Name(der: der) } catch {
            throw Problem(
                .invalid, "profile.subject-invalid", title: "The profile and these values make no subject", detail: error.text,
                field: "subject")
        }
    }

    func checkKey(_ key: SubjectPublicKeyInfo, request: CertificateRequest?) throws(Problem) {
        guard keys.contains(key.keyAlgorithm) else {
            throw Problem(
                .invalid, "profile.key-algorithm", title: "The profile does not accept this kind of key",
                detail: "The key is \(key.keyAlgorithm.name); accepted are \(keys.map(\.name).joined(separator: ", ")).",
                field: "csr.publicKey")
        }
        if let request, request.publicKey.der != key.der {
            throw .instance("key-mismatch", "The key is not the request's.", "publicKey")
        }
    }

    /// The second key is there where the profile says so, of a kind that it accepts, and the request's.
    func checkAlternativeKey(
        _ key: SubjectPublicKeyInfo?, beside own: SubjectPublicKeyInfo, request: CertificateRequest?
    ) throws(Problem) {
        if let request, request.alternative?.publicKey.der != key?.der {
            throw .instance("key-mismatch", "The alternative key is not the request's.", "alternativeKey")
        }
        guard let key else {
            guard alternativeKeys.isEmpty else {
                throw Problem(
                    .invalid, "profile.alternative-key-missing", title: "A second key is missing",
                    detail: "The profile wants a request with an alternative key: \(alternativeKeys.map(\.name).joined(separator: ", ")).",
                    field: "csr.alternativeKey")
            }
            return
        }
        guard !alternativeKeys.isEmpty else {
            throw Problem(
                .invalid, "profile.alternative-key-unexpected", title: "The profile accepts no second key",
                detail: "The request brings an alternative key, and the profile has no `alternativeKeys`.", field: "csr.alternativeKey")
        }
        guard alternativeKeys.contains(key.keyAlgorithm), key != own else {
            throw Problem(
                .invalid, "profile.key-algorithm", title: "The profile does not accept this kind of key",
                detail: "The alternative key is \(key.keyAlgorithm.name); accepted are "
                    + "\(alternativeKeys.map(\.name).joined(separator: ", ")), and it is not the key itself.", field: "csr.alternativeKey")
        }
    }

    func checkSizeAndLint(_ tbs: TBSCertificate, issuer: Issuer) throws(Problem) {
        if template.predicates.contains(where: \.limitsSize) {
            let size = try Self.largest(tbs, issuer)
            for predicate in template.predicates { try predicate.check(size: size) }
        }
        if let finding = lint(tbs, issuer: issuer).first(where: refuses) {
            throw Problem(
                .invalid, "lint.\(finding.id)", title: "The certificate breaks a rule of its standards", detail: finding.text,
                field: Self.members[String(finding.id.prefix { $0 != "." })])
        }
    }

    /// Which member of the profile a family of lint rules is about.
    private static let members = [
        "time": "validity", "dn": "subject", "subject": "subject", "san": "subjectAltName", "ku": "keyUsage", "eku": "extendedKeyUsage",
        "bc": "basicConstraints", "ski": "subjectKeyIdentifier", "aki": "authorityKeyIdentifier",
    ]

    private func refuses(_ finding: Finding) -> Bool {
        switch finding.severity {
        case .error: true
        case .warning: !template.waivers.contains(finding.id) && !(finding.id == "time.within-issuer" && validity.span == .never)
        case .note: false
        }
    }
}
