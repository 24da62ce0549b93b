import Basics

/// What is wrong with an X.509 object; each case is one rule.
public enum PKIXError: Error, Hashable, Sendable {
    /// A DER rule (X.690 §10, §11) is broken at this octet of the object.
    case der(DERRule, offset: Int)
    case tooLong(limit: Int)
    case tooMany(limit: Int)
    case invalidOID(String)
    case unsupportedVersion
    case serialNumberOutOfRange
    case unknownKeyAlgorithm(OID)
    case unknownSignatureAlgorithm(OID)
    case algorithmParameters(OID)
    case keyLength
    case keyForm
    case keyNotOnCurve
    case keyWeak
    case keyExponent
    case keyFactors
    case keyROCA
    case signatureAlgorithmMismatch
    case signatureAlgorithmDoesNotFitKey
    case signatureInvalid
    case emptyRDN
    case invalidString(OID)
    case invalidTime
    case uniqueIdentifier
    case duplicateExtension(OID)
    case emptyExtensions
    case invalidExtension(OID)
    /// Of an alternative signature only a part is there.
    case alternativeIncomplete
    case duplicateAttribute(OID)
    case attributeValueCount(OID)
    case conflictingExtensionRequests
    case pem(PEMRule, line: Int)
    case wrongPEMLabel(String)
    case unsupportedPrivateKey
    case privateKeyOutOfRange
    case privateKeyDoesNotFitPublicKey
    case invalidAddress(String)
    case signingFailed
    case wrongPassphrase
    case parametersTooLarge
    case unsupportedEncryption

    public enum DERRule: String, Hashable, Sendable, CaseIterable {
        case truncated, tag, length, depth, trailing, integer, boolean, null, bitString, oid, setOrder, defaultValue, string
    }

    public enum PEMRule: String, Hashable, Sendable, CaseIterable {
        case boundary, nested, unpaired, unfinished, header, base64, empty, missing, blocks
    }
}

extension PKIXError {
    /// In words, for the person who made the object. Nothing from outside stands in it unescaped.
    public var text: String {
        switch self {
        case .der(let rule, let offset): "it is not strict DER: \(rule.text) at octet \(offset)"
        case .tooLong(let limit): "it is longer than \(limit) octets"
        case .tooMany(let limit): "it has a list of more than \(limit) elements"
        case .invalidOID(let text): "\(text.escaped) is not an object identifier such as 1.3.6.1.4.1.32473.1"
        case .unsupportedVersion: "its version is not the one that is accepted (certificates v3, requests v1)"
        case .serialNumberOutOfRange: "the serial number must be positive and at most 20 octets long"
        case .unknownKeyAlgorithm(let oid):
            "the key algorithm \(oid)\(oid.familiar) is not known; known are " + KeyAlgorithm.known.map(\.name).joined(separator: ", ")
        case .unknownSignatureAlgorithm(let oid):
            "the signature algorithm \(oid)\(oid.familiar) is not known; known are "
                + SignatureAlgorithm.known.map(\.name).joined(separator: ", ")
        case .algorithmParameters(let oid): "the parameters of \(oid) are not the ones that the standard prescribes"
        case .keyLength: "the public key does not have the length of its algorithm"
        case .keyForm: "the public key must be an uncompressed point (first octet 04), or two positive numbers for RSA"
        case .keyNotOnCurve: "the public key's point does not lie on its curve"
        case .keyWeak:
            "the public key is a known weak one (a small multiple of the generator, or of small order): the random source is broken"
        case .keyExponent: "the RSA exponent must be odd, at least 65537 and at most 33 bits long"
        case .keyFactors: "the RSA modulus is easily factored: it has a small prime factor, or two that lie close together"
        case .keyROCA: "the RSA key has the ROCA weakness (CVE-2017-15361): the chip that made it makes factorable keys"
        case .signatureAlgorithmMismatch: "inner and outer signature algorithm differ"
        case .signatureAlgorithmDoesNotFitKey: "the signature algorithm does not belong to the kind of key"
        case .signatureInvalid: "the signature does not verify: the requester has not proven to hold the private key"
        case .emptyRDN: "a relative distinguished name is empty"
        case .invalidString(let oid): "the string of attribute \(oid) has octets that its type does not allow"
        case .invalidTime: "a time is not in the form of RFC 5280 §4.1.2.5"
        case .uniqueIdentifier: "unique identifiers are not accepted"
        case .duplicateExtension(let oid): "extension \(oid) stands there twice"
        case .emptyExtensions: "the list of extensions is empty"
        case .invalidExtension(let oid): "the value of extension \(oid) is malformed"
        case .alternativeIncomplete:
            "of an alternative signature (X.509 §9.8) the key, the algorithm and the value belong together; a part is missing, or too much"
        case .duplicateAttribute(let oid): "attribute \(oid) stands there twice"
        case .attributeValueCount(let oid): "attribute \(oid) must have exactly one value"
        case .conflictingExtensionRequests: "two attributes ask for extensions; two readers would see two requests"
        case .pem(let rule, let line): "the PEM is malformed in line \(line): \(rule.text)"
        case .wrongPEMLabel("EC PRIVATE KEY"), .wrongPEMLabel("RSA PRIVATE KEY"):
            "the private key is in an old form; convert it with `openssl pkcs8 -topk8`"
        case .wrongPEMLabel(let label): "a PEM block \(label.escaped) is not what was asked for"
        case .unsupportedPrivateKey: "the private key is not an ECDSA P-256 key in PKCS#8; convert it with `openssl pkcs8 -topk8`"
        case .privateKeyOutOfRange: "the private key is not a number from 1 to the order of its curve"
        case .privateKeyDoesNotFitPublicKey: "the public key in the private key's file belongs to another private key"
        case .invalidAddress(let text): "\(text.escaped) is neither a DNS name nor an IP address"
        case .signingFailed: "the key's signature could not be made"
        case .wrongPassphrase: "the passphrase is wrong, or the file is damaged"
        case .parametersTooLarge: "the key derivation asks for more work or memory than is accepted"
        case .unsupportedEncryption:
            "only PBES2 with PBKDF2-HMAC-SHA-256 and AES-256-CBC is read; convert it with `openssl pkcs8 -topk8 -v2 aes-256-cbc`"
        }
    }
}

