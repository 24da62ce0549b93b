import Basics
import PKIX
import Testing

@Suite("Values of extensions (RFC 5280 §4.2)")
struct ExtensionValueTests {
    @Test(
        "Key usages are written and read in their one form",
        arguments: [
            (.digitalSignature, "03020780"), ([.digitalSignature, .keyEncipherment], "030205a0"),
            ([.digitalSignature, .nonRepudiation], "030206c0"), ([.keyCertSign, .cRLSign], "03020106"),
            ([.digitalSignature, .keyCertSign, .cRLSign], "03020186"), (.keyAgreement, "03020308"),
            ([.keyAgreement, .decipherOnly], "0303070880"), (.keyEncipherment, "03020520"), (.dataEncipherment, "03020410"),
            (.encipherOnly, "03020001"), (.decipherOnly, "0303070080"),
        ] as [(KeyUsage, String)])
    func keyUsage(usage: KeyUsage, octets: String) throws {
        #expect(usage.der.hex == octets)
        #expect(try KeyUsage(der: try hex(octets)) == usage)
    }

    @Test(
        "Other key usages are refused: empty, trailing zero bits, too many, wrong padding",
        arguments: [
            "030100", "03020080", "03020680", "03020700", "030307a000", "0304000000ff", "0303060040", "0303000001", "03020781", "0401a0",
        ])
    func refusedKeyUsage(octets: String) throws {
        #expect(throws: PKIXError.self) { try KeyUsage(der: try hex(octets)) }
    }

    @Test("No key usage at all is written as what is refused, and bits without a name are left out")
    func unnamedBits() {
        #expect(KeyUsage().der.hex == "030100")
        #expect(KeyUsage(rawValue: 0xfe01).der.hex == "03020780")
    }

    @Test("Basic constraints")
    func basicConstraints() throws {
        for (value, octets) in [
            (BasicConstraints.endEntity, "3000"), (.authority(pathLength: nil), "30030101ff"),
            (.authority(pathLength: 0), "30060101ff020100"),
            (.authority(pathLength: 300), "30070101ff0202012c"),
        ] {
            #expect(value.der.hex == octets)
            #expect(try BasicConstraints(der: try hex(octets)) == value)
        }
        for octets in ["3003010100", "3003020100", "30060101ff0201ff", "30030101ff00", "30060201000101ff", "3003010101", ""] {
            #expect(throws: PKIXError.self, "\(octets)") { try BasicConstraints(der: try hex(octets)) }
        }
    }

    @Test("Key identifiers")
    func keyIdentifiers() throws {
        let bytes = Bytes(0..<20)
        #expect(SubjectKeyIdentifier(bytes: bytes).der == element(4, bytes))
        #expect(try SubjectKeyIdentifier(der: element(4, bytes)).bytes == bytes)
        #expect(AuthorityKeyIdentifier(keyIdentifier: bytes).der == sequence(element(0x80, bytes)))
        #expect(try AuthorityKeyIdentifier(der: sequence(element(0x80, bytes))).keyIdentifier == bytes)
        let issuer = element(0xa1, element(0xa4, sequence()))
        let full = sequence(element(0x80, bytes), issuer, element(0x82, [7]))
        let foreign = try AuthorityKeyIdentifier(der: full)
        #expect(foreign.keyIdentifier == bytes && foreign.others == issuer + element(0x82, [7]) && foreign.der == full)
        #expect(try AuthorityKeyIdentifier(der: sequence()).keyIdentifier == nil)
        for damaged in [
            sequence(element(0x82, [7]), issuer),
            sequence(issuer, element(0x82, [7]), [5, 0]), sequence(element(0x80, bytes)) + [0],
        ] {
            #expect(throws: PKIXError.self) { try AuthorityKeyIdentifier(der: damaged) }
        }
        for damaged in [element(4), element(4, Bytes(repeating: 1, count: 65)), element(4, bytes) + [0], element(3, bytes)] {
            #expect(throws: PKIXError.self) { try SubjectKeyIdentifier(der: damaged) }
        }
    }

