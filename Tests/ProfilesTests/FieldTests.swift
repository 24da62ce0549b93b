import Basics
import PKIX
import Profiles
import Testing

@Suite("Values of fields")
struct FieldTests {
    @Test(
        "A value is data: nothing in it becomes an attribute, a hole or an escape",
        arguments: ["1,O=Evil", "{serial}", "{certificate.serial}", "a\\,b", "x=y+z", "CN=root", "\\", "{", "}", "#30", "a;b<c>\"d\""])
    func noInjection(value: String) throws {
        let profile = try Fixture.device()
        let issuer = try Fixture.issuing().issuer
        let tbs = try profile.fill(try Fixture.filling(["model": value, "serial": "S1"]), issuer: issuer)
        #expect(tbs.subject.rdns.count == 3)
        #expect(tbs.subject.rdns.last?.first?.text == value + " S1")
        try profile.check(tbs, issuer: issuer, request: Fixture.request(21), opened: Fixture.now)
        #expect(try profile.fieldValues(of: tbs) == ["model": value, "serial": "S1"])
    }

    @Test("A comma fits PrintableString: the serial number `1,O=Evil` is refused for the equals sign only where it must be")
    func commaAndEquals() throws {
        let issuer = try Fixture.issuing().issuer
        let tbs = try Fixture.device().fill(try Fixture.filling(["model": "M", "serial": "1,O=Evil"]), issuer: issuer)
        #expect(tbs.subject.rdns.count == 3)
        #expect(tbs.subject.rdns[1].first?.text == "1,O=Evil")
    }

    @Test(
        "A value outside its field's limits is refused, and the field named",
        arguments: [
            ("serial", "", "profile.field-empty"),
            ("serial", String(repeating: "1", count: 33), "profile.field-length"),
            ("serial", "SN_1", "profile.field-alphabet"),
            ("serial", "SN@1", "profile.field-alphabet"),
            ("serial", "{serial}", "profile.field-alphabet"),
            ("serial", "SN\u{e9}", "profile.field-alphabet"),
            ("serial", "SN\u{0}1", "profile.field-alphabet"),
            ("serial", " SN1", "profile.field-blanks"),
            ("serial", "SN1 ", "profile.field-blanks"),
            ("model", "a\nb", "profile.field-alphabet"),
            ("model", "a\u{1b}[31mb", "profile.field-alphabet"),
            ("model", "a\u{202e}b", "profile.field-alphabet"),
            ("model", "a\u{a0}b", "profile.field-alphabet"),
            ("model", "a\u{200b}b", "profile.field-alphabet"),
            ("model", "e\u{301}", "profile.field-normalization"),
            ("model", String(repeating: "\u{1f600}", count: 33), "profile.field-length"),
        ])
    func limits(field: String, value: String, code: String) throws {
        var fields = Fixture.unit
        fields[field] = value
        let issuer = try Fixture.issuing().issuer
        let found = problem { try Fixture.device().fill(try Fixture.filling(fields), issuer: issuer) }
        #expect(found?.code == code)
        #expect(found?.field == "fields.\(field)")
        #expect(found?.detail.unicodeScalars.allSatisfy { $0.isASCII && $0.value >= 0x20 } == true)
    }

    @Test("Each field is given once, and no other")
    func closed() throws {
        let issuer = try Fixture.issuing().issuer
        let missing = problem { try Fixture.device().fill(try Fixture.filling(["model": "M"]), issuer: issuer) }
        #expect(missing?.code == "profile.field-missing")
        #expect(missing?.field == "fields.serial")
        let more = Fixture.unit.merging(["color\n": "red"]) { first, _ in first }
        let unknown = problem { try Fixture.device().fill(try Fixture.filling(more), issuer: issuer) }
        #expect(unknown?.code == "profile.field-unknown")
        #expect(unknown?.field == "fields.color\\u{a}")
    }

    @Test("Alphabets nest as their words say")
    func alphabets() {
        #expect(Alphabet.digits.isWithin(.hex) && Alphabet.hex.isWithin(.alphanumeric) && Alphabet.alphanumeric.isWithin(.printable))
        #expect(Alphabet.printable.isWithin(.ascii) && Alphabet.ascii.isWithin(.text) && Alphabet.hostname.isWithin(.printable))
        #expect(!Alphabet.text.isWithin(.ascii) && !Alphabet.ascii.isWithin(.printable) && !Alphabet.upperHex.isWithin(.hex))
        #expect("*&@_\"#!".unicodeScalars.allSatisfy { !Alphabet.printable.contains($0) })
    }

