import Approval
import Basics
import Proofs
import Testing

@Suite("The verified view: rosters, other houses, and what happens while it runs")
struct ViewRosterTests {
    let house: TestHouse

    init() throws { house = try TestHouse() }

    private static func refused(_ ledger: TestLedger, _ claim: View.Claim? = nil) -> String? {
        guard case .viewMismatch(let what)? = refusal({ try ledger.open(claim).view }) else { return nil }
        return what
    }

    @Test("A roster row that was taken away, replaced or put in another's place is refused")
    func rosters() throws {
        let ledger = try TestLedger(house)
        #expect(Self.refused(ledger, ledger.claim(rosters: [house.notes[0]]))?.contains("is missing") == true)
        #expect(Self.refused(ledger, ledger.claim(rosters: []))?.contains("is missing") == true)
        var parts = house.parts
        parts.version = 2
        parts.previous = house.charter.pin
        parts.documents = []
        let other = try parts.roster.text.signed(by: [house.person("ada"), house.person("dee")])
        #expect(Self.refused(ledger, ledger.claim(rosters: [house.notes[0], other]))?.contains("not the anchored one") == true)
        let damaged = try house.notes[1].damaged
        #expect(refusal { try ledger.open(ledger.claim(rosters: [house.notes[0], damaged])) } == .rosterSignatureInvalid("ada"))
        #expect(refusal { try ledger.open(ledger.claim(rosters: [house.notes[1], house.notes[0]])) } == .rosterPin)
        let documents = View.Claim(
            rosters: house.notes, document: { _ in nil }, frontier: ledger.frontier(2), tail: [], head: ledger.head)
        #expect(refusal { try ledger.open(documents) }?.code == "roster.document-missing")
    }

    @Test("A roster that the ledger does not have is not in force, though it is signed")
    func abandoned() throws {
        let third = try house.parts.roster.text.signed(by: [house.person("ada"), house.person("dee")])
        let accepted = [Entry.DigestKey.document: Digest32(of: third.text)]
        let all = house.notes + [third]
        let ledger = try TestLedger(house)
        let (view, lines) = try ledger.open(ledger.claim(rosters: all))
        #expect((view.charter.roster.version, lines) == (2, []))
        var without = ledger
        try without.add(.rosterAccepted, accepted, roster: 3)
        #expect(Self.refused(without)?.contains("is missing") == true)
        var late = ledger
        try late.add(.rosterAccepted, accepted, roster: 3, at: TestHouse.now.adding(days: 1))
        #expect(refusal { try late.open(late.claim(rosters: all)) } == .rosterExpired)
    }

    @Test("An anchor of another house, or without a roster, is refused")
    func foreignAnchor() throws {
        var ledger = try TestLedger(house)
        let claim = ledger.claim
        let other = try #require(Instance(String(repeating: "0", count: 32)))
        let state = ledger.anchor
        ledger.anchor = AnchorState(instance: other, origin: state.origin, node: state.node, pin: state.pin)
        #expect(Self.refused(ledger, claim)?.contains("is missing") == true)
        ledger.anchor.apply(.roster(version: 2, digest: house.charter.roster.digest))
        ledger.anchor.apply(.head(size: state.size, root: state.root, time: state.time))
        #expect(refusal { try ledger.open(claim) } == .foreignInstance)
    }

    @Test("While running, entries extend the view only to the head that they lead to")
    func extended() throws {
        var ledger = try TestLedger(house)
        var view = try ledger.open().view
        let first = ledger.head
        let statement = Digest32(of: "s")
        try ledger.add(.requestReject, [Entry.DigestKey.statement: statement])
        let bodies = Array(ledger.entries.dropFirst(2))
        for wrong in [View.Head(size: 3, root: first.root), View.Head(size: 4, root: ledger.head.root), first] {
            #expect(refusal { try view.extend(by: bodies, to: wrong) }?.code == "ledger.unverified")
            #expect(view.frontier.size == 2)
            #expect(!view.isClosed(statement))
        }
        try view.extend(by: bodies, to: ledger.head)
        #expect(view.isClosed(statement))
    }

    @Test("Heads in the anchor never fall; a charter is followed by the next only; what is over is forgotten")
    func anchored() throws {
        var ledger = try TestLedger(house)
        var view = try ledger.open().view
        let first = ledger.head
        try ledger.add(.voteCast, [Entry.DigestKey.statement: Digest32(of: "v")])
        let until = TestHouse.now.adding(days: 1)
        view.anchor([.head(size: 3, root: ledger.head.root, time: TestHouse.now), .closed(Digest32(of: "x"), until: until)])
        view.anchor([.head(size: 2, root: first.root, time: TestHouse.now), .closed(Digest32(of: "x"), until: TestHouse.now)])
        #expect(view.anchored == ledger.head)
        view.forget(before: until.adding(seconds: -1))
        #expect(view.isClosed(Digest32(of: "x")))
        view.forget(before: until)
        #expect(!view.isClosed(Digest32(of: "x")))
        let next = try house.accepting(house.parts)
        try view.adopt(next)
        #expect(refusal { try view.adopt(next) } == .rosterNotNext(have: 3, got: 3))
        #expect(refusal { try view.adopt(house.charter) } == .rosterNotNext(have: 3, got: 2))
    }
}
