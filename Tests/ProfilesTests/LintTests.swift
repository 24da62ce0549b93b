import Basics
import PKIX
import Profiles
import Testing

@Suite("Lint rules")
struct LintTests {
    enum Base: Sendable { case device, authority }

    struct Breach: CustomTestStringConvertible, Sendable {
        let id: String
        let severity: Finding.Severity
        let base: Base
        let change: @Sendable (inout Parts) throws -> Void
        var testDescription: String { id }

        init(_ id: String, _ severity: Finding.Severity, _ base: Base = .device, _ change: @escaping @Sendable (inout Parts) throws -> Void)
        {
            self.id = id
            self.severity = severity
            self.base = base
            self.change = change
        }
    }

    private static let authority: Bytes = [0x30, 0x03, 0x01, 0x01, 0xff]

    private static func san(_ names: [(tag: UInt8, content: Bytes)]) -> Bytes {
        Fixture.tlv(0x30, names.flatMap { Fixture.tlv($0.tag, $0.content) })
    }

    private static func san(_ tag: UInt8, _ text: String) -> Bytes { san([(tag, Bytes(text.utf8))]) }

    private static func purposes(_ numbers: UInt8...) -> Bytes {
        Fixture.tlv(0x30, numbers.flatMap { [0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x03, $0] as Bytes })
    }

    private static func cn(_ text: String, tag: UInt8 = 0x0c) -> [(oid: String, tag: UInt8, text: String)] { [("550403", tag, text)] }

