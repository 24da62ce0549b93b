import Basics
import PKIX
import Testing

@Suite("Certificates for a key's own TLS")
struct SelfSignedTests {
    static func make(_ addresses: [String], _ key: PrivateKey, name: String = "assay") throws -> Certificate {
        let now = UTCTime(seconds: 1_800_000_000)
        return try SelfSigned.certificate(
            key: key, name: name, addresses: addresses, validity: Validity(notBefore: now, notAfter: now.adding(days: 90)),
            serial: SerialNumber(at: now, random: Bytes(0..<16)))
    }

    @Test("Signed by its own key, for servers and clients, no authority")
    func made() throws {
        let key = try Golden.key()
        let certificate = try Self.make(["node.example.com", "127.0.0.1", "::1"], key)
        #expect(certificate.isSigned(by: key.publicKey))
        let tbs = certificate.tbs
        #expect(tbs.subject == tbs.issuer && tbs.subject.description == "CN=assay" && tbs.publicKey == key.publicKey)
        func value(_ oid: OID) throws -> Bytes { try #require(tbs.value(of: oid)).value }
        #expect(try BasicConstraints(der: try value(.basicConstraints)) == .endEntity)
        #expect(try KeyUsage(der: try value(.keyUsage)) == .digitalSignature)
        #expect(try ExtendedKeyUsage(der: value(.extendedKeyUsage)).purposes == [.serverAuth, .clientAuth])
        #expect(try SubjectKeyIdentifier(der: value(.subjectKeyIdentifier)).bytes == key.publicKey.keyIdentifier)
        #expect(
            try SubjectAlternativeName(der: value(.subjectAlternativeName)).names == [
                .dns("node.example.com"), .ip([127, 0, 0, 1]), .ip(Bytes(repeating: 0, count: 15) + [1]),
            ])
        #expect(try Self.make([], key).tbs.value(of: .subjectAlternativeName) == nil)
    }

    @Test(
        "What is no address is refused",
        arguments: [
            "", ".", "a..b", "-a", "a-", "a b", "a_b", "ä.example", "a/b", "256.0.0.1", "1.2.3", "::1%lo", "fe80::1/64", ":::", "a.",
            "[::1]",
            String(repeating: "a", count: 64), String(repeating: "a.", count: 127) + "ab",
        ])
    func refusedAddresses(address: String) throws {
        #expect(throws: PKIXError.invalidAddress(address)) { try Self.make([address], try Golden.key()) }
    }

    @Test("The name has 1 to 64 characters")
    func names() throws {
        let key = try Golden.key()
        _ = try Self.make([], key, name: String(repeating: "ä", count: 64))
        #expect(throws: PKIXError.invalidString(.commonName)) { try Self.make([], key, name: "") }
        #expect(throws: PKIXError.invalidString(.commonName)) { try Self.make([], key, name: String(repeating: "a", count: 65)) }
    }

    @Test(
        "IP addresses",
        arguments: [
            ("192.0.2.1", "c0000201"), ("0.0.0.0", "00000000"), ("2001:db8::1", "20010db8000000000000000000000001"),
            ("::", "00000000000000000000000000000000"), ("1:2:3:4:5:6:7:8", "00010002000300040005000600070008"),
            ("1::8", "00010000000000000000000000000008"), ("1:2:3:4:5:6:7::", "00010002000300040005000600070000"),
            ("::ffff:192.0.2.1", "00000000000000000000ffffc0000201"), ("ABCD::", "abcd0000000000000000000000000000"),
            ("1:2:3:4:5:6:192.0.2.1", "000100020003000400050006c0000201"),
        ])
    func addresses(text: String, octets: String) {
        #expect(IPAddress.octets(text)?.hex == octets)
    }

    @Test(
        "Other texts are no IP address",
        arguments: [
            "", "1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "1.2.3.256", "1.2.3.-4", "1.2.3.4 ", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1::2::3",
            ":::",
            ":1", "1:", "12345::", "g::", "::+1", "1.2.3.4::", "::1.2.3.4:5", "1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4::5:6:7:8:9", "::1%lo",
            "::1/64",
            "1:2:3:4:5:6:7:8::", "٣::",
        ])
    func noAddresses(text: String) {
        #expect(IPAddress.octets(text) == nil)
    }
}
