import Basics
import Crypto
import PKIX
import Profiles
import Testing

/// Keys, requests, profiles and a small hierarchy for all tests here. Keys are fixed, nothing is random.
enum Fixture {
    static let now = UTCTime(seconds: 1_795_000_000)  // 2026-11-18T11:06:40Z

    static func key(_ number: UInt8) throws -> P256.Signing.PrivateKey {
        try P256.Signing.PrivateKey(rawRepresentation: Bytes(repeating: number, count: 32))
    }

    static func publicKey(_ number: UInt8) throws -> SubjectPublicKeyInfo {
        try SubjectPublicKeyInfo(der: Bytes(try key(number).publicKey.derRepresentation))
    }

    static func mlDSAKey() throws -> SubjectPublicKeyInfo {
        let key = try MLDSA65.PrivateKey(seedRepresentation: Bytes(repeating: 7, count: 32), publicKey: nil)
        let bits = Bytes(key.publicKey.rawRepresentation)
        let algorithm = tlv(0x30, [0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x12])
        return try SubjectPublicKeyInfo(der: tlv(0x30, algorithm + tlv(0x03, [0x00] + bits)))
    }

    /// A PKCS#10 request for key `number` with an empty subject and no attributes.
    static func request(_ number: UInt8) throws -> CertificateRequest {
        let spki = Bytes(try key(number).publicKey.derRepresentation)
        let info = tlv(0x30, [0x02, 0x01, 0x00, 0x30, 0x00] + spki + [0xa0, 0x00])
        let signature = Bytes(try key(number).signature(for: info).derRepresentation)
        let algorithm: Bytes = [0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]
        return try CertificateRequest(der: tlv(0x30, info + algorithm + tlv(0x03, [0x00] + signature)))
    }

    static func serial(_ number: UInt8 = 1) -> SerialNumber {
        SerialNumber(at: now, random: Bytes(repeating: number, count: 16))
    }

    static func tlv(_ tag: UInt8, _ content: Bytes) -> Bytes {
        let count = content.count
        if count < 0x80 { return [tag, UInt8(count)] + content }
        if count < 0x100 { return [tag, 0x81, UInt8(count)] + content }
        return [tag, 0x82, UInt8(count >> 8), UInt8(count & 0xff)] + content
    }

    /// A profile from JSON in any layout.
    static func profile(_ text: String) throws -> Profile {
        try Profile(document: try JSON(parsing: Bytes(text.utf8)).canonicalBytes)
    }

    /// The device profile with members replaced, added, or taken away (nil).
    static func device(_ changes: [String: JSON?] = [:]) throws -> Profile {
        guard case .object(var members) = try JSON(parsing: Bytes(Self.deviceText.utf8)) else { throw Problem.none }
        for (name, value) in changes { members[name] = value }
        return try Profile(document: JSON.object(members).canonicalBytes)
    }

    static func json(_ text: String) throws -> JSON { try JSON(parsing: Bytes(text.utf8)) }

    static let deviceText = """
        {
          "name": "device-identity", "authority": "devices", "approval": "two-officers",
          "subject": "CN={model} {serial}, serialNumber={serial}, O=Example Devices",
          "fields": {"model": {"max": 32}, "serial": {"max": 32, "alphabet": "printable"}},
          "keys": ["ecdsa-p256", "ml-dsa-65"],
          "validity": {"until": "never"},
          "keyUsage": ["digitalSignature"],
          "subjectAltName": [{"hardwareModuleName": {"type": "1.3.6.1.4.1.32473.1.1", "serial": "{serial}"}}]
        }
        """

    /// The profile of an authority's own certificate.
    static func authority(
        _ name: String, issuer: String?, subject: String, years: Int64 = 10, pathLength: Int64? = 0,
        purposes: [String] = ["certificate", "crl"]
    ) throws -> Profile {
        var document: [String: JSON] = [
            "name": .string(name), "subject": .string(subject), "key": .string("ecdsa-p256"), "years": .integer(years),
            "purposes": .array(purposes.map { .string($0) }),
        ]
        if let issuer { document["issuer"] = .string(issuer) }
        if let pathLength { document["pathLength"] = .integer(pathLength) }
        return try Profile.authority(document: .object(document))
    }

