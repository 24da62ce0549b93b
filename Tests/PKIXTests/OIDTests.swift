import Basics
import PKIX
import Testing

@Suite("Object identifiers (X.660, X.690 §8.19)")
struct OIDTests {
    @Test(
        "Text and octets belong together",
        arguments: [
            ("0.0", "00"), ("0.39", "27"), ("1.0", "28"), ("1.39", "4f"), ("2.0", "50"), ("2.39", "77"), ("2.40", "78"), ("2.47", "7f"),
            ("2.48", "8100"), ("2.999", "8837"), ("2.999.1", "883701"), ("2.5.29.15", "551d0f"),
            ("1.2.840.113549.1.9.14", "2a864886f70d01090e"), ("1.3.6.1.4.1.32473.1", "2b0601040181fd5901"),
            ("2.25.329800735698586629295641978511506172918", "6983f09da7ebcfdee0c7a1a7b2c0948cc8f9d776"),
            ("1.3.18446744073709551615", "2b81ffffffffffffffff7f"), ("1.3.18446744073709551616", "2b82808080808080808000"),
        ])
    func textAndOctets(text: String, octets: String) throws {
        let oid = try OID(text)
        #expect(oid.content.hex == octets)
        #expect(oid.description == text)
        #expect(OID(content: try hex(octets)) == oid)
    }

    @Test(
        "Other texts are refused",
        arguments: [
            "", "1", "2", ".", "1.", ".1", "1..2", "3.1", "1.40", "0.40", "1.45.29.15", "18446744073709551615.1", "01.2", "1.02", "1.2.00",
            "-1.2", "1.-2", "1.2 ", " 1.2", "1.2.x", "1,2", "1.2.٣", "+1.2", "1.2." + String(repeating: "9", count: 300),
            "1.2" + String(repeating: ".128", count: 32),
        ])
    func refusedTexts(text: String) {
        #expect(throws: PKIXError.invalidOID(text)) { try OID(text) }
    }

    @Test("Octets with two spellings, or without an end, are refused", arguments: ["", "80", "8001", "2a80", "2a8001", "2a81", "ff"])
    func refusedOctets(octets: String) throws {
        #expect(OID(content: try hex(octets)) == nil)
    }

    @Test("At most 64 octets")
    func length() {
        #expect(OID(content: Bytes(repeating: 1, count: 64)) != nil)
        #expect(OID(content: Bytes(repeating: 1, count: 65)) == nil)
        let longArc = Bytes(repeating: 0xff, count: 63) + [0x7f]
        #expect(OID(content: longArc).flatMap { try? OID($0.description) }?.content == longArc)
    }

    @Test(
        "The known ones are what they are called",
        arguments: [
            (OID.ecPublicKey, "1.2.840.10045.2.1"), (.p256, "1.2.840.10045.3.1.7"), (.ecdsaSHA256, "1.2.840.10045.4.3.2"),
            (.mlDSA65, "2.16.840.1.101.3.4.3.18"), (.pbes2, "1.2.840.113549.1.5.13"), (.pbkdf2, "1.2.840.113549.1.5.12"),
            (.hmacSHA256, "1.2.840.113549.2.9"), (.aes256CBC, "2.16.840.1.101.3.4.1.42"), (.commonName, "2.5.4.3"),
            (.domainComponent, "0.9.2342.19200300.100.1.25"), (.userID, "0.9.2342.19200300.100.1.1"),
            (.emailAddress, "1.2.840.113549.1.9.1"),
            (.pseudonym, "2.5.4.65"), (.givenName, "2.5.4.42"), (.dnQualifier, "2.5.4.46"),
            (.microsoftExtensionRequest, "1.3.6.1.4.1.311.2.1.14"),
            (.extensionRequest, "1.2.840.113549.1.9.14"), (.challengePassword, "1.2.840.113549.1.9.7"),
            (.subjectKeyIdentifier, "2.5.29.14"),
            (.keyUsage, "2.5.29.15"), (.subjectAlternativeName, "2.5.29.17"), (.basicConstraints, "2.5.29.19"),
            (.nameConstraints, "2.5.29.30"),
            (.crlDistributionPoints, "2.5.29.31"), (.certificatePolicies, "2.5.29.32"), (.policyMappings, "2.5.29.33"),
            (.authorityKeyIdentifier, "2.5.29.35"), (.policyConstraints, "2.5.29.36"), (.extendedKeyUsage, "2.5.29.37"),
            (.anyExtendedKeyUsage, "2.5.29.37.0"), (.freshestCRL, "2.5.29.46"), (.inhibitAnyPolicy, "2.5.29.54"),
            (.noRevocationAvailable, "2.5.29.56"), (.authorityInformationAccess, "1.3.6.1.5.5.7.1.1"),
            (.ocspNoCheck, "1.3.6.1.5.5.7.48.1.5"),
            (.ocsp, "1.3.6.1.5.5.7.48.1"), (.subjectAltPublicKeyInfo, "2.5.29.72"), (.altSignatureAlgorithm, "2.5.29.73"),
            (.altSignatureValue, "2.5.29.74"), (.serverAuth, "1.3.6.1.5.5.7.3.1"), (.clientAuth, "1.3.6.1.5.5.7.3.2"),
            (.codeSigning, "1.3.6.1.5.5.7.3.3"), (.emailProtection, "1.3.6.1.5.5.7.3.4"), (.timeStamping, "1.3.6.1.5.5.7.3.8"),
            (.ocspSigning, "1.3.6.1.5.5.7.3.9"), (.permanentIdentifier, "1.3.6.1.5.5.7.8.3"), (.hardwareModuleName, "1.3.6.1.5.5.7.8.4"),
        ])
    func constants(oid: OID, text: String) {
        #expect(oid.description == text)
    }
}
