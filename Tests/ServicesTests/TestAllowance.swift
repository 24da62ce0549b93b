import Access
import Approval
import Basics
import Foundation
import Node
import PKIX
import Proofs
import Registration
import Testing

/// A machine as its client would have it.
struct TestStation: Sendable {
    let name: Handle
    let key: PrivateKey

    init(_ name: String = "line-3", key: PrivateKey? = nil) throws {
        self.name = try #require(Handle(name))
        self.key = try key ?? PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
    }

    var machine: Machine { Machine(name: name, key: key.publicKey.digest) }
}

extension TestHouse {
    /// What the third officer's client writes and signs.
    func allowance(
        _ house: House, _ station: TestStation, number: Int64 = 3, from: Int64 = 0, seconds: Int64 = 3600, node: String = "node-1"
    ) throws -> Allowance {
        let charter = try house.services.ledger.view().charter
        let profile = try #require(charter.documents.profiles.values.first)
        let authority = try #require(charter.documents.authorities[profile.value.authority])
        let policy = try #require(profile.value.approval.flatMap { charter.documents.approvals[$0] })
        return Allowance(
            instance: charter.instance, subject: ID(at: clocks.now, entropy: SystemEntropy()), requester: officers[2].handle,
            rosterVersion: charter.roster.version, rosterDigest: charter.roster.digest, policy: policy.reference,
            profile: profile.reference, authority: authority.reference,
            machine: .init(name: station.name, key: station.key.publicKey.digest),
            node: try #require(Handle(node)), number: number, from: clocks.now.adding(seconds: from),
            until: clocks.now.adding(seconds: seconds), opened: clocks.now, expires: clocks.now.adding(days: 1))
    }

    func submission(_ allowance: Allowance) throws -> SignedNote {
        try officers[2].sign(
            Submission(
                instance: allowance.instance, subject: allowance.subject, requester: officers[2].handle, profile: allowance.profile,
                request: allowance.wish, time: clocks.now
            ).text)
    }

    func request(_ allowance: Allowance, _ house: House) async throws -> AllowanceRecord {
        try await house.services.allowances.request(
            allowance.text, submission: try submission(allowance), by: officers[2].principal(.registrationOfficer))
    }

    @discardableResult
    func vote(_ allowance: Allowance, _ person: TestPerson, _ house: House, _ decision: Vote.Decision = .approve) async throws
        -> AllowanceRecord
    {
        let vote = Vote(
            instance: allowance.instance, voter: person.handle, decision: decision, time: clocks.now, kind: Allowance.kind,
            statements: [allowance.digest])
        return try await house.services.allowances.vote(
            try person.sign(vote.text), on: allowance.subject, reason: nil, by: person.principal(.registrationOfficer))
    }

    /// Asked for by the third officer, opened by the other two.
    func opened(_ house: House, _ station: TestStation, number: Int64 = 3, from: Int64 = 0, seconds: Int64 = 3600) async throws -> Allowance
    {
        let allowance = try allowance(house, station, number: number, from: from, seconds: seconds)
        _ = try await request(allowance, house)
        try await vote(allowance, officers[0], house)
        #expect(try await vote(allowance, officers[1], house).state == .open)
        return allowance
    }

    func wish(serial: String = "SN-1", profile: String = "device-identity", call: ID? = nil, csr: Bytes? = nil) throws -> DrawWish {
        let csr = try csr ?? TestRequest.make(PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy()))
        return DrawWish(
            profile: try #require(Handle(profile)), csr: csr, fields: ["model": "PLC-7", "serial": serial],
            call: call ?? ID(at: clocks.now, entropy: SystemEntropy()))
    }

    @discardableResult
    func draw(_ house: House, _ station: TestStation, _ wish: DrawWish? = nil) async throws -> Certificate {
        try Certificate(der: try await house.services.allowances.draw(try wish ?? self.wish(), by: station.machine))
    }

    /// The custody of now, and a database, in a place of their own: what a crash leaves, or an attacker puts together.
    func crashed(database: String? = nil) throws -> TestHouse {
        let paths = HousePaths(data: FileManager.default.temporaryDirectory.appendingPathComponent("assay-\(UUID().uuidString)").path)
        try FileManager.default.copyItem(atPath: self.paths.data, toPath: paths.data)
        if let database {
            for suffix in ["", "-wal", "-shm"] {
                try? FileManager.default.removeItem(atPath: paths.database + suffix)
                if FileManager.default.fileExists(atPath: database + suffix) {
                    try FileManager.default.copyItem(atPath: database + suffix, toPath: paths.database + suffix)
                }
            }
        }
        return TestHouse(paths: paths, clocks: clocks, admin: admin, officers: officers, pin: pin)
    }
}
