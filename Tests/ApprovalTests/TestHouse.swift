import Approval
import Basics
import Crypto
import PKIX
import Profiles
import Proofs
import Testing

/// A house in memory: two administrators, officers, three authorities, three profiles. Keys and times are fixed.
struct TestHouse: Sendable {
    static let now = UTCTime(seconds: 1_795_000_000)

    let instance: Instance
    let people: [String: TestPerson]
    let authorityKeys: [String: PrivateKey]
    /// Each authority's own certificate before it is signed.
    let authorityTBS: [String: TBSCertificate]
    let logKey: VerifierKey
    /// The bytes of every document in force.
    let documents: [Digest32: Bytes]
    /// Roster versions 1 and 2, signed.
    let notes: [SignedNote]
    let charter: Charter

    /// - Parameter policies: members that replace those of a policy, by its name.
    init(policies: [String: [String: JSON]] = [:]) throws {
        instance = try #require(Instance("7f3a0000000000000000000000000001"))
        people = try Self.everybody()
        let log = try Curve25519.Signing.PrivateKey(rawRepresentation: Bytes(0..<32))
        logKey = try .ed25519(name: "assay.example/ledger", publicKey: Bytes(log.publicKey.rawRepresentation))
        (authorityKeys, authorityTBS, documents) = try Self.makeDocuments(policies)
        let first = try Self.first(instance, people, logKey)
        let one = try people.person("ada").sign(first.text)
        let second = try Self.second(first, people, documents)
        let two = try second.text.signed(by: [people.person("ada"), people.person("dee")])
        notes = [one, two]
        let supply = documents
        charter = try Charter(first: one, pin: first.digest).accepting(two, now: Self.now.adding(seconds: -900)) { supply[$0] }
    }

    func person(_ name: String) throws -> TestPerson { try people.person(name) }

    func reference(_ kind: DocumentKind, _ name: String) throws -> DocumentReference {
        let line = try #require(charter.roster.document(kind, try Handle.named(name)))
        return DocumentReference(name: line.name, digest: line.digest)
    }

    /// Version 2's lines, to be changed by a test.
    var parts: RosterParts { RosterParts(next: charter.roster) }

    private static func everybody() throws -> [String: TestPerson] {
        let ben = TestKeys(login: Bytes(repeating: 0x42, count: 32), vote: Bytes(1...32))
        var people = ["ben": try TestPerson("ben", ben)]
        for (name, number) in [("ada", 0x11), ("cyd", 0x21), ("dee", 0x31), ("eve", 0x51), ("fay", 0x61), ("gus", 0x71)]
            as [(String, UInt8)]
        {
            people[name] = try TestPerson(
                name, TestKeys(login: Bytes(repeating: number + 1, count: 32), vote: Bytes(repeating: number, count: 32)))
        }
        return people
    }

    private static func first(_ instance: Instance, _ people: [String: TestPerson], _ log: VerifierKey) throws -> Roster {
        let ada = try people.person("ada")
        return try Roster(
            instance: instance, version: 1, previous: .zero, quorum: 1, log: log, time: now.adding(seconds: -2000),
            expires: now.adding(days: 1), documents: [], keys: ada.keys,
            grants: [.init(person: ada.handle, role: .administrator, profile: nil)])
    }

    private static func second(_ first: Roster, _ people: [String: TestPerson], _ documents: [Digest32: Bytes]) throws -> Roster {
        var parts = RosterParts(next: first)
        parts.quorum = 2
        parts.time = now.adding(seconds: -1000)
        parts.documents = try documents.map { digest, bytes in try Roster.Document(digest, bytes) }
        for name in ["ben", "cyd", "dee", "eve", "fay"] { parts.keys += try people.person(name).keys }
        parts.grants += try ["ben", "cyd", "eve"].map { .init(person: try .named($0), role: .registrationOfficer, profile: nil) }
        parts.grants.append(.init(person: try .named("dee"), role: .administrator, profile: nil))
        parts.grants.append(.init(person: try .named("fay"), role: .registrationOfficer, profile: try .named("lab")))
        return try parts.roster
    }
}

/// A roster in parts that a test may change.
struct RosterParts {
    var instance: Instance
    var version: Int64
    var previous: Digest32
    var quorum: Int
    var log: VerifierKey
    var time: UTCTime
    var expires: UTCTime
    var documents: [Roster.Document]
    var keys: [Roster.Key]
    var grants: [Roster.Grant]

    /// What would follow `roster` with nothing changed.
    init(next roster: Roster) {
        instance = roster.instance
        version = roster.version + 1
        previous = roster.digest
        quorum = roster.quorum
        log = roster.log
        time = TestHouse.now.adding(seconds: -500)
        expires = time.adding(days: 1)
        documents = roster.documents
        keys = roster.keys
        grants = roster.grants
    }

    var roster: Roster {
        get throws {
            try Roster(
                instance: instance, version: version, previous: previous, quorum: quorum, log: log, time: time, expires: expires,
                documents: documents, keys: keys, grants: grants)
        }
    }
}
