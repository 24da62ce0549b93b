import Basics
import Proofs
import Testing

@Suite("Ledger entries")
struct EntryTests {
    /// Made with cbor2, decoded and encoded again to the same by fido2's CTAP2 encoder. It holds a member 6 that is reserved today.
    static let vector =
        "a80001017163657274696669636174652e6973737565021b0000019ab697e87b035000112233445566778899aabbccddeeff"
        + "045820afce06c9f22953c466bd7522f1164f8bc6af03e550f66a5ff8f16b503f25fd9205a3005820c27338c453067b437471"
        + "afbce792704d816112c6031bb996b62c698ea599ef800158203595d0af0f0ba42721b917ff183f98a4f8208bee7c84efa02b"
        + "adb2d41e22d69f02582006298432e8066b29e2223bcc23aa9504b56ae508fabf3435508869b9c3190e2206070704"

    @Test("The published entry is read, its unknown member kept, and its octets are its hash's")
    func published() throws {
        let bytes = try #require(Bytes(hex: Self.vector))
        #expect(bytes.count == 196)
        let entry = try Entry(decoding: bytes)
        #expect(entry.type == .certificateIssue)
        #expect(entry.time == 1_764_000_000_123)
        #expect(entry.actor?.hex == "00112233445566778899aabbccddeeff")
        #expect(entry.commitment?.hex == "afce06c9f22953c466bd7522f1164f8bc6af03e550f66a5ff8f16b503f25fd92")
        #expect(
            entry.digests == [
                Entry.DigestKey.request: Digest32(of: "csr"), Entry.DigestKey.content: Digest32(of: "tbs"),
                Entry.DigestKey.certificate: Digest32(of: "cert"),
            ])
        #expect(entry.roster == 4)
        #expect(entry.encoded == bytes)
        #expect(entry.leafHash.hex == "b9305739979b9b56b41b5f81d0a66ff0de30a479b6b3baf30dfca984f15e19fb")
        #expect(entry.leafHash == Merkle.leafHash(bytes))
    }

    @Test("An entry made here is the published one but for the reserved member")
    func made() throws {
        let published = try Entry(decoding: try #require(Bytes(hex: Self.vector)))
        let made = try Entry(
            type: .certificateIssue, time: published.time, actor: published.actor, commitment: published.commitment,
            digests: published.digests, roster: 4)
        #expect(made.encoded.hex == Self.vector.replacing("a80001", with: "a70001").replacing("06070704", with: "0704"))
    }

    @Test("Every field comes back")
    func roundTrip() throws {
        let id = Bytes(1...16)
        let entry = try Entry(
            type: .voteCast, time: 1, actor: id, commitment: .zero, digests: [6: .zero, 23: Digest32(of: "x")], roster: 9,
            object: id + Bytes(repeating: 0, count: 8), outcome: "request.quorum-met", request: id, node: "node-1")
        let read = try Entry(decoding: entry.encoded)
        #expect(read == entry)
        #expect(read.object?.count == 24)
        #expect(read.outcome == "request.quorum-met")
        #expect(read.request == id)
        #expect(read.node == "node-1")
        #expect(read.digests[23] == Digest32(of: "x"))
    }

    @Test("Types of later versions are read as opaque")
    func laterType() throws {
        let type = try #require(EventType("license.grant"))
        #expect(!type.isKnown)
        let read = try Entry(decoding: try Entry(type: type, time: 1).encoded)
        #expect(read.type == type)
        for type in EventType.known {
            #expect(type.isKnown)
            #expect(EventType(type.description) == type)
        }
        #expect(Set(EventType.known).count == EventType.known.count)
    }

    @Test(
        "A type is dotted lower-case words", arguments: ["", "vote", ".cast", "vote.", "Vote.cast", "vote..cast", "vote cast", "vöte.cast"])
    func typeRefused(text: String) { #expect(EventType(text) == nil) }

    @Test("A field of another form is refused by its key, when written and when read")
    func fieldRefused() throws {
        let short = Bytes(repeating: 1, count: 15)
        let cases: [(UInt8, () throws -> Entry)] = [
            (3, { try Entry(type: .voteCast, time: 1, actor: short) }),
            (7, { try Entry(type: .voteCast, time: 1, roster: -1) }),
            (8, { try Entry(type: .voteCast, time: 1, object: short) }),
            (9, { try Entry(type: .voteCast, time: 1, outcome: "not a code") }),
            (9, { try Entry(type: .voteCast, time: 1, outcome: "") }),
            (10, { try Entry(type: .voteCast, time: 1, request: short) }),
            (11, { try Entry(type: .voteCast, time: 1, node: "Node 1") }),
        ]
        for (key, make) in cases { #expect(throws: EntryError.field(key)) { try make() } }
        let good: [UInt8: CBOR] = [0: .unsigned(1), 1: .text("vote.cast"), 2: .unsigned(1)]
        _ = try Entry(decoding: CBOR.map(good).encoded)
        let bad: [(UInt8, CBOR?)] = [
            (0, nil), (0, .text("1")), (1, nil), (1, .text("vote")), (1, .unsigned(1)), (2, nil), (2, .text("now")), (3, .text("ada")),
            (4, .bytes(short)), (5, .map([:])), (5, .map([0: .bytes(short)])), (5, .unsigned(0)), (7, .unsigned(.max)), (7, .bool(true)),
            (8, .unsigned(1)), (9, .bytes(short)), (10, .text("x")), (11, .unsigned(1)),
        ]
        for (key, value) in bad {
            var members = good
            members[key] = value
            #expect(throws: EntryError.field(key)) { try Entry(decoding: CBOR.map(members).encoded) }
        }
    }

    @Test("Bytes that are no entry are refused")
    func refused() throws {
        let later = CBOR.map([0: .unsigned(2), 1: .text("vote.cast"), 2: .unsigned(1)]).encoded
        #expect(throws: EntryError.version(2)) { try Entry(decoding: later) }
        #expect(throws: EntryError.notAMap) { try Entry(decoding: [0x00]) }
        #expect(throws: EntryError.encoding(.truncated)) { try Entry(decoding: []) }
        let bytes = try #require(Bytes(hex: Self.vector))
        #expect(throws: EntryError.encoding(.trailing(offset: 196))) { try Entry(decoding: bytes + [0]) }
        for length in 0..<bytes.count { #expect(throws: EntryError.self) { try Entry(decoding: Bytes(bytes[..<length])) } }
        let large = CBOR.map([0: .unsigned(1), 1: .text("vote.cast"), 2: .unsigned(1), 12: .bytes(Bytes(repeating: 0, count: 16_384))])
        #expect(throws: EntryError.encoding(.tooLong(limit: 16_384))) { try Entry(decoding: large.encoded) }
    }

    @Test("Each turned bit gives another entry with the octets that were read, or an error")
    func total() throws {
        let bytes = try #require(Bytes(hex: Self.vector))
        let hash = Merkle.leafHash(bytes)
        for bit in 0..<bytes.count * 8 {
            var damaged = bytes
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            guard let entry = try? Entry(decoding: damaged) else { continue }
            #expect(entry.encoded == damaged)
            #expect(entry.leafHash != hash)
        }
    }
}
