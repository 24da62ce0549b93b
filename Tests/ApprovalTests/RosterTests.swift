import Approval
import Basics
import PKIX
import Proofs
import Testing

/// One version of a roster that breaks one rule, or a text of it that does.
struct BrokenRoster: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let code: String
    let change: @Sendable (inout RosterParts, TestHouse) throws -> Void

    init(_ what: String, _ code: String, _ change: @escaping @Sendable (inout RosterParts, TestHouse) throws -> Void) {
        testDescription = what
        self.code = code
        self.change = change
    }
}

@Suite("Rosters")
struct RosterTests {
    let house: TestHouse

    init() throws { house = try TestHouse() }

    static let rules: [BrokenRoster] = [
        BrokenRoster("another house", "approval.foreign-instance") { parts, _ in
            parts.instance = try #require(Instance(String(repeating: "a", count: 32)))
        },
        BrokenRoster("a version left out", "roster.not-next") { parts, _ in parts.version = 4 },
        BrokenRoster("the present version again", "roster.not-next") { parts, _ in parts.version = 2 },
        BrokenRoster("on top of another version", "roster.previous-mismatch") { parts, _ in parts.previous = Digest32(of: "other") },
        BrokenRoster("another log", "roster.log-changed") { parts, _ in
            parts.log = try .ed25519(name: parts.log.name, publicKey: Bytes(repeating: 7, count: 32))
        },
        BrokenRoster("no quorum", "roster.quorum-invalid") { parts, _ in parts.quorum = 0 },
        BrokenRoster("a quorum of one where there are two administrators", "roster.quorum-invalid") { parts, _ in parts.quorum = 1 },
        BrokenRoster("a quorum above the number of administrators", "roster.quorum-invalid") { parts, _ in parts.quorum = 3 },
        BrokenRoster("an end before its time", "roster.span-too-long") { parts, _ in parts.expires = parts.time.adding(seconds: -1) },
        BrokenRoster("an end after more than 7 days", "roster.span-too-long") { parts, _ in
            parts.expires = parts.time.adding(seconds: 7 * 86_400 + 1)
        },
        BrokenRoster("version 0", "roster.malformed") { parts, _ in parts.version = 0 },
        BrokenRoster("over", "roster.expired") { parts, _ in
            parts.time = TestHouse.now.adding(days: -1)
            parts.expires = TestHouse.now
        },
        BrokenRoster("made in the future", "roster.expired") { parts, _ in
            parts.time = TestHouse.now.adding(seconds: 301)
            parts.expires = parts.time
        },
        BrokenRoster("one key of two people", "roster.key-twice") { parts, house in
            parts.keys.removeAll { $0.person.description == "cyd" && $0.use == .login }
            parts.keys.append(.init(person: try .named("cyd"), use: .login, key: try house.person("ben").login.publicKey))
        },
        BrokenRoster("one key for login and vote", "roster.key-twice") { parts, house in
            parts.keys.removeAll { $0.person.description == "cyd" && $0.use == .login }
            parts.keys.append(.init(person: try .named("cyd"), use: .login, key: try house.person("cyd").vote.publicKey))
        },
        BrokenRoster("two vote keys of one person", "roster.line-twice") { parts, house in
            parts.keys.append(.init(person: try .named("cyd"), use: .vote, key: try house.person("gus").vote.publicKey))
        },
        BrokenRoster("two login keys of one person", "roster.line-twice") { parts, house in
            parts.keys.append(.init(person: try .named("cyd"), use: .login, key: try house.person("gus").vote.publicKey))
        },
        BrokenRoster("two documents of one name", "roster.line-twice") { parts, _ in
            let line = try #require(parts.documents.first)
            parts.documents.append(.init(kind: line.kind, name: line.name, digest: .zero))
        },
        BrokenRoster("a person without a vote key", "roster.incomplete") { parts, _ in
            parts.keys.removeAll { $0.person.description == "cyd" && $0.use == .vote }
        },
        BrokenRoster("a person without a login key", "roster.incomplete") { parts, _ in
            parts.keys.removeAll { $0.person.description == "cyd" && $0.use == .login }
        },
        BrokenRoster("a role of nobody", "roster.incomplete") { parts, _ in
            parts.grants.append(.init(person: try .named("gus"), role: .registrationOfficer, profile: nil))
        },
        BrokenRoster("keys without a role", "roster.incomplete") { parts, house in parts.keys += try house.person("gus").keys },
        BrokenRoster("an administrator for one profile", "roster.administrator-scope") { parts, _ in
            parts.grants.append(.init(person: try .named("cyd"), role: .administrator, profile: try .named("lab")))
        },
        BrokenRoster("a document that is not at hand", "roster.document-missing") { parts, _ in
            parts.documents.append(.init(kind: .approval, name: try .named("new"), digest: Digest32(of: "new")))
        },
        BrokenRoster("a document under another name", "document.invalid") { parts, _ in
            let line = try #require(parts.documents.first { $0.name.description == "open" })
            parts.documents.append(.init(kind: .approval, name: try .named("other"), digest: line.digest))
        },
        BrokenRoster("a document under another kind", "document.invalid") { parts, _ in
            let line = try #require(parts.documents.first { $0.name.description == "open" })
            parts.documents.append(.init(kind: .profile, name: line.name, digest: line.digest))
        },
        BrokenRoster("a document in use left out", "document.invalid") { parts, _ in
            parts.documents.removeAll { $0.kind == .approval && $0.name.description == "two-officers" }
        },
    ]

