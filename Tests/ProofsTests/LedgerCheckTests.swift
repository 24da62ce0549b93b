import Basics
import Proofs
import Testing

/// A ledger of 600 entries with its tiles, and a checkpoint every 100.
private struct Ledger {
    var bodies: [Bytes] = []
    var tiles: [TileID: Bytes] = [:]
    var notes: [Int: String] = [:]
    private(set) var root = Merkle.emptyRoot

    init(size: Int = 600) throws {
        var edge = TreeEdge()
        for index in 0..<size {
            let type: EventType = index == 0 ? .ledgerCreated : .voteCast
            bodies.append(try Entry(type: type, time: UInt64(index)).encoded)
            edge.append(Merkle.leafHash(bodies[index]))
            if (index + 1) % 100 == 0 { notes[index + 1] = try Self.note(size: edge.size, root: edge.root) }
        }
        for tile in edge.takeChangedTiles() { tiles[tile.id] = tile.hashes }
        root = edge.root
    }

    static func note(size: Int64, root: Digest32) throws -> String {
        try Example.signed(try Checkpoint(origin: Example.origin, size: size, root: root).text).rendered
    }

    func check(tiled: Bool = true) throws -> (size: Int64, root: Digest32) {
        let tiles = tiles
        var check = LedgerCheck(origin: Example.origin, keys: [try Example.log], tile: tiled ? { tiles[$0] } : nil)
        for (_, note) in notes.sorted(by: { $0.key < $1.key }) { try check.expect(checkpoint: note) }
        for body in bodies { try check.add(body) }
        return try check.finish()
    }

    /// The ledger after somebody has changed it.
    func changed(_ change: (inout Ledger) throws -> Void) rethrows -> Ledger {
        var copy = self
        try change(&copy)
        return copy
    }
}

@Suite("The check of a whole ledger")
struct LedgerCheckTests {
    private static let ledger = Result { try Ledger() }

    @Test("A ledger that nobody has touched is whole, with tiles and without", arguments: [true, false])
    func whole(tiled: Bool) throws {
        let ledger = try Self.ledger.get()
        let head = try ledger.check(tiled: tiled)
        #expect(head.size == 600)
        #expect(head.root == ledger.root)
    }

    @Test("An empty ledger is whole")
    func empty() throws {
        let head = try Ledger(size: 0).check()
        #expect(head.size == 0)
        #expect(head.root == Merkle.emptyRoot)
    }

    @Test("Checkpoints may be handed in as the entries go by")
    func streaming() throws {
        let ledger = try Self.ledger.get()
        var check = LedgerCheck(origin: Example.origin, keys: [try Example.log])
        try check.expect(size: 0, root: Merkle.emptyRoot)
        for (index, body) in ledger.bodies.enumerated() {
            try check.add(body)
            if let note = ledger.notes[index + 1] { #expect(try check.expect(checkpoint: note).size == index + 1) }
        }
        #expect(try check.finish().root == ledger.root)
        #expect(throws: LedgerFault.outOfOrder(size: 100)) { try check.expect(size: 100, root: ledger.root) }
        #expect(throws: LedgerFault.changedHistory(size: 600, agreed: 600)) { try check.expect(size: 600, root: .zero) }
    }

    @Test("A changed entry is named", arguments: [0, 1, 255, 256, 599])
    func changedEntry(index: Int) throws {
        let ledger = try Self.ledger.get().changed { $0.bodies[index][$0.bodies[index].count - 1] ^= 1 }
        #expect(throws: LedgerFault.changedEntry(index: Int64(index))) { try ledger.check() }
    }

    @Test("Entries that were exchanged, taken out or put in are named")
    func movedEntries() throws {
        let ledger = try Self.ledger.get()
        #expect(throws: LedgerFault.changedEntry(index: 7)) { try ledger.changed { $0.bodies.swapAt(7, 8) }.check() }
        #expect(throws: LedgerFault.changedEntry(index: 7)) { try ledger.changed { $0.bodies.remove(at: 7) }.check() }
        #expect(throws: LedgerFault.changedEntry(index: 7)) {
            try ledger.changed { $0.bodies.insert(try Entry(type: .voteCast, time: 5).encoded, at: 7) }.check()
        }
    }

    @Test("Without tiles, a changed entry shows at the next checkpoint; the fault begins at the last that agreed")
    func changedHistory() throws {
        let ledger = try Self.ledger.get().changed { $0.bodies[250][$0.bodies[250].count - 1] ^= 1 }
        #expect(throws: LedgerFault.changedHistory(size: 300, agreed: 200)) { try ledger.check(tiled: false) }
        #expect(LedgerFault.changedHistory(size: 300, agreed: 200).index == 200)
    }

