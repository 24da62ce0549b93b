import Approval
import Basics
import PKIX
import Profiles
import Proofs
import Testing

/// A draw in parts that a test may change, under an allowance that the anchor has.
struct TestDraw {
    let house: TestHouse
    var allowance: Allowance
    var number: Int64 = 0
    var reserved: Int64 = 2
    var machine: Digest32
    var time = TestHouse.now
    var tbs: Bytes
    var csr: Bytes
    var content: Digest32?
    var rosterDigest: Digest32
    /// What the anchor has of it, but its reserve.
    var lines: [AnchorLine]
    /// What stands in the database.
    var stored: String

    init(_ house: TestHouse, key number: UInt8 = 0x91) throws {
        self.house = house
        let station = try PrivateKey.generate(.ecdsaP256, entropy: FixedEntropy(octets: Bytes(repeating: 0x99, count: 32)))
        let request = try TestRequest(house, key: number)
        allowance = Allowance(
            instance: house.instance, subject: try #require(ID("01930f3e-0000-7000-8000-0000000000a1")), requester: try .named("eve"),
            rosterVersion: house.charter.roster.version, rosterDigest: house.charter.roster.digest, policy: request.policy,
            profile: request.profile, authority: request.authority,
            machine: .init(name: try .named("line-3"), key: station.publicKey.digest), node: try .named("node-1"), number: 10,
            from: TestHouse.now.adding(seconds: -60), until: TestHouse.now.adding(seconds: 60),
            opened: TestHouse.now.adding(seconds: -60), expires: TestHouse.now.adding(days: 1))
        machine = station.publicKey.digest
        csr = request.csr
        var filled = request
        filled.opened = TestHouse.now
        tbs = try filled.filled().der
        rosterDigest = house.charter.roster.digest
        lines = [.allowance(allowance.subject, allowance.digest, number: allowance.number, until: allowance.until)]
        stored = allowance.text
    }

    /// Another allowance, anchored as it is.
    mutating func anchor(
        from: UTCTime? = nil, until: UTCTime? = nil, node: String? = nil, authority: DocumentReference? = nil
    ) throws {
        allowance = Allowance(
            instance: allowance.instance, subject: allowance.subject, requester: allowance.requester,
            rosterVersion: allowance.rosterVersion, rosterDigest: allowance.rosterDigest, policy: allowance.policy,
            profile: allowance.profile, authority: authority ?? allowance.authority, machine: allowance.machine,
            node: try node.map { try .named($0) } ?? allowance.node, number: allowance.number, from: from ?? allowance.from,
            until: until ?? allowance.until, opened: allowance.opened, expires: allowance.expires)
        lines = [.allowance(allowance.subject, allowance.digest, number: allowance.number, until: allowance.until)]
        stored = allowance.text
    }

    func warrant(key name: String = "devices") throws -> Warrant {
        var ledger = try TestLedger(house)
        for line in lines + [.reserve(allowance.subject, upTo: reserved)] { ledger.anchor.apply(line) }
        let claim = ledger.claim
        let text = stored
        let view = try ledger.open(
            View.Claim(
                rosters: claim.rosters, document: claim.document, statement: { $0 == Digest32(of: text) ? text : nil },
                frontier: claim.frontier, tail: claim.tail, head: claim.head)
        ).view
        let draw = Draw(
            instance: house.instance, subject: try #require(ID("01930f3e-0000-7000-8000-0000000000b1")), machine: allowance.machine.name,
            rosterVersion: 2, rosterDigest: rosterDigest, allowance: allowance.subject, allowanceDigest: allowance.digest, number: number,
            request: Digest32(of: csr), content: content ?? Digest32(of: tbs), time: time)
        return try Guard(view: view, now: TestHouse.now)
            .draw(draw, tbs: tbs, request: csr, machine: machine, key: house.authorityKeys.publicKey(name))
    }
}

/// One thing that is wrong with a draw, and its refusal's code.
struct DrawRule: Sendable, CustomTestStringConvertible {
    let name: String
    let code: String
    let change: @Sendable (inout TestDraw) throws -> Void

    init(_ name: String, _ code: String, _ change: @escaping @Sendable (inout TestDraw) throws -> Void) {
        self.name = name
        self.code = code
        self.change = change
    }

