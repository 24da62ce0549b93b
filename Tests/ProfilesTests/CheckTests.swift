import Basics
import PKIX
import Profiles
import Testing

/// What somebody who writes every byte of the database would like to have signed.
@Suite("A certificate that is no instance of its profile is refused")
struct CheckTests {
    struct Tampering: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let code: String
        let field: String?
        let change: @Sendable (inout Parts) throws -> Void

        init(_ name: String, _ code: String, _ field: String?, _ change: @escaping @Sendable (inout Parts) throws -> Void) {
            testDescription = name
            self.code = code
            self.field = field
            self.change = change
        }
    }

    static let subjectOIDs = (o: "55040a", serial: "550405", cn: "550403")

    static func subject(_ o: String, _ serial: String, _ cn: String) -> [(oid: String, tag: UInt8, text: String)] {
        [(subjectOIDs.o, 0x0c, o), (subjectOIDs.serial, 0x13, serial), (subjectOIDs.cn, 0x0c, cn)]
    }

    static let tamperings: [Tampering] = [
        Tampering("CA:TRUE added", "profile.extension-unexpected", "extensions") {
            try $0.set("2.5.29.19", [0x30, 0x03, 0x01, 0x01, 0xff], critical: true)
        },
        Tampering("another purpose added", "profile.extension-unexpected", "extensions") {
            try $0.set("2.5.29.37", [0x30, 0x0a, 0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, 0x01], critical: false)
        },
        Tampering("an unknown extension added", "profile.extension-unexpected", "extensions") {
            try $0.set("1.3.6.1.4.1.32473.9", [0x05, 0x00], critical: false)
        },
        Tampering("keyUsage taken away", "profile.extension-missing", "keyUsage") { try $0.remove("2.5.29.15") },
        Tampering("subjectAltName taken away", "profile.extension-missing", "subjectAltName") { try $0.remove("2.5.29.17") },
        Tampering("keyUsage with keyCertSign", "profile.extension-value", "keyUsage") {
            try $0.set("2.5.29.15", [0x03, 0x02, 0x02, 0x84], critical: true)
        },
        Tampering("keyUsage not critical", "profile.extension-criticality", "keyUsage") {
            try $0.set("2.5.29.15", [0x03, 0x02, 0x07, 0x80], critical: false)
        },
        Tampering("subjectAltName critical", "profile.extension-criticality", "subjectAltName") { parts in
            guard let value = parts.extensions.last?.value else { return }
            try parts.set("2.5.29.17", value, critical: true)
        },
        Tampering("extensions in another order", "profile.extension-order", "extensions") { $0.extensions.reverse() },
        Tampering("another authority key identifier", "profile.extension-value", "authorityKeyIdentifier") {
            try $0.set("2.5.29.35", [0x30, 0x16, 0x80, 0x14] + Bytes(repeating: 1, count: 20), critical: false)
        },
        Tampering("another subject key identifier", "profile.extension-value", "subjectKeyIdentifier") {
            try $0.set("2.5.29.14", [0x04, 0x14] + Bytes(repeating: 1, count: 20), critical: false)
        },
        Tampering("a second name in subjectAltName", "profile.extension-value", "subjectAltName") { parts in
            guard let value = parts.extensions.last?.value else { return }
            let names = Bytes(value.dropFirst(2)) + [0x82, 0x09] + Bytes("evil.test".utf8)
            try parts.set("2.5.29.17", Fixture.tlv(0x30, names), critical: false)
        },
        Tampering("another hardware type", "profile.extension-value", "subjectAltName") { parts in
            guard let value = parts.extensions.last?.value, let index = value.lastIndex(of: 0x59) else { return }
            var changed = value
            changed[index + 2] = 0x02
            try parts.set("2.5.29.17", changed, critical: false)
        },
        Tampering("another unit's serial in subjectAltName", "profile.value-mismatch", nil) { parts in
            guard var value = parts.extensions.last?.value else { return }
            value[value.count - 1] = 0x35
            try parts.set("2.5.29.17", value, critical: false)
        },
        Tampering("CN and serialNumber disagree", "profile.value-mismatch", "fields") {
            try $0.subject(subject("Example Devices", "SN-0001234", "Pump 7 SN-0001235"))
        },
        Tampering("serialNumber of another unit", "profile.value-mismatch", "fields") {
            try $0.subject(subject("Example Devices", "SN-0001235", "Pump 7 SN-0001234"))
        },
        Tampering("another organization", "profile.value-mismatch", nil) {
            try $0.subject(subject("Other Devices", "SN-0001234", "Pump 7 SN-0001234"))
        },
        Tampering("a constant in another spelling", "profile.value-mismatch", nil) {
            try $0.subject(subject("example devices", "SN-0001234", "Pump 7 SN-0001234"))
        },
        Tampering("a value with a control character", "profile.field-alphabet", "fields.model") {
            try $0.subject(subject("Example Devices", "SN-0001234", "Pump\u{202e} SN-0001234"))
        },
        Tampering("a value that is too long", "profile.field-length", "fields.model") {
            try $0.subject(subject("Example Devices", "SN-0001234", String(repeating: "x", count: 33) + " SN-0001234"))
        },
        Tampering("an empty value", "profile.field-empty", "fields.model") {
            try $0.subject(subject("Example Devices", "SN-0001234", " SN-0001234"))
        },
        Tampering("CN as PrintableString", "profile.subject-mismatch", "subject") { parts in
            try parts.subject([
                ("55040a", 0x0c, "Example Devices"), ("550405", 0x13, "SN-0001234"), ("550403", 0x13, "Pump 7 SN-0001234"),
            ])
        },
        Tampering("attributes in another order", "profile.subject-mismatch", "subject") {
            try $0.subject(subject("Example Devices", "SN-0001234", "Pump 7 SN-0001234").reversed())
        },
        Tampering("one attribute more", "profile.subject-mismatch", "subject") {
            try $0.subject(subject("Example Devices", "SN-0001234", "Pump 7 SN-0001234") + [("55040b", 0x0c, "Root")])
        },
        Tampering("two attributes in one RDN", "profile.subject-mismatch", "subject") { parts in
            let all = subject("Example Devices", "SN-0001234", "Pump 7 SN-0001234")
            parts.subject = try name([[all[0]], [all[1], all[2]]])
        },
        Tampering("no subject", "profile.subject-mismatch", "subject") { try $0.subject([]) },
        Tampering("an end, where there is none", "profile.validity-end", "validity.notAfter") {
            $0.validity = Validity(notBefore: $0.validity.notBefore, notAfter: Fixture.now.adding(days: 365))
        },
        Tampering("a beginning before the issuer's", "profile.validity-begin", "validity.notBefore") {
            $0.validity = Validity(notBefore: Fixture.now.adding(days: -30), notAfter: .never)
        },
        Tampering("a beginning that was not opened", "profile.validity-begin", "validity.notBefore") {
            $0.validity = Validity(notBefore: Fixture.now, notAfter: .never)
        },
        Tampering("another issuer", "profile.issuer-name", "issuer") { $0.issuer = try Fixture.root().tbs.subject },
        Tampering("another key", "profile.key-mismatch", "publicKey") { $0.publicKey = try Fixture.publicKey(22) },
        Tampering("another signature algorithm", "profile.signature-algorithm", "signature") { parts in
            parts.signature = SignatureAlgorithm.preferred(for: .mlDSA65).identifier
        },
        Tampering("a short serial number", "profile.serial-number", "serialNumber") { $0.serial = try SerialNumber(bytes: [0x41]) },
        Tampering("a serial number of another form", "profile.serial-number", "serialNumber") {
            $0.serial = try SerialNumber(bytes: [0x01] + Bytes(repeating: 2, count: 19))
        },
    ]

    @Test("One thing changed, one refusal", arguments: tamperings)
    func tampered(with tampering: Tampering) throws {
        let issuer = try Fixture.issuing().issuer
        let profile = try Fixture.device()
        let good = try profile.fill(try Fixture.filling(Fixture.unit), issuer: issuer)
        try profile.check(good, issuer: issuer, request: Fixture.request(21), opened: Fixture.now)
        var parts = Parts(good)
        try tampering.change(&parts)
        let changed = try parts.tbs
        #expect(changed.der != good.der)
        let found = problem { try profile.check(changed, issuer: issuer, request: Fixture.request(21), opened: Fixture.now) }
        #expect(found?.code == tampering.code)
        if let field = tampering.field { #expect(found?.field == field) }
    }

    @Test("Untouched parts make the same octets again, so each refusal above is for its change")
    func partsAreFaithful() throws {
        let good = try Fixture.device().fill(try Fixture.filling(Fixture.unit), issuer: Fixture.issuing().issuer)
        #expect(try Parts(good).tbs.der == good.der)
    }

    @Test("Every single changed octet of a certificate's content is refused, or is another value of a hole")
    func everyOctet() throws {
        let issuer = try Fixture.issuing().issuer
        let profile = try Fixture.device()
        let good = try profile.fill(try Fixture.filling(Fixture.unit), issuer: issuer)
        let request = try Fixture.request(21)
        var accepted = 0
        for index in good.der.indices {
            for flip: UInt8 in [0x01, 0x80] {
                var octets = good.der
                octets[index] ^= flip
                guard let changed = try? TBSCertificate(der: octets) else { continue }
                guard (try? profile.check(changed, issuer: issuer, request: request, opened: Fixture.now)) != nil else { continue }
                accepted += 1
                // What is accepted is what fill itself makes of other values: the serial number, or the model within CN.
                let again = try profile.fill(
                    Filling(
                        serial: changed.serialNumber, now: Fixture.now, publicKey: changed.publicKey,
                        fields: try profile.fieldValues(of: changed), request: request), issuer: issuer)
                #expect(again.der == changed.der)
            }
        }
        #expect(accepted > 20)
    }

    @Test("Without a request, only an authority's certificate can be checked; a request for another key is refused")
    func request() throws {
        let issuer = try Fixture.issuing().issuer
        let profile = try Fixture.device()
        let tbs = try profile.fill(try Fixture.filling(Fixture.unit), issuer: issuer)
        #expect(problem { try profile.check(tbs, issuer: issuer, request: nil) }?.code == "profile.request-missing")
        #expect(problem { try profile.check(tbs, issuer: issuer, request: Fixture.request(22)) }?.code == "profile.key-mismatch")
        let foreign = Filling(
            serial: Fixture.serial(), now: Fixture.now, publicKey: try Fixture.publicKey(22), fields: Fixture.unit,
            request: try Fixture.request(21))
        #expect(problem { try profile.fill(foreign, issuer: issuer) }?.code == "profile.key-mismatch")
    }

    @Test("A key of a kind that the profile does not name is refused, in filling and in checking")
    func keyAlgorithm() throws {
        let issuer = try Fixture.issuing().issuer
        let tbs = try Fixture.device().fill(try Fixture.filling(Fixture.unit), issuer: issuer)
        let narrow = try Fixture.device(["keys": Fixture.json(#"["ml-dsa-65"]"#)])
        #expect(problem { try narrow.fill(try Fixture.filling(Fixture.unit), issuer: issuer) }?.code == "profile.key-algorithm")
        #expect(problem { try narrow.check(tbs, issuer: issuer, request: Fixture.request(21)) }?.code == "profile.key-algorithm")
    }

    @Test(
        "A certificate of one profile is no instance of another",
        arguments: [
            ("keyUsage", #"["digitalSignature", "keyAgreement"]"#),
            ("validity", #"{"years": 10}"#),
            ("validity", #"{"until": "never", "skew": 60}"#),
            ("subject", #""CN={model} {serial}, serialNumber={serial}, O=Example""#),
            ("extendedKeyUsage", #"["clientAuth"]"#),
            ("printable", #"["O"]"#),
        ])
    func otherProfile(member: String, value: String) throws {
        let issuer = try Fixture.issuing().issuer
        let other = try Fixture.device([member: Fixture.json(value)])
        let tbs = try other.fill(try Fixture.filling(Fixture.unit), issuer: issuer)
        try other.check(tbs, issuer: issuer, request: Fixture.request(21), opened: Fixture.now)
        #expect(problem { try Fixture.device().check(tbs, issuer: issuer, request: Fixture.request(21), opened: Fixture.now) } != nil)
    }

    @Test("Strings that only look the same are other values: composed and decomposed letters")
    func canonicalEquivalence() throws {
        let issuer = try Fixture.issuing().issuer
        let profile = try Fixture.device([
            "subject": .string("CN={model}, OU={model}, serialNumber={serial}, O=Caf\u{e9}")
        ])
        let tbs = try profile.fill(try Fixture.filling(["model": "\u{e9}", "serial": "1"]), issuer: issuer)
        var parts = Parts(tbs)
        try parts.subject([("55040a", 0x0c, "Caf\u{e9}"), ("550405", 0x13, "1"), ("55040b", 0x0c, "e\u{301}"), ("550403", 0x0c, "\u{e9}")])
        #expect(problem { try profile.check(parts.tbs, issuer: issuer, request: Fixture.request(21)) }?.code == "profile.value-mismatch")
        try parts.subject([("55040a", 0x0c, "Cafe\u{301}"), ("550405", 0x13, "1"), ("55040b", 0x0c, "\u{e9}"), ("550403", 0x0c, "\u{e9}")])
        #expect(problem { try profile.check(parts.tbs, issuer: issuer, request: Fixture.request(21)) }?.code == "profile.value-mismatch")
    }

    @Test("Filled, then checked: for many values, times and templates")
    func roundTrip() throws {
        let issuer = try Fixture.issuing().issuer
        let values = ["a", "7", "a b", "-", "x-y", "{a}", "é", "漢字", "a, b=c", String(repeating: "z", count: 20)]
        for rule in [#"{"until": "never"}"#, #"{"days": 1, "skew": 0}"#, #"{"years": 3}"#] {
            let profile = try Fixture.device(["validity": Fixture.json(rule)])
            for (index, model) in values.enumerated() {
                let filling = Filling(
                    serial: Fixture.serial(UInt8(index)), now: Fixture.now.adding(seconds: Int64(index) * 100_000),
                    publicKey: try Fixture.publicKey(21), fields: ["model": model, "serial": "S-\(index)"], request: try Fixture.request(21)
                )
                let tbs = try profile.fill(filling, issuer: issuer)
                try profile.check(tbs, issuer: issuer, request: filling.request, opened: filling.now)
                try profile.check(try TBSCertificate(der: tbs.der), issuer: issuer, request: filling.request)
                #expect(try profile.fieldValues(of: tbs) == filling.fields)
            }
        }
    }
}