    @Test("Extended key usages")
    func extendedKeyUsage() throws {
        let value = ExtendedKeyUsage(purposes: [.clientAuth, .serverAuth])
        #expect(value.der.hex == "301406082b0601050507030206082b06010505070301")
        #expect(try ExtendedKeyUsage(der: value.der) == value)
        #expect(throws: PKIXError.invalidExtension(.extendedKeyUsage)) { try ExtendedKeyUsage(der: sequence()) }
        #expect(throws: PKIXError.self) { try ExtendedKeyUsage(der: value.der + [0]) }
        #expect(throws: PKIXError.tooMany(limit: 100)) {
            try ExtendedKeyUsage(der: sequence(Bytes(repeating: 0, count: 101).flatMap { _ in OID.clientAuth.encoded }))
        }
    }

    @Test("Each form of general name is written and read")
    func generalNames() throws {
        let directory = try Name([try Attribute(oid: .commonName, kind: .utf8, text: "a")])
        let module = sequence(try OID("1.3.6.1.4.1.32473.1").encoded, element(4, [1, 2]))
        let rows: [(GeneralName, Bytes)] = [
            (.otherName(.hardwareModuleName, module), element(0xa0, OID.hardwareModuleName.encoded, element(0xa0, module))),
            (.email("a@example.com"), element(0x81, Bytes("a@example.com".utf8))),
            (.dns("pump.example.com"), element(0x82, Bytes("pump.example.com".utf8))),
            (.directoryName(directory), element(0xa4, directory.der)),
            (.uri("urn:example:1"), element(0x86, Bytes("urn:example:1".utf8))),
            (.ip([192, 0, 2, 1]), element(0x87, [192, 0, 2, 1])),
            (.ip(Bytes(repeating: 1, count: 16)), element(0x87, Bytes(repeating: 1, count: 16))),
            (.registeredID(try OID("1.2.3")), element(0x88, [0x2a, 3])),
        ]
        let all = SubjectAlternativeName(names: rows.map(\.0))
        #expect(all.der == sequence(rows.flatMap(\.1)))
        #expect(try SubjectAlternativeName(der: all.der) == all)
    }

    @Test("Other general names are refused")
    func refusedNames() throws {
        let type = OID.hardwareModuleName.encoded
        for damaged in [
            element(0x82), element(0x82, [0xc3, 0xa4]), element(0x82, Bytes(repeating: 0x61, count: 2049)),
            element(0xa2, element(0x16, [0x61])),
            element(0x87, [1, 2, 3]), element(0x87, [1, 2, 3, 4, 5]), element(0x87), element(0x88, [0x80]), element(0xa3, sequence()),
            element(0xa5, sequence()), element(0xa0, type), element(0xa0, type, element(0xa0)),
            element(0xa0, type, element(0xa0, [5, 0, 5, 0])),
            element(0xa0, type, element(0xa0, [5, 0]), [5, 0]), element(0x84, sequence()), element(0xa4, sequence(), [5, 0]), [5, 0],
            element(0x81, [0x80]),
        ] {
            #expect(throws: PKIXError.self, "\(damaged.hex)") { try SubjectAlternativeName(der: sequence(damaged)) }
        }
        #expect(throws: PKIXError.invalidExtension(.subjectAlternativeName)) { try SubjectAlternativeName(der: sequence()) }
        #expect(throws: PKIXError.tooMany(limit: 1000)) {
            try SubjectAlternativeName(der: sequence((0..<1001).flatMap { _ in element(0x82, [0x61]) }))
        }
    }

    @Test("A foreign extension's value must be strict through and through")
    func wellFormed() throws {
        func read(_ value: Bytes) throws -> TBSCertificate {
            var parts = try TBSParts()
            parts.extensions = CertificateTests.withExtensions(RequestParts.item(try OID("1.3.6.1.4.1.32473.9"), value))
            return try TBSCertificate(der: parts.der)
        }
        for good in [
            [5, 0], sequence([1, 1, 0xff], [2, 1, 5], [0x0a, 1, 5], [3, 2, 7, 0x80], [4, 1, 0xff], [6, 1, 0x2a]),
            set([2, 1, 1], [2, 1, 2]),
            element(0xa0, element(0x82, [0xff])), element(0x0c, Bytes("ä".utf8)), element(0x16, [0x40]), element(0x13, [0x41]),
            element(0x18, Bytes("20260101000000Z".utf8)), element(0x1e, [0, 0x41]),
        ] {
            #expect(throws: Never.self, "\(good.hex)") { try read(good) }
        }
        for damaged in [
            sequence([1, 1, 1]), sequence([2, 0]), sequence([0x0a, 2, 0, 1]), sequence([3, 2, 1, 1]), sequence([5, 1, 0]),
            sequence([6, 1, 0x80]),
            set([2, 1, 2], [2, 1, 1]), element(0x0c, [0xff]), element(0x16, [0x80]), element(0x13, [0x40]), element(0x10), element(0x11),
            element(0x24, element(4)), element(0xa0, [1, 1, 1]), element(0xa0, [2]), [0x30, 0x80, 0, 0],
            sequence(element(0xa0, [0x30, 0x81, 0])),
            (0..<17).reduce([5, 0]) { inner, _ in sequence(inner) },
        ] {
            #expect(throws: PKIXError.self, "\(damaged.hex)") { try read(damaged) }
        }
    }
}
