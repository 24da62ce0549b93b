import Basics
import Foundation
import PKIX
import Profiles
import Testing

/// What an independent program can do with the rows of the table.
private struct Oracle: Sendable {
    let name: String
    /// Names of algorithms that this version of it does not know.
    let unknown: Set<String>
    let verify: @Sendable (_ issuer: String, _ certificate: String) throws -> Program.Answer

    static let classicalOnly: Set<String> = ["ml-dsa-65", "ml-dsa-87"]
    static let all = [
        Oracle(name: "openssl", unknown: classicalOnly) { issuer, certificate in
            try Program.named("openssl").run(["verify", "-x509_strict", "-CAfile", issuer + ".pem", certificate + ".pem"])
        },
        Oracle(name: "certtool", unknown: classicalOnly) { issuer, certificate in
            try Program.named("certtool").run(["--verify", "--load-ca-certificate", issuer + ".pem", "--infile", certificate + ".pem"])
        },
        Oracle(name: "python", unknown: []) { issuer, certificate in
            try Program.python.run(["-B", "Tests/InteropTests/Python/algorithms.py", "verify", issuer + ".der", certificate + ".der"])
        },
    ]
}

@Suite("Every algorithm, with independent programs")
struct AlgorithmTests {
    private static let now = UTCTime(seconds: 1_700_000_000)
    /// A key that signs so: the smallest for RSA, the curve of the hash for ECDSA.
    private static func key(for scheme: SignatureAlgorithm) -> KeyAlgorithm {
        scheme.keys.first { SignatureAlgorithm.preferred(for: $0) == scheme } ?? scheme.keys.last ?? .ecdsaP256
    }

