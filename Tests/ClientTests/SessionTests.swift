import Approval
import Basics
import Client
import Foundation
import PKIX
import Proofs
import Testing
import Wire

@Suite("A session verifies before it believes")
struct SessionTests {
    @Test("The chain is verified from the pin and kept")
    func chain() async throws {
        let world = try World()
        defer { world.remove() }
        let node = try FakeNode(world)
        let session = try await node.session(as: "ben")
        #expect(session.roster.version == 2)
        #expect(session.charter.pin == world.pin)
        // The second time, documents are at hand.
        node.change { $0.documents = [:] }
        #expect(try await node.session(as: "ben").roster.digest == session.roster.digest)
    }

    @Test("A node that goes back behind what was seen is refused")
    func rollback() async throws {
        let world = try World()
        defer { world.remove() }
        let node = try FakeNode(world)
        _ = try await node.session(as: "ben")
        node.change { $0.rosters.removeLast() }
        #expect(await code { _ = try await node.session(as: "ben") } == "client.roster-rollback")
        // Somebody who has seen less cannot know.
        #expect(try await node.session(as: "cyd").roster.version == 1)
    }

    @Test("A node that shows another version in place of one that was seen is refused")
    func fork() async throws {
        let world = try World()
        defer { world.remove() }
        let node = try FakeNode(world)
        _ = try await node.session(as: "ben")
        let admin = try PersonKeys(opening: try world.folder("admin"), passphrase: PassphraseSource(file: nil))
        let other = try Roster(text: world.rosters[0].text).successor([], time: world.clocks.now)
        let note = try admin.sign(other.text)
        node.change { $0.rosters[1] = note }
        #expect(await code { _ = try await node.session(as: "ben") } == "client.roster-fork")
    }

    @Test("A version that the quorum has not signed is refused")
    func unsigned() async throws {
        let world = try World()
        defer { world.remove() }
        let node = try FakeNode(world)
        let ben = try PersonKeys(opening: try world.folder("ben"), passphrase: PassphraseSource(file: nil))
        let next = try Roster(text: world.rosters[1].text).successor([], time: world.clocks.now)
        let note = try ben.sign(next.text)
        node.change { $0.rosters.append(note) }
        let refusal = await code { _ = try await node.session(as: "ben") }
        #expect(refusal == "roster.signature-invalid")
    }

    @Test("Another house's chain is refused by the pin")
    func otherHouse() async throws {
        let world = try World()
        defer { world.remove() }
        let other = try World()
        defer { other.remove() }
        let node = try FakeNode(world)
        let rosters = other.rosters
        node.change { $0.rosters = rosters }
        #expect(await code { _ = try await node.session(as: "ben") } == "roster.pin-mismatch")
    }

    @Test("A document with other octets than the roster names is refused")
    func document() async throws {
        let world = try World()
        defer { world.remove() }
        let node = try FakeNode(world)
        node.change { state in state.documents = state.documents.mapValues { $0 + [0x20] } }
        #expect(await code { _ = try await node.session(as: "ben") } == "client.server-lied")
    }

    @Test("Texts of people must have the roster's keys, all of them")
    func persons() async throws {
        let world = try World()
        defer { world.remove() }
        let node = try FakeNode(world)
        let session = try await node.session(as: "ben")
        #expect(try await session.persons().map(\.handle.description) == ["admin", "ben", "cyd", "dee"])
        node.lie { route, members in
            guard route == Routes.persons, case .array(var people)? = members["people"] else { return }
            people.removeLast()
            members["people"] = .array(people)
        }
        #expect(await code { _ = try await session.persons() } == "client.server-lied")
    }

    @Test(
        "A list that does not move on, or names a place that is none, is refused",
        arguments: ["$(reboot)", "a b", "", "Ä", String(repeating: "a", count: 65), "same"])
    func places(next: String) async throws {
        let world = try World()
        defer { world.remove() }
        let node = try FakeNode(world)
        let session = try await node.session(as: "ben")
        node.lie { route, members in
            if route == Routes.persons { members["next"] = .string(next) }
        }
        #expect(await code { _ = try await session.persons() } == "client.answer-malformed")
    }
}

@Suite("A ledger is checked, not believed")
struct LedgerReadingTests {
    @Test("Checkpoints grow, and an earlier one is a beginning of the later")
    func grows() async throws {
        let world = try World()
        defer { world.remove() }
        let node = try FakeNode(world)
        let session = try await node.session(as: "ben")
        #expect(try await session.checkpoint().checkpoint.size == 3)
        let kept = try session.read(checkpoint: Bytes(try node.checkpoint(size: 2).utf8)).checkpoint
        try node.append(4)
        #expect(try await session.checkpoint().checkpoint.size == 7)
        let report = try await session.verifyLedger(since: kept)
        #expect(report.checkpoint.size == 7)
        #expect(report.agrees == [7, 2])
        #expect(report.kinds.map(\.kind) == ["key.generated", "ledger.created", "roster.accepted"])
    }

    @Test("A shorter ledger, a changed one, and a foreign signature are refused")
    func refused() async throws {
        let world = try World()
        defer { world.remove() }
        let node = try FakeNode(world)
        let session = try await node.session(as: "ben")
        _ = try await session.checkpoint()
        let kept = try session.read(checkpoint: Bytes(try node.checkpoint().utf8)).checkpoint
        node.lie(checkpoint: try node.checkpoint(size: 2))
        #expect(await code { _ = try await session.checkpoint() } == "ledger.rollback")
        #expect(await code { _ = try await session.verifyLedger(since: nil) } == "ledger.rollback")
        node.lie(checkpoint: nil)
        try node.append(1)
        node.change { $0.entries[2] = $0.entries[3] }
        #expect(await code { _ = try await session.checkpoint() } == "ledger.history-changed")
        #expect(await code { _ = try await session.verifyLedger(since: kept) } == "ledger.invalid")
        let other = try FakeNode(try World())
        defer { other.world.remove() }
        node.lie(checkpoint: try other.checkpoint())
        #expect(await code { _ = try await session.checkpoint() } == "ledger.checkpoint-invalid")
    }

    @Test("Entries that are missing, or rosters that the chain does not have, are refused")
    func bodies() async throws {
        let world = try World()
        defer { world.remove() }
        let node = try FakeNode(world)
        let session = try await node.session(as: "ben")
        node.lie { route, members in if route == Routes.entries { members["entries"] = .array([]) } }
        #expect(await code { _ = try await session.verifyLedger(since: nil) } == "ledger.invalid")
        node.lie { _, _ in }
        let entry = try Entry(type: .rosterAccepted, time: 9, digests: [5: Digest32(of: "other")]).encoded
        node.change { $0.entries[1] = entry }
        #expect(await code { _ = try await session.verifyLedger(since: nil) } == "ledger.rosters-differ")
    }
}

extension FakeNode {
    func append(_ count: Int) throws {
        let entries = try (0..<count).map { try Entry(type: .keyGenerated, time: 10 + UInt64($0)).encoded }
        change { $0.entries += entries }
    }
}
