import Basics
import PKIX
import Testing

@Suite("What other programs make")
struct GoldenTests {
    @Test(
        "Requests",
        arguments: [
            ("openssl.csr.pem", "CN=Pump 7 0042, serialNumber=0042, O=Example Devices, C=DE", "ecdsa-p256", "ecdsa-with-sha256"),
            ("keytool.csr.pem", "CN=Pump 8, O=Example Devices, C=DE", "ecdsa-p256", "ecdsa-with-sha256"),
            ("mldsa65.csr.pem", "CN=Pump 9, O=Example Devices", "ml-dsa-65", "ml-dsa-65"),
            ("plain.csr.der", "CN=Plain", "ecdsa-p256", "ecdsa-with-sha256"),
        ])
    func requests(file: String, subject: String, key: String, signature: String) throws {
        let der = try Golden.request(file)
        let request = try CertificateRequest(der: der)
        try request.verifyPossession()
        #expect(request.subject.description == subject)
        #expect(request.publicKey.keyAlgorithm.name == key && request.signatureAlgorithm.name == signature)
        #expect(request.der == der && request.digest == Digest32(of: der))
        #expect(sequence(request.info, request.signatureAlgorithm.identifier.der, element(3, [0], request.signature)) == der)
    }

    @Test("Requested extensions, and what is in them")
    func wishes() throws {
        let openssl = try CertificateRequest(der: try Golden.request("openssl.csr.pem"))
        #expect(openssl.requestedExtensions.map(\.oid) == [.subjectAlternativeName, .keyUsage])
        #expect(openssl.requestedExtensions.map(\.isCritical) == [false, true])
        let names = try SubjectAlternativeName(der: try #require(openssl.requestedExtensions.first).value).names
        #expect(names == [.dns("pump-7.example.com"), .ip([192, 0, 2, 7]), .email("pump@example.com"), .uri("urn:example:pump:7")])
        let keytool = try CertificateRequest(der: try Golden.request("keytool.csr.pem"))
        #expect(Set(keytool.requestedExtensions.map(\.oid)) == [.subjectAlternativeName, .subjectKeyIdentifier])
        let lattice = try CertificateRequest(der: try Golden.request("mldsa65.csr.pem"))
        #expect(lattice.requestedExtensions.map(\.oid) == [.subjectAlternativeName])
        #expect(try CertificateRequest(der: try Golden.request("plain.csr.der")).requestedExtensions.isEmpty)
    }

    @Test("A certificate")
    func certificate() throws {
        let der = try Golden.certificate()
        let certificate = try Certificate(der: der)
        let key = try Golden.key().publicKey
        #expect(certificate.isSigned(by: key) && certificate.tbs.publicKey == key)
        #expect(certificate.tbs.serialNumber.hex == "4001020304050607")
        #expect(certificate.tbs.subject.description == "CN=Example Root, O=Example Devices")
        #expect(certificate.tbs.subject == certificate.tbs.issuer)
        #expect(certificate.tbs.validity.notAfter.seconds(since: certificate.tbs.validity.notBefore) == 3650 * 86_400)
        #expect(try KeyUsage(der: try #require(certificate.tbs.value(of: .keyUsage)).value) == [.keyCertSign, .cRLSign])
        #expect(
            try BasicConstraints(der: try #require(certificate.tbs.value(of: .basicConstraints)).value) == .authority(pathLength: 1))
        let tbs = certificate.tbs
        let rebuilt = try TBSCertificate(
            serialNumber: tbs.serialNumber, signature: tbs.signature, issuer: tbs.issuer, validity: tbs.validity, subject: tbs.subject,
            publicKey: tbs.publicKey, extensions: tbs.extensions)
        #expect(Certificate(tbs: rebuilt, signature: certificate.signature).der == der)
    }
}
