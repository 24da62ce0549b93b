import Approval
import Basics
import PKIX
import Profiles
import Proofs
import Testing

@Suite("Documents")
struct DocumentTests {
    let house: TestHouse

    init() throws { house = try TestHouse() }

    static let policy = #"{"days":5,"name":"p","quorum":2,"roles":["registration-officer"]}"#

    @Test("An approval policy is read as it is written")
    func policy() throws {
        let policy = try ApprovalPolicy(document: Bytes(Self.policy.utf8))
        #expect((policy.quorum, policy.days, policy.roles, policy.allowsNoRequester) == (2, 5, [.registrationOfficer], false))
    }

    @Test(
        "A policy without a clear quorum, or with anything unknown, is none",
        arguments: [
            (#","quorum":2"#, ""), (#""quorum":2"#, #""quorum":0"#), (#""quorum":2"#, #""quorum":-1"#), (#""quorum":2"#, #""quorum":101"#),
            (#""quorum":2"#, #""quorum":null"#), (#""quorum":2"#, #""quorum":"2""#), (#""quorum":2"#, #""quorum":2.0"#),
            (#""quorum":2"#, #""quorum": 2"#), (#""quorum":2"#, #""quorum":2,"quorum":1"#), (#""days":5"#, #""days":0"#),
            (#""days":5"#, #""days":8"#), (#""days":5,"#, ""), (#"["registration-officer"]"#, "[]"),
            (#"["registration-officer"]"#, #"["registration-officer","registration-officer"]"#),
            (#"["registration-officer"]"#, #"["officer"]"#),
            (#"{"days""#, #"{"approvals":2,"days""#), (#"cer"]}"#, #"cer"],"withoutRequester":1}"#), (#""name":"p""#, #""name":"P""#),
        ])
    func badPolicies(old: String, new: String) throws {
        let document = try Self.policy.replacing(once: old, new)
        #expect(throws: Problem.self) { try ApprovalPolicy(document: Bytes(document.utf8)) }
    }

    private func authority(_ changes: [String: JSON]) throws -> Bytes {
        let key = try house.authorityKeys.publicKey("devices")
        let root = try #require(house.charter.documents.authorities[try .named("root")]?.value)
        return try TestHouse.authority("devices", key: key, issuer: root, profiles: ["device-identity"], changes).document
    }

    @Test(
        "An authority that would sign authorities and devices, or says what cannot be, is refused",
        arguments: [
            ("purposes", .array([.string("authority"), .string("certificate")])), ("purposes", .array([])),
            ("purposes", .array([.string("certificate"), .string("certificate")])), ("purposes", .array([.string("ocsp")])),
            ("purposes", .array([.string("crl")])), ("purposes", .array([.string("authority")])), ("issuer", .string("devices")),
            ("profiles", .array([.string("a"), .string("a")])), ("key", .string("ml-dsa-65")), ("publicKey", .string("AAAA")),
            ("extra", .integer(1)), ("pathLength", .integer(-1)),
        ] as [(String, JSON)])
    func badAuthorities(member: String, value: JSON) throws {
        _ = try authority([:])
        #expect(throws: Problem.self) { try authority([member: value]) }
    }

    /// What version 3 is refused for when a document takes the place of the one of its name.
    private func put(_ documents: [Bytes], without dropped: String? = nil) throws -> Refusal? {
        var parts = house.parts
        for bytes in documents {
            let line = try Roster.Document(Digest32(of: bytes), bytes)
            parts.documents.removeAll { $0.label == line.label || $0.label == dropped }
            parts.documents.append(line)
        }
        return refusal { try house.accepting(parts, supply: documents) }
    }

    private func detail(_ documents: [Bytes], without dropped: String? = nil) throws -> String {
        guard case .document(_, let problem)? = try put(documents, without: dropped) else { return "" }
        return problem.detail
    }

    @Test("Documents fit together: each name in them is in force, and means the same from both sides")
    func fit() throws {
        func device(_ authority: String, _ approval: String?, _ changes: [String: JSON] = [:]) throws -> Bytes {
            try TestHouse.profile("device-identity", approval: approval, authority: authority, changes).canonicalBytes
        }
        #expect(try put([device("devices", "one-officer")]) == nil)
        #expect(try detail([device("nobody", "two-officers")]).contains("Authority nobody is not in force"))
        #expect(try detail([device("lab", "two-officers")]).contains("Authority lab does not name it"))
        #expect(try detail([device("devices", "none")]).contains("approval policy is not in force"))
        #expect(try detail([device("devices", nil)]).contains("approval policy is not in force"))
        let constraints: JSON = .object(["authority": .bool(true)])
        let usage: JSON = .array([.string("keyCertSign")])
        #expect(
            try detail([device("devices", "two-officers", ["basicConstraints": constraints, "keyUsage": usage])]).contains(
                "makes no authorities"))
        #expect(try detail([authority(["profiles": .array([])])]).contains("does not name it"))
        let both: JSON = .array([.string("device-identity"), .string("lab")])
        #expect(try detail([authority(["profiles": both])]).contains("Profile lab is not in force for it"))
        #expect(try detail([authority(["issuer": .string("nobody")])]).contains("Its issuer nobody is not in force"))
        #expect(try detail([authority(["issuer": .string("lab")])]).contains("lacks the purpose authority"))
    }

    @Test("No authority has another's key or content, or a person's key; none is its own ancestor")
    func keys() throws {
        let lab = try house.authorityKeys.publicKey("lab")
        #expect(try detail([authority(["publicKey": .string(lab.der.base64)])]).contains("one key"))
        let ben = try house.person("ben").login.publicKey
        #expect(try detail([authority(["publicKey": .string(ben.der.base64)])]).contains("one key"))
        let content = try #require(house.authorityTBS["lab"]).content
        guard case .object(var members) = try JSON(canonical: authority([:])) else { return }
        members["content"] = .string(content.base64)
        #expect(try detail([JSON.object(members).canonicalBytes]).contains("one content"))
        let root = try #require(house.charter.documents.authorities[try .named("root")]?.value)
        let purposes: JSON = .array([.string("authority")])
        func ring(_ name: String, _ above: String, _ number: UInt8) throws -> Bytes {
            let key = try PrivateKey.generate(.ecdsaP256, entropy: FixedEntropy(octets: Bytes(repeating: number, count: 32)))
            return try TestHouse.authority(
                name, key: key.publicKey, issuer: root, profiles: [], ["issuer": .string(above), "purposes": purposes]
            ).document
        }
        #expect(try detail([ring("a", "b", 0xa1), ring("b", "a", 0xa2)]).contains("ring"))
        #expect(try detail([ring("a", "b", 0xa1), ring("b", "c", 0xa2), ring("c", "b", 0xa3)]).contains("ring"))
        #expect(try put([ring("a", "b", 0xa1), ring("b", "root", 0xa2)]) == nil)
    }

    @Test("Bytes that are no document of the kind, or have another hash, are refused")
    func bytes() throws {
        var parts = house.parts
        let text = Bytes(#"{"name":"new"}"#.utf8)
        parts.documents.append(.init(kind: .approval, name: try .named("new"), digest: Digest32(of: text)))
        let note = try parts.roster.text.signed(by: [house.person("ada"), house.person("dee")])
        #expect(refusal { try house.charter.accepting(note, now: nil) { _ in text } }?.code == "document.invalid")
        #expect(refusal { try house.charter.accepting(note, now: nil) { _ in Bytes("{}".utf8) } } == .documentMissing("approval new"))
    }

    @Test("A policy of its own time: the policy's days bind, and so do 7")
    func days() throws {
        let lenient = try TestHouse(policies: ["two-officers": ["days": .integer(7)]])
        var request = try TestRequest(lenient)
        request.expires = request.opened.adding(days: 7)
        try lenient.charter.examine(request.evidence, now: TestHouse.now).requireQuorum()
        request.expires = request.expires.adding(seconds: 1)
        #expect(refusal { try lenient.charter.examine(request.evidence, now: TestHouse.now) } == .statementTooLong)
    }

    @Test("Another quorum and other roles are asked for as the policy says")
    func otherRoles() throws {
        let strict = try TestHouse(policies: ["two-officers": ["quorum": .integer(3), "roles": .array([.string("administrator")])]])
        var request = try TestRequest(strict)
        request.votes = { try $1.approvals(["ben", "ada", "dee"], of: $0) }
        let examined = try strict.charter.examine(request.evidence, now: TestHouse.now)
        #expect(examined.void == [.voterNotEligible])
        #expect(refusal { try examined.requireQuorum() } == .quorumNotMet(have: 2, need: 3))
    }
}
