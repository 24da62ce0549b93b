import Basics
import PKIX

/// How a module signs: a mechanism and its parameter.
struct PKCS11SigningMechanism: Hashable, Sendable {
    /// CK_RSA_PKCS_PSS_PARAMS.
    struct PSS: Hashable, Sendable {
        let hash: UInt
        let mgf: UInt
        let saltLength: UInt
    }

    let mechanism: PKCS11.Mechanism
    let pss: PSS?

    /// Octets that a signature has at most: RSA 4096 has 512, ML-DSA-87 has 4,627.
    var longest: Int { mechanism == .mlDSA ? 8192 : 512 }

    /// nil: no mechanism is known for this. Hashing is done here and never in the module: every module has the raw mechanisms.
    init?(_ scheme: SignatureAlgorithm, _ key: KeyAlgorithm) {
        guard scheme.fits(key) else { return nil }
        switch key.kind {
        case .ec: self.init(.ecdsa)
        case .ed25519: self.init(.eddsa)
        case .rsa where scheme.padding == .pkcs1: self.init(.rsaPKCS1)
        case .rsa:
            guard let hash = scheme.hash else { return nil }
            self.init(.rsaPSS, Self.pss(hash))
        // Without a parameter: hedged where the module can, with an empty context.
        case .mlDSA: self.init(.mlDSA)
        }
    }

    private init(_ mechanism: PKCS11.Mechanism, _ pss: PSS? = nil) {
        self.mechanism = mechanism
        self.pss = pss
    }

    private static func pss(_ hash: HashFunction) -> PSS {
        switch hash {
        case .sha256: PSS(hash: 0x250, mgf: 2, saltLength: 32)
        case .sha384: PSS(hash: 0x260, mgf: 3, saltLength: 48)
        case .sha512: PSS(hash: 0x270, mgf: 4, saltLength: 64)
        }
    }
}

/// How a module makes a pair of keys of one kind.
struct PKCS11KeyPair: Hashable, Sendable {
    let algorithm: KeyAlgorithm
    let mechanism: PKCS11.Mechanism
    let keyType: PKCS11.KeyType
    /// What may sign with such a key.
    let signing: [PKCS11.Mechanism]
    /// What names the curve or the length; a module may know another spelling, which is tried next.
    let parameters: [[PKCS11Attribute]]

    /// nil: no mechanism is known for this algorithm.
    init?(_ algorithm: KeyAlgorithm) {
        self.algorithm = algorithm
        switch algorithm.kind {
        case .ec:
            guard let curve = algorithm.identifier.parameters else { return nil }
            (mechanism, keyType, signing) = (.ecKeyPair, .ec, [.ecdsa])
            parameters = [[.init(.ecParameters, curve)]]
        case .ed25519:
            (mechanism, keyType, signing) = (.edwardsKeyPair, .ecEdwards, [.eddsa])
            // The object identifier of RFC 8410, then the PrintableString "edwards25519" of RFC 8032.
            parameters = [
                [.init(.ecParameters, DERWriter.encode { $0.oid(algorithm.identifier.oid) })],
                [.init(.ecParameters, [0x13, 0x0c] + Bytes("edwards25519".utf8))],
            ]
        case .rsa(let bits):
            (mechanism, keyType, signing) = (.rsaKeyPair, .rsa, [.rsaPKCS1, .rsaPSS])
            parameters = [[.init(.modulusBits, UInt(bits)), .init(.publicExponent, [1, 0, 1] as Bytes)]]
        case .mlDSA(let set):
            // CKP_ML_DSA_65 and _87.
            guard let number: UInt = [65: 2, 87: 3][set] else { return nil }
            (mechanism, keyType, signing) = (.mlDSAKeyPair, .mlDSA, [.mlDSA])
            parameters = [[.init(.parameterSet, number)]]
        }
    }

    func publicTemplate(_ id: Bytes, _ label: String, _ parameters: [PKCS11Attribute]) -> [PKCS11Attribute] {
        [
            .init(.class, PKCS11.ObjectClass.publicKey.rawValue), .init(.keyType, keyType.rawValue), .init(.token, true),
            .init(.isPrivate, false), .init(.verify, true), .init(.verifyRecover, false), .init(.encrypt, false), .init(.wrap, false),
            .init(.id, id), .init(.label, Bytes(label.utf8)),
        ] + parameters
    }

    /// Every use is set: what a module takes for granted differs.
    func privateTemplate(_ id: Bytes, _ label: String, _ optional: [PKCS11Attribute]) -> [PKCS11Attribute] {
        [
            .init(.class, PKCS11.ObjectClass.privateKey.rawValue), .init(.keyType, keyType.rawValue), .init(.token, true),
            .init(.isPrivate, true), .init(.sensitive, true), .init(.extractable, false), .init(.sign, true), .init(.signRecover, false),
            .init(.decrypt, false), .init(.unwrap, false), .init(.derive, false), .init(.id, id), .init(.label, Bytes(label.utf8)),
        ] + optional
    }

    /// What not every module knows, in the order in which it is given up.
    var optional: [[PKCS11Attribute]] {
        let all: [PKCS11Attribute] = [
            .init(.modifiable, false), .init(.copyable, false), .init(.allowedMechanisms, signing.map(\.rawValue)),
        ]
        return (0...all.count).map { Array(all.dropLast($0)) }
    }

    /// What a public object has of the key.
    var publicAttributes: [PKCS11.AttributeType] {
        switch keyType {
        case .rsa: [.modulus, .publicExponent]
        case .mlDSA: [.value]
        case .ec, .ecEdwards, .aes: [.ecPoint]
        }
    }

    /// The public key from a public object's attributes.
    /// - Throws: ``PKCS11Fault/unacceptable(_:)``
    func publicKey(_ attributes: [PKCS11.AttributeType: Bytes]) throws(PKCS11Fault) -> SubjectPublicKeyInfo {
        do throws(PKIXError) {
            if keyType == .rsa {
                guard let modulus = attributes[.modulus], let exponent = attributes[.publicExponent] else { throw .keyForm }
                return try SubjectPublicKeyInfo(rsa: algorithm, modulus: modulus, exponent: exponent)
            }
            if keyType == .mlDSA {
                guard let value = attributes[.value] else { throw .keyForm }
                return try SubjectPublicKeyInfo(algorithm, key: value)
            }
            guard let value = attributes[.ecPoint], let point = Self.point(value, octets: pointOctets) else { throw .keyForm }
            return try SubjectPublicKeyInfo(algorithm, key: point)
        } catch { throw .unacceptable("the public key that it made is not acceptable: \(error.text)") }
    }

    private var pointOctets: Int { algorithm.orderOctets.map { 1 + 2 * $0 } ?? 32 }

    /// A point as modules spell it: as it is, in an OCTET STRING, or in a BIT STRING; the exact length tells them apart.
    static func point(_ value: Bytes, octets: Int) -> Bytes? {
        if value.count == octets { return value }
        if value.count > octets, value == DERWriter.encode({ $0.octetString(Bytes(value.suffix(octets))) }) {
            return Bytes(value.suffix(octets))
        }
        if value.count > octets, value == DERWriter.encode({ $0.bitString(Bytes(value.suffix(octets))) }) {
            return Bytes(value.suffix(octets))
        }
        return nil
    }
}
