import Basics
import PKIX

/// What a certificate takes from the authority that issues it.
public struct Issuer: Hashable, Sendable {
    /// The subject of the authority's certificate; its octets are copied, never made again.
    public let name: Name
    /// The content of its subjectKeyIdentifier, whichever method made it.
    public let keyIdentifier: Bytes
    public let signatureAlgorithm: SignatureAlgorithm
    /// What it signs with: signatures by one algorithm differ in length from key to key.
    public let keyAlgorithm: KeyAlgorithm
    /// How it signs a second time (X.509 §9.8); nil when it does not.
    public let alternativeSignatureAlgorithm: SignatureAlgorithm?
    /// What it signs with a second time; nil when it does not.
    public let alternativeKeyAlgorithm: KeyAlgorithm?
    public let notBefore: UTCTime
    public let notAfter: UTCTime
    /// How many authorities may follow below it; nil for any number.
    public let pathLength: Int?
    /// The purposes that certificates below it may have; nil for any.
    public let purposes: Set<OID>?

    public init(
        name: Name, keyIdentifier: Bytes, signatureAlgorithm: SignatureAlgorithm, keyAlgorithm: KeyAlgorithm,
        alternative: (signature: SignatureAlgorithm, key: KeyAlgorithm)? = nil, notBefore: UTCTime = UTCTime(seconds: 0),
        notAfter: UTCTime, pathLength: Int? = nil, purposes: Set<OID>? = nil
    ) {
        self.name = name
        self.keyIdentifier = keyIdentifier
        self.signatureAlgorithm = signatureAlgorithm
        self.keyAlgorithm = keyAlgorithm
        alternativeSignatureAlgorithm = alternative?.signature
        alternativeKeyAlgorithm = alternative?.key
        self.notBefore = notBefore
        self.notAfter = notAfter
        self.pathLength = pathLength
        self.purposes = purposes
    }

    /// The authority whose certificate has this content.
    /// - Throws: `profile.issuer-invalid` when it is no authority's, names no key identifier, or has nameConstraints: nothing here
    ///   could tell whether a new certificate obeys them.
    public init(_ tbs: TBSCertificate) throws(Problem) {
        func value(_ oid: OID) -> Bytes? { tbs.extensions.first { $0.oid == oid }?.value }
        guard let constraints = value(.basicConstraints).flatMap({ try? BasicConstraints(der: $0) }), constraints.isAuthority else {
            throw Self.problem("It is not an authority's certificate.")
        }
        guard let identifier = value(.subjectKeyIdentifier).flatMap({ try? SubjectKeyIdentifier(der: $0) }) else {
            throw Self.problem("It has no subjectKeyIdentifier.")
        }
        guard value(.nameConstraints) == nil else {
            throw Self.problem("It has nameConstraints, and whether a new certificate obeys them is not checked here yet.")
        }
        var purposes: Set<OID>?
        if let extended = value(.extendedKeyUsage) {
            guard let parsed = try? ExtendedKeyUsage(der: extended) else { throw Self.problem("Its extKeyUsage has not its form.") }
            purposes = parsed.purposes.contains(.anyExtendedKeyUsage) ? nil : Set(parsed.purposes)
        }
        self.init(
            name: tbs.subject, keyIdentifier: identifier.bytes,
            signatureAlgorithm: SignatureAlgorithm.preferred(for: tbs.publicKey.keyAlgorithm), keyAlgorithm: tbs.publicKey.keyAlgorithm,
            alternative: (try? tbs.alternativePublicKey()).map { (.preferred(for: $0.keyAlgorithm), $0.keyAlgorithm) },
            notBefore: tbs.validity.notBefore, notAfter: tbs.validity.notAfter, pathLength: constraints.pathLength, purposes: purposes)
    }

    private static func problem(_ detail: String) -> Problem {
        Problem(.invalid, "profile.issuer-invalid", title: "The certificate cannot issue others", detail: detail)
    }
}

/// What one certificate is made from, beside its profile and its issuer.
public struct Filling: Hashable, Sendable {
    public let serial: SerialNumber
    /// When the certificate is made; its validity begins the profile's skew before.
    public let now: UTCTime
    public let publicKey: SubjectPublicKeyInfo
    /// The subject's second key; nil when it has none.
    public let alternativeKey: SubjectPublicKeyInfo?
    /// A value for each of the profile's fields, by its name.
    public let fields: [String: String]
    /// The request that the key came in; nil for an authority's own certificate. Of the request nothing but the key is taken.
    public let request: CertificateRequest?

    public init(
        serial: SerialNumber, now: UTCTime, publicKey: SubjectPublicKeyInfo, alternativeKey: SubjectPublicKeyInfo? = nil,
        fields: [String: String], request: CertificateRequest?
    ) {
        self.serial = serial
        self.now = now
        self.publicKey = publicKey
        self.alternativeKey = alternativeKey
        self.fields = fields
        self.request = request
    }
}
