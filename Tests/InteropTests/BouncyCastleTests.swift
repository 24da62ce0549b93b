import Basics
import Foundation
import PKIX
import Testing

/// Bouncy Castle knows both signatures; the others know the classical one, and must not be disturbed by the second.
@Suite("Two signatures in one certificate, with Bouncy Castle, openssl, certtool and keytool")
struct BouncyCastleTests {
    private static let validity = Validity(notBefore: UTCTime(seconds: 1_700_000_000), notAfter: UTCTime(seconds: 2_000_000_000))

    private static func folder() throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appending(path: "hybrid-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return folder
    }

    private static func bouncyCastle(_ arguments: String...) throws -> Program.Answer {
        try Program.named("java").run(["-cp", ".oracles/bouncycastle/*", "Tests/InteropTests/Java/Hybrid.java"] + arguments)
    }

    private static func write(_ der: Bytes, _ label: String, _ folder: URL, _ name: String) throws -> String {
        let path = folder.appending(path: name).path(percentEncoded: false)
        try Data(der).write(to: URL(filePath: path + ".der"))
        try Data(PEM.encode(label, der).utf8).write(to: URL(filePath: path + ".pem"))
        return path
    }

    /// An authority of ours with two keys.
    private struct Authority {
        let key: SoftwareKey
        let alternative: SoftwareKey
        let name: Name

        init(_ first: KeyAlgorithm, _ second: KeyAlgorithm) throws {
            key = try first.generate()
            alternative = try second.generate()
            name = try Name([try Attribute(oid: .commonName, kind: .utf8, text: "Hybrid root")])
        }

        /// - Parameter filler: octets more, so that lengths cross the sizes of their encodings.
        func certificate(_ key: SoftwareKey, _ second: SubjectPublicKeyInfo?, isAuthority: Bool, filler: Int = 0) throws -> Certificate {
            let algorithm = SignatureAlgorithm.preferred(for: self.key.publicKey.keyAlgorithm)
            let subject =
                isAuthority
                ? name : try Name([try Attribute(oid: .commonName, kind: .utf8, text: "Pump" + String(repeating: "p", count: filler))])
            var extensions = [
                Extension(
                    oid: .basicConstraints, isCritical: true,
                    value: (isAuthority ? BasicConstraints.authority(pathLength: nil) : .endEntity).der),
                Extension(
                    oid: .keyUsage, isCritical: true, value: (isAuthority ? [.keyCertSign, .cRLSign] : KeyUsage.digitalSignature).der),
                Extension(
                    oid: .subjectKeyIdentifier, isCritical: false, value: SubjectKeyIdentifier(bytes: key.publicKey.keyIdentifier).der),
                Extension(
                    oid: .authorityKeyIdentifier, isCritical: false,
                    value: AuthorityKeyIdentifier(keyIdentifier: self.key.publicKey.keyIdentifier).der),
            ]
            if let second { extensions.append(BouncyCastleTests.second(second)) }
            let alternativeAlgorithm = SignatureAlgorithm.preferred(for: alternative.publicKey.keyAlgorithm)
            extensions.append(Extension(oid: .altSignatureAlgorithm, isCritical: false, value: alternativeAlgorithm.identifier.der))
            let content = try TBSCertificate(
                serialNumber: SerialNumber(at: UTCTime(seconds: 1_700_000_000), random: SystemEntropy().bytes(16)),
                signature: algorithm.identifier, issuer: name, validity: validity, subject: subject, publicKey: key.publicKey,
                extensions: extensions)
            var unfinished = try UnfinishedCertificate(content)
            while let slot = unfinished.next {
                let signer = slot == .classical ? self.key : alternative
                unfinished = try unfinished.adding(
                    try signer.sign(unfinished.message, as: .preferred(for: signer.publicKey.keyAlgorithm)))
            }
            return try #require(unfinished.certificate)
        }
    }

    private static func second(_ key: SubjectPublicKeyInfo) -> Extension {
        Extension(oid: .subjectAltPublicKeyInfo, isCritical: false, value: key.der)
    }

