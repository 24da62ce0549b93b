import Approval
import Basics
import PKIX
import Proofs
import Testing

/// One rule, broken by itself; votes and submission are over what the change made.
struct BrokenRule: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let code: String
    let change: @Sendable (inout TestRequest) throws -> Void

    init(_ what: String, _ code: String, _ change: @escaping @Sendable (inout TestRequest) throws -> Void) {
        testDescription = what
        self.code = code
        self.change = change
    }
}

@Suite("What is refused before any vote is counted")
struct StatementTests {
    static let rules: [BrokenRule] = [
        BrokenRule("another house", "approval.foreign-instance") {
            $0.instance = try #require(Instance(String(repeating: "0", count: 32)))
        },
        BrokenRule("a roster version that is not there yet", "statement.roster-unknown") { $0.rosterVersion = 3 },
        BrokenRule("a roster version 0", "statement.roster-unknown") { $0.rosterVersion = 0 },
        BrokenRule("a roster version with another's hash", "statement.roster-unknown") { $0.rosterVersion = 1 },
        BrokenRule("a policy with another hash", "statement.document-not-in-force") {
            $0.policy = DocumentReference(name: $0.policy.name, digest: .zero)
        },
        BrokenRule("a policy under another name", "statement.document-not-in-force") {
            $0.policy = DocumentReference(name: try .named("two"), digest: $0.policy.digest)
        },
        BrokenRule("a profile with another hash", "statement.document-not-in-force") {
            $0.profile = DocumentReference(name: $0.profile.name, digest: .zero)
        },
        BrokenRule("an authority with another hash", "statement.document-not-in-force") {
            $0.authority = DocumentReference(name: $0.authority.name, digest: .zero)
        },
        BrokenRule("a weaker policy that is in force for something else", "statement.document-mismatch") {
            $0.policy = try $0.house.reference(.approval, "one-officer")
        },
        BrokenRule("another authority than the profile's", "statement.document-mismatch") {
            $0.authority = try $0.house.reference(.authority, "lab")
        },
        BrokenRule("the root, which signs no devices", "statement.document-mismatch") {
            $0.authority = try $0.house.reference(.authority, "root")
        },
        BrokenRule("open for longer than its policy allows", "statement.span-too-long") {
            $0.expires = $0.opened.adding(seconds: 5 * 86_400 + 1)
        },
        BrokenRule("expires when it opens", "statement.span-too-long") { $0.expires = $0.opened },
        BrokenRule("an end at the end of time", "statement.span-too-long") { $0.expires = UTCTime(seconds: .max) },
        BrokenRule("expired", "statement.expired") {
            $0.opened = TestHouse.now.adding(days: -5)
            $0.expires = TestHouse.now
            $0.tbs = try $0.filled().der
        },
        BrokenRule("opened in the future", "statement.not-yet-open") { $0.opened = TestHouse.now.adding(seconds: 301) },
        BrokenRule("another request than its hash", "statement.request-mismatch") { $0.requestDigest = Digest32(of: "other") },
        BrokenRule("another content than its hash", "statement.content-mismatch") { $0.content = Digest32(of: "other") },
        BrokenRule("a request whose signature is another's", "statement.request-malformed") {
            $0.csr[$0.csr.count - 1] ^= 1
        },
        BrokenRule("a request that is none", "statement.request-malformed") { $0.csr = [0x30, 0x00] },
        BrokenRule("octets that are no certificate", "statement.certificate-malformed") { $0.tbs.append(0) },
        BrokenRule("another one's request, its hash voted on", "statement.key-mismatch") { $0.csr = try TestRequest.csr(0x92) },
        BrokenRule("an authority's key in the request", "statement.key-not-allowed") {
            $0.csr = try TestRequest.csr(0x83)
            $0.tbs = try $0.filled().der
        },
        BrokenRule("an officer's vote key in the request", "statement.key-not-allowed") {
            $0.csr = try TestRequest.csr(0x21)
            $0.tbs = try $0.filled().der
        },
        BrokenRule("an officer's login key in the request", "statement.key-not-allowed") {
            $0.csr = try TestRequest.csr(0x22)
            $0.tbs = try $0.filled().der
        },
        BrokenRule("the submission is missing", "submission.missing") { $0.submission = { _, _ in nil } },
        BrokenRule("no requester, where the policy wants one", "submission.missing") { $0.requester = nil },
        BrokenRule("the submission of another request", "submission.mismatch") {
            $0.submission = { try $1.submission(of: $0, subject: ID("01930f3e-0000-7000-8000-00000000ffff")) }
        },
        BrokenRule("another person's submission", "submission.mismatch") { $0.submission = { try $1.submission(of: $0, by: "ben") } },
        BrokenRule("a submission signed by another", "approval.signature-invalid") {
            $0.submission = { try $1.submission(of: $0, key: $1.person("ben").vote) }
        },
        BrokenRule("a submission signed by the login key", "approval.signature-invalid") {
            $0.submission = { try $1.submission(of: $0, key: $1.person("eve").login) }
        },
        BrokenRule("a submission with two lines", "submission.malformed") {
            $0.submission = { statement, house in
                let note = try house.submission(of: statement)
                return try note.adding(try house.person("ben").sign(note.text))
            }
        },
        BrokenRule("a damaged submission", "approval.signature-invalid") { $0.submission = { try $1.submission(of: $0).damaged } },
        BrokenRule("a submission more than a day before the opening", "submission.mismatch") {
            $0.submission = { try $1.submission(of: $0, time: $0.opened.adding(seconds: -86_401)) }
        },
        BrokenRule("a submission more than a day after the opening", "submission.mismatch") {
            $0.submission = { try $1.submission(of: $0, time: $0.opened.adding(seconds: 86_401)) }
        },
        BrokenRule("a submission at the end of time", "submission.mismatch") {
            $0.submission = { try $1.submission(of: $0, time: UTCTime(seconds: .max)) }
        },
        BrokenRule("a requester who is not in the roster", "submission.requester-unknown") {
            $0.requester = try .named("gus")
            $0.submission = { try $1.submission(of: $0, by: "gus") }
        },
        BrokenRule("a requester whose role is for another profile", "submission.requester-unknown") {
            $0.requester = try .named("fay")
            $0.submission = { try $1.submission(of: $0, by: "fay") }
        },
        BrokenRule("an administrator as requester", "submission.requester-unknown") {
            $0.requester = try .named("ada")
            $0.submission = { try $1.submission(of: $0, by: "ada") }
        },
    ]

