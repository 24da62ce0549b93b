import Basics

/// A certificate signing request (RFC 2986), kept exactly as received and parsed strictly.
public struct CertificateRequest: Hashable, Sendable {
    public static let sizeLimit = 65_536
    public static let mostAttributes = 64

    /// What some embedded stacks get wrong; off unless a profile says otherwise.
    public enum Leniency: String, Hashable, Sendable, CaseIterable {
        /// The `[0]` attributes are missing altogether.
        case absentAttributes
        /// `critical FALSE` is written out.
        case explicitFalse
    }

    public let der: Bytes
    /// The CertificationRequestInfo's octets: what is signed.
    public let info: Bytes
    public let subject: Name
    public let publicKey: SubjectPublicKeyInfo
    /// Wishes; a profile says which of them count.
    public let requestedExtensions: [Extension]
    public let signatureAlgorithm: SignatureAlgorithm
    public let signature: Bytes
    /// A second key that asks with the first; nil when there is none.
    public let alternative: Alternative?

    /// An alternative key in a request: three attributes with the object identifiers of the extensions (Bouncy Castle's convention).
    public struct Alternative: Hashable, Sendable {
        public let publicKey: SubjectPublicKeyInfo
        public let signatureAlgorithm: SignatureAlgorithm
        public let signature: Bytes
        /// The CertificationRequestInfo without the attribute of the signature: what the alternative key signs.
        public let message: Bytes
    }

    public init(der: Bytes, leniencies: Set<Leniency> = []) throws(PKIXError) {
        var reader = try DERReader(der, limit: Self.sizeLimit)
        var fields = try reader.sequence()
        try reader.finish()
        var copy = fields
        info = try copy.raw(.sequence)
        var infoFields = try fields.sequence()
        guard try infoFields.integer() == [0] else { throw .unsupportedVersion }
        subject = try Name(reading: &infoFields)
        publicKey = try SubjectPublicKeyInfo(der: try infoFields.raw(.sequence))
        var attributes = Attributes()
        if !infoFields.isAtEnd || !leniencies.contains(.absentAttributes) {
            attributes = try Self.attributes(&infoFields, acceptsFalse: leniencies.contains(.explicitFalse))
        }
        try infoFields.finish()
        requestedExtensions = attributes.extensions
        alternative = try Self.alternative(attributes, info: info)
        signatureAlgorithm = try SignatureAlgorithm(try AlgorithmIdentifier(reading: &fields))
        guard signatureAlgorithm.fits(publicKey.keyAlgorithm) else { throw .signatureAlgorithmDoesNotFitKey }
        signature = try fields.bitString()
        try fields.finish()
        self.der = der
    }

    private struct Attributes {
        var extensions: [Extension] = []
        /// Values of the three attributes of an alternative key.
        var alternative: [OID: Bytes] = [:]
        /// All attributes but the alternative signature, whole.
        var covered: [Bytes] = []
    }

    private static func alternative(_ attributes: Attributes, info: Bytes) throws(PKIXError) -> Alternative? {
        guard !attributes.alternative.isEmpty else { return nil }
        guard let key = attributes.alternative[.subjectAltPublicKeyInfo], let algorithm = attributes.alternative[.altSignatureAlgorithm],
            let value = attributes.alternative[.altSignatureValue]
        else { throw .alternativeIncomplete }
        let publicKey = try SubjectPublicKeyInfo(der: key)
        var algorithmReader = try DERReader(algorithm)
        let signatureAlgorithm = try SignatureAlgorithm(try AlgorithmIdentifier(reading: &algorithmReader))
        try algorithmReader.finish()
        guard signatureAlgorithm.fits(publicKey.keyAlgorithm) else { throw .signatureAlgorithmDoesNotFitKey }
        var valueReader = try DERReader(value)
        let signature = try valueReader.bitString()
        try valueReader.finish()
        // Version, subject and key as they stand; what is left of a sorted set is sorted.
        var reader = try DERReader(info)
        var fields = try reader.sequence()
        let head = [try fields.raw(), try fields.raw(), try fields.raw()]
        let message = DERWriter.encode { writer in
            writer.sequence { writer in
                for part in head { writer.raw(part) }
                writer.constructed(.context(0, constructed: true)) { writer in for one in attributes.covered { writer.raw(one) } }
            }
        }
        return Alternative(publicKey: publicKey, signatureAlgorithm: signatureAlgorithm, signature: signature, message: message)
    }