    static let breaches: [Breach] = [
        Breach("sigalg.fits-issuer", .error) { $0.signature = SignatureAlgorithm.preferred(for: .mlDSA65).identifier },
        Breach("der.strict", .error) { try $0.set("2.5.29.15", [0x05, 0x00], critical: true) },
        Breach("der.strict", .error) { try $0.set("2.5.29.15", [0x03, 0x02, 0x00, 0x80], critical: true) },
        Breach("der.strict", .error) { try $0.set("2.5.29.17", [0x30, 0x00], critical: false) },
        Breach("issuer.nonempty", .error) { $0.issuer = .empty },
        Breach("issuer.bytes", .error) { $0.issuer = try name([[("550403", 0x0c, "Another CA")]]) },
        Breach("time.9999-authority", .error, .authority) { $0.validity = Validity(notBefore: $0.validity.notBefore, notAfter: .never) },
        Breach("time.within-issuer", .warning, .authority) {
            $0.validity = Validity(notBefore: $0.validity.notBefore, notAfter: Fixture.now.adding(days: 36_000))
        },
        Breach("time.within-issuer", .warning) {
            $0.validity = Validity(notBefore: Fixture.now.adding(days: -1), notAfter: Fixture.now.adding(days: 1))
        },
        Breach("subject.ca-nonempty", .error, .authority) { try $0.subject([]) },
        Breach("subject.empty-san", .error) { try $0.subject([]) },
        Breach("dn.string-types", .error) { try $0.subject(cn("x", tag: 0x16)) },
        Breach("dn.string-types", .error) { try $0.subject([("550406", 0x0c, "DE")]) },
        Breach("dn.string-types", .error) { try $0.subject([("550405", 0x0c, "1")]) },
        Breach("dn.string-types", .error) { try $0.subject([("2a864886f70d010901", 0x0c, "a@example.com")]) },
        Breach("dn.bounds", .error) { try $0.subject(cn(String(repeating: "x", count: 65))) },
        Breach("dn.country", .warning) { try $0.subject([("550406", 0x13, "de"), ("550403", 0x0c, "x")]) },
        Breach("dn.clean", .warning) { try $0.subject(cn(" x")) },
        Breach("dn.clean", .warning) { try $0.subject(cn("x ")) },
        Breach("dn.clean", .warning) { try $0.subject(cn("x\u{202e}y")) },
        Breach("dn.clean", .warning) { try $0.subject(cn("a&amp;b")) },
        Breach("dn.rdn-multi", .note) { $0.subject = try name([[("550403", 0x0c, "x"), ("55040b", 0x0c, "y")]]) },
        Breach("dn.email-in-san", .error) { try $0.subject([("2a864886f70d010901", 0x16, "a@example.com")]) },
        Breach("aki.present", .error) { try $0.remove("2.5.29.35") },
        Breach("aki.present", .error) { try $0.set("2.5.29.35", [0x30, 0x00], critical: false) },
        Breach("aki.noncritical", .error) { parts in
            guard let old = parts.extensions.first(where: { $0.oid.description == "2.5.29.35" }) else { return }
            try parts.set("2.5.29.35", old.value, critical: true)
        },
        Breach("aki.matches", .error) {
            try $0.set("2.5.29.35", [0x30, 0x16, 0x80, 0x14] + Bytes(repeating: 1, count: 20), critical: false)
        },
        Breach("aki.pair", .error) { parts in
            guard let old = parts.extensions.first(where: { $0.oid.description == "2.5.29.35" }) else { return }
            let pair: Bytes = [0xa1, 0x03, 0x82, 0x01, 0x61, 0x82, 0x01, 0x01]
            try parts.set("2.5.29.35", Fixture.tlv(0x30, old.value.dropFirst(2) + pair), critical: false)
        },
        Breach("ski.ca", .error, .authority) { try $0.remove("2.5.29.14") },
        Breach("ski.ee", .warning) { try $0.remove("2.5.29.14") },
        Breach("ski.noncritical", .error) { try $0.set("2.5.29.14", [0x04, 0x01, 0x01], critical: true) },
        Breach("ski.method", .note) { try $0.set("2.5.29.14", [0x04, 0x01, 0x01], critical: false) },
        Breach("bc.ca", .error) { try $0.set("2.5.29.15", [0x03, 0x02, 0x02, 0x84], critical: true) },
        Breach("bc.ca", .error, .authority) { try $0.set("2.5.29.19", authority, critical: false) },
        Breach("bc.pathlen", .error, .authority) { parts in
            try parts.set("2.5.29.15", [0x03, 0x02, 0x01, 0x02], critical: true)
        },
        Breach("ku.present-ca", .error, .authority) { try $0.remove("2.5.29.15") },
        Breach("ku.critical", .warning) { try $0.set("2.5.29.15", [0x03, 0x02, 0x07, 0x80], critical: false) },
        Breach("ku.certsign-ca", .error) { try $0.set("2.5.29.15", [0x03, 0x02, 0x02, 0x84], critical: true) },
        Breach("ku.certsign-ca", .error, .authority) { try $0.set("2.5.29.15", [0x03, 0x02, 0x01, 0x02], critical: true) },
        Breach("ku.only-with-agreement", .error) { try $0.set("2.5.29.15", [0x03, 0x02, 0x00, 0x81], critical: true) },
        Breach("ku.keytype", .error) { try $0.set("2.5.29.15", [0x03, 0x02, 0x05, 0xa0], critical: true) },
        Breach("ku.keytype", .error) { parts in
            parts.publicKey = try Fixture.mlDSAKey()
            try parts.set("2.5.29.15", [0x03, 0x02, 0x03, 0x88], critical: true)
        },
        Breach("ku.eku", .error) { parts in
            try parts.set("2.5.29.37", purposes(3), critical: false)
            try parts.set("2.5.29.15", [0x03, 0x02, 0x06, 0x40], critical: true)
        },
        Breach("eku.any-critical", .warning) { try $0.set("2.5.29.37", [0x30, 0x06, 0x06, 0x04, 0x55, 0x1d, 0x25, 0x00], critical: true) },
        Breach("eku.timestamp", .error) { try $0.set("2.5.29.37", purposes(8), critical: false) },
        Breach("eku.timestamp", .error) { try $0.set("2.5.29.37", purposes(8, 3), critical: true) },
        Breach("eku.unique", .error) { try $0.set("2.5.29.37", purposes(2, 2), critical: false) },
        Breach("san.form", .error) { try $0.set("2.5.29.17", san(0x82, "dev_1.example"), critical: false) },
        Breach("san.form", .error) { try $0.set("2.5.29.17", san(0x82, "a.example."), critical: false) },
        Breach("san.form", .error) { try $0.set("2.5.29.17", san(0x82, String(repeating: "a", count: 64) + ".example"), critical: false) },
        Breach("san.form", .error) { try $0.set("2.5.29.17", san(0x81, "a.example"), critical: false) },
        Breach("san.form", .error) { try $0.set("2.5.29.17", san(0x81, "a@b@c.example"), critical: false) },
        Breach("san.form", .error) { try $0.set("2.5.29.17", san(0x86, "no-scheme"), critical: false) },
        Breach("san.form", .error) { try $0.set("2.5.29.17", san(0x86, "http://"), critical: false) },
        Breach("san.form", .error) { try $0.set("2.5.29.17", san(0x86, "urn:a b"), critical: false) },
        Breach("san.form", .error) { try $0.set("2.5.29.17", san(0x86, "urn:%zz"), critical: false) },
        Breach("san.form", .error) {
            try $0.set("2.5.29.17", san([(0x87, Bytes(repeating: 0, count: 10) + [0xff, 0xff, 10, 0, 0, 1])]), critical: false)
        },
        Breach("san.wildcard", .error) { try $0.set("2.5.29.17", san(0x82, "*.example"), critical: false) },
        Breach("san.duplicate", .note) {
            try $0.set("2.5.29.17", san([(0x82, Bytes("a.example".utf8)), (0x82, Bytes("a.example".utf8))]), critical: false)
        },
        Breach("san.noncritical", .warning) { try $0.set("2.5.29.17", san(0x82, "a.example"), critical: true) },
        Breach("ext.nonempty", .error) { try $0.set("2.5.29.32", [0x30, 0x00], critical: false) },
        Breach("ext.unknown-critical", .error) { try $0.set("1.3.6.1.4.1.32473.9", [0x05, 0x00], critical: true) },
        Breach("nc.ca-critical", .error) { try $0.set("2.5.29.30", [0x30, 0x06, 0xa0, 0x04, 0x30, 0x02, 0x82, 0x00], critical: true) },
        Breach("nc.ca-critical", .error, .authority) {
            try $0.set("2.5.29.30", [0x30, 0x06, 0xa0, 0x04, 0x30, 0x02, 0x82, 0x00], critical: false)
        },
        Breach("policy.ca-only", .error) { try $0.set("2.5.29.36", [0x30, 0x03, 0x80, 0x01, 0x00], critical: true) },
        Breach("policy.ca-only", .error, .authority) { try $0.set("2.5.29.54", [0x02, 0x01, 0x00], critical: false) },
        Breach("cp.unique", .error) {
            try $0.set("2.5.29.32", [0x30, 0x0c, 0x30, 0x04, 0x06, 0x02, 0x2a, 0x03, 0x30, 0x04, 0x06, 0x02, 0x2a, 0x03], critical: false)
        },
        Breach("cdp.form", .error) { try $0.set("2.5.29.31", [0x30, 0x06, 0x30, 0x04, 0x81, 0x02, 0x06, 0x40], critical: false) },
        Breach("cdp.form", .error) { try $0.set("2.5.29.46", [0x30, 0x04, 0x30, 0x02, 0xa0, 0x00], critical: true) },
        Breach("aia.form", .error) {
            try $0.set(
                "1.3.6.1.5.5.7.1.1",
                Fixture.tlv(
                    0x30,
                    Fixture.tlv(0x30, [0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x86, 0x08] + Bytes("http://a".utf8))),
                critical: true)
        },
        Breach("norev.exclusive", .error) { parts in
            try parts.set("2.5.29.56", [0x05, 0x00], critical: false)
            try parts.set("2.5.29.31", [0x30, 0x04, 0x30, 0x02, 0xa0, 0x00], critical: false)
        },
        Breach("norev.exclusive", .error) { parts in
            try parts.set("2.5.29.56", [0x05, 0x00], critical: false)
            try parts.set(
                "1.3.6.1.5.5.7.1.1",
                Fixture.tlv(
                    0x30,
                    Fixture.tlv(0x30, [0x06, 0x08, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01, 0x86, 0x08] + Bytes("http://a".utf8))),
                critical: false)
        },
        Breach("alt.noncritical", .error) { try $0.set("2.5.29.72", Fixture.mlDSAKey().der, critical: true) },
        Breach("alt.noncritical", .error) { try $0.set("2.5.29.73", SignatureAlgorithm.mlDSA65.identifier.der, critical: true) },
        Breach("alt.form", .error) {
            try $0.set("2.5.29.72", [0x30, 0x09, 0x30, 0x03, 0x06, 0x01, 0x2a, 0x03, 0x02, 0x00, 0x01], critical: false)
        },
        Breach("alt.form", .error) {
            let padded = AlgorithmIdentifier(oid: SignatureAlgorithm.mlDSA65.identifier.oid, parameters: [0x05, 0x00])
            try $0.set("2.5.29.73", padded.der, critical: false)
        },
        Breach("alt.other-key", .error) { try $0.set("2.5.29.72", $0.publicKey.der, critical: false) },
        Breach("alt.vouched", .error) { try $0.set("2.5.29.72", Fixture.mlDSAKey().der, critical: false) },
        Breach("alt.fits-issuer", .error) { try $0.set("2.5.29.73", SignatureAlgorithm.mlDSA65.identifier.der, critical: false) },
        Breach("nocheck.responder", .error) { try $0.set("1.3.6.1.5.5.7.48.1.5", [0x05, 0x00], critical: false) },
    ]

