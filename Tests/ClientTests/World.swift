import Approval
import Basics
import Client
import Crypto
import Foundation
import PKIX
import Profiles
import Proofs

/// A house in memory with real keys: an administrator, three officers, a root, an issuing authority, a profile, a policy.
struct World: Sendable {
    let home: String
    let instance = Instance(bytes: Bytes(repeating: 7, count: 16)).constant
    let log = Curve25519.Signing.PrivateKey()
    let origin = "assay.example/ledger"
    let rootKey: PrivateKey
    let devicesKey: PrivateKey
    let people: [SignedNote]
    let rosters: [SignedNote]
    let documents: [Digest32: Bytes]
    let clocks = FixedClocks(now: UTCTime(seconds: 1_763_996_400))
    let serverKey = Digest32(of: "server")

    static let manifest = """
        authorities:
          root: { subject: "CN=Test Root, O=Test", key: ecdsa-p256, years: 30, purposes: [authority, crl] }
          devices: { issuer: root, subject: "CN=Test Issuing, O=Test", key: ecdsa-p256, years: 20, pathLength: 0, purposes: [certificate, crl], profiles: [device] }
        profiles:
          device:
            authority: devices
            approval: two
            subject: "CN={serial}, O=Test"
            fields: { serial: { max: 32, alphabet: printable } }
            keys: [ecdsa-p256]
            validity: { until: never }
            keyUsage: [digitalSignature]
        approvals:
          two: { quorum: 2, roles: [registration-officer], days: 7 }
        """

    var pin: Digest32 { Digest32(of: rosters[0].text) }
    var logKey: VerifierKey { get throws { try VerifierKey.ed25519(name: origin, publicKey: Bytes(log.publicKey.rawRepresentation)) } }
    var identity: NodeIdentity {
        NodeIdentity(address: NodeAddress(host: "127.0.0.1", port: 1), instance: instance, pin: pin, serverKey: serverKey)
    }
    var charter: Charter { get throws { try Charter(chain: rosters, pin: pin) { documents[$0] } } }

    func folder(_ name: String) throws -> PersonFolder { PersonFolder(home: home, handle: try Self.handle(name)) }

    func remove() { try? FileManager.default.removeItem(atPath: home) }

    static func handle(_ name: String) throws -> Handle {
        guard let handle = Handle(name) else { throw Problem(.invalid, "test", title: name, detail: "") }
        return handle
    }

    init() throws {
        home = FileManager.default.temporaryDirectory.appending(path: "assay-\(UUID().uuidString)").path(percentEncoded: false)
        rootKey = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
        devicesKey = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
        let logKey = try VerifierKey.ed25519(name: origin, publicKey: Bytes(log.publicKey.rawRepresentation))
        let pending = NodeIdentity(
            address: NodeAddress(host: "127.0.0.1", port: 1), instance: instance, pin: .zero, serverKey: serverKey)
        var people: [(Person, SignedNote)] = []
        for name in ["admin", "ben", "cyd", "dee"] {
            let folder = PersonFolder(home: home, handle: try Self.handle(name))
            people.append(
                try Enrollment.makePerson(
                    in: folder, node: name == "admin" ? nil : pending, passphrase: nil, clocks: clocks, entropy: SystemEntropy()))
        }
        let admin = people[0].0
        let first = try Roster(
            instance: instance, version: 1, previous: .zero, quorum: 1, log: logKey, time: clocks.now, expires: clocks.now.adding(days: 1),
            documents: [],
            keys: [.init(person: admin.handle, use: .login, key: admin.login), .init(person: admin.handle, use: .vote, key: admin.vote)],
            grants: [.init(person: admin.handle, role: .administrator, profile: nil)])
        let documents = try Self.documents(root: rootKey, devices: devicesKey, now: clocks.now)
        let second = try first.successor(
            people.dropFirst().map { .add($0.0, roles: [.registrationOfficer]) }
                + documents.map { .put(.init(kind: $0.kind, name: $0.name, digest: Digest32(of: $0.bytes))) }, time: clocks.now)
        let keys = try PersonKeys(opening: PersonFolder(home: home, handle: admin.handle), passphrase: PassphraseSource(file: nil))
        rosters = [try keys.sign(first.text), try keys.sign(second.text)]
        self.people = people.map(\.1)
        self.documents = Dictionary(documents.map { (Digest32(of: $0.bytes), $0.bytes) }) { first, _ in first }
        for (person, _) in people {
            // The address was pinned before there was a roster; now there is one.
            let folder = PersonFolder(home: home, handle: person.handle)
            try? FileManager.default.removeItem(atPath: folder.path + "/node.json")
            try folder.attach(
                NodeIdentity(
                    address: NodeAddress(host: "127.0.0.1", port: 1), instance: instance, pin: first.digest, serverKey: serverKey))
        }
    }

    private static func documents(
        root: PrivateKey, devices: PrivateKey, now: UTCTime
    ) throws -> [(kind: DocumentKind, name: Handle, bytes: Bytes)] {
        let manifest = try Manifest(yaml: Bytes(World.manifest.utf8))
        var result: [(kind: DocumentKind, name: Handle, bytes: Bytes)] = []
        var parents: [Handle: AuthorityDocument] = [:]
        for (name, key) in [(try handle("root"), root), (try handle("devices"), devices)] {
            guard let json = manifest.authorities[name] else { continue }
            let drafted = try draft(json, key: key.publicKey, parents: parents, now: now)
            parents[name] = try AuthorityDocument(document: drafted.document)
            result.append((.authority, name, drafted.document))
        }
        result += manifest.profiles.map { (.profile, $0.key, $0.value) } + manifest.approvals.map { (.approval, $0.key, $0.value) }
        return result
    }

    /// What custody adds to an authority.
    static func draft(
        _ json: JSON, key: SubjectPublicKeyInfo, parents: [Handle: AuthorityDocument], now: UTCTime
    ) throws -> (document: Bytes, tbs: Bytes) {
        guard case .object(var members) = json else { throw Problem(.invalid, "test", title: "", detail: "") }
        members["publicKey"] = .string(key.der.base64)
        members["content"] = .string(Digest32.zero.base64)
        let unfinished = try AuthorityDocument(document: JSON.object(members).canonicalBytes)
        let issuer = unfinished.issuer.flatMap { parents[$0] } ?? unfinished
        let filling = Filling(
            serial: SerialNumber(at: now, random: SystemEntropy().bytes(16)), now: now, publicKey: key, fields: [:], request: nil)
        let tbs = try Profile.authority(document: json).fill(filling, issuer: try issuer.asIssuer())
        members["content"] = .string(tbs.content.base64)
        return (JSON.object(members).canonicalBytes, tbs.der)
    }
}

struct FixedClocks: Clocks {
    let now: UTCTime
    var monotonic: Duration { .zero }
    func sleep(for duration: Duration) async throws {}
}

extension Optional {
    /// For constants of tests.
    var constant: Wrapped {
        guard let self else { preconditionFailure("a constant of the test is wrong") }
        return self
    }
}