    @Test(
        "Bouncy Castle verifies both signatures of ours, and sees a damaged one; openssl, certtool and keytool verify the classical one",
        arguments: [(KeyAlgorithm.ecdsaP256, KeyAlgorithm.mlDSA65), (.ecdsaP384, .mlDSA87), (.rsa2048, .ed25519)])
    func ours(first: KeyAlgorithm, second: KeyAlgorithm) throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let authority = try Authority(first, second)
        let root = try authority.certificate(authority.key, authority.alternative.publicKey, isAuthority: true)
        let key = try KeyAlgorithm.ecdsaP256.generate()
        let device = try authority.certificate(key, try second.generate().publicKey, isAuthority: false)
        let rootFile = try Self.write(root.der, "CERTIFICATE", folder, "root")
        let deviceFile = try Self.write(device.der, "CERTIFICATE", folder, "device")

        // Another second key, and the classical signature made anew: only who checks the alternative one can tell.
        var extensions = device.tbs.extensions
        let at = try #require(extensions.firstIndex { $0.oid == .subjectAltPublicKeyInfo })
        extensions[at] = Self.second(try second.generate().publicKey)
        let content = try TBSCertificate(
            serialNumber: device.tbs.serialNumber, signature: device.tbs.signature, issuer: device.tbs.issuer,
            validity: device.tbs.validity, subject: device.tbs.subject, publicKey: device.tbs.publicKey, extensions: extensions)
        let forged = Certificate(tbs: content, signature: try authority.key.sign(content.der, as: .preferred(for: first)))
        let forgedFile = try Self.write(forged.der, "CERTIFICATE", folder, "forged")
        #expect(forged.classicalVerdict(by: root.tbs.publicKey) == .valid)
        #expect(try forged.alternativeVerdict(by: root.tbs.alternativePublicKey()) == .invalid)

        // The lengths around the extensions cross 127, 255 octets.
        var files = [rootFile, deviceFile, forgedFile]
        if second == .ed25519 {
            for filler in stride(from: 0, through: 60, by: 4) {
                let certificate = try authority.certificate(key, nil, isAuthority: false, filler: filler)
                files.append(try Self.write(certificate.der, "CERTIFICATE", folder, "filler-\(filler)"))
            }
        }
        let answer = try Program.named("java").run(
            ["-cp", ".oracles/bouncycastle/*", "Tests/InteropTests/Java/Hybrid.java", "check", rootFile + ".der"]
                + files.map { $0 + ".der" })
        let expected = files.map { "classical true alternative \($0 != forgedFile)" }
        #expect(answer.status == 0 && answer.text.split(separator: "\n").map(String.init) == expected, "\(answer.text)")