    @Test("Each rule finds its own breach", arguments: breaches)
    func found(breach: Breach) throws {
        let device = breach.base == .device
        let house = try device ? Fixture.issuing() : Fixture.root()
        let profile = try device ? Fixture.device(["waive": Fixture.json(#"["time.within-issuer"]"#)]) : Fixture.issuing().profile
        let good =
            try device ? profile.fill(try Fixture.filling(Fixture.unit), issuer: house.issuer) : Fixture.issuing().tbs
        #expect(!profile.lint(good, issuer: house.issuer).contains { $0.id == breach.id && !(device && $0.id == "time.within-issuer") })
        var parts = Parts(good)
        if device { parts.validity = Validity(notBefore: good.validity.notBefore, notAfter: Fixture.now.adding(days: 365)) }
        #expect(profile.lint(try parts.tbs, issuer: house.issuer).isEmpty)
        try breach.change(&parts)
        let findings = profile.lint(try parts.tbs, issuer: house.issuer)
        let finding = try #require(findings.first { $0.id == breach.id })
        #expect(finding.severity == breach.severity)
        #expect(
            !finding.text.isEmpty
                && finding.text.unicodeScalars.allSatisfy {
                    $0.properties.generalCategory != .control && $0.properties.generalCategory != .format
                })
    }

    @Test(
        "Good names in subjectAltName",
        arguments: [
            (0x82, "a.example"), (0x82, "localhost"), (0x82, "*.a.example"), (0x82, "xn--bcher-kva.example"), (0x81, "a.b+c@example.com"),
            (0x86, "urn:dev:ops:32473-pump-7"), (0x86, "spiffe://example.com/line/7"), (0x86, "https://a.example:8443/x?y=%20#z"),
        ] as [(UInt8, String)])
    func goodNames(tag: UInt8, text: String) throws {
        let issuer = try Fixture.issuing().issuer
        let profile = try Fixture.device()
        var parts = Parts(try profile.fill(try Fixture.filling(Fixture.unit), issuer: issuer))
        try parts.set("2.5.29.17", Self.san(tag, text), critical: false)
        #expect(!profile.lint(try parts.tbs, issuer: issuer).contains { $0.id.hasPrefix("san.") || $0.id == "der.strict" })
    }

    @Test(
        "A path length below its issuer's",
        arguments: [(2, 1, true), (2, 2, false), (2, nil, false), (0, 0, false), (nil, 5, true)] as [(Int?, Int64?, Bool)])
    func pathLengths(above: Int?, below: Int64?, fits: Bool) throws {
        let root = try Fixture.root().issuer
        let issuer = Issuer(
            name: root.name, keyIdentifier: root.keyIdentifier, signatureAlgorithm: root.signatureAlgorithm,
            keyAlgorithm: root.keyAlgorithm, notBefore: root.notBefore, notAfter: root.notAfter, pathLength: above)
        let profile = try Fixture.authority("a", issuer: "root", subject: "CN=A", years: 1, pathLength: below)
        let filling = try Fixture.filling(authority: 13)
        let found = problem { try profile.fill(filling, issuer: issuer) }
        #expect(found?.code == (fits ? nil : "lint.bc.pathlen"))
    }

    @Test(
        "Purposes within the issuer's",
        arguments: [(["clientAuth"], true), (["clientAuth", "serverAuth"], false), (nil, false)] as [([String]?, Bool)])
    func purposesOfIssuer(purposes: [String]?, fits: Bool) throws {
        let root = try Fixture.root().issuer
        let profile = try Fixture.profile(
            """
            {"name": "clients", "authority": "root", "subject": "CN=Clients CA", "keys": ["ecdsa-p256"], "validity": {"years": 10},
             "basicConstraints": {"authority": true, "pathLength": 0}, "keyUsage": ["keyCertSign"], "extendedKeyUsage": ["clientAuth"]}
            """)
        let authority = try profile.fill(
            Filling(serial: Fixture.serial(), now: Fixture.now, publicKey: Fixture.publicKey(13), fields: [:], request: nil), issuer: root)
        let changes: [String: JSON?] = ["extendedKeyUsage": purposes.map { .array($0.map { .string($0) }) }]
        let found = problem { try Fixture.device(changes).fill(try Fixture.filling(Fixture.unit), issuer: Issuer(authority)) }
        #expect(found?.code == (fits ? nil : "lint.eku.within-issuer"))
    }

    @Test("Errors and unwaived warnings refuse, in filling and in checking; notes do not")
    func refusals() throws {
        let issuer = try Fixture.issuing().issuer
        let loose = try Fixture.device(["critical": Fixture.json(#"{"keyUsage": false}"#)])
        #expect(problem { try loose.fill(try Fixture.filling(Fixture.unit), issuer: issuer) }?.code == "lint.ku.critical")
        let waived = try Fixture.device(["critical": Fixture.json(#"{"keyUsage": false}"#), "waive": Fixture.json(#"["ku.critical"]"#)])
        let tbs = try waived.fill(try Fixture.filling(Fixture.unit), issuer: issuer)
        try waived.check(tbs, issuer: issuer, request: Fixture.request(21))
        #expect(problem { try loose.check(tbs, issuer: issuer, request: Fixture.request(21)) }?.code == "lint.ku.critical")
        let twice = try Fixture.device(["subjectAltName": Fixture.json(#"[{"dns": "a.example"}, {"dns": "a.example"}]"#)])
        let noted = try twice.fill(try Fixture.filling(Fixture.unit), issuer: issuer)
        #expect(twice.lint(noted, issuer: issuer).contains { $0.id == "san.duplicate" && $0.severity == .note })
    }

    @Test("CN longer than X.520 allows: each value fits its field, the sum does not")
    func sumOfFields() throws {
        let fields = ["model": String(repeating: "m", count: 32), "serial": String(repeating: "1", count: 32)]
        #expect(
            problem { try Fixture.device().fill(try Fixture.filling(fields), issuer: Fixture.issuing().issuer) }?.code == "lint.dn.bounds")
        #expect(problem { try Fixture.device().fill(try Fixture.filling(fields), issuer: Fixture.issuing().issuer) }?.field == "subject")
    }
}
