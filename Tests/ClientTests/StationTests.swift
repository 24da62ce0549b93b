import Basics
import Client
import Foundation
import PKIX
import Testing
import Wire

@Suite("A machine's side")
struct StationTests {
    private static func home() -> String {
        FileManager.default.temporaryDirectory.appendingPathComponent("assay-\(UUID().uuidString)").path
    }

    @Test("Its key is made once, in a folder of its own, and its public half is read back from the file that is handed over")
    func folder() throws {
        let world = try World()
        defer { world.remove() }
        let folder = MachineFolder(home: Self.home(), name: try World.handle("line-3"))
        defer { try? FileManager.default.removeItem(atPath: folder.home) }
        let key = try folder.enroll(node: world.identity, entropy: SystemEntropy())
        #expect(try MachineKey.read(Bytes(MachineKey.pem(key).utf8)) == key)
        #expect(try folder.node() == world.identity)
        let mode = try FileManager.default.attributesOfItem(atPath: "\(folder.path)/machine.key")[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let moved = NodeIdentity(
            address: NodeAddress(host: "127.0.0.1", port: 2), instance: world.instance, pin: world.pin, serverKey: world.serverKey)
        #expect(try folder.enroll(node: moved, entropy: SystemEntropy()) == key)
        #expect(try folder.node() == moved)
        let other = NodeIdentity(address: moved.address, instance: world.instance, pin: world.pin, serverKey: Digest32(of: "other"))
        let foreign = #expect(throws: Problem.self) { try folder.enroll(node: other, entropy: SystemEntropy()) }
        #expect(foreign?.code == "client.other-house")
        #expect(try folder.node() == moved)
        let missing = #expect(throws: Problem.self) { try MachineFolder(home: folder.home, name: World.handle("line-4")).node() }
        #expect(missing?.code == "client.no-such-machine")
    }

    /// Answers each draw with one certificate, under one authority.
    private struct Answering: Transport {
        let certificate: Certificate
        let issuer: Certificate

        func send(
            _ route: Route, parameters: [String: String], query: [String: [String]], body: ClientBody
        ) async throws(Problem) -> ClientResponse {
            let answer = JSON.object([
                "certificate": .string(certificate.der.base64), "chain": .array([.string(issuer.der.base64)]),
            ])
            return ClientResponse(status: 200, media: .json, body: answer.canonicalBytes)
        }

        func close() async {}
    }

    @Test("What a node answers to a request by two keys must have both of them and both signatures; one key stays one key")
    func secondKey() async throws {
        let (key, second) = (try KeyAlgorithm.ecdsaP256.generate(), try KeyAlgorithm.mlDSA65.generate())
        let (root, rootSecond) = (try KeyAlgorithm.ecdsaP256.generate(), try KeyAlgorithm.mlDSA65.generate())
        let other = try KeyAlgorithm.mlDSA65.generate()
        let name = try Name([try Attribute(oid: .commonName, kind: .utf8, text: "device")])
        func certificate(_ key: SubjectPublicKeyInfo, _ second: SubjectPublicKeyInfo?, isSignedTwice: Bool = true) throws -> Certificate {
            var extensions: [Extension] = []
            if let second { extensions.append(Extension(oid: .subjectAltPublicKeyInfo, isCritical: false, value: second.der)) }
            if isSignedTwice {
                extensions.append(
                    Extension(oid: .altSignatureAlgorithm, isCritical: false, value: SignatureAlgorithm.mlDSA65.identifier.der))
            }
            var unfinished = try UnfinishedCertificate(
                try TBSCertificate(
                    serialNumber: try SerialNumber(bytes: [1]), signature: SignatureAlgorithm.ecdsaSHA256.identifier, issuer: name,
                    validity: Validity(notBefore: UTCTime(seconds: 1_700_000_000), notAfter: .never), subject: name, publicKey: key,
                    extensions: extensions))
            while let slot = unfinished.next {
                let signer = slot == .classical ? root : rootSecond
                unfinished = try unfinished.adding(
                    try signer.sign(unfinished.message, as: .preferred(for: signer.publicKey.keyAlgorithm)))
            }
            return try #require(unfinished.certificate)
        }
        let issuer = try certificate(root.publicKey, rootSecond.publicKey)
        let hybrid = try CertificateRequest.make(subject: name, key: key, alternative: second)
        let plain = try CertificateRequest.make(subject: name, key: key)
        let rows: [(String, CertificateRequest, Certificate, isGood: Bool)] = [
            ("both keys, both signatures", hybrid, try certificate(key.publicKey, second.publicKey), true),
            ("another second key", hybrid, try certificate(key.publicKey, other.publicKey), false),
            ("no second key", hybrid, try certificate(key.publicKey, nil), false),
            ("no second signature", hybrid, try certificate(key.publicKey, second.publicKey, isSignedTwice: false), false),
            ("another key", hybrid, try certificate(other.publicKey, second.publicKey), false),
            ("one key, both signatures", plain, try certificate(key.publicKey, nil), true),
            ("a second key that was not asked for", plain, try certificate(key.publicKey, other.publicKey), false),
        ]
        for (what, request, answer, isGood) in rows {
            let station = Station(transport: Answering(certificate: answer, issuer: issuer))
            let profile = try World.handle("device-identity")
            if isGood {
                #expect(try await station.draw(profile: profile, csr: request.der, fields: [:]).certificate == answer, "\(what)")
            } else {
                let problem = await #expect(throws: Problem.self, "\(what)") {
                    try await station.draw(profile: profile, csr: request.der, fields: [:])
                }
                #expect(problem?.code == "client.server-lied", "\(what)")
            }
        }
    }

    @Test(
        "What is no P-256 key in PEM is no machine's",
        arguments: ["", "line-3", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
    func noKey(text: String) {
        let problem = #expect(throws: Problem.self) { try MachineKey.read(Bytes(text.utf8)) }
        #expect(problem?.code == "machine.key-invalid")
    }
}
