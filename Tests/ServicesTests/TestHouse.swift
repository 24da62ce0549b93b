import Access
import Approval
import Authorities
import Basics
import Custody
import Foundation
import GRDB
import Logging
import Node
import PKIX
import Policies
import Profiles
import Proofs
import Registration
import Testing
import Transparency

/// A real house in a directory of its own: custody, database, services; people as their clients would act.
struct TestHouse: Sendable {
    let paths: HousePaths
    let clocks: TestClocks
    let admin: TestPerson
    let officers: [TestPerson]
    let pin: Digest32

    static let start = UTCTime(seconds: 1_800_000_000)

    /// Founds a house, applies the manufacturer's documents, and enrolls three officers.
    static func found(
        at start: UTCTime = start, authorities: [[String: JSON]] = [Documents.root, Documents.devices]
    ) async throws -> (TestHouse, House) {
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("assay-\(UUID().uuidString)").path
        let paths = HousePaths(data: directory)
        let clocks = TestClocks(start)
        let admin = try TestPerson("admin")
        let founding = try HouseFounding(
            paths, administrator: try admin.note(nil, at: start),
            names: .init(origin: "assay.test/ledger", node: try #require(Handle("node-1"))), now: start, entropy: SystemEntropy())
        let pin = try await founding.finish(signed: try admin.sign(founding.roster.text))
        let officers = try (1...3).map { try TestPerson("officer-\($0)") }
        let test = TestHouse(paths: paths, clocks: clocks, admin: admin, officers: officers, pin: pin)
        let house = try await test.open()
        try await test.applyDocuments(authorities, house)
        for officer in officers { try await test.enroll(officer, house) }
        return (test, house)
    }

    var surroundings: House.Surroundings {
        .init(clocks: clocks, entropy: SystemEntropy(), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    func open(acceptClock: Bool = false) async throws(Problem) -> House {
        try await House.open(paths, surroundings, acceptClock: acceptClock)
    }

    func remove() { try? FileManager.default.removeItem(atPath: paths.data) }

    var adminPrincipal: Principal { admin.principal(.administrator) }

    func accept(_ changes: [RosterChange], documents: [Bytes] = [], people: [SignedNote] = [], _ house: House) async throws {
        let roster = try house.services.ledger.view().charter.roster
        let next = try roster.successor(changes, time: clocks.now)
        let outcome = try await house.services.rosters.propose(
            try admin.sign(next.text), documents: documents, people: people, by: adminPrincipal)
        #expect(outcome == .accepted(version: next.version))
        let missing = try await house.services.authorities.complete()
        #expect(missing.isEmpty)
    }

    func enroll(_ person: TestPerson, _ house: House, role: Role = .registrationOfficer) async throws {
        let secret = try await invite(person.handle, house)
        let instance = try house.services.ledger.view().charter.instance
        _ = try await house.services.invitations.redeem(secret, person: try person.note(instance, at: clocks.now))
        let invitation = try await house.services.invitations.invitation(person.handle)
        let note = try SignedNote("person", try #require(invitation.person))
        try await accept([.add(try Person(note), roles: [role])], people: [note], house)
    }

    /// - Returns: the code's secret, which the administrator's client draws.
    func invite(_ handle: Handle, _ house: House) async throws -> Bytes {
        let secret = SystemEntropy().bytes(16)
        _ = try await house.services.invitations.invite(handle, code: Digest32(of: secret), by: adminPrincipal)
        return secret
    }

    /// What somebody with the database does to it, beside a running house.
    func write(_ sql: String) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(5)
        let queue = try DatabaseQueue(path: paths.database, configuration: configuration)
        let changes = try queue.write { db in
            try db.execute(sql: sql)
            return db.changesCount
        }
        try queue.close()
        #expect(changes > 0, "\(sql)")
    }

    /// Puts one document in force.
    func put(_ kind: DocumentKind, _ name: String, _ members: [String: JSON], _ house: House) async throws {
        let bytes = JSON.object(members).canonicalBytes
        try await accept(
            [.put(.init(kind: kind, name: try #require(Handle(name)), digest: Digest32(of: bytes)))], documents: [bytes], house)
    }

    private func applyDocuments(_ authorities: [[String: JSON]], _ house: House) async throws {
        let wanted = authorities.map { JSON.object($0) }
        let drafts = try await house.services.authorities.draft(
            wanted, call: ID(at: clocks.now, entropy: SystemEntropy()), by: adminPrincipal)
        let others: [(DocumentKind, String, Bytes)] = [
            (.profile, "device-identity", JSON.object(Documents.profile).canonicalBytes),
            (.approval, "two-officers", JSON.object(Documents.policy).canonicalBytes),
        ]
        let all = drafts.map { (DocumentKind.authority, $0.name.description, $0.document) } + others
        let changes = try all.map { kind, name, bytes in
            RosterChange.put(.init(kind: kind, name: try #require(Handle(name)), digest: Digest32(of: bytes)))
        }
        try await accept(changes, documents: all.map(\.2), house)
    }

    /// A request by the third officer, opened.
    func submit(_ house: House, serial: String = "SN-0001", by person: TestPerson? = nil) async throws -> RequestRecord {
        try await house.services.registrar.submit(
            try wish(house, serial: serial, by: person), by: (person ?? officers[2]).principal(.registrationOfficer))
    }

    func wish(_ house: House, serial: String = "SN-0001", by person: TestPerson? = nil, csr: Bytes? = nil) throws -> Registrar.Wish {
        let requester = person ?? officers[2]
        let charter = try house.services.ledger.view().charter
        let csr = try csr ?? TestRequest.make(PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy()))
        let profile = try #require(charter.documents.profiles.values.first)
        let submission = Submission(
            instance: charter.instance, subject: ID(at: clocks.now, entropy: SystemEntropy()), requester: requester.handle,
            profile: profile.reference, request: Digest32(of: csr), time: clocks.now)
        return .init(submission: try requester.sign(submission.text), csr: csr, fields: ["model": "PLC-7", "serial": serial])
    }

    func ballot(_ record: RequestRecord, _ person: TestPerson, _ decision: Vote.Decision = .approve) throws -> SignedNote {
        let statement = try Statement(text: record.statement)
        let vote = Vote(
            instance: statement.instance, voter: person.handle, decision: decision, time: clocks.now, statements: [statement.digest])
        return try person.sign(vote.text)
    }

    @discardableResult
    func vote(_ record: RequestRecord, _ person: TestPerson, _ house: House, _ decision: Vote.Decision = .approve) async throws
        -> RequestRecord
    {
        try await house.services.registrar.vote(
            try ballot(record, person, decision), on: record.id, reason: decision == .reject ? "no" : nil,
            by: person.principal(.registrationOfficer))
    }

    /// The documents of examples/manufacturer.yaml.
    enum Documents {
        static let root: [String: JSON] = [
            "name": .string("root"), "subject": .string("CN=Example Devices Root CA, O=Example Devices"), "key": .string("ecdsa-p256"),
            "years": .integer(30), "purposes": .array([.string("authority"), .string("crl")]),
        ]
        static let devices: [String: JSON] = [
            "name": .string("devices"), "issuer": .string("root"), "subject": .string("CN=Example Devices Issuing CA 1, O=Example Devices"),
            "key": .string("ecdsa-p256"), "years": .integer(20), "pathLength": .integer(0),
            "purposes": .array([.string("certificate"), .string("crl")]), "profiles": .array([.string("device-identity")]),
        ]
        static let profile: [String: JSON] = [
            "name": .string("device-identity"), "authority": .string("devices"), "approval": .string("two-officers"),
            "subject": .string("CN={model} {serial}, serialNumber={serial}, O=Example Devices"),
            "fields": .object([
                "model": .object(["max": .integer(24)]), "serial": .object(["max": .integer(32), "alphabet": .string("printable")]),
            ]), "keys": .array([.string("ecdsa-p256"), .string("ml-dsa-65")]), "validity": .object(["until": .string("never")]),
            "keyUsage": .array([.string("digitalSignature")]),
        ]
        static let policy: [String: JSON] = [
            "name": .string("two-officers"), "quorum": .integer(2), "roles": .array([.string("registration-officer")]), "days": .integer(7),
        ]
    }
}

/// A certificate signing request as a device would make it.
enum TestRequest {
    static func make(_ key: PrivateKey, name: String = "device", version: Int = 0, attributes: Bool = true) throws -> Bytes {
        try make(key.publicKey, .ecdsaSHA256, name, version, attributes) { try key.sign($0) }
    }

    static func make(_ key: SoftwareKey, as scheme: SignatureAlgorithm, attributes: Bool = true) throws -> Bytes {
        try make(key.publicKey, scheme, "device", 0, attributes) { try key.sign($0, as: scheme) }
    }

    /// By two keys, as a device of two signatures would make it.
    static func make(_ key: SoftwareKey, alternative: SoftwareKey?) throws -> Bytes {
        let subject = try Name([try Attribute(oid: .commonName, kind: .utf8, text: "device")])
        return try CertificateRequest.make(subject: subject, key: key, alternative: alternative).der
    }

    private static func make(
        _ publicKey: SubjectPublicKeyInfo, _ scheme: SignatureAlgorithm, _ name: String, _ version: Int, _ attributes: Bool,
        sign: (Bytes) throws -> Bytes
    ) throws -> Bytes {
        let subject = try Name([try Attribute(oid: .commonName, kind: .utf8, text: name)])
        let info = DERWriter.encode { writer in
            writer.sequence { writer in
                writer.integer(version)
                writer.raw(subject.der)
                writer.raw(publicKey.der)
                if attributes { writer.constructed(.context(0, constructed: true)) { _ in } }
            }
        }
        let signature = try sign(info)
        return DERWriter.encode { writer in
            writer.sequence { writer in
                writer.raw(info)
                writer.raw(scheme.identifier.der)
                writer.bitString(signature)
            }
        }
    }
}
