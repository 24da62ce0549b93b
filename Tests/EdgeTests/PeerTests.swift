import API
import Basics
import NIOSSL
import PKIX
import Testing
import Wire

@Suite("Which peers are let in")
struct PeerTests {
    /// What a request without a body looks like.
    private static let get = "GET /test HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

    private static let whoAsks = lettingIn { head, _ in .json(.string(head.peer?.digest.hex ?? "nobody")) }

    @Test("A self-signed certificate gives its key, and nothing else of it counts")
    func accepted() throws {
        let key = try Keys.make()
        #expect(try PeerCertificate.key(in: [Keys.certificate(key).der]) == key.publicKey)
    }

    @Test("Other certificates are refused")
    func refused() throws {
        let good = try Keys.certificate(Keys.make()).der
        let long = try Keys.certificate(Keys.make(), addresses: (0..<200).map { "name-\($0).number.example" }).der
        #expect(throws: PeerCertificate.Refusal.count(0)) { try PeerCertificate.key(in: []) }
        #expect(throws: PeerCertificate.Refusal.count(2)) { try PeerCertificate.key(in: [good, good]) }
        #expect(long.count > 4096)
        #expect(throws: PeerCertificate.Refusal.tooLong) { try PeerCertificate.key(in: [long]) }
        #expect(throws: PeerCertificate.Refusal.notSelfSigned) { try PeerCertificate.key(in: [Certificates.issued]) }
        #expect(throws: PeerCertificate.Refusal.notSelfSigned) { try PeerCertificate.key(in: [Certificates.signedByAnother]) }
        #expect(throws: PeerCertificate.Refusal.key("ml-dsa-65")) { try PeerCertificate.key(in: [Self.postQuantum()]) }
        for unreadable in [[], Array(good.dropLast()), good + [0], Certificates.version1, Certificates.p384] {
            #expect(throws: PeerCertificate.Refusal.self) { try PeerCertificate.key(in: [unreadable]) }
        }
    }

    /// A readable certificate over a key of another algorithm; its signature is nobody's.
    private static func postQuantum() throws -> Bytes {
        let template = try Keys.certificate(try Keys.make()).tbs
        let key = try SubjectPublicKeyInfo(.mlDSA65, key: Bytes(repeating: 0x61, count: 1952))
        let tbs = try TBSCertificate(
            serialNumber: template.serialNumber, signature: SignatureAlgorithm.mlDSA65.identifier, issuer: template.issuer,
            validity: template.validity, subject: template.subject, publicKey: key, extensions: [])
        return Certificate(tbs: tbs, signature: [0]).der
    }

    @Test("Without a certificate a peer is nobody; with one it is its key")
    func identified() async throws {
        try await TestNode.run(edge: Self.whoAsks) { node in
            let nobody = try await RawClient.talk(to: node.port, sending: Self.get)
            #expect(nobody.received.hasPrefix("HTTP/1.1 200 "))
            #expect(nobody.received.hasSuffix("\"nobody\""))
            let key = try Keys.make()
            let somebody = try await RawClient.talk(
                to: node.port,
                as: .init(certificates: [Keys.certificate(key).der], key: NIOSSLPrivateKey(bytes: key.pkcs8, format: .der)),
                sending: Self.get)
            #expect(somebody.received.hasSuffix("\"\(key.publicKey.digest.hex)\""))
        }
    }

    @Test("A certificate whose key the peer does not have is refused by the TLS stack")
    func possession() async throws {
        try await TestNode.run(edge: Self.whoAsks) { node in
            let certificate = try Keys.certificate(Keys.make()).der
            let identity = RawClient.Identity(certificates: [certificate], key: NIOSSLPrivateKey(customPrivateKey: LyingKey()))
            let outcome = try await RawClient.talk(to: node.port, as: identity, sending: Self.get)
            #expect(outcome.ended)
            #expect(outcome.received == "")
            #expect(node.log.requests.isEmpty)
        }
    }

    @Test(
        "Certificates that the rules refuse end the handshake",
        arguments: [
            ([Certificates.issued], Certificates.p256Key), ([Certificates.signedByAnother], Certificates.p256Key),
            ([Certificates.version1], Certificates.p256Key), ([Certificates.p384], Certificates.p384Key),
            ([Certificates.issued, Certificates.signedByAnother], Certificates.p256Key),
        ])
    func handshake(chain: [Bytes], key: Bytes) async throws {
        try await TestNode.run(edge: Self.whoAsks) { node in
            let identity = RawClient.Identity(certificates: chain, key: try NIOSSLPrivateKey(bytes: key, format: .der))
            let outcome = try await RawClient.talk(to: node.port, as: identity, sending: Self.get)
            #expect(outcome.ended)
            #expect(outcome.received == "")
            #expect(node.log.requests.isEmpty)
        }
    }

    @Test("TLS 1.2 is refused")
    func oldVersion() async throws {
        try await TestNode.run(edge: Self.whoAsks) { node in
            let outcome = try await RawClient.talk(to: node.port, version: .tlsv12, sending: Self.get)
            #expect(outcome.ended && outcome.failed)
            #expect(outcome.received == "")
        }
    }
}