    @Test("An entry and its tiles changed together show at the next checkpoint")
    func changedTogether() throws {
        let honest = try Self.ledger.get()
        var edge = TreeEdge()
        let forged = try honest.changed { ledger in
            ledger.bodies[250] = try Entry(type: .voteCast, time: 1).encoded
            for body in ledger.bodies { edge.append(Merkle.leafHash(body)) }
            for tile in edge.takeChangedTiles() { ledger.tiles[tile.id] = tile.hashes }
        }
        #expect(throws: LedgerFault.changedHistory(size: 300, agreed: 200)) { try forged.check() }
    }

    @Test("A changed, narrower, wider or missing tile is named with the first entry below it")
    func tiles() throws {
        let ledger = try Self.ledger.get()
        let (leaves, last, top) = (
            try #require(TileID(level: 0, index: 1)), try #require(TileID(level: 0, index: 2)), try #require(TileID(level: 1, index: 0))
        )
        #expect(throws: LedgerFault.changedEntry(index: 256 + 10)) { try ledger.changed { $0.tiles[leaves]?[10 * 32] ^= 1 }.check() }
        #expect(throws: LedgerFault.changedNode(top, position: 1, firstIndex: 256)) {
            try ledger.changed { $0.tiles[top]?[32] ^= 1 }.check()
        }
        #expect(throws: LedgerFault.tileWidth(leaves, firstIndex: 256)) { try ledger.changed { $0.tiles[leaves] = nil }.check() }
        #expect(throws: LedgerFault.tileWidth(last, firstIndex: 599)) { try ledger.changed { $0.tiles[last]?.removeLast(32) }.check() }
        for more in [32, 1] {
            #expect(throws: LedgerFault.self) { try ledger.changed { $0.tiles[last]? += Bytes(repeating: 0, count: more) }.check() }
        }
        #expect(throws: LedgerFault.tileWidth(top, firstIndex: 600)) {
            try ledger.changed { $0.tiles[top]? += Bytes(repeating: 0, count: 32) }.check()
        }
    }

    @Test("A ledger that lost its end is found out by a checkpoint, an anchor's head, or its tiles")
    func truncated() throws {
        let ledger = try Self.ledger.get()
        #expect(throws: LedgerFault.truncated(size: 590, expected: 600)) { try ledger.changed { $0.bodies.removeLast(10) }.check() }
        let unsigned = ledger.changed {
            $0.bodies.removeLast(10)
            $0.notes[600] = nil
        }
        #expect(throws: LedgerFault.tileWidth(try #require(TileID(level: 0, index: 2)), firstIndex: 590)) { try unsigned.check() }
        var check = LedgerCheck(origin: Example.origin, keys: [try Example.log])
        try check.expect(size: 3, root: .zero)
        try check.add(ledger.bodies[0])
        #expect(throws: LedgerFault.truncated(size: 1, expected: 3)) { try check.finish() }
    }

    @Test("A checkpoint of another origin, by another key, changed or without sense is named")
    func checkpoints() throws {
        let ledger = try Self.ledger.get()
        let stranger = try VerifierKey.ed25519(name: Example.origin, publicKey: Bytes(repeating: 9, count: 32))
        let note = try #require(ledger.notes[100])
        var foreign = LedgerCheck(origin: "assay.example/other", keys: [try Example.log])
        #expect(throws: LedgerFault.invalidCheckpoint(size: 0, .origin)) { try foreign.expect(checkpoint: note) }
        var keyless = LedgerCheck(origin: Example.origin, keys: [stranger])
        #expect(throws: LedgerFault.invalidCheckpoint(size: 0, .notSigned)) { try keyless.expect(checkpoint: note) }
        var check = LedgerCheck(origin: Example.origin, keys: [try Example.log])
        #expect(throws: LedgerFault.invalidCheckpoint(size: 0, .invalidSignature(name: Example.origin))) {
            try check.expect(checkpoint: note.replacing("\n100\n", with: "\n101\n"))
        }
        #expect(throws: LedgerFault.invalidCheckpoint(size: 0, .notANote)) { try check.expect(checkpoint: "") }
    }

    @Test("Two checkpoints of one size with two roots are found out, whatever the entries are")
    func equivocation() throws {
        var check = LedgerCheck(origin: Example.origin, keys: [try Example.log])
        try check.expect(checkpoint: try Ledger.note(size: 5, root: .zero))
        try check.expect(checkpoint: try Ledger.note(size: 5, root: .zero))
        #expect(throws: LedgerFault.changedHistory(size: 5, agreed: 0)) {
            try check.expect(checkpoint: try Ledger.note(size: 5, root: Merkle.emptyRoot))
        }
    }

    @Test("An entry that is none, and a ledger that does not begin as ledgers do, are named")
    func malformed() throws {
        var check = LedgerCheck(origin: Example.origin, keys: [])
        try check.add(try Entry(type: .ledgerCreated, time: 1).encoded)
        #expect(throws: LedgerFault.malformedEntry(index: 1, .notAMap)) { try check.add([0]) }
        var other = LedgerCheck(origin: Example.origin, keys: [])
        #expect(throws: LedgerFault.wrongBeginning) { try other.add(try Entry(type: .voteCast, time: 1).encoded) }
    }
}
