import Basics
import Foundation
import PKIX
import Profiles
import Testing

/// Algorithms are values: a key of another algorithm goes the same way.
@Suite("ML-DSA-65 keys, made and read by Python's cryptography")
struct PostQuantumTests {
    private static let script = "Tests/InteropTests/Python/mldsa.py"
    private static let now = UTCTime(seconds: 1_800_000_000)

    @Test("Its CSR is accepted, and it reads the P-256 certificate over that key; a damaged CSR is refused")
    func certificateOverItsKey() throws {
        let made = try Program.python.run(["-B", Self.script, "make"])
        let csr = try #require(Bytes(base64: made.text.trimmingCharacters(in: .whitespacesAndNewlines)), "\(made.text)")
        let request = try CertificateRequest(der: csr)
        try request.verifyPossession()
        #expect(request.publicKey.keyAlgorithm == .mlDSA65)

        var damaged = csr
        damaged[csr.count - 1] ^= 1
        #expect(throws: PKIXError.signatureInvalid) { try CertificateRequest(der: damaged).verifyPossession() }

        let issuerKey = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
        let root = try Profile.authority(document: Self.root)
        let issuer = try root.ownIssuer(publicKey: issuerKey.publicKey)
        let rootTBS = try root.fill(Self.filling(issuerKey.publicKey, fields: [:], request: nil), issuer: issuer)
        let rootCertificate = Certificate(tbs: rootTBS, signature: try issuerKey.sign(rootTBS.der))
        let profile = try Profile(document: Self.device.canonicalBytes)
        let tbs = try profile.fill(Self.filling(request.publicKey, fields: ["serial": "SN-1"], request: request), issuer: issuer)
        let certificate = Certificate(tbs: tbs, signature: try issuerKey.sign(tbs.der))

        let folder = FileManager.default.temporaryDirectory.appending(path: "mldsa-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let issuerFile = folder.appending(path: "issuer.der")
        try Data(rootCertificate.der).write(to: issuerFile)
        let arguments = ["-B", Self.script, "check", issuerFile.path(percentEncoded: false)]
        let read = try Program.python.run(arguments, input: certificate.der.base64)
        #expect(read.status == 0 && read.text.contains("SN-1"), "\(read.text)")

        let other = Certificate(tbs: tbs, signature: try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy()).sign(tbs.der))
        #expect(try Program.python.run(arguments, input: other.der.base64).status != 0)
    }

    private static func filling(_ key: SubjectPublicKeyInfo, fields: [String: String], request: CertificateRequest?) -> Filling {
        Filling(
            serial: SerialNumber(at: now, random: SystemEntropy().bytes(16)), now: now, publicKey: key, fields: fields, request: request)
    }

    private static let root = JSON.object([
        "name": .string("root"), "subject": .string("CN=Root, O=Example"), "key": .string("ecdsa-p256"), "years": .integer(30),
        "purposes": .array([.string("authority"), .string("certificate"), .string("crl")]),
    ])
    private static let device = JSON.object([
        "name": .string("device-identity"), "authority": .string("root"), "approval": .string("two-officers"),
        "subject": .string("CN=Device {serial}"), "fields": .object(["serial": .object(["max": .integer(32)])]),
        "keys": .array([.string("ml-dsa-65")]), "validity": .object(["until": .string("never")]),
        "keyUsage": .array([.string("digitalSignature")]),
    ])
}
