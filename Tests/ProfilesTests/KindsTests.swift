import Basics
import PKIX
import Profiles
import Testing

@Suite("Certificates that profiles can express")
struct KindsTests {
    private func extensionValues(_ tbs: TBSCertificate) -> [String] {
        tbs.extensions.map { "\($0.oid.description) \($0.isCritical ? "critical " : "")\($0.value.hex)" }
    }

    @Test("IDevID with hardwareModuleName: the octets of 802.1AR's extensions, no end")
    func deviceIdentity() throws {
        let issuing = try Fixture.issuing()
        let profile = try Fixture.device()
        let tbs = try profile.fill(try Fixture.filling(Fixture.unit), issuer: issuing.issuer)
        let key = try Fixture.publicKey(21)
        #expect(
            extensionValues(tbs) == [
                "2.5.29.14 0414\(key.keyIdentifier.hex)",
                "2.5.29.35 30168014\(issuing.tbs.publicKey.keyIdentifier.hex)",
                "2.5.29.15 critical 03020780",
                "2.5.29.17 3028a02606082b06010505070804a01a3018060a2b0601040181fd590101040a534e2d30303031323334",
            ])
        #expect(
            tbs.subject.der
                == (try name([
                    [("55040a", 0x0c, "Example Devices")], [("550405", 0x13, "SN-0001234")], [("550403", 0x0c, "Pump 7 SN-0001234")],
                ])).der)
        #expect(tbs.issuer.der == issuing.tbs.subject.der)
        #expect(tbs.validity == Validity(notBefore: Fixture.now.adding(seconds: -300), notAfter: .never))
        #expect(tbs.der.hex.contains("180f39393939313233313233353935395a"))
        #expect(tbs.publicKey.der == key.der)
        #expect(tbs.serialNumber == Fixture.serial())
        #expect(profile.lint(tbs, issuer: issuing.issuer).map(\.id) == ["time.within-issuer"])
        try profile.check(tbs, issuer: issuing.issuer, request: Fixture.request(21), opened: Fixture.now)
        #expect(try TBSCertificate(der: tbs.der) == tbs)
    }

    @Test("IDevID without subjectAltName and without subjectKeyIdentifier, as 802.1AR advises")
    func deviceIdentityPlain() throws {
        let issuer = try Fixture.issuing().issuer
        let profile = try Fixture.device(["subjectAltName": nil, "subjectKeyIdentifier": .bool(false)])
        let tbs = try profile.fill(try Fixture.filling(Fixture.unit), issuer: issuer)
        #expect(tbs.extensions.map(\.oid.description) == ["2.5.29.35", "2.5.29.15"])
        try profile.check(tbs, issuer: issuer, request: Fixture.request(21))
    }

    @Test("IDevID without keyUsage, as RFC 8995 advises, with MASA address and end-entity constraints")
    func deviceIdentityOpen() throws {
        let issuer = try Fixture.issuing().issuer
        let profile = try Fixture.device([
            "keyUsage": nil, "basicConstraints": .string("end-entity"), "critical": Fixture.json(#"{"basicConstraints": false}"#),
            "extensions": Fixture.json(#"[{"oid": "1.3.6.1.5.5.7.1.32", "critical": false, "value": {"ia5": "masa.example.com"}}]"#),
        ])
        let tbs = try profile.fill(try Fixture.filling(Fixture.unit), issuer: issuer)
        #expect(extensionValues(tbs).suffix(3).first == "2.5.29.19 3000")
        #expect(extensionValues(tbs).last == "1.3.6.1.5.5.7.1.32 16106d6173612e6578616d706c652e636f6d")
        try profile.check(tbs, issuer: issuer, request: Fixture.request(21))
    }

    @Test("An ML-DSA-65 key in the subject: one more row, no other path")
    func postQuantumKey() throws {
        let issuer = try Fixture.issuing().issuer
        let key = try Fixture.mlDSAKey()
        let tbs = try Fixture.device().fill(
            Filling(serial: Fixture.serial(), now: Fixture.now, publicKey: key, fields: Fixture.unit, request: nil), issuer: issuer)
        #expect(tbs.publicKey.der == key.der)
        #expect(tbs.signature == issuer.signatureAlgorithm.identifier)
        let agreement = try Fixture.device(["keyUsage": Fixture.json(#"["digitalSignature", "keyAgreement"]"#)])
        let refused = problem {
            try agreement.fill(
                Filling(serial: Fixture.serial(), now: Fixture.now, publicKey: key, fields: Fixture.unit, request: nil), issuer: issuer)
        }
        #expect(refused?.code == "lint.ku.keytype")
    }

    @Test("A device without subject: subjectAltName becomes critical by itself")
    func emptySubject() throws {
        let issuer = try Fixture.issuing().issuer
        let profile = try Fixture.device([
            "subject": nil, "fields": Fixture.json(#"{"serial": {"max": 32, "alphabet": "printable"}}"#),
        ])
        let tbs = try profile.fill(try Fixture.filling(["serial": "SN-1"]), issuer: issuer)
        #expect(tbs.subject.der == [0x30, 0x00])
        #expect(tbs.extensions.last?.isCritical == true)
        try profile.check(tbs, issuer: issuer, request: Fixture.request(21))
        #expect(
            problem { try Fixture.device(["subject": nil, "fields": nil, "subjectAltName": nil]) }?.field == "subject")
    }

    @Test("TLS client: clientAuth, a year, an address as URI and mailbox")
    func client() throws {
        let issuer = try Fixture.issuing().issuer
        let profile = try Fixture.profile(
            """
            {"name": "tls-client", "authority": "devices", "subject": "CN={user}, O=Example Devices",
             "fields": {"user": {"max": 40, "alphabet": "hostname"}}, "keys": ["ecdsa-p256"], "validity": {"years": 1, "skew": 0},
             "keyUsage": ["digitalSignature"], "extendedKeyUsage": ["clientAuth"],
             "subjectAltName": [{"email": "{user}@example.com"}, {"uri": "spiffe://example.com/user/{user}"}]}
            """)
        let tbs = try profile.fill(try Fixture.filling(["user": "ada"]), issuer: issuer)
        #expect(
            extensionValues(tbs).suffix(2) == [
                "2.5.29.37 300a06082b06010505070302",
                "2.5.29.17 3030810f616461406578616d706c652e636f6d861d" + Bytes("spiffe://example.com/user/ada".utf8).hex,
            ])
        #expect(tbs.validity.notBefore == Fixture.now)
        #expect(tbs.validity.notAfter.description == "2027-11-18T11:06:39Z")
        try profile.check(tbs, issuer: issuer, request: Fixture.request(21))
    }

    @Test("TLS server: host name, wildcard, addresses; a host that is none is refused")
    func server() throws {
        let issuer = try Fixture.issuing().issuer
        let profile = try Fixture.profile(
            """
            {"name": "tls-server", "authority": "devices", "subject": "CN={host}",
             "fields": {"host": {"max": 64, "alphabet": "hostname"}}, "keys": ["ecdsa-p256"], "validity": {"days": 90},
             "basicConstraints": "end-entity", "keyUsage": ["digitalSignature"], "extendedKeyUsage": ["serverAuth", "clientAuth"],
             "subjectAltName": [{"dns": "{host}"}, {"dns": "*.{host}"}, {"ip": "192.0.2.1"}, {"ip": "2001:db8::1"}]}
            """)
        let tbs = try profile.fill(try Fixture.filling(["host": "a.example"]), issuer: issuer)
        #expect(
            extensionValues(tbs).suffix(4) == [
                "2.5.29.19 critical 3000",
                "2.5.29.15 critical 03020780",
                "2.5.29.37 301406082b0601050507030106082b06010505070302",
                "2.5.29.17 30308209612e6578616d706c65820b2a2e612e6578616d706c658704c0000201871020010db8000000000000000000000001",
            ])
        #expect(tbs.validity.notAfter.seconds(since: tbs.validity.notBefore) == 90 * 86_400 + 299)
        try profile.check(tbs, issuer: issuer, request: Fixture.request(21))
        for host in ["-a.example", "a..example", ".example", "a.example."] {
            #expect(problem { try profile.fill(try Fixture.filling(["host": host]), issuer: issuer) }?.code == "lint.san.form")
        }
    }

    @Test("A sub-authority by an ordinary profile: constraints, name constraints by object identifier")
    func subAuthority() throws {
        let root = try Fixture.root().issuer
        let profile = try Fixture.profile(
            #"""
            {"name": "plant-authority", "authority": "root", "subject": "CN={plant} CA, O=Example Devices",
             "fields": {"plant": {"max": 32}}, "keys": ["ecdsa-p256"], "validity": {"years": 10},
             "basicConstraints": {"authority": true, "pathLength": 0}, "keyUsage": ["keyCertSign", "cRLSign"],
             "extensions": [{"oid": "2.5.29.30", "critical": true, "value":
               {"sequence": [{"tag": {"number": 0, "implicit": {"sequence": [{"sequence": [{"tag": {"number": 2, "implicit": {"ia5": "plant.example"}}}]}]}}}]}}]}
            """#)
        #expect(profile.isAuthority)
        let tbs = try profile.fill(try Fixture.filling(["plant": "North"]), issuer: root)
        #expect(
            extensionValues(tbs).suffix(3) == [
                "2.5.29.19 critical 30060101ff020100",
                "2.5.29.15 critical 03020106",
                "2.5.29.30 critical 3013a011300f820d706c616e742e6578616d706c65",
            ])
        try profile.check(tbs, issuer: root, request: Fixture.request(21))
        // Below an authority whose path length is 0 there is no other.
        let refused = problem { try profile.fill(try Fixture.filling(["plant": "North"]), issuer: Fixture.issuing().issuer) }
        #expect(refused?.code == "lint.bc.pathlen")
    }

    @Test("Policies and a CRL address by object identifier: TCG's capabilities, RFC 5280's distribution point")
    func policiesAndCRL() throws {
        let issuer = try Fixture.issuing().issuer
        let profile = try Fixture.device([
            "extendedKeyUsage": Fixture.json(#"["2.23.133.8.3"]"#),
            "extensions": Fixture.json(
                #"""
                [{"oid": "2.5.29.32", "critical": false, "value":
                   {"sequence": [{"sequence": [{"oid": "2.23.133.11.1.1"}]}, {"sequence": [{"oid": "2.23.133.11.1.3"}]}]}},
                 {"oid": "2.5.29.31", "critical": false, "value": {"sequence": [{"sequence": [{"tag": {"number": 0, "explicit":
                   {"tag": {"number": 0, "implicit": {"sequence": [{"tag": {"number": 6, "implicit": {"ia5": "http://a/c"}}}]}}}}}]}]}}]
                """#),
        ])
        let tbs = try profile.fill(try Fixture.filling(Fixture.unit), issuer: issuer)
        #expect(
            extensionValues(tbs).suffix(2) == [
                "2.5.29.32 3014300806066781050b0101300806066781050b0103", "2.5.29.31 30123010a00ea00c860a687474703a2f2f612f63",
            ])
        #expect(extensionValues(tbs).contains("2.5.29.37 300706056781050803"))
        try profile.check(tbs, issuer: issuer, request: Fixture.request(21))
    }

    @Test("Every kind of node of an ASN.1 tree, with holes, is written and found again")
    func valueTree() throws {
        let issuer = try Fixture.issuing().issuer
        let value = #"""
            {"sequence": [{"integer": 0}, {"integer": 128}, {"integer": -129}, {"enumerated": 5}, {"boolean": true}, {"boolean": false},
              {"null": true}, {"oid": "2.999.1"}, {"octets": "00ff"}, {"octets": {"text": "unit {serial}"}}, {"octets": {"utf8": "{model}"}},
              {"bits": "80"}, {"printable": "{serial}"}, {"ia5": "x@{key.digest}"}, {"set": [{"utf8": "{model}!"}]},
              {"set": [{"integer": 9}, {"boolean": true}]}, {"tag": {"number": 3, "explicit": {"utf8": "é{model}"}}},
              {"tag": {"number": 4, "implicit": {"octets": {"null": true}}}}, {"tag": {"number": 5, "implicit": {"sequence": []}}}]}
            """#
        let profile = try Fixture.device([
            "extensions": .array([.object(["oid": .string("1.3.6.1.4.1.32473.5"), "critical": .bool(false), "value": Fixture.json(value)])])
        ])
        let tbs = try profile.fill(try Fixture.filling(["model": "M", "serial": "S"]), issuer: issuer)
        let digest = Bytes(try Fixture.publicKey(21).digest.hex.utf8).hex
        let content =
            "020100" + "02020080" + "0202ff7f" + "0a0105" + "0101ff" + "010100" + "0500" + "0603883701" + "040200ff" + "0406756e69742053"
            + "04030c014d" + "03020080" + "130153" + "1642" + "7840" + digest + "31040c024d21" + "31060101ff020109" + "a3050c03c3a94d"
            + "84020500" + "a500"
        let octets = try #require(Bytes(hex: content))
        #expect(tbs.extensions.last?.value.hex == Fixture.tlv(0x30, octets).hex)
        try profile.check(tbs, issuer: issuer, request: Fixture.request(21))
    }

    @Test("permanentIdentifier, registeredID, directoryName and raw other names")
    func otherNames() throws {
        let issuer = try Fixture.issuing().issuer
        let profile = try Fixture.device([
            "subjectAltName": Fixture.json(
                #"""
                [{"permanentIdentifier": {"value": "{serial}", "assigner": "1.3.6.1.4.1.32473"}}, {"registeredID": "1.3.6.1.4.1.32473.2"},
                 {"directoryName": "CN={model}"}, {"hardwareModuleName": {"type": "1.3.6.1.4.1.32473.1", "serialHex": "01020304"}},
                 {"otherName": {"type": "1.3.6.1.4.1.311.20.2.3", "value": {"utf8": "{serial}@example.com"}}}]
                """#)
        ])
        let tbs = try profile.fill(try Fixture.filling(["model": "M", "serial": "S"]), issuer: issuer)
        let names = [
            "a01b06082b06010505070803a00f300d0c015306082b0601040181fd59", "88092b0601040181fd5902",
            "a40e300c310a300806035504030c014d", "a01f06082b06010505070804a013301106092b0601040181fd5901040401020304",
            "a01d060a2b060104018237140203a00f0c0d53406578616d706c652e636f6d",
        ]
        let octets = try #require(Bytes(hex: names.joined()))
        #expect(tbs.extensions.last?.value.hex == Fixture.tlv(0x30, octets).hex)
        try profile.check(tbs, issuer: issuer, request: Fixture.request(21))
        #expect(try profile.fieldValues(of: tbs) == ["model": "M", "serial": "S"])
    }
}
