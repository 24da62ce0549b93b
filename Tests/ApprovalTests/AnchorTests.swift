import Approval
import Basics
import Crypto
import Proofs
import Testing

@Suite("The anchor's lines")
struct AnchorTests {
    /// HMAC-SHA-256 under 000102…1f.
    static let mac: @Sendable (Bytes) -> Digest32 = { message in
        Digest32(bytes: Bytes(HMAC<SHA256>.authenticationCode(for: message, using: SymmetricKey(data: Bytes(0..<32))))) ?? .zero
    }

    static func read(_ file: Bytes) throws -> (state: AnchorState, good: Int) {
        let (chain, good) = try AnchorChain.read(file) { _ in mac }
        return (chain.state, good)
    }

    private static func detail(_ file: Bytes) -> String? {
        guard case .anchor(let what)? = refusal({ try read(file) }) else { return nil }
        return what
    }

    static let whole = Bytes(Vectors.anchor.utf8)

    /// Offsets behind each line.
    static var ends: [Int] { whole.indices.filter { whole[$0] == 0x0a }.map { $0 + 1 } }

    @Test("The vector is read, and its lines are written with the same MACs")
    func vector() throws {
        #expect((Self.whole.count, Digest32(of: Self.whole).base64) == (631, "LCQeB1NZ2ZQNV0FDQLPkDi/TAzRRUNH0N3sIZgNOPS4="))
        let (state, good) = try Self.read(Self.whole)
        #expect(good == Self.whole.count)
        #expect((state.origin, state.node.description, state.size, state.isStopped) == ("assay.example/ledger", "node-1", 1, true))
        #expect(state.pin.base64 == "JCmqT2wJucUaTeWoZx9Dj9NMg41WcMMsUGsd0toD+rg=")
        #expect(state.roster == (2, try VectorTests.digest("98imSfTIcSslYkv1UW39MT538keWVJ7wikBluyMNLhg=")))
        let closed = try VectorTests.digest("1sMRm6963PXOYMdCKYDDoUhTCfYm5CkrjsJ30gagr3k=")
        #expect(state.closed == [closed: UTCTime(seconds: 1_764_172_800)])
        let fresh = AnchorState(instance: state.instance, origin: state.origin, node: state.node, pin: state.pin)
        var (chain, written) = AnchorChain.begin(fresh, mac: Self.mac)
        for line in [
            AnchorLine.roster(version: 1, digest: state.pin), .head(size: 1, root: state.root, time: state.time),
            .roster(version: 2, digest: state.roster.digest), .closed(closed, until: UTCTime(seconds: 1_764_172_800)), .stop,
        ] {
            written += chain.append(line)
        }
        #expect(String(decoding: written, as: UTF8.self) == Vectors.anchor)
        #expect(chain.state == state)
    }

    @Test("Lines of a later version are authentic, but what they limit is not known: refused, never cut")
    func laterVersion() throws {
        // Signed with the right key, as a later version would.
        let lines = Vectors.anchor.split(separator: "\n").dropLast()
        let last = try #require(lines.last?.split(separator: " ").last.flatMap { Digest32(base64: $0) })
        let text = "crl-next devices 7"
        let file = lines.joined(separator: "\n") + "\n\(text) \(Self.mac(last.bytes + text.utf8))\n"
        #expect(Self.detail(Bytes(file.utf8))?.contains("later version") == true)
        _ = try Self.read(Bytes((lines.joined(separator: "\n") + "\n").utf8))
    }

    @Test("Allowances: read, written with the same MACs, never raised, kept until a day after their window")
    func allowances() throws {
        let file = Bytes(Vectors.allowanceAnchor.utf8)
        #expect((file.count, Digest32(of: file).base64) == (825, "xQ/S+pcjeis5Ij37A3/cdYX35IhVOIhy/jXfPK1AZ40="))
        let (chain, good) = try AnchorChain.read(file) { _ in Self.mac }
        #expect(good == file.count)
        let id = try #require(ID("01930f3e-0000-7000-8000-0000000000a1"))
        let statement = try Allowance(text: Vectors.allowance).digest
        let known = try #require(chain.state.allowances[id])
        #expect((known.statement, known.number, known.until.seconds, known.reserved) == (statement, 100, 1_764_604_800, 1))
        var (copy, written) = AnchorChain.begin(
            AnchorState(instance: chain.state.instance, origin: chain.state.origin, node: chain.state.node, pin: chain.state.pin),
            mac: Self.mac)
        for line in [
            AnchorLine.roster(version: 1, digest: chain.state.pin),
            .head(size: 1, root: chain.state.root, time: UTCTime(seconds: 1_763_996_400)),
            .roster(version: 2, digest: chain.state.roster.digest),
            .closed(try VectorTests.digest("1sMRm6963PXOYMdCKYDDoUhTCfYm5CkrjsJ30gagr3k="), until: UTCTime(seconds: 1_764_172_800)),
            .allowance(id, statement, number: 100, until: known.until), .reserve(id, upTo: 1),
        ] {
            written += copy.append(line)
        }
        #expect(String(decoding: written, as: UTF8.self) == Vectors.allowanceAnchor)

        var state = chain.state
        for (line, reserved) in [
            (AnchorLine.allowance(id, Digest32(of: "other"), number: 1000, until: .never), 1), (.reserve(id, upTo: 50), 50),
            (.reserve(id, upTo: 40), 50), (.drawn(id, 60), 50), (.drawn(id, 44), 44), (.reserve(id, upTo: 101), 100),
        ] as [(AnchorLine, Int64)] {
            state.apply(line)
            #expect(state.allowances[id]?.reserved == reserved, "\(line.text)")
            #expect(state.allowances[id]?.number == 100)
        }
        let kept = state.compacted(now: known.until.adding(seconds: 86_399))
        #expect(kept.suffix(2) == [.allowance(id, statement, number: 100, until: known.until), .reserve(id, upTo: 100)])
        #expect(state.compacted(now: known.until.adding(days: 1)).count == 2)
    }

