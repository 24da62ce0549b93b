import Basics
import PKIX
import Testing

/// A TBSCertificate in its parts, each of which a test may damage.
struct TBSParts {
    var version = element(0xa0, [2, 1, 2])
    var serial: Bytes = [2, 1, 7]
    var signature = ecdsaSHA256
    var issuer: Bytes
    var validity = sequence(element(0x17, Bytes("260101000000Z".utf8)), element(0x17, Bytes("270101000000Z".utf8)))
    var subject: Bytes
    var publicKey: Bytes
    var behindKey: Bytes = []
    var extensions = element(0xa3, sequence(RequestParts.usage))
    var behind: Bytes = []
    let key: PrivateKey

    init() throws {
        key = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
        publicKey = key.publicKey.der
        issuer = try Name([try Attribute(oid: .commonName, kind: .utf8, text: "Issuer")]).der
        subject = try Name([try Attribute(oid: .commonName, kind: .utf8, text: "Pump")]).der
    }

    var der: Bytes { sequence(version, serial, signature, issuer, validity, subject, publicKey, behindKey, extensions, behind) }
}

@Suite("Certificates (RFC 5280 §4.1)")
struct CertificateTests {
    typealias Row = (name: String, error: PKIXError, damage: @Sendable (inout TBSParts) -> Void)

    static func withExtensions(_ items: Bytes...) -> Bytes { element(0xa3, sequence(items.flatMap { $0 })) }

    static let rows: [Row] = [
        ("version 1, left away", .unsupportedVersion, { $0.version = [] }),
        ("version 1, written", .unsupportedVersion, { $0.version = element(0xa0, [2, 1, 0]) }),
        ("version 2", .unsupportedVersion, { $0.version = element(0xa0, [2, 1, 1]) }),
        ("version 4", .unsupportedVersion, { $0.version = element(0xa0, [2, 1, 3]) }),
        ("serial 0", .serialNumberOutOfRange, { $0.serial = [2, 1, 0] }),
        ("serial negative", .serialNumberOutOfRange, { $0.serial = [2, 1, 0x80] }),
        ("serial of 21 octets", .serialNumberOutOfRange, { $0.serial = element(2, Bytes(repeating: 1, count: 21)) }),
        ("serial of 160 bits", .serialNumberOutOfRange, { $0.serial = element(2, [0], Bytes(repeating: 0xff, count: 20)) }),
        ("serial padded", .der(.integer, offset: 0), { $0.serial = [2, 2, 0, 7] }),
        (
            "notAfter before notBefore", .invalidTime,
            {
                $0.validity = sequence(element(0x17, Bytes("270101000000Z".utf8)), element(0x17, Bytes("260101000000Z".utf8)))
            }
        ),
        ("issuerUniqueID", .uniqueIdentifier, { $0.behindKey = element(0x81, [0, 1]) }),
        ("subjectUniqueID", .uniqueIdentifier, { $0.behindKey = element(0x82, [0, 1]) }),
        ("duplicate extension", .duplicateExtension(.keyUsage), { $0.extensions = withExtensions(RequestParts.usage, RequestParts.usage) }),
        (
            "critical FALSE written", .der(.defaultValue, offset: 0),
            {
                $0.extensions = withExtensions(RequestParts.item(.keyUsage, critical: [1, 1, 0], [3, 2, 7, 0x80]))
            }
        ),
        ("extensions empty", .emptyExtensions, { $0.extensions = withExtensions() }),
        (
            "octets behind an extension's value", .der(.trailing, offset: 0),
            {
                $0.extensions = withExtensions(RequestParts.item(.keyUsage, [3, 2, 7, 0x80, 0]))
            }
        ),
        (
            "an extension's value is empty", .der(.truncated, offset: 0),
            { $0.extensions = withExtensions(RequestParts.item(.keyUsage, [])) }
        ),
        (
            "BER inside a foreign extension", .der(.boolean, offset: 0),
            {
                $0.extensions = withExtensions(RequestParts.item(.certificatePolicies, sequence([1, 1, 1])))
            }
        ),
        (
            "an alternative key that is none", .invalidExtension(.subjectAltPublicKeyInfo),
            {
                $0.extensions = withExtensions(RequestParts.item(.subjectAltPublicKeyInfo, sequence()))
            }
        ),
        (
            "an alternative signature without an algorithm", .alternativeIncomplete,
            {
                $0.extensions = withExtensions(RequestParts.item(.altSignatureValue, [3, 2, 0, 1]))
            }
        ),
        ("octets behind the extensions", .der(.trailing, offset: 0), { $0.behind = [5, 0] }),
        ("octets inside [3]", .der(.trailing, offset: 0), { $0.extensions = element(0xa3, sequence(RequestParts.usage), [5, 0]) }),
        ("octets behind the version", .der(.trailing, offset: 0), { $0.version = element(0xa0, [2, 1, 2, 5, 0]) }),
        ("unknown tag behind the key", .der(.tag, offset: 0), { $0.behindKey = element(0xa4, [5, 0]) }),
        (
            "key off the curve", .keyNotOnCurve,
            {
                $0.publicKey = PublicKeyTests.p256($0.key.publicKey.key.dropLast() + [($0.key.publicKey.key.last ?? 0) ^ 1])
            }
        ),
        ("issuer with an empty RDN", .emptyRDN, { $0.issuer = sequence(set()) }),
    ]

