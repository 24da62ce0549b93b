import Basics
import Crypto
import PKIX
import Testing

@Suite("Requests (RFC 2986)")
struct RequestTests {
    typealias Damage = @Sendable (inout RequestParts) throws -> Void
    typealias Row = (name: String, error: PKIXError?, damage: Damage)

    static func wish(_ items: Bytes...) -> Bytes { RequestParts.attribute(.extensionRequest, sequence(items.flatMap { $0 })) }
    static let password: OID = .challengePassword

    /// Requests that other programs take, and what happens to them here.
    static let attributeRows: [Row] = [
        ("nothing is wrong", nil, { _ in }),
        ("one wish", nil, { $0.setAttributes(wish(RequestParts.usage)) }),
        (
            "critical FALSE written", .der(.defaultValue, offset: 0),
            { $0.setAttributes(wish(RequestParts.item(.keyUsage, critical: [1, 1, 0], [3, 2, 7, 0x80]))) }
        ),
        (
            "BOOLEAN 01 for TRUE", .der(.boolean, offset: 0),
            { $0.setAttributes(wish(RequestParts.item(.keyUsage, critical: [1, 1, 1], [3, 2, 7, 0x80]))) }
        ),
        ("same extension twice", .duplicateExtension(.keyUsage), { $0.setAttributes(wish(RequestParts.usage, RequestParts.usage)) }),
        (
            "extensionRequest twice", .duplicateAttribute(.extensionRequest),
            { $0.setAttributes(wish(RequestParts.usage), wish(RequestParts.usage)) }
        ),
        (
            "RFC and Microsoft attribute", .conflictingExtensionRequests,
            {
                $0.setAttributes(RequestParts.attribute(.microsoftExtensionRequest, sequence()), wish(RequestParts.usage))
            }
        ),
        (
            "Microsoft attribute alone", nil,
            { $0.setAttributes(RequestParts.attribute(.microsoftExtensionRequest, sequence(RequestParts.usage))) }
        ),
        (
            "two values", .attributeValueCount(.extensionRequest),
            {
                $0.setAttributes(RequestParts.attribute(.extensionRequest, sequence(), sequence(RequestParts.usage)))
            }
        ),
        ("no value", .attributeValueCount(.extensionRequest), { $0.setAttributes(RequestParts.attribute(.extensionRequest)) }),
        ("empty extensions", nil, { $0.setAttributes(wish()) }),
        (
            "attributes out of order", .der(.setOrder, offset: 0),
            {
                $0.setAttributes(wish(RequestParts.usage), RequestParts.attribute(password, element(0x0c, [0x70])))
            }
        ),
        ("extra SEQUENCE inside [0]", .der(.tag, offset: 0), { $0.attributes = element(0xa0, sequence(wish(RequestParts.usage))) }),
        ("[0] with another tag", .der(.tag, offset: 0), { $0.attributes = element(0xa1) }),
        ("challengePassword empty", nil, { $0.setAttributes(RequestParts.attribute(password, element(0x0c))) }),
        (
            "challengePassword with two values", .attributeValueCount(password),
            {
                $0.setAttributes(RequestParts.attribute(password, element(0x0c, [0x70]), element(0x0c, [0x71])))
            }
        ),
        (
            "values out of order", .der(.setOrder, offset: 0),
            {
                $0.setAttributes(RequestParts.attribute(password, element(0x0c, [0x71]), element(0x0c, [0x70])))
            }
        ),
        ("octets behind the attributes", .der(.trailing, offset: 0), { $0.behindInfo = [5, 0] }),
        (
            "half an element behind the extensions", .der(.truncated, offset: 0),
            { $0.setAttributes(RequestParts.attribute(.extensionRequest, sequence() + [0])) }
        ),
        (
            "octets inside an extension's value", .der(.trailing, offset: 0),
            {
                $0.setAttributes(wish(RequestParts.item(.keyUsage, [3, 2, 7, 0x80, 0])))
            }
        ),
        (
            "an extension's value is no DER", .der(.length, offset: 0),
            { $0.setAttributes(wish(RequestParts.item(.keyUsage, [0x30, 0x80, 0, 0]))) }
        ),
    ]