    @Test("Cut short anywhere, it says what its whole lines say")
    func truncated() throws {
        let ends = Self.ends
        for length in 0..<Self.whole.count {
            let file = Bytes(Self.whole[..<length])
            guard length >= ends[0] else {
                #expect(Self.detail(file)?.contains("first line") == true)
                continue
            }
            let good = ends.last { $0 <= length } ?? 0
            #expect(try Self.read(file).good == good)
            #expect(try Self.read(file).state == Self.read(Bytes(Self.whole[..<good])).state)
        }
    }

    @Test("One octet changed in a whole line refuses, in the last one too")
    func flipped() {
        // Without its line feed the last line is not whole.
        for place in Self.whole.indices.dropLast() {
            for bit in [1, 0x20, 0x80] as [UInt8] {
                var file = Self.whole
                file[place] ^= bit
                #expect(Self.detail(file) != nil, "octet \(place), bit \(bit)")
            }
        }
    }

    @Test("A line left out, doubled or exchanged refuses")
    func reordered() {
        let lines = Vectors.anchor.split(separator: "\n").map { String($0) }
        for place in 1..<lines.count {
            var without = lines
            without.remove(at: place)
            if place < lines.count - 1 { #expect(Self.detail(Bytes((without.joined(separator: "\n") + "\n").utf8)) != nil) }
            var doubled = lines
            doubled.insert(lines[place], at: place)
            #expect(Self.detail(Bytes((doubled.joined(separator: "\n") + "\n").utf8)) != nil)
            guard place + 1 < lines.count else { continue }
            var exchanged = lines
            exchanged.swapAt(place, place + 1)
            #expect(Self.detail(Bytes((exchanged.joined(separator: "\n") + "\n").utf8)) != nil)
        }
    }

    @Test("Sectors of the last append that were not written are cut; zero octets that are no sector's, or more than an append, refuse")
    func holes() throws {
        let good = Self.ends[2]
        for start in [good, good + 1, good + 60] {
            for end in [512, Self.whole.count] {
                var file = Self.whole
                for place in start..<end { file[place] = 0 }
                #expect(try Self.read(file).good == good)
                file[end - 1] = 0x41
                #expect((try? Self.read(file).good) == (end == 512 ? nil : good))
            }
        }
        #expect(try Self.read(Self.whole + Bytes(repeating: 0, count: 4096)).good == Self.whole.count)
        #expect(Self.detail(Self.whole + Bytes(repeating: 0, count: 4097))?.contains("more than one append") == true)
        #expect(Self.detail(Self.whole + Bytes(repeating: 0x61, count: 4097))?.contains("more than one append") == true)
    }

    @Test("Another master key refuses, and so does another first line")
    func otherKey() {
        let found = refusal {
            try AnchorChain.read(Self.whole) { _ in
                { Digest32(bytes: Bytes(HMAC<SHA256>.authenticationCode(for: $0, using: SymmetricKey(size: .bits256)))) ?? .zero }
            }.good
        }
        #expect(found == .anchor("its first line was not written with this master key"))
        #expect(Self.detail([])?.contains("first line") == true)
        #expect(Self.detail(Bytes(Vectors.anchor.dropFirst().utf8))?.contains("first line") == true)
    }

    @Test("In its shortest form it says the same, without what is over")
    func compacted() throws {
        var (state, _) = try Self.read(Self.whole)
        let live = Digest32(of: "live")
        let over = Digest32(of: "over")
        state.apply(.closed(live, until: UTCTime(seconds: 1_800_000_001)))
        state.apply(.closed(over, until: UTCTime(seconds: 1_800_000_000)))
        // A later line never shortens what an earlier one keeps.
        state.apply(.closed(live, until: UTCTime(seconds: 1)))
        #expect(!state.isStopped)
        let lines = state.compacted(now: UTCTime(seconds: 1_800_000_000))
        #expect(
            lines == [
                .roster(version: 2, digest: state.roster.digest), .head(size: 1, root: state.root, time: state.time),
                .closed(live, until: UTCTime(seconds: 1_800_000_001)),
            ])
    }
}
