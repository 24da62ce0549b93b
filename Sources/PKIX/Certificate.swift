import Basics

/// What is signed in a certificate (RFC 5280 §4.1.2); version 3 only, kept exactly as received.
public struct TBSCertificate: Hashable, Sendable {
    public static let sizeLimit = 65_536
    public let der: Bytes
    public let serialNumber: SerialNumber
    public let signature: AlgorithmIdentifier
    public let issuer: Name
    public let validity: Validity
    public let subject: Name
    public let publicKey: SubjectPublicKeyInfo
    public let extensions: [Extension]

    /// Builds the canonical encoding, and reads it back: what cannot be read is not built.
    public init(
        serialNumber: SerialNumber, signature: AlgorithmIdentifier, issuer: Name, validity: Validity, subject: Name,
        publicKey: SubjectPublicKeyInfo, extensions: [Extension]
    ) throws(PKIXError) {
        var writer = DERWriter(capacity: 1024)
        writer.sequence { writer in
            writer.constructed(.context(0, constructed: true)) { $0.integer(2) }
            writer.integer(serialNumber.bytes)
            writer.raw(signature.der)
            writer.raw(issuer.der)
            validity.write(to: &writer)
            writer.raw(subject.der)
            writer.raw(publicKey.der)
            if !extensions.isEmpty {
                writer.constructed(.context(3, constructed: true)) { Extension.write(extensions, to: &$0) }
            }
        }
        try self.init(der: writer.bytes, made: Parts(issuer: issuer, subject: subject, publicKey: publicKey))
    }

    public init(der: Bytes) throws(PKIXError) { try self.init(der: der, made: nil) }

    private static let uniqueIdentifiers: Bytes = [0x81, 0x82, 0xa1, 0xa2]

    /// What was read and checked before it was written.
    private struct Parts {
        let issuer: Name
        let subject: Name
        let publicKey: SubjectPublicKeyInfo
    }

    /// - Parameter made: parts that need not be read a second time when the same octets are found.
    private init(der: Bytes, made: Parts?) throws(PKIXError) {
        var reader = try DERReader(der, limit: Self.sizeLimit)
        var fields = try reader.sequence()
        try reader.finish()
        guard fields.peek == .context(0, constructed: true) else { throw .unsupportedVersion }
        var version = try fields.nested(.context(0, constructed: true))
        guard try version.smallInteger() == 2 else { throw .unsupportedVersion }
        try version.finish()
        serialNumber = try SerialNumber(bytes: try fields.integer())
        signature = try AlgorithmIdentifier(reading: &fields)
        issuer = try Name(reading: &fields, known: made?.issuer)
        validity = try Validity(reading: &fields)
        subject = try Name(reading: &fields, known: made?.subject)
        let key = try fields.raw(.sequence)
        if let made, made.publicKey.der == key { publicKey = made.publicKey } else { publicKey = try SubjectPublicKeyInfo(der: key) }
        if let tag = fields.peek, Self.uniqueIdentifiers.contains(tag.octet) { throw .uniqueIdentifier }
        if fields.isAtEnd {
            extensions = []
        } else {
            var tagged = try fields.nested(.context(3, constructed: true))
            extensions = try Extension.read(&tagged)
            try tagged.finish()
            guard !extensions.isEmpty else { throw .emptyExtensions }
        }
        try fields.finish()
        self.der = der
        try checkAlternative()
    }

    /// What people vote on: the hash of exactly what will be signed, before the first signature is put to it.
    public var content: Digest32 { Digest32(of: undersigned) }

    public func value(of oid: OID) -> Extension? { extensions.first { $0.oid == oid } }
}

/// A signed certificate, kept exactly as received.
public struct Certificate: Hashable, Sendable {
    public let der: Bytes
    public let tbs: TBSCertificate
    public let signatureAlgorithm: AlgorithmIdentifier
    public let signature: Bytes

    public init(der: Bytes) throws(PKIXError) {
        var reader = try DERReader(der, limit: TBSCertificate.sizeLimit)
        var fields = try reader.sequence()
        try reader.finish()
        tbs = try TBSCertificate(der: try fields.raw(.sequence))
        signatureAlgorithm = try AlgorithmIdentifier(reading: &fields)
        guard signatureAlgorithm == tbs.signature else { throw .signatureAlgorithmMismatch }
        signature = try fields.bitString()
        try fields.finish()
        guard tbs.names(.altSignatureAlgorithm) == tbs.names(.altSignatureValue) else { throw .alternativeIncomplete }
        self.der = der
    }

    /// Puts a signature to what was signed.
    public init(tbs: TBSCertificate, signature: Bytes) {
        self.tbs = tbs
        signatureAlgorithm = tbs.signature
        self.signature = signature
        var writer = DERWriter(capacity: tbs.der.count + signature.count + 64)
        writer.sequence { writer in
            writer.raw(tbs.der)
            writer.raw(tbs.signature.der)
            writer.bitString(signature)
        }
        der = writer.bytes
    }

    /// Whether `key` signed exactly this content, by the algorithm that the certificate names.
    public func isSigned(by key: SubjectPublicKeyInfo) -> Bool {
        guard let algorithm = try? SignatureAlgorithm(signatureAlgorithm) else { return false }
        return algorithm.isValid(signature, over: tbs.der, by: key)
    }

    public var fingerprint: Digest32 { Digest32(of: der) }
}