    static let otherRows: [Row] = [
        ("version 1", .unsupportedVersion, { $0.version = [2, 1, 1] }),
        ("version 2", .unsupportedVersion, { $0.version = [2, 1, 2] }),
        ("version missing", .der(.tag, offset: 0), { $0.version = [] }),
        ("octets behind the request", .der(.trailing, offset: 0), { $0.behind = [5, 0] }),
        ("NULL behind the algorithm", .algorithmParameters(.ecdsaSHA256), { $0.algorithm = sequence(OID.ecdsaSHA256.encoded, [5, 0]) }),
        (
            "SHA-1", .unknownSignatureAlgorithm(OID(content: [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1]) ?? .ecPublicKey),
            {
                $0.algorithm = sequence(element(6, [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1]))
            }
        ),
        ("another kind's algorithm", .signatureAlgorithmDoesNotFitKey, { $0.algorithm = SignatureAlgorithm.mlDSA65.identifier.der }),
        ("r padded", .signatureInvalid, { $0.damageSignature = { padded($0) } }),
        ("an octet behind the signature", .signatureInvalid, { $0.damageSignature = { $0 + [0] } }),
        ("an octet of the signature changed", .signatureInvalid, { $0.damageSignature = { $0.dropLast() + [($0.last ?? 0) ^ 1] } }),
        ("signature empty", .signatureInvalid, { $0.damageSignature = { _ in [] } }),
        ("a signature in SHA-256, called SHA-384", .signatureInvalid, { $0.algorithm = SignatureAlgorithm.ecdsaSHA384.identifier.der }),
        (
            "another key's signature", .signatureInvalid,
            {
                $0.publicKey = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy()).publicKey.der
            }
        ),
        ("compressed point", .keyForm, { parts in parts.publicKey = PublicKeyTests.p256([2] + parts.key.publicKey.key[1..<33]) }),
        ("hybrid point", .keyForm, { parts in parts.publicKey = PublicKeyTests.p256([6] + parts.key.publicKey.key[1...]) }),
        ("point at infinity", .keyForm, { $0.publicKey = PublicKeyTests.p256([0]) }),
        (
            "off the curve", .keyNotOnCurve,
            { parts in
                parts.publicKey = PublicKeyTests.p256(parts.key.publicKey.key.dropLast() + [(parts.key.publicKey.key.last ?? 0) ^ 1])
            }
        ),
        ("invalid UTF-8", .invalidString(.commonName), { $0.subject = sequence(set(NameTests.attribute(.commonName, 0x0c, [0xff]))) }),
        ("PrintableString with @", .invalidString(.commonName), { $0.subject = sequence(set(NameTests.common("a@b", 0x13))) }),
        ("countryName as UTF8String", nil, { $0.subject = sequence(set(NameTests.attribute(.countryName, 0x0c, Bytes("DE".utf8)))) }),
        ("empty subject", nil, { $0.subject = sequence() }),
        ("empty RDN", .emptyRDN, { $0.subject = sequence(set()) }),
    ]

    /// The first of the two INTEGERs gets a zero octet too many.
    @Sendable static func padded(_ signature: Bytes) -> Bytes {
        do {
            var reader = try DERReader(signature)
            var fields = try reader.sequence()
            let (r, s) = (try fields.integer(), try fields.integer())
            return sequence(element(2, [0], r), element(2, s))
        } catch { return signature }
    }

    static func check(_ row: Row) throws {
        var parts = try RequestParts()
        try row.damage(&parts)
        let der = try parts.signed()
        func read() throws(PKIXError) -> CertificateRequest {
            let request = try CertificateRequest(der: der)
            try request.verifyPossession()
            return request
        }
        guard let expected = row.error else {
            #expect(try read().publicKey == parts.key.publicKey, "\(row.name)")
            return
        }
        let error = #expect(throws: PKIXError.self, "\(row.name)") { try read() }
        // Where exactly the rule breaks depends on lengths; which rule does not.
        switch (expected, error) {
        case (.der(let rule, _), .der(let found, _)?): #expect(rule == found, "\(row.name)")
        default: #expect(error == expected, "\(row.name)")
        }
        #expect(error?.text.isEmpty == false)
    }

    @Test("Attributes", arguments: attributeRows.indices)
    func attributes(row: Int) throws { try Self.check(Self.attributeRows[row]) }

    @Test("Everything else", arguments: otherRows.indices)
    func others(row: Int) throws { try Self.check(Self.otherRows[row]) }

    @Test("The wishes are read, whichever attribute they stand in", arguments: [OID.extensionRequest, .microsoftExtensionRequest])
    func wishes(oid: OID) throws {
        var parts = try RequestParts()
        parts.attributes = element(
            0xa0,
            Self.sorted([
                RequestParts.attribute(.challengePassword, element(0x0c, [0x70])),
                RequestParts.attribute(
                    oid, sequence(RequestParts.usage, RequestParts.item(.extendedKeyUsage, sequence(OID.clientAuth.encoded)))),
            ]))
        let request = try CertificateRequest(der: try parts.signed())
        #expect(request.requestedExtensions.map(\.oid) == [.keyUsage, .extendedKeyUsage])
        #expect(request.requestedExtensions.map(\.isCritical) == [true, false])
        #expect(try KeyUsage(der: try #require(request.requestedExtensions.first).value) == .digitalSignature)
    }

    static func sorted(_ elements: [Bytes]) -> Bytes { elements.sorted { $0.lexicographicallyPrecedes($1) }.flatMap { $0 } }

    @Test("Each of the two leniencies opens its own door only")
    func leniencies() throws {
        var absent = try RequestParts()
        absent.attributes = []
        let withoutAttributes = try absent.signed()
        #expect(throws: PKIXError.self) { try CertificateRequest(der: withoutAttributes) }
        #expect(throws: PKIXError.self) { try CertificateRequest(der: withoutAttributes, leniencies: [.explicitFalse]) }
        let request = try CertificateRequest(der: withoutAttributes, leniencies: [.absentAttributes])
        try request.verifyPossession()
        #expect(request.requestedExtensions.isEmpty)

        var explicit = try RequestParts()
        explicit.setAttributes(Self.wish(RequestParts.item(.keyUsage, critical: [1, 1, 0], [3, 2, 7, 0x80])))
        let withFalse = try explicit.signed()
        #expect(throws: PKIXError.der(.defaultValue, offset: 9)) { try CertificateRequest(der: withFalse) }
        #expect(throws: PKIXError.der(.defaultValue, offset: 9)) { try CertificateRequest(der: withFalse, leniencies: [.absentAttributes]) }
        let lenient = try CertificateRequest(der: withFalse, leniencies: [.explicitFalse])
        #expect(lenient.requestedExtensions.map(\.isCritical) == [false])
    }

    @Test("Size and number are bounded")
    func bounds() throws {
        #expect(throws: PKIXError.tooLong(limit: 65_536)) { try CertificateRequest(der: Bytes(repeating: 0x30, count: 65_537)) }
        var parts = try RequestParts()
        let items = try (0..<65).map { RequestParts.attribute(try OID("1.2.3.\($0)"), [5, 0]) }
        parts.attributes = element(0xa0, Self.sorted(items))
        #expect(throws: PKIXError.tooMany(limit: 64)) { try CertificateRequest(der: try parts.signed()) }
        parts.attributes = element(0xa0, Self.sorted(items.dropLast()))
        #expect(throws: Never.self) { try CertificateRequest(der: try parts.signed()) }
        let many = try (0..<101).map { RequestParts.item(try OID("1.2.3.\($0)"), [5, 0]) }
        parts.setAttributes(RequestParts.attribute(.extensionRequest, sequence(many.flatMap { $0 })))
        #expect(throws: PKIXError.tooMany(limit: 100)) { try CertificateRequest(der: try parts.signed()) }
    }
}
