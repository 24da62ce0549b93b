import Approval
import Basics
import PKIX
import Proofs
import Testing

@Suite("What the guard gives leave for")
struct GuardTests {
    let house: TestHouse

    init() throws { house = try TestHouse() }

    @Test("Two officers' votes on a whole request give a warrant for exactly its bytes and its authority's key")
    func whole() throws {
        let request = try TestRequest(house)
        let warrant = try house.guarding().certificate(request.evidence, key: house.authorityKeys.publicKey("devices"))
        #expect(warrant.kind == .certificate)
        #expect(warrant.digest == Digest32(of: request.tbs))
        #expect(warrant.key == (try house.authorityKeys.publicKey("devices")).digest)
    }

    @Test("Another key, an authority's too, is refused", arguments: ["root", "lab"])
    func otherKey(name: String) throws {
        let evidence = try TestRequest(house).evidence
        let found = refusal { try house.guarding().certificate(evidence, key: house.authorityKeys.publicKey(name)).kind }
        #expect(found == .wrongKey)
    }

    @Test("A statement, a submission or a content that is closed is closed for ever, however many votes there are")
    func closed() throws {
        let request = try TestRequest(house)
        let evidence = try request.evidence
        let submission = try #require(evidence.submission)
        for digest in [request.statement.digest, Digest32(of: submission.text)] {
            let found = refusal {
                try house.guarding { $0.anchor.apply(.closed(digest, until: TestHouse.now.adding(days: 1))) }
                    .certificate(evidence, key: house.authorityKeys.publicKey("devices")).kind
            }
            #expect(found == .statementClosed)
        }
    }

    @Test(
        "A decided wish cannot be opened again as another statement: rejected or issued, its submission is closed too",
        arguments: [EventType.requestReject, .certificateIssue])
    func replayedSubmission(type: EventType) throws {
        let decided = try TestRequest(house)
        let note = try house.submission(of: decided.statement)
        var again = decided
        again.opened = decided.opened.adding(seconds: 60)
        again.tbs = try again.filled(serial: 8).der
        again.submission = { _, _ in note }
        #expect(again.statement.digest != decided.statement.digest)
        let evidence = try again.evidence
        let key = try house.authorityKeys.publicKey("devices")
        _ = try house.guarding().certificate(evidence, key: key).kind
        let found = refusal {
            try house.guarding {
                try $0.add(
                    type,
                    [Entry.DigestKey.statement: decided.statement.digest, Entry.DigestKey.document: Digest32(of: note.text)])
            }.certificate(evidence, key: key).kind
        }
        #expect(found == .statementClosed)
    }

    @Test("Votes that are too few, or a rejection among enough of them, give no warrant")
    func quorum() throws {
        let key = try house.authorityKeys.publicKey("devices")
        var request = try TestRequest(house)
        request.votes = { try $1.approvals(["ben"], of: $0) }
        let one = try request.evidence
        #expect(refusal { try house.guarding().certificate(one, key: key).kind } == .quorumNotMet(have: 1, need: 2))
        request.votes = { try $1.approvals(["ben", "cyd"], of: $0) + [$1.rejection("ben", of: $0)] }
        let rejected = try request.evidence
        #expect(refusal { try house.guarding().certificate(rejected, key: key).kind } == .rejected(by: try .named("ben")))
    }

    @Test("The guard's clock decides: a statement that expires this second is over")
    func clock() throws {
        let request = try TestRequest(house)
        let key = try house.authorityKeys.publicKey("devices")
        let evidence = try request.evidence
        _ = try house.guarding(at: request.expires.adding(seconds: -1)).certificate(evidence, key: key).kind
        #expect(refusal { try house.guarding(at: request.expires).certificate(evidence, key: key).kind } == .statementExpired)
    }
}

extension [String: PrivateKey] {
    func publicKey(_ name: String) throws -> SubjectPublicKeyInfo { try #require(self[name]).publicKey }
}