    var testDescription: String { name }

    static let all: [DrawRule] = [
        DrawRule("no line in the anchor", "allowance.unknown") { $0.lines = [] },
        DrawRule("a line for another statement", "allowance.unknown") { draw in
            draw.lines = [.allowance(draw.allowance.subject, Digest32(of: "other"), number: 10, until: draw.allowance.until)]
        },
        DrawRule("the statement is not at hand", "allowance.record-missing") { $0.stored = "" },
        DrawRule("the number was raised in the row", "allowance.record-missing") {
            $0.stored = try $0.stored.replacing(once: "number 10", "number 99")
        },
        DrawRule("closed", "allowance.closed") { $0.lines.append(.closed($0.allowance.digest, until: .never)) },
        DrawRule("another node's", "allowance.other-node") { try $0.anchor(node: "node-2") },
        DrawRule("before the window", "allowance.outside-window") { try $0.anchor(from: TestHouse.now.adding(seconds: 1)) },
        DrawRule("at the window's end", "allowance.outside-window") { try $0.anchor(until: TestHouse.now) },
        DrawRule("another machine's key", "allowance.other-machine") { $0.machine = Digest32(of: "stranger") },
        DrawRule("a number that is not reserved", "allowance.not-reserved") { $0.number = 2 },
        DrawRule("a number below zero", "allowance.not-reserved") { $0.number = -1 },
        DrawRule("a number beyond the voted, whatever is reserved", "allowance.not-reserved") {
            $0.number = 10
            $0.reserved = 1000
        },
        DrawRule("another moment", "allowance.draw-mismatch") { $0.time = TestHouse.now.adding(seconds: -1) },
        DrawRule("another roster", "allowance.draw-mismatch") { $0.rosterDigest = Digest32(of: "roster") },
        DrawRule("an authority that is not in force so", "statement.document-not-in-force") { draw in
            try draw.anchor(authority: .init(name: draw.allowance.authority.name, digest: Digest32(of: "old")))
        },
        DrawRule("another request than the certificate's", "statement.key-mismatch") { $0.csr = try TestRequest.csr(0x92) },
        DrawRule("another content", "statement.content-mismatch") { $0.content = Digest32(of: "content") },
        DrawRule("the machine's own key as the device's", "statement.key-not-allowed") { draw in
            draw = try TestDraw(draw.house, key: 0x99)
        },
    ]
}

@Suite("What the guard gives leave for under an allowance")
struct DrawTests {
    let house: TestHouse

    init() throws { house = try TestHouse() }

    @Test("A whole draw gets a warrant for exactly its bytes and its authority's key")
    func whole() throws {
        let draw = try TestDraw(house)
        let warrant = try draw.warrant()
        #expect(warrant.kind == .certificate)
        #expect(warrant.digest == Digest32(of: draw.tbs))
        #expect(warrant.key == (try house.authorityKeys.publicKey("devices")).digest)
    }

    @Test("Each thing that is wrong has its own refusal", arguments: DrawRule.all)
    func refused(rule: DrawRule) throws {
        var draw = try TestDraw(house)
        try rule.change(&draw)
        let changed = draw
        #expect(refusal { try changed.warrant().kind }?.code == rule.code)
    }

    @Test("Another authority's key does not sign a draw")
    func otherKey() throws {
        let draw = try TestDraw(house)
        #expect(refusal { try draw.warrant(key: "lab").kind } == .wrongKey)
    }

    @Test("An opening that was committed, but not anchored, is anchored at the start, by its statement's hash")
    func recovered() throws {
        let draw = try TestDraw(house)
        var ledger = try TestLedger(house)
        try ledger.add(.allowanceOpen, [Entry.DigestKey.statement: draw.allowance.digest])
        let claim = ledger.claim
        for (text, isFound) in [(draw.allowance.text, true), ("other", false)] {
            let (view, lines) = try ledger.open(
                View.Claim(
                    rosters: claim.rosters, document: claim.document, statement: { _ in text }, frontier: claim.frontier, tail: claim.tail,
                    head: claim.head))
            #expect((view.allowances[draw.allowance.subject] != nil) == isFound)
            #expect(lines == (isFound ? draw.lines : []))
            #expect((view.statements[draw.allowance.subject] == draw.allowance) == isFound)
        }
    }
}
