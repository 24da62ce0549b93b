import Basics

/// A kind of key; one row of a table. Nobody switches over kinds: what differs stands in the row.
public struct KeyAlgorithm: Hashable, Sendable {
    /// What a provider of keys has to know to make one.
    public enum Kind: Hashable, Sendable {
        /// A named curve, by its object identifier.
        case ec(curve: OID)
        /// The modulus's length.
        case rsa(bits: Int)
        case ed25519
        /// A parameter set of FIPS 204: 65 or 87.
        case mlDSA(Int)
    }

    /// As profiles and documents name it.
    public let name: String
    public let kind: Kind
    /// What a SubjectPublicKeyInfo of this kind carries, parameters included.
    public let identifier: AlgorithmIdentifier
    /// What such a key can do at all (RFC 5480 §3, RFC 8813, RFC 4055 §1.2, RFC 8410 §5, RFC 9881 §5).
    public let usages: KeyUsage
    /// What our own signatures hash with, fitting the key's strength; nil: nothing, the signature is pure.
    public let hash: HashFunction?
    /// Whether a signature takes longer than handing it to another thread.
    public let isSlow: Bool
    /// Whether each own signature is checked before it leaves: a faulty RSA signature gives the key away.
    public let checksOwnSignatures: Bool
    private let operations: any KeyOperations

    public static let ecdsaP256 = ec("ecdsa-p256", .p256, .sha256, isSlow: false, ECOperations(curve: P256Rules.self))
    public static let ecdsaP384 = ec("ecdsa-p384", .p384, .sha384, isSlow: true, ECOperations(curve: P384Rules.self))
    public static let ecdsaP521 = ec("ecdsa-p521", .p521, .sha512, isSlow: true, ECOperations(curve: P521Rules.self))
    public static let rsa2048 = rsa(2048)
    public static let rsa3072 = rsa(3072)
    public static let rsa4096 = rsa(4096)
    public static let ed25519 = KeyAlgorithm(
        name: "ed25519", kind: .ed25519, identifier: AlgorithmIdentifier(oid: .ed25519), usages: .signing, hash: nil, isSlow: false,
        checksOwnSignatures: false, operations: Ed25519Operations())
    public static let mlDSA65 = KeyAlgorithm(
        name: "ml-dsa-65", kind: .mlDSA(65), identifier: AlgorithmIdentifier(oid: .mlDSA65), usages: .signing, hash: nil, isSlow: true,
        checksOwnSignatures: false, operations: MLDSAOperations(rules: MLDSA65Rules.self))
    public static let mlDSA87 = KeyAlgorithm(
        name: "ml-dsa-87", kind: .mlDSA(87), identifier: AlgorithmIdentifier(oid: .mlDSA87), usages: .signing, hash: nil, isSlow: true,
        checksOwnSignatures: false, operations: MLDSAOperations(rules: MLDSA87Rules.self))
    public static let known = [ecdsaP256, ecdsaP384, ecdsaP521, rsa2048, rsa3072, rsa4096, ed25519, mlDSA65, mlDSA87]

    public init?(named name: String) {
        guard let row = Self.known.first(where: { $0.name == name }) else { return nil }
        self = row
    }

    private init(
        name: String, kind: Kind, identifier: AlgorithmIdentifier, usages: KeyUsage, hash: HashFunction?, isSlow: Bool,
        checksOwnSignatures: Bool,
        operations: any KeyOperations
    ) {
        self.name = name
        self.kind = kind
        self.identifier = identifier
        self.usages = usages
        self.hash = hash
        self.isSlow = isSlow
        self.checksOwnSignatures = checksOwnSignatures
        self.operations = operations
    }

    private static func ec(_ name: String, _ curve: OID, _ hash: HashFunction, isSlow: Bool, _ operations: any KeyOperations)
        -> KeyAlgorithm
    {
        KeyAlgorithm(
            name: name, kind: .ec(curve: curve),
            identifier: AlgorithmIdentifier(oid: .ecPublicKey, parameters: DERWriter.encode { $0.oid(curve) }),
            usages: [.signing, .keyAgreement, .encipherOnly, .decipherOnly], hash: hash, isSlow: isSlow, checksOwnSignatures: false,
            operations: operations)
    }

