import Approval
import Basics
import Proofs
import Testing

@Suite("The verified view")
struct ViewTests {
    let house: TestHouse

    init() throws { house = try TestHouse() }

    /// Version 3, signed by both administrators, a few minutes before now.
    private func third() throws -> SignedNote { try house.parts.roster.text.signed(by: [house.person("ada"), house.person("dee")]) }

    private static func refused(_ ledger: TestLedger, _ claim: View.Claim? = nil) -> String? {
        guard case .viewMismatch(let what)? = refusal({ try ledger.open(claim).view }) else { return nil }
        return what
    }

    private static func digest(_ word: String) -> Digest32 { Digest32(of: word) }

    @Test("An honest database is believed")
    func honest() throws {
        let ledger = try TestLedger(house)
        let (view, lines) = try ledger.open()
        #expect(lines.isEmpty)
        #expect((view.frontier.size, view.anchored, view.charter.roster.version) == (2, ledger.head, 2))
        #expect((view.origin, view.node.description) == ("assay.example/ledger", "node-1"))
    }

    @Test("What was committed but not anchored when the process ended is anchored again: decisions and rosters, in order")
    func tail() throws {
        var ledger = try TestLedger(house)
        let third = try third()
        let time = TestHouse.now.adding(seconds: -400)
        try ledger.add(.requestReject, [Entry.DigestKey.statement: Self.digest("s"), Entry.DigestKey.document: Self.digest("w")], at: time)
        try ledger.add(.rosterAccepted, [Entry.DigestKey.document: Self.digest(third.text)], roster: 3, at: time)
        try ledger.add(.voteCast, [Entry.DigestKey.statement: Self.digest("v")], at: time)
        try ledger.add(
            .certificateIssue, [Entry.DigestKey.statement: Self.digest("t"), Entry.DigestKey.content: Self.digest("c")], at: time)
        try ledger.add(.authorityIssue, [Entry.DigestKey.content: Self.digest("a"), Entry.DigestKey.document: Self.digest("d")], at: time)
        let (view, lines) = try ledger.open(ledger.claim(rosters: house.notes + [third]))
        let until = time.adding(seconds: 9 * 86_400 + 600)
        #expect(
            lines == [
                .closed(Self.digest("s"), until: until), .closed(Self.digest("w"), until: until),
                .roster(version: 3, digest: Self.digest(third.text)), .closed(Self.digest("t"), until: until),
                .closed(Self.digest("a"), until: .never),
            ])
        #expect(view.charter.roster.version == 3)
        for word in ["s", "w", "t", "a"] { #expect(view.isClosed(Self.digest(word))) }
        for word in ["v", "c", "d"] { #expect(!view.isClosed(Self.digest(word))) }
        // The anchor is still where it was; a checkpoint waits for it.
        #expect((view.anchored.size, view.frontier.size) == (2, 7))
    }

    @Test("A decision is remembered as long as its submission could belong to an open statement")
    func remembered() {
        let opened = TestHouse.now
        let submitted = opened.adding(seconds: Submission.freshness)
        let again = submitted.adding(seconds: Submission.freshness)
        let end = again.adding(seconds: Statement.longestSpan)
        // By the clock of whoever decides, that may be a little before it was opened.
        let decided = opened.adding(seconds: -Vote.clockSlack)
        #expect(decided.adding(seconds: View.closingSpan) >= end.adding(seconds: Vote.clockSlack))
    }

    @Test("Entries behind the anchor that were altered, left out, doubled or exchanged do not lead to the head")
    func alteredTail() throws {
        var ledger = try TestLedger(house)
        for word in ["a", "b", "c"] { try ledger.add(.requestReject, [Entry.DigestKey.statement: Self.digest(word)]) }
        let tail = Array(ledger.entries.dropFirst(2))
        var other = try TestLedger(house)
        try other.add(.voteCast, [Entry.DigestKey.statement: Self.digest("a")])
        let stranger = try #require(other.entries.last)
        let wrong: [[Bytes]] = [
            [], Array(tail.dropLast()), Array(tail.dropFirst()), [tail[1], tail[0], tail[2]], tail + [tail[2]],
            [stranger, tail[1], tail[2]],
        ]
        for entries in wrong { #expect(Self.refused(ledger, ledger.claim(tail: entries))?.contains("do not hash") == true) }
        _ = try ledger.open()
        for head in [View.Head(size: 5, root: Self.digest("x")), View.Head(size: 6, root: ledger.head.root)] {
            #expect(Self.refused(ledger, ledger.claim(head: head))?.contains("do not hash") == true)
        }
    }

    @Test("An entry behind the anchor that cannot be read could be a decision: refused")
    func unreadable() throws {
        var ledger = try TestLedger(house)
        ledger.entries.append([0xff, 0x00])
        #expect(Self.refused(ledger)?.contains("cannot be read") == true)
        var view = try TestLedger(house).open().view
        #expect(refusal { try view.extend(by: [[0xff, 0x00]], to: ledger.head) }?.code == "ledger.unverified")
        #expect(view.frontier.size == 2)
    }

    @Test("A database from before the anchor is refused, with its own tree and its own head")
    func older() throws {
        var ledger = try TestLedger(house)
        try ledger.add(.voteCast, [Entry.DigestKey.statement: Self.digest("v")])
        let before = ledger.head
        try ledger.add(.requestReject, [Entry.DigestKey.statement: Self.digest("s")])
        ledger.anchorHead()
        _ = try ledger.open()
        let old = ledger.frontier(3)
        #expect(Self.refused(ledger, ledger.claim(tail: [], head: before, frontier: old))?.contains("another root") == true)
        #expect(Self.refused(ledger, ledger.claim(tail: [], head: before))?.contains("do not hash") == true)
        // As many entries, but others.
        var fork = try TestLedger(house)
        for word in ["x", "y"] { try fork.add(.voteCast, [Entry.DigestKey.statement: Self.digest(word)]) }
        #expect(Self.refused(ledger, ledger.claim(head: fork.head, frontier: fork.frontier(4)))?.contains("another root") == true)
    }
}