    @Test("What is refused", arguments: rows.indices)
    func refused(row: Int) throws {
        let (name, expected, damage) = Self.rows[row]
        var parts = try TBSParts()
        damage(&parts)
        let error = #expect(throws: PKIXError.self, "\(name)") { try TBSCertificate(der: parts.der) }
        switch (expected, error) {
        case (.der(let rule, _), .der(let found, _)?): #expect(rule == found, "\(name)")
        default: #expect(error == expected, "\(name)")
        }
        let signed = sequence(parts.der, parts.signature, element(3, [0], try parts.key.sign(parts.der)))
        #expect(throws: try #require(error)) { try Certificate(der: signed) }
    }

    @Test("The parts from which the damaged ones are made are good")
    func good() throws {
        var parts = try TBSParts()
        let tbs = try TBSCertificate(der: parts.der)
        #expect(tbs.serialNumber.bytes == [7])
        #expect(tbs.subject.description == "CN=Pump" && tbs.issuer.description == "CN=Issuer")
        #expect(tbs.value(of: .keyUsage)?.isCritical == true && tbs.value(of: .basicConstraints) == nil)
        #expect(tbs.content == Digest32(of: parts.der))
        parts.extensions = []
        #expect(try TBSCertificate(der: parts.der).extensions.isEmpty)
        #expect(throws: PKIXError.der(.trailing, offset: parts.der.count)) { try TBSCertificate(der: parts.der + [0]) }
        #expect(throws: PKIXError.tooLong(limit: 65_536)) { try TBSCertificate(der: Bytes(repeating: 0x30, count: 65_537)) }
    }

    @Test("What is built is read back, and the signature fits exactly its content")
    func built() throws {
        let key = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
        let other = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
        let name = try Name([try Attribute(oid: .commonName, kind: .utf8, text: "a")])
        let validity = Validity(notBefore: UTCTime(seconds: 1_800_000_000), notAfter: .never)
        let serial = SerialNumber(at: UTCTime(seconds: 1_800_000_000), random: Bytes(repeating: 0xff, count: 16))
        let usage = Extension(oid: .keyUsage, isCritical: true, value: KeyUsage.digitalSignature.der)
        func build(_ extensions: [Extension]) throws(PKIXError) -> TBSCertificate {
            try TBSCertificate(
                serialNumber: serial, signature: SignatureAlgorithm.ecdsaSHA256.identifier, issuer: name, validity: validity, subject: name,
                publicKey: other.publicKey, extensions: extensions)
        }
        let tbs = try build([usage])
        #expect(tbs.serialNumber == serial && tbs.validity == validity && tbs.subject == name && tbs.extensions == [usage])
        #expect(try TBSCertificate(der: tbs.der) == tbs)
        #expect(throws: PKIXError.duplicateExtension(.keyUsage)) { try build([usage, usage]) }
        let certificate = Certificate(tbs: tbs, signature: try key.sign(tbs.der))
        #expect(try Certificate(der: certificate.der) == certificate)
        #expect(certificate.fingerprint == Digest32(of: certificate.der))
        #expect(certificate.isSigned(by: key.publicKey) && !certificate.isSigned(by: other.publicKey))
        let changed = Certificate(tbs: try build([]), signature: certificate.signature)
        #expect(!changed.isSigned(by: key.publicKey))
    }

    @Test("Outer and inner algorithm are the same octets; nothing is behind")
    func outer() throws {
        let parts = try TBSParts()
        let signature = element(3, [0], try parts.key.sign(parts.der))
        let certificate = try Certificate(der: sequence(parts.der, ecdsaSHA256, signature))
        #expect(certificate.isSigned(by: parts.key.publicKey))
        let other = SignatureAlgorithm.ecdsaSHA384.identifier.der
        #expect(throws: PKIXError.signatureAlgorithmMismatch) { try Certificate(der: sequence(parts.der, other, signature)) }
        let withNull = sequence(OID.ecdsaSHA256.encoded, [5, 0])
        #expect(throws: PKIXError.signatureAlgorithmMismatch) { try Certificate(der: sequence(parts.der, withNull, signature)) }
        #expect(throws: PKIXError.self) { try Certificate(der: sequence(parts.der, ecdsaSHA256, signature, [5, 0])) }
        #expect(throws: PKIXError.self) { try Certificate(der: sequence(parts.der, ecdsaSHA256, signature) + [0]) }
        #expect(throws: PKIXError.self) { try Certificate(der: sequence(parts.der, ecdsaSHA256, element(3, [1, 0]))) }
        var unknown = parts
        unknown.signature = withNull
        let foreign = try Certificate(der: sequence(unknown.der, withNull, element(3, [0], try parts.key.sign(unknown.der))))
        #expect(!foreign.isSigned(by: parts.key.publicKey))
    }

    @Test("Serial numbers: 20 octets, positive, growing with time")
    func serials() throws {
        let early = SerialNumber(at: UTCTime(seconds: 1_800_000_000), random: Bytes(repeating: 0xff, count: 16))
        let late = SerialNumber(at: UTCTime(seconds: 1_800_000_004), random: Bytes(repeating: 0, count: 16))
        #expect(early.hex == "5ad27480" + String(repeating: "f", count: 32))
        #expect(early.bytes.lexicographicallyPrecedes(late.bytes))
        #expect(try SerialNumber(bytes: early.bytes) == early)
        let far = SerialNumber(at: UTCTime(seconds: .max), random: [])
        #expect(far.bytes.count == 20 && far.bytes[0] & 0xc0 == 0x40)
        #expect(try SerialNumber(bytes: [0, 0x80]).hex == "0080")
        for bytes: Bytes in [[], [0], [0x80], Bytes(repeating: 1, count: 21)] {
            #expect(throws: PKIXError.serialNumberOutOfRange) { try SerialNumber(bytes: bytes) }
        }
        #expect(throws: PKIXError.der(.integer, offset: 0)) { try SerialNumber(bytes: [0, 0x7f]) }
    }
}
