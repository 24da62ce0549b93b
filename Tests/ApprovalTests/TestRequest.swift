import Approval
import Basics
import PKIX
import Profiles
import Proofs
import Testing

/// A request in parts that a test may change; what is signed is made last, over what has become of them.
struct TestRequest {
    let house: TestHouse
    var instance: Instance
    var subject: ID
    var requester: Handle?
    var rosterVersion: Int64
    var rosterDigest: Digest32
    var policy: DocumentReference
    var profile: DocumentReference
    var authority: DocumentReference
    var csr: Bytes
    var tbs: Bytes
    /// Instead of H of `csr` and `tbs`.
    var requestDigest: Digest32?
    var content: Digest32?
    var opened: UTCTime
    var expires: UTCTime
    var submission: (Statement, TestHouse) throws -> SignedNote?
    var votes: (Statement, TestHouse) throws -> [SignedNote]

    /// Whole and right: by eve, approved by ben and cyd.
    init(_ house: TestHouse, profile name: String = "device-identity", key number: UInt8 = 0x91) throws {
        self.house = house
        instance = house.instance
        subject = try #require(ID("01930f3e-0000-7000-8000-0000000000\([number].hex)"))
        requester = try .named("eve")
        rosterVersion = house.charter.roster.version
        rosterDigest = house.charter.roster.digest
        profile = try house.reference(.profile, name)
        let inForce = try #require(house.charter.documents.profiles[profile.name]?.value)
        policy = try house.reference(.approval, try #require(inForce.approval).description)
        authority = try house.reference(.authority, inForce.authority.description)
        opened = TestHouse.now.adding(seconds: -600)
        expires = opened.adding(days: 5)
        csr = try Self.csr(number)
        tbs = []
        submission = { try $1.submission(of: $0) }
        votes = { try $1.approvals(["ben", "cyd"], of: $0) }
        tbs = try filled().der
    }

    /// The certificate that the profile makes of the request.
    func filled(serial: UInt8 = 7) throws -> TBSCertificate {
        let documents = house.charter.documents
        let profile = try #require(documents.profiles[profile.name]?.value)
        let authority = try #require(documents.authorities[authority.name]?.value)
        let request = try CertificateRequest(der: csr)
        return try profile.fill(
            Filling(
                serial: SerialNumber(at: opened, random: Bytes(repeating: serial, count: 16)), now: opened, publicKey: request.publicKey,
                fields: ["model": "Pump 7", "serial": "SN-0001234"], request: request), issuer: try authority.asIssuer())
    }

    /// Puts a certificate in place of the filled one that differs from it in what `change` does.
    mutating func alter(_ change: (inout TBSParts) throws -> Void) throws {
        var parts = TBSParts(try TBSCertificate(der: tbs))
        try change(&parts)
        tbs = try parts.tbs.der
    }

    var statement: Statement {
        Statement(
            instance: instance, subject: subject, requester: requester, rosterVersion: rosterVersion, rosterDigest: rosterDigest,
            policy: policy, profile: profile, authority: authority, request: requestDigest ?? Digest32(of: csr),
            content: content ?? Digest32(of: tbs), opened: opened, expires: expires)
    }

    var evidence: Evidence {
        get throws {
            let statement = statement
            return Evidence(
                statement: statement.text, tbs: tbs, request: csr, submission: try submission(statement, house),
                votes: try votes(statement, house))
        }
    }

    /// A PKCS#10 request with an empty subject, for the key with this scalar.
    static func csr(_ number: UInt8) throws -> Bytes {
        let key = try PrivateKey.generate(.ecdsaP256, entropy: FixedEntropy(octets: Bytes(repeating: number, count: 32)))
        let info = tlv(0x30, [0x02, 0x01, 0x00, 0x30, 0x00] + key.publicKey.der + [0xa0, 0x00])
        let algorithm: Bytes = [0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]
        return tlv(0x30, info + algorithm + tlv(0x03, [0x00] + (try key.sign(info))))
    }

    static func tlv(_ tag: UInt8, _ content: Bytes) -> Bytes {
        let count = content.count
        if count < 0x80 { return [tag, UInt8(count)] + content }
        if count < 0x100 { return [tag, 0x81, UInt8(count)] + content }
        return [tag, 0x82, UInt8(count >> 8), UInt8(count & 0xff)] + content
    }
}

/// A certificate's content in parts.
struct TBSParts {
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
}

extension TestHouse {
    func submission(
        of statement: Statement, by name: String = "eve", key: PrivateKey? = nil, time: UTCTime? = nil, subject: ID? = nil
    ) throws -> SignedNote {
        let person = try person(name)
        let submission = Submission(
            instance: statement.instance, subject: subject ?? statement.subject, requester: person.handle, profile: statement.profile,
            request: statement.request, time: time ?? statement.opened)
        return try (key ?? person.vote).note(submission.text, as: person.handle)
    }

    func vote(
        _ name: String, _ decision: Vote.Decision = .approve, on statements: Set<Digest32>, time: UTCTime = now, instance: Instance? = nil
    ) throws -> Vote {
        Vote(instance: instance ?? self.instance, voter: try .named(name), decision: decision, time: time, statements: statements)
    }

    func approvals(_ names: [String], of statement: Statement) throws -> [SignedNote] {
        try names.map { try person($0).sign(try vote($0, on: [statement.digest]).text) }
    }

    func rejection(_ name: String, of statement: Statement) throws -> SignedNote {
        try person(name).sign(try vote(name, .reject, on: [statement.digest]).text)
    }
}
