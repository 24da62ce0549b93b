import Basics
import PKIX
import Profiles
import Testing

@Suite("A certificate in plain words")
struct ExplanationTests {
    private func lines(_ tbs: TBSCertificate) -> [String] { Explanation(of: tbs).lines.map { "\($0.label): \($0.value)" } }

    @Test("A device identity")
    func device() throws {
        let tbs = try Fixture.device().fill(try Fixture.filling(Fixture.unit), issuer: Fixture.issuing().issuer)
        let key = try Fixture.publicKey(21)
        #expect(
            lines(tbs) == [
                "Subject: CN=Pump 7 SN-0001234, serialNumber=SN-0001234, O=Example Devices",
                "Issuer: CN=Example Devices Issuing CA 1, O=Example Devices",
                "Valid from: 2026-11-18T11:01:40Z",
                "Valid until: no end",
                "Key: ecdsa-p256, SHA-256 \(key.digest.hex)",
                "Serial number: \(Fixture.serial().hex)",
                "Signature: ecdsa-with-sha256",
                "Authority: no: it issues no certificates",
                "Key identifier: \(key.keyIdentifier.hex)",
                "Issuer's key: \(try Fixture.publicKey(12).keyIdentifier.hex)",
                "May do: sign (digitalSignature) [critical]",
                "Device serial: \"SN-0001234\" (hardware module of type 1.3.6.1.4.1.32473.1.1)",
            ])
    }

    @Test("An authority stands out")
    func authority() throws {
        let found = lines(try Fixture.issuing().tbs)
        #expect(found.contains("Authority: YES: it issues certificates, no authority below it [critical]"))
        #expect(found.contains("May do: SIGN CERTIFICATES (keyCertSign), sign revocation lists (cRLSign) [critical]"))
        #expect(found.contains("Valid until: 2046-11-18T11:06:39Z"))
        #expect(
            lines(try Fixture.root().tbs).contains("Authority: YES: it issues certificates, any number of authorities below it [critical]"))
    }

    @Test("Nothing in a certificate steers the terminal, and nothing is left out")
    func hostile() throws {
        var parts = Parts(try Fixture.device().fill(try Fixture.filling(Fixture.unit), issuer: Fixture.issuing().issuer))
        try parts.subject([("550403", 0x0c, "a\u{202e}b, O=Evil")])
        try parts.set("2.5.29.37", [0x30, 0x04, 0x06, 0x02, 0x2a, 0x03], critical: true)
        try parts.set("1.3.6.1.4.1.32473.9", [0x0c, 0x03, 0x1b, 0x5b, 0x41], critical: true)
        try parts.set("2.5.29.15", [0x03, 0x02, 0x02, 0x84], critical: false)
        let found = lines(try parts.tbs)
        #expect(found.contains("Purposes: 1.2.3 [critical]"))
        #expect(found.contains("Extension 1.3.6.1.4.1.32473.9: 0c031b5b41 [critical]"))
        #expect(found.contains("May do: sign (digitalSignature), SIGN CERTIFICATES (keyCertSign)"))
        #expect(found.first?.contains("\u{202e}") == false)
        #expect(found.first?.contains(",O=") == false)
        #expect(found.allSatisfy { line in line.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value < 0x7f } })
    }

    @Test("Other names")
    func otherNames() throws {
        let profile = try Fixture.device([
            "subjectAltName": Fixture.json(
                #"""
                [{"permanentIdentifier": {"value": "{serial}", "assigner": "1.3.6.1.4.1.32473"}}, {"permanentIdentifier": {}},
                 {"registeredID": "1.3.6.1.4.1.32473.2"}, {"directoryName": "CN=M"}, {"dns": "a.example"}, {"ip": "192.0.2.1"},
                 {"uri": "urn:x:y"}, {"email": "a@example.com"}, {"ip": "2001:db8::1"},
                 {"hardwareModuleName": {"type": "1.3.6.1.4.1.32473.1", "serialHex": "01020304"}},
                 {"hardwareModuleName": {"type": "1.3.6.1.4.1.32473.1", "serial": "x\" (hardware"}},
                 {"otherName": {"type": "1.3.6.1.4.1.32473.7", "value": {"null": true}}}]
                """#)
        ])
        let tbs = try profile.fill(try Fixture.filling(["model": "M", "serial": "S"]), issuer: Fixture.issuing().issuer)
        #expect(
            lines(tbs).suffix(12) == [
                "Permanent identifier: \"S\" (assigned by 1.3.6.1.4.1.32473)", "Permanent identifier: the subject's serialNumber",
                "Registered identifier: 1.3.6.1.4.1.32473.2", "Other subject: CN=M", "Host name: a.example", "Address: 192.0.2.1",
                "URI: urn:x:y", "Mailbox: a@example.com", "Address: 2001:db8:0:0:0:0:0:1",
                "Device serial: hex 01020304 (hardware module of type 1.3.6.1.4.1.32473.1)",
                "Device serial: hex 782220286861726477617265 (hardware module of type 1.3.6.1.4.1.32473.1)",
                "Other name 1.3.6.1.4.1.32473.7: 0500",
            ])
    }
}