        for (file, isWhole) in [(deviceFile, true), (try Self.damaged(device, folder), false)] {
            let openssl = try Program.named("openssl").run(["verify", "-x509_strict", "-CAfile", rootFile + ".pem", file + ".pem"])
            let certtool = try Program.named("certtool").run([
                "--verify", "--load-ca-certificate", rootFile + ".pem", "--infile", file + ".pem",
            ])
            #expect((openssl.status == 0) == isWhole, "\(openssl.text)")
            #expect((certtool.status == 0) == isWhole, "\(certtool.text)")
            let store = folder.appending(path: "store-\(isWhole)").path(percentEncoded: false)
            let trust = try Program.named("keytool").run([
                "-importcert", "-noprompt", "-alias", "root", "-file", rootFile + ".pem", "-keystore", store, "-storepass", "password",
            ])
            #expect(trust.status == 0, "\(trust.text)")
            // Without -noprompt keytool asks about what it cannot chain to the root, and gets no answer.
            let keytool = try Program.named("keytool").run([
                "-importcert", "-alias", "device", "-file", file + ".pem", "-keystore", store, "-storepass", "password",
            ])
            #expect(keytool.text.contains("Certificate was added") == isWhole, "\(keytool.text)")
        }
    }

    private static func damaged(_ certificate: Certificate, _ folder: URL) throws -> String {
        var signature = certificate.signature
        signature[signature.count - 1] ^= 1
        return try write(Certificate(tbs: certificate.tbs, signature: signature).der, "CERTIFICATE", folder, "damaged")
    }

    @Test("We verify Bouncy Castle's certificates, also with critical extensions, and its requests; and it verifies our requests")
    func theirs() throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let made = try Self.bouncyCastle("make", folder.path(percentEncoded: false))
        try #require(made.status == 0, "\(made.text)")
        func file(_ name: String) throws -> Bytes { Bytes(try Data(contentsOf: folder.appending(path: name))) }
        for prefix in ["p256-65", "p384-87", "critical"] {
            let root = try Certificate(der: try file(prefix + ".root.der"))
            let second = try #require(try root.tbs.alternativePublicKey())
            for name in [".root.der", ".device.der"] {
                let der = try file(prefix + name)
                let certificate = try Certificate(der: der)
                #expect(certificate.classicalVerdict(by: root.tbs.publicKey) == .valid, "\(prefix)\(name)")
                #expect(certificate.alternativeVerdict(by: second) == .valid, "\(prefix)\(name)")
                // Its damaged twin: the last octet of the subject's name, which both signatures cover.
                let subject = certificate.tbs.subject.der
                let at = try #require(der.indices.reversed().first { der[$0...].starts(with: subject) }) + subject.count - 1
                var copy = der
                copy[at] ^= 1
                let damaged = try Certificate(der: copy)
                #expect(damaged.classicalVerdict(by: root.tbs.publicKey) == .invalid)
                #expect(damaged.alternativeVerdict(by: second) == .invalid)
            }
            let plain = try Certificate(der: try file(prefix + ".plain.der"))
            #expect(plain.classicalVerdict(by: root.tbs.publicKey) == .valid && plain.alternativeVerdict(by: second) == .absent)
            let csr = try file(prefix + ".csr.der")
            let request = try CertificateRequest(der: csr)
            try request.verifyPossession()
            let device = try Certificate(der: try file(prefix + ".device.der"))
            #expect(request.alternative?.publicKey == (try device.tbs.alternativePublicKey()))
            var twin = csr
            twin[csr.count / 2] ^= 1
            #expect(throws: PKIXError.signatureInvalid) { try CertificateRequest(der: twin).verifyPossession() }
        }
        let subject = try Name([try Attribute(oid: .commonName, kind: .utf8, text: "Pump")])
        let request = try CertificateRequest.make(
            subject: subject, key: try KeyAlgorithm.ecdsaP256.generate(), alternative: try KeyAlgorithm.mlDSA65.generate())
        var swapped = request.der
        swapped[swapped.count / 2] ^= 1
        let ours = try Self.write(request.der, "CERTIFICATE REQUEST", folder, "ours")
        let damaged = try Self.write(swapped, "CERTIFICATE REQUEST", folder, "damaged")
        let answer = try Self.bouncyCastle("check-request", ours + ".der", damaged + ".der")
        #expect(answer.text == "classical true alternative true\nclassical false alternative false\n", "\(answer.text)")
        let openssl = try Program.named("openssl").run(["req", "-verify", "-noout", "-in", ours + ".pem"])
        #expect(openssl.status == 0 && openssl.text.contains("verify OK"), "\(openssl.text)")
        #expect(
            try Program.named("openssl").run(["req", "-verify", "-noout", "-in", damaged + ".pem"]).text.contains("verify OK") == false)
    }

    @Test("assay verify on Bouncy Castle's certificates: each requirement, its exit status, and why not, in words and as JSON")
    func verify() throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let made = try Self.bouncyCastle("make", folder.path(percentEncoded: false))
        try #require(made.status == 0, "\(made.text)")
        func file(_ name: String) -> String { folder.appending(path: name).path(percentEncoded: false) }
        let rows: [(certificate: String, root: String, requirement: String, reason: String?)] = [
            ("p256-65.device.der", "p256-65.root.der", "classical", nil),
            ("p256-65.device.der", "p256-65.root.der", "alternative", nil),
            ("p256-65.device.der", "p256-65.root.der", "both", nil),
            ("critical.device.der", "critical.root.der", "both", nil),
            ("p256-65.plain.der", "p256-65.root.der", "classical", nil),
            ("p256-65.plain.der", "p256-65.root.der", "both", "alternative"),
            ("p256-65.device.der", "critical.root.der", "classical", "issuer"),
        ]
        for (certificate, root, requirement, reason) in rows {
            let arguments = [
                "verify", file(certificate), "--anchor", file(root), "--require", requirement, "--at", "2026-01-01T00:00:00Z",
            ]
            let words = try Program.assay.run(arguments)
            #expect(words.status == (reason == nil ? 0 : 1), "\(certificate), \(requirement): \(words.text)")
            #expect(words.text.contains("Valid (\(requirement))") == (reason == nil), "\(words.text)")
            let answer = try Program.assay.run(arguments + ["--json"])
            #expect(answer.status == words.status)
            let json = try #require(try JSONSerialization.jsonObject(with: Data(answer.text.utf8)) as? [String: Any], "\(answer.text)")
            #expect(json["valid"] as? Bool == (reason == nil) && json["require"] as? String == requirement)
            #expect((json["failure"] as? [String: Any])?["name"] as? String == reason)
        }
        // A self-signed certificate among the chain is trusted where no anchor is named, and only there.
        let chained = ["verify", file("p256-65.device.der"), "--chain", file("p256-65.root.der"), "--at", "2026-01-01T00:00:00Z"]
        #expect(try Program.assay.run(chained).status == 0)
        #expect(try Program.assay.run(chained + ["--anchor", file("critical.root.der")]).status == 1)
        for (arguments, code) in [
            (["verify", file("p256-65.csr.der"), "--anchor", file("p256-65.root.der")], "certificate.malformed"),
            (["verify", file("none.der"), "--anchor", file("p256-65.root.der")], "client.file"),
        ] {
            let answer = try Program.assay.run(arguments)
            #expect(answer.status == 1 && answer.text.contains(code), "\(answer.text)")
        }
        #expect(try Program.assay.run(chained + ["--require", "none"]).status == 64)
    }

    @Test("assay request make: Bouncy Castle and openssl accept the request, openssl has its key, and no key is ever overwritten")
    func makeRequest() throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(at: folder) }
        func file(_ name: String) -> String { folder.appending(path: name).path(percentEncoded: false) }
        let arguments = [
            "request", "make", "--key-out", file("key"), "--alternative", "ml-dsa-65", "--alternative-out", file("second"), "--out",
            file("csr"),
        ]
        let made = try Program.assay.run(arguments)
        #expect(made.status == 0, "\(made.text)")
        let der = try PEM.derOrPEM(Bytes(try Data(contentsOf: URL(filePath: file("csr")))), labels: PEM.requestLabels)
        let request = try Self.write(der, "CERTIFICATE REQUEST", folder, "request")
        let checked = try Self.bouncyCastle("check-request", request + ".der")
        #expect(checked.text == "classical true alternative true\n", "\(checked.text)")
        let openssl = try Program.named("openssl").run(["req", "-verify", "-noout", "-in", file("csr")])
        #expect(openssl.text.contains("verify OK"), "\(openssl.text)")
        let key = try Program.named("openssl").run(["pkey", "-in", file("key"), "-pubout"])
        #expect(key.text == PEM.encode("PUBLIC KEY", try CertificateRequest(der: der).publicKey.der), "\(key.text)")
        for name in ["key", "second"] {
            #expect(try FileManager.default.attributesOfItem(atPath: file(name))[.posixPermissions] as? Int == 0o600)
        }

        let before = try ["key", "second"].map { try Data(contentsOf: URL(filePath: file($0))) }
        for path in ["key", "second"] {
            try FileManager.default.moveItem(atPath: file(path), toPath: file("kept"))
            let again = try Program.assay.run(arguments)
            #expect(again.status == 1 && again.text.contains("client.file-exists"), "\(again.text)")
            #expect(!FileManager.default.fileExists(atPath: file(path)), "half of it was made")
            try FileManager.default.moveItem(atPath: file("kept"), toPath: file(path))
        }
        #expect(try ["key", "second"].map { try Data(contentsOf: URL(filePath: file($0))) } == before)
        let same = try Program.assay.run([
            "request", "make", "--key-out", file("one"), "--alternative", "ml-dsa-65", "--alternative-out", file("one"), "--out",
            file("two"),
        ])
        #expect(same.status == 64, "\(same.text)")
    }
}
