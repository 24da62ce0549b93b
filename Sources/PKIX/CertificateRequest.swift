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
        if infoFields.isAtEnd, leniencies.contains(.absentAttributes) {
            requestedExtensions = []
        } else {
            requestedExtensions = try Self.attributes(&infoFields, acceptsFalse: leniencies.contains(.explicitFalse))
        }
        try infoFields.finish()
        signatureAlgorithm = try SignatureAlgorithm(try AlgorithmIdentifier(reading: &fields))
        guard signatureAlgorithm.fits(publicKey.keyAlgorithm) else { throw .signatureAlgorithmDoesNotFitKey }
        signature = try fields.bitString()
        try fields.finish()
        self.der = der
    }

    private static func attributes(_ reader: inout DERReader, acceptsFalse: Bool) throws(PKIXError) -> [Extension] {
        var attributes = try reader.nested(.context(0, constructed: true))
        var seen: Set<OID> = []
        var extensions: [Extension] = []
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
                extensions = try Extension.read(&inner, acceptsFalse: acceptsFalse)
                try inner.finish()
            }
        }
        return extensions
    }

    /// Whether the requester holds the private key: the request's own signature.
    public func verifyPossession() throws(PKIXError) {
        guard signatureAlgorithm.isValid(signature, over: info, by: publicKey) else { throw .signatureInvalid }
    }

    public var digest: Digest32 { Digest32(of: der) }
}
