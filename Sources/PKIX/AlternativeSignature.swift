import Basics

// A second signature in one certificate, ITU-T X.509 (10/2019) §9.8: extension 72 has the subject's alternative key, 73 the issuer's
// alternative algorithm, 74 the alternative signature. Who does not know them verifies the certificate as ever.

extension OID {
    /// The three extensions; in a request, attributes of the same identifiers.
    public static let alternativeSignature = [subjectAltPublicKeyInfo, altSignatureAlgorithm, altSignatureValue]
}

extension TBSCertificate {
    /// The forms of the three extensions, whatever algorithms they name; the third never without the second.
    func checkAlternative() throws(PKIXError) {
        if let key = value(of: .subjectAltPublicKeyInfo)?.value {
            try Self.form(.subjectAltPublicKeyInfo, key) { reader throws(PKIXError) in
                var fields = try reader.sequence()
                _ = try AlgorithmIdentifier(reading: &fields)
                _ = try fields.bitString()
                try fields.finish()
            }
        }
        if let algorithm = value(of: .altSignatureAlgorithm)?.value {
            try Self.form(.altSignatureAlgorithm, algorithm) { reader throws(PKIXError) in _ = try AlgorithmIdentifier(reading: &reader) }
        }
        if let signature = value(of: .altSignatureValue)?.value {
            guard names(.altSignatureAlgorithm) else { throw .alternativeIncomplete }
            try Self.form(.altSignatureValue, signature) { reader throws(PKIXError) in
                guard try !reader.bitString().isEmpty else { throw .invalidExtension(.altSignatureValue) }
            }
        }
    }

    private static func form(
        _ oid: OID, _ value: Bytes, _ read: (inout DERReader) throws(PKIXError) -> Void
    ) throws(PKIXError) {
        do throws(PKIXError) {
            var reader = try DERReader(value)
            try read(&reader)
            try reader.finish()
        } catch { throw .invalidExtension(oid) }
    }

    func names(_ oid: OID) -> Bool { extensions.contains { $0.oid == oid } }

    /// The subject's alternative key; nil when there is none.
    /// - Throws: for a key that is not acceptable, or of an algorithm that is not known.
    public func alternativePublicKey() throws(PKIXError) -> SubjectPublicKeyInfo? {
        guard let value = value(of: .subjectAltPublicKeyInfo)?.value else { return nil }
        return try SubjectPublicKeyInfo(der: value)
    }

    /// How the issuer signs a second time; nil when it does not.
    /// - Throws: for an algorithm that is not known.
    public func alternativeSignatureAlgorithm() throws(PKIXError) -> SignatureAlgorithm? {
        guard let value = value(of: .altSignatureAlgorithm)?.value else { return nil }
        var reader = try DERReader(value)
        return try SignatureAlgorithm(try AlgorithmIdentifier(reading: &reader))
    }

    /// The alternative signature's octets; nil when there is none, or not yet.
    public var alternativeSignature: Bytes? {
        guard let value = value(of: .altSignatureValue)?.value, var reader = try? DERReader(value) else { return nil }
        return try? reader.bitString()
    }

    /// What the alternative signature covers: PreTBSCertificate, everything but `signature` and the alternative signature itself.
    public var alternativeMessage: Bytes { respelled(withoutSignature: true) }

    /// The certificate's content before anything was signed: without the alternative signature.
    public var undersigned: Bytes { names(.altSignatureValue) ? respelled() : der }

    /// - Throws: ``PKIXError/alternativeIncomplete`` when no alternative signature is wanted, or one is there.
    func adding(alternativeSignature signature: Bytes) throws(PKIXError) -> TBSCertificate {
        guard names(.altSignatureAlgorithm), !names(.altSignatureValue) else { throw .alternativeIncomplete }
        let value = DERWriter.encode { $0.bitString(signature) }
        let item = DERWriter.encode { Extension.write(Extension(oid: .altSignatureValue, isCritical: false, value: value), to: &$0) }
        return try TBSCertificate(der: respelled(appending: item))
    }