    /// Root and issuing authority, made by their own profiles.
    static func root() throws -> (profile: Profile, tbs: TBSCertificate, issuer: Issuer) {
        let profile = try authority(
            "root", issuer: nil, subject: "CN=Example Devices Root CA, O=Example Devices", years: 30, pathLength: nil,
            purposes: ["authority", "crl"])
        let own = try profile.ownIssuer(publicKey: publicKey(11))
        let tbs = try profile.fill(filling(authority: 11), issuer: own)
        return (profile, tbs, try Issuer(tbs))
    }

    static func issuing() throws -> (profile: Profile, tbs: TBSCertificate, issuer: Issuer) {
        let profile = try authority("devices", issuer: "root", subject: "CN=Example Devices Issuing CA 1, O=Example Devices", years: 20)
        let tbs = try profile.fill(filling(authority: 12), issuer: root().issuer)
        return (profile, tbs, try Issuer(tbs))
    }

    /// For an authority's own certificate: no fields, no request.
    static func filling(authority number: UInt8) throws -> Filling {
        Filling(serial: serial(number), now: now, publicKey: try publicKey(number), fields: [:], request: nil)
    }

    static func filling(_ fields: [String: String], key number: UInt8 = 21) throws -> Filling {
        Filling(serial: serial(), now: now, publicKey: try publicKey(number), fields: fields, request: try request(number))
    }

    static let unit = ["model": "Pump 7", "serial": "SN-0001234"]
}

extension Problem {
    static let none = Problem(.fault, "none", title: "", detail: "")
}

/// What `body` throws, by its code and field.
func problem(_ body: () throws -> some Any) -> Problem? {
    do {
        _ = try body()
        return nil
    } catch let problem as Problem {
        return problem
    } catch {
        return Problem(.fault, "other", title: "\(error)", detail: "")
    }
}

/// A certificate's content in parts that a test may change.
struct Parts {
    var serial: SerialNumber
    var signature: AlgorithmIdentifier
    var issuer: Name
    var validity: Validity
    var subject: Name
    var publicKey: SubjectPublicKeyInfo
    var extensions: [Extension]

    init(_ tbs: TBSCertificate) {
        serial = tbs.serialNumber
        signature = tbs.signature
        issuer = tbs.issuer
        validity = tbs.validity
        subject = tbs.subject
        publicKey = tbs.publicKey
        extensions = tbs.extensions
    }

    var tbs: TBSCertificate {
        get throws {
            try TBSCertificate(
                serialNumber: serial, signature: signature, issuer: issuer, validity: validity, subject: subject, publicKey: publicKey,
                extensions: extensions)
        }
    }

    /// Replaces the extension's value and criticality, or adds it at the end.
    mutating func set(_ dotted: String, _ value: Bytes, critical: Bool) throws {
        let oid = try OID(dotted)
        let new = Extension(oid: oid, isCritical: critical, value: value)
        if let index = extensions.firstIndex(where: { $0.oid == oid }) { extensions[index] = new } else { extensions.append(new) }
    }

    mutating func remove(_ dotted: String) throws {
        let oid = try OID(dotted)
        extensions.removeAll { $0.oid == oid }
    }

    /// A subject of single-valued RDNs in DER order: object identifier's content in hexadecimal, tag, text.
    mutating func subject(_ attributes: [(oid: String, tag: UInt8, text: String)]) throws {
        subject = try name(attributes.map { [$0] })
    }
}

func name(_ rdns: [[(oid: String, tag: UInt8, text: String)]]) throws -> Name {
    let sets = try rdns.map { attributes in
        let values = try attributes.map { attribute in
            let oid = try #require(Bytes(hex: attribute.oid))
            return Fixture.tlv(0x30, Fixture.tlv(0x06, oid) + Fixture.tlv(attribute.tag, Bytes(attribute.text.utf8)))
        }
        return Fixture.tlv(0x31, values.sorted { $0.lexicographicallyPrecedes($1) }.flatMap { $0 })
    }
    return try Name(der: Fixture.tlv(0x30, sets.flatMap { $0 }))
}
