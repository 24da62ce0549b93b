import Approval
import Basics
import PKIX
import Profiles
import Proofs
import Testing

@Suite("Certificates of authorities, and checkpoints")
struct AuthorityTests {
    let house: TestHouse

    init() throws { house = try TestHouse() }

    private func warrant(
        _ name: String, _ tbs: Bytes? = nil, key: String, _ change: (inout TestLedger) throws -> Void = { _ in }
    ) throws -> (key: Digest32, digest: Digest32) {
        let tbs = try tbs ?? #require(house.authorityTBS[name]).der
        let warrant = try house.guarding(change)
            .authorityCertificate(tbs, of: .named(name), key: house.authorityKeys.publicKey(key))
        return (warrant.key, warrant.digest)
    }

    @Test(
        "The roster's quorum is the vote: the content in the document, signed by its issuer's key", arguments: ["root", "devices", "lab"])
    func whole(name: String) throws {
        let found = try warrant(name, key: "root")
        #expect(found.key == (try house.authorityKeys.publicKey("root")).digest)
        #expect(found.digest == (try #require(house.authorityTBS[name])).content)
    }

    @Test("Another key, name, content, or a second time is refused")
    func refused() throws {
        #expect(refusal { try warrant("devices", key: "devices") } == .wrongKey)
        #expect(refusal { try warrant("root", key: "devices") } == .wrongKey)
        #expect(refusal { try warrant("nobody", [], key: "root") } == .documentNotInForce("authority nobody"))
        let lab = try #require(house.authorityTBS["lab"]).der
        #expect(refusal { try warrant("devices", lab, key: "root") } == .contentMismatch)
        #expect(refusal { try warrant("devices", try TestRequest(house).tbs, key: "root") } == .contentMismatch)
        let content = try #require(house.authorityTBS["devices"]).content
        #expect(
            refusal {
                try warrant("devices", key: "root") {
                    try $0.add(.authorityIssue, [Entry.DigestKey.content: content, Entry.DigestKey.document: Digest32(of: "d")])
                }
            } == .statementClosed)
    }

    /// A house in which the document of devices has the content of another certificate than its own template makes.
    private func planted(_ change: (inout TBSParts) throws -> Void) throws -> Refusal? {
        let authority = try #require(house.charter.documents.authorities[try .named("devices")])
        var parts = TBSParts(try #require(house.authorityTBS["devices"]))
        try change(&parts)
        let tbs = try parts.tbs
        guard case .object(var members) = try JSON(canonical: try #require(house.documents[authority.reference.digest])) else { return nil }
        members["content"] = .string(tbs.content.base64)
        let bytes = JSON.object(members).canonicalBytes
        var next = house.parts
        next.documents.removeAll { $0.label == "authority devices" }
        next.documents.append(.init(kind: .authority, name: try .named("devices"), digest: Digest32(of: bytes)))
        let note = try next.roster.text.signed(by: [house.person("ada"), house.person("dee")])
        var view = try TestLedger(house).open().view
        try view.adopt(try house.charter.accepting(note, now: TestHouse.now) { _ in bytes })
        return refusal {
            try Guard(view: view, now: TestHouse.now)
                .authorityCertificate(tbs.der, of: .named("devices"), key: house.authorityKeys.publicKey("root")).kind
        }
    }

    @Test("A content that administrators were made to sign, but that is no instance of its document, is refused")
    func template() throws {
        #expect(try planted { $0.serial = SerialNumber(at: TestHouse.now, random: Bytes(repeating: 3, count: 16)) } == nil)
        let lab = try house.authorityKeys.publicKey("lab")
        #expect(try planted { $0.publicKey = lab }?.code == "profile.key-mismatch")
        let subject = try planted { $0.subject = $0.issuer }?.code
        #expect(subject == "profile.value-mismatch")
        #expect(try planted { $0.issuer = $0.subject }?.code == "profile.issuer-name")
        #expect(try planted { $0.validity = Validity(notBefore: $0.validity.notBefore, notAfter: .never) }?.code == "profile.validity-end")
        #expect(try planted { $0.extensions.removeLast() }?.code == "profile.extension-missing")
    }

    private func checkpoint(_ text: String, _ change: (inout TestLedger) throws -> Void = { _ in }) throws -> Digest32 {
        try house.guarding(change).checkpoint(text).key
    }

    @Test("A checkpoint is signed by the log's key over the anchored tree only")
    func checkpoints() throws {
        let ledger = try TestLedger(house)
        let right = try Checkpoint(origin: house.logKey.name, size: 2, root: ledger.head.root)
        let warrant = try house.guarding().checkpoint(right.text)
        #expect((warrant.kind, warrant.key) == (.checkpoint, Digest32(of: house.logKey.key)))
        #expect(warrant.digest == Digest32(of: right.text))
        for text in [
            try Checkpoint(origin: "other.example/log", size: 2, root: ledger.head.root).text,
            try Checkpoint(origin: house.logKey.name, size: 3, root: ledger.head.root).text,
            try Checkpoint(origin: house.logKey.name, size: 2, root: Digest32(of: "x")).text,
            try Checkpoint(origin: house.logKey.name, size: 1, root: ledger.frontier(1).root).text,
            right.text + "extra\n", String(right.text.dropLast()), "", try TestRequest(house).statement.text,
        ] {
            #expect(refusal { try checkpoint(text) } == .checkpointMismatch)
        }
        // Committed, but not anchored yet.
        var grown = ledger
        try grown.add(.voteCast, [Entry.DigestKey.statement: Digest32(of: "v")])
        let ahead = try Checkpoint(origin: house.logKey.name, size: 3, root: grown.head.root).text
        #expect(
            refusal { try checkpoint(ahead) { try $0.add(.voteCast, [Entry.DigestKey.statement: Digest32(of: "v")]) } }
                == .checkpointMismatch)
    }
}
