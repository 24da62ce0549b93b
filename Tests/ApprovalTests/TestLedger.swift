import Approval
import Basics
import Proofs
import Testing

/// A ledger and an anchor in memory: what a database and custody would say.
struct TestLedger {
    let house: TestHouse
    var entries: [Bytes]
    var anchor: AnchorState

    /// Both rosters are in it, and anchored.
    init(_ house: TestHouse) throws {
        self.house = house
        let time = TestHouse.now.adding(seconds: -900)
        entries = []
        anchor = AnchorState(
            instance: house.instance, origin: house.logKey.name, node: try .named("node-1"), pin: house.charter.pin)
        try add(.ledgerCreated, [Entry.DigestKey.document: house.charter.pin], roster: 1, at: time.adding(seconds: -600))
        try add(.rosterAccepted, [Entry.DigestKey.document: house.charter.roster.digest], roster: 2, at: time)
        anchor.apply(.roster(version: 2, digest: house.charter.roster.digest))
        anchorHead(time)
    }

    mutating func add(_ type: EventType, _ digests: [UInt8: Digest32], roster: Int64 = 2, at time: UTCTime = TestHouse.now) throws {
        entries.append(try Entry(type: type, time: UInt64(time.seconds) * 1000 + 5, digests: digests, roster: roster).encoded)
    }

    mutating func anchorHead(_ time: UTCTime = TestHouse.now) {
        let head = head
        anchor.apply(.head(size: head.size, root: head.root, time: time))
    }

    func frontier(_ size: Int) -> Frontier {
        var frontier = Frontier()
        for entry in entries.prefix(size) { _ = frontier.append(Merkle.leafHash(entry)) }
        return frontier
    }

    /// The head of everything.
    var head: View.Head {
        let all = frontier(entries.count)
        return View.Head(size: all.size, root: all.root)
    }

    /// What an honest database claims.
    var claim: View.Claim { claim() }

    func claim(rosters: [SignedNote]? = nil, tail: [Bytes]? = nil, head: View.Head? = nil, frontier: Frontier? = nil) -> View.Claim {
        let documents = house.documents
        return View.Claim(
            rosters: rosters ?? house.notes, document: { documents[$0] }, frontier: frontier ?? self.frontier(Int(anchor.size)),
            tail: tail ?? Array(entries.dropFirst(Int(anchor.size))), head: head ?? self.head)
    }

    func open(_ claim: View.Claim? = nil) throws -> (view: View, lines: [AnchorLine]) {
        var lines: [AnchorLine] = []
        let view = try View(anchor: anchor, claim: claim ?? self.claim, lines: &lines)
        return (view, lines)
    }
}

extension TestHouse {
    /// The guard over a ledger in which nothing is decided but what `ledger` says.
    func guarding(at now: UTCTime = now, _ change: (inout TestLedger) throws -> Void = { _ in }) throws -> Guard {
        var ledger = try TestLedger(self)
        try change(&ledger)
        return Guard(view: try ledger.open().view, now: now)
    }
}