    private static func attributes(_ reader: inout DERReader, acceptsFalse: Bool) throws(PKIXError) -> Attributes {
        var attributes = try reader.nested(.context(0, constructed: true))
        var seen: Set<OID> = []
        var found = Attributes()
        var previous = Bytes()
        while !attributes.isAtEnd {
            let start = attributes.offset
            var copy = attributes
            let encoding = try copy.raw(.sequence)
            guard !encoding.lexicographicallyPrecedes(previous) else { throw .der(.setOrder, offset: start) }
            previous = encoding
            var fields = try attributes.sequence()
            let oid = try fields.oid()
            guard seen.count < Self.mostAttributes else { throw .tooMany(limit: Self.mostAttributes) }
            guard seen.insert(oid).inserted else { throw .duplicateAttribute(oid) }
            guard !seen.isSuperset(of: [.extensionRequest, .microsoftExtensionRequest]) else { throw .conflictingExtensionRequests }
            var values: [Bytes] = []
            try fields.each(.set, most: 16) { reader throws(PKIXError) in values.append(try reader.raw()) }
            try fields.finish()
            guard let value = values.first, values.count == 1 else { throw .attributeValueCount(oid) }
            if oid == .extensionRequest || oid == .microsoftExtensionRequest {
                var inner = try DERReader(value)
                found.extensions = try Extension.read(&inner, acceptsFalse: acceptsFalse)
                try inner.finish()
            }
            if OID.alternativeSignature.contains(oid) { found.alternative[oid] = value }
            if oid != .altSignatureValue { found.covered.append(encoding) }
        }
        return found
    }

    /// Whether the requester holds the private keys: the request's own signature, and that of the alternative key if it has one.
    public func verifyPossession() throws(PKIXError) {
        if let alternative {
            guard
                alternative.signatureAlgorithm.isValid(alternative.signature, over: alternative.message, by: alternative.publicKey)
            else { throw .signatureInvalid }
        }
        guard signatureAlgorithm.isValid(signature, over: info, by: publicKey) else { throw .signatureInvalid }
    }

    /// Every key that it asks for.
    public var publicKeys: [SubjectPublicKeyInfo] { [publicKey] + (alternative.map { [$0.publicKey] } ?? []) }

    public var digest: Digest32 { Digest32(of: der) }
}

extension CertificateRequest {
    /// Makes a request, signed by its key, and by the alternative key where there is one: both prove possession.
    /// - Throws: ``PKIXError/signingFailed``
    public static func make(subject: Name, key: SoftwareKey, alternative: SoftwareKey? = nil) throws(PKIXError) -> CertificateRequest {
        var attributes: [Bytes] = []
        if let alternative {
            let algorithm = SignatureAlgorithm.preferred(for: alternative.publicKey.keyAlgorithm)
            attributes.append(attribute(.subjectAltPublicKeyInfo, alternative.publicKey.der))
            attributes.append(attribute(.altSignatureAlgorithm, algorithm.identifier.der))
            let signature = try alternative.sign(info(subject, key.publicKey, attributes), as: algorithm)
            attributes.append(attribute(.altSignatureValue, DERWriter.encode { $0.bitString(signature) }))
        }
        let algorithm = SignatureAlgorithm.preferred(for: key.publicKey.keyAlgorithm)
        let info = info(subject, key.publicKey, attributes)
        let signature = try key.sign(info, as: algorithm)
        return try CertificateRequest(
            der: DERWriter.encode { writer in
                writer.sequence { writer in
                    writer.raw(info)
                    writer.raw(algorithm.identifier.der)
                    writer.bitString(signature)
                }
            })
    }

    private static func attribute(_ oid: OID, _ value: Bytes) -> Bytes {
        DERWriter.encode { writer in
            writer.sequence { writer in
                writer.oid(oid)
                writer.setOf([value])
            }
        }
    }

    private static func info(_ subject: Name, _ key: SubjectPublicKeyInfo, _ attributes: [Bytes]) -> Bytes {
        DERWriter.encode { writer in
            writer.sequence { writer in
                writer.integer(0)
                writer.raw(subject.der)
                writer.raw(key.der)
                writer.constructed(.context(0, constructed: true)) { writer in
                    for one in attributes.sorted(by: { $0.lexicographicallyPrecedes($1) }) { writer.raw(one) }
                }
            }
        }
    }
}