    @Test(
        "A value must have the form that the profile requires",
        arguments: [
            ("SN-1234", true), ("SN-12345", true), ("SN-123", false), ("SN-123456", false), ("SN-12a4", false), ("XSN-1234", false),
            ("SN-1234X", false), ("sn-1234", false),
        ])
    func patterns(value: String, fits: Bool) throws {
        let profile = try Fixture.device(["require": Fixture.json(#"[{"field": "serial", "matches": "SN-[0-9]{4,5}"}]"#)])
        let issuer = try Fixture.issuing().issuer
        let found = problem { try profile.fill(try Fixture.filling(["model": "M", "serial": value]), issuer: issuer) }
        #expect((found == nil) == fits)
        if !fits {
            #expect(found?.code == "profile.require-matches")
            #expect(found?.field == "fields.serial")
        }
    }

    @Test(
        "The other predicates",
        arguments: [
            (#"[{"field": "model", "oneOf": ["Pump 7", "Pump 8"]}]"#, "Pump 8", "Pump 9", "profile.require-one-of"),
            (#"[{"field": "model", "equals": "M-{serial}"}]"#, "M-S1", "M-S2", "profile.require-equals"),
            (#"[{"field": "model", "matches": "[A-C-]{0,2}\\[x"}]"#, "A-[x", "D[x", "profile.require-matches"),
        ])
    func predicates(require: String, good: String, bad: String, code: String) throws {
        let profile = try Fixture.device(["require": Fixture.json(require)])
        let issuer = try Fixture.issuing().issuer
        let tbs = try profile.fill(try Fixture.filling(["model": good, "serial": "S1"]), issuer: issuer)
        try profile.check(tbs, issuer: issuer, request: Fixture.request(21))
        let refused = problem { try profile.fill(try Fixture.filling(["model": bad, "serial": "S1"]), issuer: issuer) }
        #expect(refused?.code == code)
        // The same certificate under the profile without the requirement is not an instance of the one with it.
        let loose = try Fixture.device().fill(try Fixture.filling(["model": bad, "serial": "S1"]), issuer: issuer)
        let checked = problem { try profile.check(loose, issuer: issuer, request: Fixture.request(21)) }
        #expect(checked?.code == code)
    }

    /// The authority of ``Fixture/issuing()`` with another key, and perhaps a second one.
    private static func issuer(_ key: KeyAlgorithm, _ second: KeyAlgorithm?) throws -> Issuer {
        let own = try Fixture.issuing().issuer
        return Issuer(
            name: own.name, keyIdentifier: own.keyIdentifier, signatureAlgorithm: .preferred(for: key), keyAlgorithm: key,
            alternative: second.map { (.preferred(for: $0), $0) }, notAfter: .never)
    }

    @Test(
        "The size of the certificate as it leaves is limited where the profile says so, with every signature at its longest",
        arguments: [
            // Octets of a signature: RFC 5480 and 3279 (ECDSA), RFC 8017, RFC 8032, FIPS 204.
            (.ecdsaP256, 72, nil, 0), (.ecdsaP384, 104, nil, 0), (.ecdsaP521, 139, nil, 0), (.rsa2048, 256, nil, 0),
            (.rsa4096, 512, nil, 0),
            (.ed25519, 64, nil, 0), (.mlDSA65, 3309, nil, 0), (.ecdsaP256, 72, .mlDSA65, 3309), (.rsa3072, 384, .mlDSA87, 4627),
            (.mlDSA65, 3309, .ecdsaP384, 104),
        ] as [(KeyAlgorithm, Int, KeyAlgorithm?, Int)])
    func size(key: KeyAlgorithm, signature: Int, second: KeyAlgorithm?, alternative: Int) throws {
        let issuer = try Self.issuer(key, second)
        let content = try Fixture.device().fill(try Fixture.filling(Fixture.unit), issuer: issuer)
        var finished = try UnfinishedCertificate(content)
        while let slot = finished.next {
            finished = try finished.adding(Bytes(repeating: 1, count: slot == .alternative ? alternative : signature))
        }
        let size = try #require(finished.certificate).der.count
        #expect(size > content.der.count + signature + alternative)
        let fits = try Fixture.device(["require": Fixture.json(#"[{"maxBytes": \#(size)}]"#)])
        #expect(try fits.fill(try Fixture.filling(Fixture.unit), issuer: issuer) == content)
        try fits.check(content, issuer: issuer, request: Fixture.request(21))
        let small = try Fixture.device(["require": Fixture.json(#"[{"maxBytes": \#(size - 1)}]"#)])
        #expect(problem { try small.fill(try Fixture.filling(Fixture.unit), issuer: issuer) }?.code == "profile.require-max-bytes")
        // Nor does the guard let it through.
        let checked = problem { try small.check(content, issuer: issuer, request: Fixture.request(21)) }
        #expect(checked?.code == "profile.require-max-bytes")
    }

    @Test("No signature is longer than its key's longest")
    func longestSignatures() throws {
        for algorithm in KeyAlgorithm.known where !algorithm.name.hasPrefix("rsa-4") && !algorithm.name.hasPrefix("rsa-3") {
            let key = try algorithm.generate()
            for number in 0..<8 {
                let signature = try key.sign(Bytes("message \(number)".utf8), as: .preferred(for: algorithm))
                #expect(
                    signature.count <= algorithm.longestSignature && signature.count + 8 > algorithm.longestSignature, "\(algorithm.name)")
            }
        }
    }
}
