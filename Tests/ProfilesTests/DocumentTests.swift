import Basics
import PKIX
import Profiles
import Testing

@Suite("The profile's document")
struct DocumentTests {
    @Test("What the document says is what the profile has")
    func members() throws {
        let profile = try Fixture.device()
        #expect(profile.name == Handle("device-identity"))
        #expect(profile.authority == Handle("devices"))
        #expect(profile.approval == Handle("two-officers"))
        #expect(profile.keys == [.ecdsaP256, .mlDSA65])
        #expect(profile.fields.map(\.name) == ["model", "serial"])
        #expect(profile.fields.map(\.maximum) == [32, 32])
        #expect(profile.fields.map(\.alphabet) == [.text, .printable])
        #expect(profile.validity.span == .never && profile.validity.skew == 300)
        #expect(!profile.isAuthority)
        #expect(profile.digest == Digest32(of: profile.document))
    }

    @Test("Only canonical JSON is a document")
    func canonical() {
        #expect(problem { try Profile(document: Bytes(Fixture.deviceText.utf8)) }?.code == "profile.document-invalid")
        #expect(problem { try Profile(document: []) }?.field == "document")
        #expect(problem { try Profile(document: Bytes("[]".utf8)) }?.code == "profile.document-invalid")
    }

    @Test(
        "A wrong or unknown member is refused, and named",
        arguments: [
            ("name", #""A Name""#, "name"),
            ("authority", "7", "authority"),
            ("approval", #""?""#, "approval"),
            ("colour", #""red""#, "colour"),
            ("keys", "[]", "keys"),
            ("keyReuse", #""always""#, "keyReuse"),
            ("keyReuse", "true", "keyReuse"),
            ("keys", #"["rsa-512"]"#, "keys"),
            ("keys", #"["ecdsa-p256", "ecdsa-p256"]"#, "keys"),
            ("fields", "[]", "fields"),
            ("fields", #"{"model": {"max": 0}, "serial": {"max": 1, "alphabet": "printable"}}"#, "fields.model.max"),
            ("fields", #"{"model": {"max": 9, "min": 10}, "serial": {"max": 1, "alphabet": "printable"}}"#, "fields.model.min"),
            (
                "fields", #"{"model": {"max": 9, "alphabet": "latin"}, "serial": {"max": 1, "alphabet": "printable"}}"#,
                "fields.model.alphabet"
            ),
            ("fields", #"{"model": {"max": 9, "regex": ".*"}, "serial": {"max": 1, "alphabet": "printable"}}"#, "fields.model.regex"),
            ("fields", #"{"Model": {"max": 9}, "serial": {"max": 1, "alphabet": "printable"}}"#, "fields"),
            ("fields", #"{"model": {"max": 9}, "serial": {"max": 9}}"#, "subject.serialNumber"),
            ("fields", #"{"model": {"max": 9}, "serial": {"max": 9, "alphabet": "printable"}, "spare": {"max": 9}}"#, "fields.spare"),
            ("fields", #"{"model": {"max": 9}}"#, "subject.CN"),
            ("validity", "{}", "validity"),
            ("validity", #"{"until": "soon"}"#, "validity.until"),
            ("validity", #"{"days": 0}"#, "validity.days"),
            ("validity", #"{"years": 101}"#, "validity.years"),
            ("validity", #"{"years": 1, "days": 1}"#, "validity"),
            ("validity", #"{"until": "never", "skew": -1}"#, "validity.skew"),
            ("keyUsage", "[]", "keyUsage"),
            ("keyUsage", #"["sign"]"#, "keyUsage"),
            ("keyUsage", #"["digitalSignature", "digitalSignature"]"#, "keyUsage"),
            ("extendedKeyUsage", "[]", "extendedKeyUsage"),
            ("extendedKeyUsage", #"["clientAuth", "1.3.6.1.5.5.7.3.2"]"#, "extendedKeyUsage"),
            ("extendedKeyUsage", #"["webServer"]"#, "extendedKeyUsage"),
            ("basicConstraints", #""ca""#, "basicConstraints"),
            ("basicConstraints", #"{"authority": false}"#, "basicConstraints.authority"),
            ("basicConstraints", #"{"authority": true, "pathLength": -1}"#, "basicConstraints.pathLength"),
            ("basicConstraints", #"{"authority": true}"#, "validity.until"),
            ("subjectAltName", "[]", "subjectAltName"),
            ("subjectAltName", #"[{"dns": "a.example", "uri": "urn:a"}]"#, "subjectAltName.0"),
            ("subjectAltName", #"[{"x400": "a"}]"#, "subjectAltName.0"),
            ("subjectAltName", #"[{"ip": "10.0.0.256"}]"#, "subjectAltName.0.ip"),
            ("subjectAltName", #"[{"dns": "{model}.example"}]"#, "subjectAltName.0.dns"),
            ("subjectAltName", #"[{"hardwareModuleName": {"type": "1.2.3", "serial": ""}}]"#, "subjectAltName.0.hardwareModuleName.serial"),
            ("subjectAltName", #"[{"hardwareModuleName": {"type": "9.2", "serial": "x"}}]"#, "subjectAltName.0.hardwareModuleName.type"),
            ("critical", #"{"subjectKeyIdentifier": true}"#, "critical.subjectKeyIdentifier"),
            ("critical", #"{"keyUsage": 1}"#, "critical.keyUsage"),
            ("waive", #"["time.9999-authority"]"#, "waive"),
            ("waive", #"["time.whatever"]"#, "waive"),
            ("printable", #"["OU"]"#, "printable"),
            ("require", #"[{"field": "colour", "matches": "a"}]"#, "require.0.field"),
            ("require", #"[{"field": "model", "matches": "a*"}]"#, "require.0.matches"),
            ("require", #"[{"field": "model", "matches": "[b-a]"}]"#, "require.0.matches"),
            ("require", #"[{"field": "model", "matches": "a{2,1}"}]"#, "require.0.matches"),
            ("require", #"[{"field": "model", "matches": "a{1,1000}"}]"#, "require.0.matches"),
            ("require", #"[{"field": "model", "oneOf": []}]"#, "require.0.oneOf"),
            ("require", #"[{"maxBytes": 1}]"#, "require.0.maxBytes"),
            ("extensions", #"[{"oid": "2.5.29.15", "critical": true, "value": {"null": true}}]"#, "extensions.0.oid"),
            ("extensions", #"[{"oid": "2.5.29.74", "critical": false, "value": {"null": true}}]"#, "extensions.0.oid"),
            ("extensions", #"[{"oid": "1.2.3", "value": {"null": true}}]"#, "extensions.0.critical"),
            ("extensions", #"[{"oid": "1.2.3", "critical": false, "value": {"null": false}}]"#, "extensions.0.value.null"),
            ("extensions", #"[{"oid": "1.2.3", "critical": false, "value": {"float": 1}}]"#, "extensions.0.value"),
            ("extensions", #"[{"oid": "1.2.3", "critical": false, "value": {"octets": "AB"}}]"#, "extensions.0.value.octets"),
            ("extensions", #"[{"oid": "1.2.3", "critical": false, "value": {"ia5": "\u00e9"}}]"#, "extensions.0.value.ia5"),
            ("extensions", #"[{"oid": "1.2.3", "critical": false, "value": {"printable": "a_b"}}]"#, "extensions.0.value.printable"),
            (
                "extensions", #"[{"oid": "1.2.3", "critical": false, "value": {"tag": {"number": 31, "explicit": {"null": true}}}}]"#,
                "extensions.0.value.tag.number"
            ),
            (
                "extensions", #"[{"oid": "1.2.3", "critical": false, "value": {"set": [{"utf8": "{model}"}, {"utf8": "b"}]}}]"#,
                "extensions.0.value"
            ),
            (
                "extensions",
                #"[{"oid": "1.2.3", "critical": false, "value": {"null": true}}, {"oid": "1.2.3", "critical": false, "value": {"null": true}}]"#,
                "extensions.1.oid"
            ),
        ])
    func refused(member: String, value: String, field: String) throws {
        let found = problem { try Fixture.device([member: Fixture.json(value)]) }
        #expect(found?.code == "profile.document-invalid")
        #expect(found?.field == field)
    }

    @Test("What a profile cannot be without", arguments: ["name", "authority", "keys", "validity"])
    func needed(member: String) {
        #expect(problem { try Fixture.device([member: nil]) }?.field == member)
    }

    @Test(
        "A subject that is none is refused when the profile is read",
        arguments: [
            "CN", "CN=", "=x", "CN=a,", "CN=a,,O=b", "XX=a", "CN=a+O=b", "CN=a;O=b", "CN=\"a\"", "CN=#0c0161", "CN=a=b", "CN=a\\x",
            "CN=a\\",
            "CN={", "CN={}", "CN={a b}", "CN={Model}", "CN=}", "CN=a\u{7}", "9.9=x", "2.5.4.3=x", "C={model}", "CN={colour}",
            "CN={model} {serial}", "CN={model}{serial}, O={serial}{model}",
        ])
    func subjects(text: String) {
        let found = problem { try Fixture.device(["subject": .string(text), "subjectAltName": nil]) }
        #expect(found?.code == "profile.document-invalid")
    }

    @Test(
        "Holes may stand side by side where their values can be told apart",
        arguments: [
            // Another place, a constant that an alphabet lacks (from either side), a fixed length.
            ("CN={a} {b}, OU={b}", #"{"a": {"max": 9}, "b": {"max": 9}}"#, ["a": "x y", "b": "z z"]),
            ("CN={a}-{b}", #"{"a": {"max": 9, "alphabet": "digits"}, "b": {"max": 9}}"#, ["a": "12", "b": "-3-4"]),
            ("CN={a} no-{b}", #"{"a": {"max": 12}, "b": {"max": 9, "alphabet": "digits"}}"#, ["a": "1 no-2 no-", "b": "34"]),
            ("CN={a}x{b}", #"{"a": {"max": 9}, "b": {"max": 4, "min": 4}}"#, ["a": "xxx", "b": "xxxx"]),
            (
                "CN={a}{b}{c}", #"{"a": {"max": 2, "min": 2}, "b": {"max": 9}, "c": {"max": 3, "min": 3}}"#,
                ["a": "éé", "b": "q", "c": "123"]
            ),
            ("CN={a}{b}, OU={b} {a}, L={a}", #"{"a": {"max": 9}, "b": {"max": 9}}"#, ["a": "a a", "b": "a"]),
            ("CN={certificate.serial}{a}, OU={certificate.time}", #"{"a": {"max": 9}}"#, ["a": "40"]),
        ])
    func solvable(subject: String, fields: String, values: [String: String]) throws {
        let profile = try Fixture.device([
            "subject": .string(subject), "fields": Fixture.json(fields), "subjectAltName": nil,
        ])
        let issuer = try Fixture.issuing().issuer
        let tbs = try profile.fill(try Fixture.filling(values), issuer: issuer)
        try profile.check(tbs, issuer: issuer, request: Fixture.request(21))
        #expect(try profile.fieldValues(of: tbs) == values)
    }

    @Test("In DER the most significant attribute stands first; string types are the attribute's, or the profile's choice")
    func subjectOrder() throws {
        let profile = try Fixture.device([
            "subject": .string(
                "1.3.6.1.4.1.37244.2.1=FFF1, CN={model} \\{a\\}\\, b, serialNumber={serial} , OU=A \\+ B,O=Ex, DC=example,C=DE"),
            "printable": Fixture.json(#"["OU"]"#),
        ])
        let tbs = try profile.fill(try Fixture.filling(Fixture.unit), issuer: Fixture.issuing().issuer)
        let expected = try name([
            [("550406", 0x13, "DE")], [("0992268993f22c640119", 0x16, "example")], [("55040a", 0x0c, "Ex")], [("55040b", 0x13, "A + B")],
            [("550405", 0x13, "SN-0001234")], [("550403", 0x0c, "Pump 7 {a}, b")], [("2b0601040182a27c0201", 0x0c, "FFF1")],
        ])
        #expect(tbs.subject.der.hex == expected.der.hex)
    }
}

@Suite("Any octets give a profile or a problem")
struct DocumentPropertyTests {
    @Test("A document with one character changed")
    func changedDocuments() throws {
        let good = try Fixture.device().document
        var accepted = 0
        for index in good.indices {
            for octet in "\"{}\\,=0A".utf8 where octet != good[index] {
                var changed = good
                changed[index] = octet
                guard let profile = try? Profile(document: changed) else { continue }
                accepted += 1
                #expect(profile.document == changed)
            }
        }
        #expect(accepted > 0)
    }

    @Test("Subjects drawn from the characters that mean something: what is accepted can be filled and found again")
    func drawnSubjects() throws {
        let issuer = try Fixture.issuing().issuer
        let pieces = [
            "CN=", "O=", ",", " ", "{model}", "{serial}", "\\", "{", "}", "=", "+", "x", "\\,", "é", "1.2.3=", "C=", "{key.digest}",
        ]
        var state: UInt64 = 42
        var accepted = 0
        for _ in 0..<3000 {
            var text = "CN="
            for _ in 0..<(state >> 33) % 9 + 1 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text += pieces[Int((state >> 33) % UInt64(pieces.count))]
            }
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let profile: Profile
            do {
                profile = try Fixture.device([
                    "subject": .string(text),
                    "subjectAltName": Fixture.json(#"[{"uri": "urn:{serial}"}, {"permanentIdentifier": {"value": "{model}"}}]"#),
                    "waive": Fixture.json(#"["dn.country"]"#),
                ])
            } catch {
                #expect(error is Problem)
                continue
            }
            accepted += 1
            // Two 64-digit digests in one CN are longer than X.520 allows: that is the only reason why filling may fail.
            do {
                let tbs = try profile.fill(try Fixture.filling(["model": "DE", "serial": "A"]), issuer: issuer)
                try profile.check(tbs, issuer: issuer, request: Fixture.request(21), opened: Fixture.now)
                #expect(try profile.fieldValues(of: tbs) == ["model": "DE", "serial": "A"])
            } catch let problem as Problem {
                #expect(problem.code == "lint.dn.bounds")
            }
        }
        #expect(accepted > 100)
    }
}