    /// The same octets in the same order, but for what is left out or put at the end: nothing is encoded anew but three lengths.
    private func respelled(withoutSignature: Bool = false, appending item: Bytes = []) -> Bytes {
        // It was read before: it has this form.
        guard var reader = try? DERReader(der, limit: Self.sizeLimit), var fields = try? reader.sequence() else { return der }
        var parts: [Bytes] = []
        var kept: [Bytes] = []
        while let tag = fields.peek {
            if tag == .context(3, constructed: true) {
                guard var tagged = try? fields.nested(tag), var items = try? tagged.sequence() else { return der }
                while !items.isAtEnd {
                    guard let whole = try? items.raw(.sequence), var one = try? DERReader(whole), var inside = try? one.sequence(),
                        let oid = try? inside.oid()
                    else { return der }
                    if oid != .altSignatureValue { kept.append(whole) }
                }
            } else {
                guard let whole = try? fields.raw() else { return der }
                parts.append(whole)
            }
        }
        // Version, serial number, signature: the third.
        if withoutSignature, parts.count > 2 { parts.remove(at: 2) }
        if !item.isEmpty { kept.append(item) }
        return DERWriter.encode { writer in
            writer.sequence { writer in
                for part in parts { writer.raw(part) }
                guard !kept.isEmpty else { return }
                writer.constructed(.context(3, constructed: true)) { writer in
                    writer.sequence { writer in for one in kept { writer.raw(one) } }
                }
            }
        }
    }
}

/// One of a certificate's signatures, in the order in which they are made: the last covers all before it.
public enum SignatureSlot: String, Hashable, Sendable, CaseIterable {
    case alternative, classical
}

/// A certificate on its way from its content to its last signature. Whoever signs goes through the list; most certificates have one.
public struct UnfinishedCertificate: Hashable, Sendable {
    /// With the signatures made so far, but the last.
    public let tbs: TBSCertificate
    /// Complete when every slot is filled.
    public let certificate: Certificate?

    /// - Throws: ``PKIXError/alternativeIncomplete`` when something was signed already.
    public init(_ tbs: TBSCertificate) throws(PKIXError) {
        guard !tbs.names(.altSignatureValue) else { throw .alternativeIncomplete }
        self.tbs = tbs
        certificate = nil
    }

    private init(tbs: TBSCertificate, certificate: Certificate?) {
        self.tbs = tbs
        self.certificate = certificate
    }

    /// The signature to be made next; nil when none is missing.
    public var next: SignatureSlot? {
        guard certificate == nil else { return nil }
        return tbs.names(.altSignatureAlgorithm) && !tbs.names(.altSignatureValue) ? .alternative : .classical
    }

    /// What the next signature covers.
    public var message: Bytes { next == .alternative ? tbs.alternativeMessage : tbs.der }

    /// Fills the next slot; the signature is not verified here.
    public func adding(_ signature: Bytes) throws(PKIXError) -> UnfinishedCertificate {
        switch next {
        case .alternative: UnfinishedCertificate(tbs: try tbs.adding(alternativeSignature: signature), certificate: nil)
        case .classical: UnfinishedCertificate(tbs: tbs, certificate: Certificate(tbs: tbs, signature: signature))
        case nil: throw .alternativeIncomplete
        }
    }
}

/// What is to be said of one signature of a certificate.
public enum SignatureVerdict: Hashable, Sendable {
    case valid
    /// There is no such signature.
    case absent
    /// The issuer has no key for it.
    case withoutKey
    /// It does not verify, or names another algorithm than the issuer's key is for.
    case invalid
    /// Its algorithm or the key's is not known here.
    case unknown(PKIXError)
}

extension Certificate {
    /// Whether the authority whose certificate `issuer` is has signed this one with every key that it has.
    public func isSigned(by issuer: Certificate) -> Bool {
        guard isSigned(by: issuer.tbs.publicKey) else { return false }
        guard let key = try? issuer.tbs.alternativePublicKey() else { return !issuer.tbs.names(.subjectAltPublicKeyInfo) }
        return alternativeVerdict(by: key) == .valid
    }

    /// The classical signature, by this key.
    public func classicalVerdict(by key: SubjectPublicKeyInfo) -> SignatureVerdict {
        let algorithm: SignatureAlgorithm
        do { algorithm = try SignatureAlgorithm(signatureAlgorithm) } catch { return .unknown(error) }
        return algorithm.isValid(signature, over: tbs.der, by: key) ? .valid : .invalid
    }

    /// The alternative signature, by the issuer's alternative key, from its certificate or from what is trusted, never from this one.
    public func alternativeVerdict(by key: SubjectPublicKeyInfo?) -> SignatureVerdict {
        guard let signature = tbs.alternativeSignature else { return .absent }
        guard let key else { return .withoutKey }
        do {
            guard let algorithm = try tbs.alternativeSignatureAlgorithm() else { return .absent }
            return algorithm.isValid(signature, over: tbs.alternativeMessage, by: key) ? .valid : .invalid
        } catch { return .unknown(error) }
    }
}