    @Test(
        "Each program that knows an algorithm verifies our certificates by it, and refuses a damaged one",
        arguments: SignatureAlgorithm.known)
    func certificates(_ scheme: SignatureAlgorithm) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "algorithm-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (issuerFile, devices) = try Self.issued(scheme, folder)
        for (subject, file, damaged) in devices {
            for oracle in Oracle.all where oracle.unknown.isDisjoint(with: [scheme.name, subject.name]) {
                let answer = try oracle.verify(issuerFile, file)
                #expect(answer.status == 0, "\(oracle.name), \(subject.name) by \(scheme.name): \(answer.text)")
                #expect(try oracle.verify(issuerFile, damaged).status != 0, "\(oracle.name), \(subject.name) by \(scheme.name)")
            }
        }
    }

    /// The JDK is asked once for each way of signing: it takes long to begin.
    @Test(
        "The JDK verifies our certificates by every algorithm that it knows, refuses damaged ones, and keytool reads them",
        arguments: SignatureAlgorithm.known.filter { !Oracle.classicalOnly.contains($0.name) })
    func jdk(_ scheme: SignatureAlgorithm) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "jdk-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (issuerFile, devices) = try Self.issued(scheme, folder)
        let (good, bad) = (devices.map { $0.good + ".der" }, devices.map { $0.damaged + ".der" })
        let said = try Program.named("java").run(["Tests/InteropTests/Java/Verify.java", issuerFile + ".der"] + good + bad)
        #expect(said.text == (good.map { "good \($0)\n" } + bad.map { "bad \($0)\n" }).joined(), "\(said.text)")
        let read = try Program.named("keytool").run(["-printcert", "-file", issuerFile + ".der"])
        #expect(read.status == 0 && read.text.contains("CN=Root, O=Example"), "\(read.text)")
    }

    /// A root that signs so, and below it a device of each kind of key, with a twin whose signature is damaged; files without their endings.
    private static func issued(
        _ scheme: SignatureAlgorithm, _ folder: URL
    ) throws -> (issuer: String, devices: [(subject: KeyAlgorithm, good: String, damaged: String)]) {
        let issuerKey = try Self.key(for: scheme).generate()
        let root = try Profile.authority(document: Self.root(issuerKey.publicKey.keyAlgorithm))
        let own = try root.ownIssuer(publicKey: issuerKey.publicKey)
        let issuer = Issuer(
            name: own.name, keyIdentifier: own.keyIdentifier, signatureAlgorithm: scheme,
            keyAlgorithm: issuerKey.publicKey.keyAlgorithm, notAfter: .never)
        let issuerFile = try Self.write(
            try root.fill(Self.filling(issuerKey.publicKey, [:]), issuer: issuer), issuerKey, scheme, "issuer", folder)
        let device = try Profile(document: Self.device.canonicalBytes)
        let subjects = KeyAlgorithm.known.filter { $0 != .rsa4096 && $0 != .rsa3072 }
        return (
            issuerFile,
            try subjects.map { subject in
                let tbs = try device.fill(Self.filling(try subject.generate().publicKey, ["serial": "SN-1"]), issuer: issuer)
                return (
                    subject, try Self.write(tbs, issuerKey, scheme, subject.name, folder),
                    try Self.write(tbs, issuerKey, scheme, subject.name + "-damaged", folder, damage: true)
                )
            }
        )
    }

    private static func root(_ key: KeyAlgorithm) -> JSON {
        .object([
            "name": .string("root"), "subject": .string("CN=Root, O=Example"), "key": .string(key.name), "years": .integer(30),
            "purposes": .array([.string("authority"), .string("certificate"), .string("crl")]),
        ])
    }

    private static func write(
        _ tbs: TBSCertificate, _ key: SoftwareKey, _ scheme: SignatureAlgorithm, _ name: String, _ folder: URL, damage: Bool = false
    ) throws -> String {
        var signature = try key.sign(tbs.der, as: scheme)
        if damage { signature[signature.count - 1] ^= 1 }
        let certificate = Certificate(tbs: tbs, signature: signature)
        let path = folder.appending(path: name).path(percentEncoded: false)
        try Data(certificate.der).write(to: URL(filePath: path + ".der"))
        try Data(PEM.encode("CERTIFICATE", certificate.der).utf8).write(to: URL(filePath: path + ".pem"))
        return path
    }

    private static func filling(_ key: SubjectPublicKeyInfo, _ fields: [String: String]) -> Filling {
        Filling(
            serial: SerialNumber(at: now, random: SystemEntropy().bytes(16)), now: now, publicKey: key, fields: fields, request: nil)
    }

    private static let device = JSON.object([
        "name": .string("device-identity"), "authority": .string("root"), "approval": .string("two-officers"),
        "subject": .string("CN=Device {serial}"), "fields": .object(["serial": .object(["max": .integer(32)])]),
        "keys": .array(KeyAlgorithm.known.map { .string($0.name) }), "validity": .object(["years": .integer(10)]),
        "keyUsage": .array([.string("digitalSignature")]),
    ])

    /// A CSR is accepted, and its twin with another last octet refused.
    private static func judge(_ der: Bytes, _ key: KeyAlgorithm, _ scheme: SignatureAlgorithm) throws {
        let request = try CertificateRequest(der: der)
        try request.verifyPossession()
        #expect((request.publicKey.keyAlgorithm, request.signatureAlgorithm) == (key, scheme))
        var damaged = der
        damaged[der.count - 1] ^= 1
        #expect(throws: PKIXError.signatureInvalid) { try CertificateRequest(der: damaged).verifyPossession() }
    }

    @Test("Python's CSRs of every algorithm are accepted, their damaged twins refused", arguments: SignatureAlgorithm.known)
    func pythonRequests(_ scheme: SignatureAlgorithm) throws {
        let key = Self.key(for: scheme)
        let made = try Program.python.run(["-B", "Tests/InteropTests/Python/algorithms.py", "request", key.name, scheme.name])
        let csr = try #require(Bytes(base64: made.text.trimmingCharacters(in: .whitespacesAndNewlines)), "\(made.text)")
        try Self.judge(csr, key, scheme)
    }

    private static let opensslKeys: [(KeyAlgorithm, [String])] = [
        (.ecdsaP256, ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]), (.ecdsaP384, ["EC", "-pkeyopt", "ec_paramgen_curve:P-384"]),
        (.ecdsaP521, ["EC", "-pkeyopt", "ec_paramgen_curve:P-521"]), (.rsa2048, ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"]),
        (.rsa3072, ["RSA", "-pkeyopt", "rsa_keygen_bits:3072"]), (.rsa4096, ["RSA", "-pkeyopt", "rsa_keygen_bits:4096"]),
        (.ed25519, ["ED25519"]),
    ]
    private static let certtoolKeys: [KeyAlgorithm: [String]] = [
        .ecdsaP256: ["--key-type", "ecdsa", "--curve", "secp256r1"], .ecdsaP384: ["--key-type", "ecdsa", "--curve", "secp384r1"],
        .ecdsaP521: ["--key-type", "ecdsa", "--curve", "secp521r1"], .rsa2048: ["--key-type", "rsa", "--bits", "2048"],
        .rsa3072: ["--key-type", "rsa", "--bits", "3072"], .rsa4096: ["--key-type", "rsa", "--bits", "4096"],
        .ed25519: ["--key-type", "ed25519"],
    ]

    @Test("CSRs of openssl and certtool are accepted, their damaged twins refused")
    func otherRequests() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "requests-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = { (name: String) in folder.appending(path: name).path(percentEncoded: false) }
        let read = { (name: String) in
            try PEM.derOrPEM(Bytes(try Data(contentsOf: URL(filePath: file(name)))), labels: PEM.requestLabels)
        }
        try Data("cn = device\n".utf8).write(to: URL(filePath: file("template")))
        for (key, arguments) in Self.opensslKeys {
            let made = try Program.named("openssl").run(["genpkey", "-out", file("key"), "-algorithm"] + arguments)
            try #require(made.status == 0, "\(made.text)")
            for scheme in SignatureAlgorithm.known where scheme.fits(key) {
                var options = scheme.hash.map { ["-" + $0.rawValue] } ?? []
                if scheme.padding == .pss { options += ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"] }
                let csr = try Program.named("openssl").run(
                    ["req", "-new", "-key", file("key"), "-subj", "/CN=device", "-out", file("csr")] + options)
                try #require(csr.status == 0, "\(scheme.name): \(csr.text)")
                try Self.judge(try read("csr"), key, scheme)
            }
            let other = try Program.named("certtool").run(
                ["--generate-privkey", "--outfile", file("other")] + (Self.certtoolKeys[key] ?? []))
            try #require(other.status == 0, "\(other.text)")
            // certtool makes PSS requests only by keys with the identifier RSASSA-PSS, which are refused.
            let scheme = SignatureAlgorithm.preferred(for: key)
            let csr = try Program.named("certtool").run(
                ["--generate-request", "--load-privkey", file("other"), "--template", file("template"), "--outfile", file("other.csr")]
                    + (scheme.hash.map { ["--hash", $0.rawValue.uppercased()] } ?? []))
            try #require(csr.status == 0, "\(csr.text)")
            try Self.judge(try read("other.csr"), key, scheme)
        }
    }

    private static let keytoolKeys: [(KeyAlgorithm, [String], [SignatureAlgorithm: String])] = [
        (.ecdsaP256, ["EC", "-groupname", "secp256r1"], [.ecdsaSHA256: "SHA256withECDSA", .ecdsaSHA512: "SHA512withECDSA"]),
        (.ecdsaP384, ["EC", "-groupname", "secp384r1"], [.ecdsaSHA384: "SHA384withECDSA"]),
        (.ecdsaP521, ["EC", "-groupname", "secp521r1"], [.ecdsaSHA512: "SHA512withECDSA"]),
        (
            .rsa2048, ["RSA", "-keysize", "2048"],
            [.rsaSHA256: "SHA256withRSA", .rsaSHA384: "SHA384withRSA", .rsaSHA512: "SHA512withRSA", .rsaPSSSHA256: "RSASSA-PSS"]
        ),
        (.rsa4096, ["RSA", "-keysize", "4096"], [.rsaSHA256: "SHA256withRSA"]), (.ed25519, ["ED25519"], [.ed25519: "Ed25519"]),
    ]

    @Test("CSRs of keytool are accepted, their damaged twins refused", arguments: keytoolKeys.indices)
    func keytoolRequests(_ row: Int) throws {
        let (key, arguments, schemes) = Self.keytoolKeys[row]
        let folder = FileManager.default.temporaryDirectory.appending(path: "keytool-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let file = { (name: String) in folder.appending(path: name).path(percentEncoded: false) }
        let store = ["-keystore", file("store.p12"), "-storepass", "changeit", "-alias", "device"]
        let made = try Program.named("keytool").run(["-genkeypair", "-dname", "CN=device", "-keyalg"] + arguments + store)
        try #require(made.status == 0, "\(made.text)")
        for (scheme, name) in schemes {
            let csr = try Program.named("keytool").run(["-certreq", "-sigalg", name, "-file", file("csr")] + store)
            try #require(csr.status == 0, "\(scheme): \(csr.text)")
            let text = Bytes(try Data(contentsOf: URL(filePath: file("csr"))))
            try Self.judge(try PEM.derOrPEM(text, labels: PEM.requestLabels), key, scheme)
        }
    }

    @Test("docs/algorithms.md says exactly what these tests check")
    func documented() throws {
        let page = try String(contentsOf: Program.root.appending(path: "docs/algorithms.md"), encoding: .utf8)
        for scheme in SignatureAlgorithm.known {
            let cells =
                Oracle.all.map { $0.unknown.contains(scheme.name) ? "does not know it" : "verifies" }
                + [Oracle.classicalOnly.contains(scheme.name) ? "does not know it" : "verifies"]
            let line =
                "| `\(scheme.name)` | \(scheme.keys.map { "`\($0.name)`" }.joined(separator: ", ")) | \(cells.joined(separator: " | ")) |"
            #expect(page.contains(line), "\(line)")
        }
    }
}
