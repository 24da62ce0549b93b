import Approval
import Basics
import Client
import Foundation
import Proofs
import Testing
import Wire

@Suite("People who come in")
struct EnrollmentTests {
    private func redeem(_ world: World, _ code: ConnectionCode, as name: String, over transport: any Transport) async throws -> Person {
        try await Enrollment.redeem(
            code, into: try world.folder(name), passphrase: { () throws(Problem) in nil }, connect: { _ throws(Problem) in transport },
            clocks: world.clocks, entropy: SystemEntropy())
    }

    @Test("Invite, redeem, confirm: keys come from the person, roles from the administrator's own folder")
    func whole() async throws {
        let world = try World()
        defer { world.remove() }
        let node = try FakeNode(world)
        let admin = try await node.session(as: "admin")
        let eve = try World.handle("eve")
        let (invitation, _) = try await admin.invite(eve, roles: [.registrationOfficer])
        #expect(try ConnectionCode(parsing: invitation.text) == invitation)
        let person = try await redeem(world, invitation, as: "eve", over: node)
        #expect(person.instance == world.instance)
        #expect(try world.folder("eve").node() == world.identity)
        let note = try world.folder("eve").person().note
        #expect(await refusal(of: admin, eve, person.fingerprint) == "officer.not-enrolled")
        node.change { $0.pending = note }
        let proposal = try await admin.confirmation(
            of: eve, fingerprint: person.fingerprint.lowercased().replacing("-", with: ""), roles: nil)
        #expect(proposal.roster.roles(of: eve) == [.registrationOfficer])
        #expect(proposal.roster.voteKeys(of: eve) == [person.vote])
        #expect(await refusal(of: admin, eve, "0000-0000-0000-0000") == "officer.fingerprint-mismatch")
        let ben = try await node.session(as: "ben")
        #expect(await code { _ = try await ben.invite(eve, roles: [.administrator]) } == "access.role-missing")
    }

    private func refusal(of session: Session, _ handle: Handle, _ fingerprint: String) async -> String? {
        await code { _ = try await session.confirmation(of: handle, fingerprint: fingerprint, roles: nil) }
    }

    @Test("Somebody else's keys under the invited name are caught by the fingerprint; another name by itself")
    func swapped() async throws {
        let world = try World()
        defer { world.remove() }
        let node = try FakeNode(world)
        let admin = try await node.session(as: "admin")
        let eve = try World.handle("eve")
        let (invitation, _) = try await admin.invite(eve, roles: [.registrationOfficer])
        let real = try await redeem(world, invitation, as: "eve", over: node)
        let other = try World()
        defer { other.remove() }
        let identity = world.identity
        let mallory = try Enrollment.makePerson(
            in: PersonFolder(home: other.home + "/m", handle: eve), node: identity, passphrase: nil, clocks: world.clocks,
            entropy: SystemEntropy())
        node.change { $0.pending = mallory.note }
        #expect(await refusal(of: admin, eve, real.fingerprint) == "officer.fingerprint-mismatch")
        let ben = world.people[1]
        node.change { $0.pending = ben }
        #expect(await refusal(of: admin, eve, real.fingerprint) == "person.mismatch")
    }

    @Test("A code that is refused leaves nothing behind; one whose answer is lost is sent again with the same keys")
    func again() async throws {
        let world = try World()
        defer { world.remove() }
        let node = try FakeNode(world)
        let wrong = world.identity.code(secret: Bytes(repeating: 6, count: 16))
        #expect(await code { _ = try await redeem(world, wrong, as: "eve", over: node) } == "enrollment.code-invalid")
        #expect(!(try world.folder("eve").exists))
        let right = world.identity.code(secret: Bytes(repeating: 5, count: 16))
        #expect(await code { _ = try await redeem(world, right, as: "eve", over: Silent()) } == "client.connection-lost")
        let made = try world.folder("eve").person().person
        #expect(try await redeem(world, right, as: "eve", over: node) == made)
        #expect(await code { _ = try await redeem(world, right, as: "ben", over: node) } == nil)
        _ = try await node.session(as: "cyd")
        #expect(await code { _ = try await redeem(world, right, as: "cyd", over: node) } == "client.folder-exists")
    }

    private struct Silent: Transport {
        func send(_ route: Route, parameters: [String: String], query: [String: [String]], body: ClientBody) async throws(Problem)
            -> ClientResponse
        {
            throw Problem(.unavailable, "client.connection-lost", title: "", detail: "")
        }
        func close() async {}
    }
}

@Suite("Rosters that others propose")
struct ProposalTests {
    @Test("A file carries a proposal to somebody whom the node does not know, and back; a changed one is refused")
    func file() async throws {
        let world = try World()
        defer { world.remove() }
        let node = try FakeNode(world)
        let admin = try await node.session(as: "admin")
        let fay = try Enrollment.makePerson(
            in: try world.folder("fay"), node: world.identity, passphrase: nil, clocks: world.clocks, entropy: SystemEntropy())
        let prepared = try admin.prepare([.add(fay.person, roles: [.administrator])], people: [fay.note])
        #expect(prepared.missing.map(\.description) == ["admin", "fay"])
        let note = try admin.keys.sign(prepared.roster.text)
        node.lie { route, members in
            if route == Routes.proposals {
                members["proposals"] = .array([
                    .object([
                        "hash": .string(""), "roster": .string(note.rendered), "documents": .array([]),
                        "people": .array([.string(fay.note.rendered)]),
                    ])
                ])
            }
        }
        let proposal = try #require(try await admin.proposals().first).proposal.get()
        #expect(proposal.signers.map(\.description) == ["admin"])
        let octets = admin.file(of: proposal).octets
        let folder = try world.folder("fay")
        let file = try ProposalFile(parsing: octets, for: folder, clocks: world.clocks)
        #expect(file.proposal.missing.map(\.description) == ["fay"])
        let keys = try PersonKeys(opening: folder, passphrase: PassphraseSource(file: nil))
        let signed = try ProposalFile(parsing: try file.signed(by: keys).octets, for: folder, clocks: world.clocks)
        #expect(signed.proposal.missing.isEmpty)
        let both = try #require(signed.proposal.note)
        let charter = try admin.charter.accepting(both, now: world.clocks.now) { _ in nil }
        #expect(charter.roster.quorum == 2)
        let text = String(decoding: octets, as: UTF8.self)
        for (from, to) in [
            ("quorum 2", "quorum 1"), ("role fay administrator", "role ben administrator"), ("\"people\":[\"", "\"people\":[],\"x\":[\""),
        ] {
            let changed = Bytes(text.replacing(from, with: to).utf8)
            #expect(changed != octets)
            #expect(await code { _ = try ProposalFile(parsing: changed, for: folder, clocks: world.clocks) } != nil)
        }
    }

    @Test("A roster that no administrator has signed is not offered for signing")
    func unsigned() async throws {
        let world = try World()
        defer { world.remove() }
        let node = try FakeNode(world)
        let ben = try await node.session(as: "ben")
        let admin = try await node.session(as: "admin")
        let next = try admin.roster.successor([.remove(try World.handle("cyd"))], time: world.clocks.now)
        let note = try ben.keys.sign(next.text)
        node.lie { route, members in
            if route == Routes.proposals {
                members["proposals"] = .array([
                    .object(["hash": .string(""), "roster": .string(note.rendered), "documents": .array([]), "people": .array([])])
                ])
            }
        }
        let found = try #require(try await admin.proposals().first)
        #expect(throws: Problem.self) { try found.proposal.get() }
    }
}