    @Test("Each rule by itself refuses with its own code, for guard and client alike", arguments: rules)
    func broken(rule: BrokenRule) throws {
        let house = try TestHouse()
        var request = try TestRequest(house)
        try rule.change(&request)
        let evidence = try request.evidence
        #expect(refusal { try house.charter.examine(evidence, now: TestHouse.now) }?.code == rule.code)
        #expect(
            refusal { try house.guarding().certificate(evidence, key: house.authorityKeys.publicKey("devices")).kind }?.code == rule.code)
    }

    @Test("At the edges of time a statement is still good")
    func edges() throws {
        let house = try TestHouse()
        for opened in [TestHouse.now.adding(seconds: 300), TestHouse.now.adding(seconds: 1 - 5 * 86_400)] {
            var request = try TestRequest(house)
            request.opened = opened
            request.expires = opened.adding(days: 5)
            request.tbs = try request.filled().der
            for offset in [-86_400, 86_400] as [Int64] {
                request.submission = { try $1.submission(of: $0, time: $0.opened.adding(seconds: offset)) }
                let examined = try house.charter.examine(request.evidence, now: TestHouse.now)
                #expect(examined.approvers.map(\.description) == ["ben", "cyd"])
            }
        }
    }

    @Test("A statement that was opened under the roster before counts as long as its documents are in force")
    func earlierRoster() throws {
        let house = try TestHouse()
        var request = try TestRequest(house)
        request.rosterVersion = 1
        request.rosterDigest = house.charter.pin
        try house.charter.examine(request.evidence, now: TestHouse.now).requireQuorum()
    }
}