extension OID {
    /// ` (RSA)`: what people call an algorithm that is not supported here; empty when it has no such name.
    fileprivate var familiar: String { Self.familiarNames[self].map { " (\($0))" } ?? "" }

    private static let familiarNames: [OID: String] = [
        .rsaPSS: "RSA-PSS", OID(constant: "2a864886f70d010105"): "RSA with SHA-1", OID(constant: "2a8648ce3d0401"): "ECDSA with SHA-1",
        OID(constant: "2b8104000a"): "secp256k1", OID(constant: "2b656e"): "X25519", OID(constant: "2b656f"): "X448",
        OID(constant: "2b6571"): "Ed448", OID(constant: "608648016503040311"): "ML-DSA-44",
    ]
}

extension PKIXError.DERRule {
    var text: String {
        switch self {
        case .truncated: "it ends too early"
        case .tag: "another element was expected"
        case .length: "a length is indefinite, too large, or not in its shortest form"
        case .depth: "it is nested too deep"
        case .trailing: "there are octets after the end of a value"
        case .integer: "an integer is empty or not in its shortest form"
        case .boolean: "a boolean is neither 00 nor FF"
        case .null: "a NULL has content"
        case .bitString: "a bit string has wrong padding"
        case .oid: "an object identifier is malformed"
        case .setOrder: "a SET OF is not sorted"
        case .defaultValue: "a default value is written out"
        case .string: "a string has octets that its type does not allow"
        }
    }
}

extension PKIXError.PEMRule {
    var text: String {
        switch self {
        case .boundary: "a BEGIN or END line must stand alone, as in -----BEGIN CERTIFICATE-----"
        case .nested: "a block begins inside another"
        case .unpaired: "BEGIN and END do not belong together"
        case .unfinished: "the last block has no END"
        case .header: "it has headers of the old encrypted form; convert the key with `openssl pkcs8 -topk8`"
        case .base64: "the block's base64 is damaged"
        case .empty: "the block is empty"
        case .missing: "there is no block"
        case .blocks: "there are more blocks than are accepted"
        }
    }
}