    private static func rsa(_ bits: Int) -> KeyAlgorithm {
        KeyAlgorithm(
            name: "rsa-\(bits)", kind: .rsa(bits: bits),
            identifier: AlgorithmIdentifier(oid: .rsaEncryption, parameters: DERWriter.encode { $0.null() }),
            usages: [.signing, .keyEncipherment, .dataEncipherment], hash: .sha256, isSlow: true, checksOwnSignatures: true,
            operations: RSAOperations(bits: bits))
    }

    /// The row of a SubjectPublicKeyInfo's identifier and octets, the octets checked.
    static func row(of identifier: AlgorithmIdentifier, key: Bytes) throws(PKIXError) -> KeyAlgorithm {
        var found: PKIXError?
        for row in known where row.identifier == identifier {
            do {
                try row.operations.check(key)
                return row
            } catch {
                // RSA's rows differ in the length alone; what else is wrong with a key of a row's length is the reason.
                if found == nil || error != .keyLength { found = error }
            }
        }
        throw found ?? unknown(identifier)
    }

    /// What is wrong with an identifier that stands in no row: a kind or a curve that is not known, or else its parameters.
    private static func unknown(_ identifier: AlgorithmIdentifier) -> PKIXError {
        guard known.contains(where: { $0.identifier.oid == identifier.oid }) else { return .unknownKeyAlgorithm(identifier.oid) }
        guard identifier.oid == .ecPublicKey, let parameters = identifier.parameters, var reader = try? DERReader(parameters),
            let curve = try? reader.oid(), !known.contains(where: { $0.identifier.parameters == parameters })
        else { return .algorithmParameters(identifier.oid) }
        return .unknownKeyAlgorithm(curve)
    }

    /// Makes a public key ready to verify.
    func read(_ key: Bytes, for scheme: SignatureAlgorithm) -> (any ReadKey)? { operations.read(key, for: scheme) }

    /// Makes a key in software. RSA takes seconds: not on a thread that others wait for.
    /// - Throws: ``PKIXError/keyWeak`` when the random source gives nothing usable.
    public func generate() throws(PKIXError) -> SoftwareKey {
        try SoftwareKey(self, held: try operations.generate())
    }

    /// Opens a key from ``SoftwareKey/secret``.
    /// - Throws: ``PKIXError/privateKeyOutOfRange`` when these octets are no such key.
    public func open(secret: Bytes) throws(PKIXError) -> SoftwareKey {
        try SoftwareKey(self, held: try operations.open(secret))
    }

    public static func == (left: KeyAlgorithm, right: KeyAlgorithm) -> Bool { left.name == right.name }
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

/// What can be done with keys of one row.
protocol KeyOperations: Sendable {
    /// Whether the octets of the BIT STRING are a good public key, its length included.
    func check(_ key: Bytes) throws(PKIXError)
    /// nil for a key that the library does not take, or a scheme that is not this kind's.
    func read(_ key: Bytes, for scheme: SignatureAlgorithm) -> (any ReadKey)?
    func generate() throws(PKIXError) -> any HeldKey
    func open(_ secret: Bytes) throws(PKIXError) -> any HeldKey
}

/// A public key of one row, ready to verify by one scheme.
protocol ReadKey: Sendable {
    func isValid(_ signature: Bytes, over message: Bytes) -> Bool
}

/// A private key of one row, in memory; the library clears it when it goes.
protocol HeldKey: Sendable {
    /// The octets of the BIT STRING.
    var publicOctets: Bytes { get }
    var secret: Bytes { get }
    func sign(_ message: Bytes, as scheme: SignatureAlgorithm) throws -> Bytes
}

extension KeyAlgorithm: CustomStringConvertible {
    public var description: String { name }
}