    @Test("Each rule by itself refuses with its own code, however many administrators have signed", arguments: rules)
    func broken(rule: BrokenRoster) throws {
        var parts = house.parts
        try rule.change(&parts, house)
        #expect(refusal { try house.accepting(parts) }?.code == rule.code)
    }

    @Test("The next version is accepted at the edges of its time")
    func accepted() throws {
        var parts = house.parts
        parts.time = TestHouse.now.adding(seconds: 300)
        parts.expires = parts.time.adding(days: 7)
        let next = try house.accepting(parts)
        #expect(next.roster.version == 3)
        #expect(next.digests == house.charter.digests + [try parts.roster.digest])
        #expect(next.pin == house.charter.pin)
        #expect(next.documents.bytes == house.charter.documents.bytes)
    }

    @Test(
        "Octets that change one line, or the order, spoil the text",
        arguments: [
            ("assay/roster/v1", "assay/roster/v2"), ("quorum 2", "quorum 02"), ("quorum 2", "quorum 1001"),
            ("role ada administrator *", "role ada owner *"),
            ("role ada administrator *\n", ""), ("key ada login es256", "key ada login es384"),
            ("key ada login es256", "key ada sign es256"),
            ("document approval open", "document policy open"), ("+d2b49cbb+", "+d2b49cbc+"),
            ("role ada administrator *", "role ada administrator"),
        ])
    func malformed(old: String, new: String) throws {
        let text = house.charter.roster.text
        #expect(try Roster(text: text).text == text)
        let found = refusal { try Roster(text: try text.replacing(once: old, new)) }?.code
        #expect(found == (new.isEmpty ? "roster.incomplete" : "roster.malformed"))
    }

    @Test("Lines stand sorted, each once")
    func sorted() throws {
        let text = house.charter.roster.text
        let last = "role fay registration-officer lab\n"
        let first = "document approval one-officer "
        for wrong in [text + last, try text.replacing(once: last, last + "role ada administrator *\n")] {
            #expect(refusal { try Roster(text: wrong) } == .rosterNotSorted)
        }
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix(first) })
        let moved = try text.replacing(once: "\(line)\n", "").replacing(once: "document authority", "\(line)\ndocument authority", nth: 1)
        #expect(refusal { try Roster(text: moved) } == .rosterNotSorted)
    }

    @Test("The log signs with Ed25519, under no name that a text of people begins with")
    func log() throws {
        var parts = house.parts
        parts.log = try VerifierKey(name: parts.log.name, type: VerifierKey.cosignature, key: parts.log.key)
        #expect(refusal { try parts.roster }?.code == "roster.malformed")
        parts.log = try .ed25519(name: "assay/roster/v1", publicKey: house.logKey.key)
        #expect(refusal { try parts.roster }?.code == "roster.malformed")
    }
}

extension String {
    /// With the occurrence number `nth`, from 1, of `old` replaced.
    func replacing(once old: String, _ new: String, nth: Int) throws -> String {
        let parts = components(old)
        try #require(parts.count > nth)
        return parts[..<nth].joined(separator: old) + new + parts[nth...].joined(separator: old)
    }

    private func components(_ separator: String) -> [String] {
        split(separator: separator, omittingEmptySubsequences: false).map { String($0) }
    }
}
