import Approval
import Basics
import Client
import PKIX
import Synchronization
import Testing
import Wire

@Suite("Voting rules that the client keeps by itself")
struct VotingTests {
    @Test("Nobody approves their own request; taking it back is allowed")
    func ownRequest() async throws {
        let world = try World()
        defer { world.remove() }
        let node = try FakeNode(world)
        let request = try await world.submitted(node)
        let dee = try await node.session(as: "dee")
        #expect(await code { _ = try await dee.vote(.approve, on: request) } == "vote.own-request")
        #expect(!node.posted.contains(Routes.vote.name))
        try dee.check(.reject, on: request)
    }

    @Test("Nobody approves twice; a rejection after an approval is a new decision")
    func twice() async throws {
        let world = try World()
        defer { world.remove() }
        let node = try FakeNode(world)
        let id = try await world.submitted(node).id
        let ben = try await node.session(as: "ben")
        let after = try await ben.vote(.approve, on: try await ben.request(id))
        #expect(await code { _ = try await ben.vote(.approve, on: after) } == "vote.twice")
        #expect(node.posted.filter { $0 == Routes.vote.name }.count == 1)
        try ben.check(.reject, on: after)
    }

    @Test("Who has not the policy's role signs nothing")
    func role() async throws {
        let world = try World()
        defer { world.remove() }
        let node = try FakeNode(world)
        let id = try await world.submitted(node).id
        let admin = try await node.session(as: "admin")
        #expect(await code { _ = try await admin.vote(.approve, on: try await admin.request(id)) } == "vote.not-eligible")
        #expect(!node.posted.contains(Routes.vote.name))
    }

    @Test("A rejection commits to its reason, and the words are shown only when they are those")
    func reason() async throws {
        let world = try World()
        defer { world.remove() }
        let node = try FakeNode(world)
        let id = try await world.submitted(node).id
        let ben = try await node.session(as: "ben")
        let reason = try Reason("not on the order", entropy: SystemEntropy())
        let before = try await ben.request(id)
        let sent = Mutex<String?>(nil)
        node.lie { route, members in
            members["state"] = .string("rejected")
            members["reason"] = sent.withLock { $0.map { .string($0) } ?? .null }
        }
        node.onVote { text in sent.withLock { $0 = text } }
        let after = try await ben.vote(.reject, on: before, reason: reason)
        #expect(after.state == .rejected)
        #expect(after.reason == "not on the order")
        #expect(try after.examined.get().rejecter?.description == "ben")
        sent.withLock { $0 = $0.map { $0.replacing("order", with: "shelf") } }
        #expect(try await ben.request(id).reason == nil)
    }

    @Test(
        "Reasons with control characters, or none at all, are refused",
        arguments: ["", "a\nb", "a\u{1b}[31m", "a\u{202e}b", String(repeating: "x", count: 1001)])
    func reasonRefused(words: String) async {
        #expect(await code { _ = try Reason(words, entropy: SystemEntropy()) } == "request.reason-invalid")
    }

    @Test("Fields that are not the profile's, and CSRs that prove nothing, are refused before anything is sent")
    func submission() async throws {
        let world = try World()
        defer { world.remove() }
        let node = try FakeNode(world)
        let dee = try await node.session(as: "dee")
        let device = try World.handle("device")
        let csr = try world.csr(try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy()))
        #expect(await code { _ = try await dee.submit(profile: device, csr: csr, fields: [:]) } == "request.fields")
        #expect(
            await code { _ = try await dee.submit(profile: device, csr: csr, fields: ["serial": "1", "more": "2"]) } == "request.fields")
        let unknown = try World.handle("unknown")
        #expect(await code { _ = try await dee.submit(profile: unknown, csr: csr, fields: [:]) } == "profile.not-found")
        var broken = csr
        broken[broken.count - 1] ^= 1
        let damaged = broken
        #expect(
            await code { _ = try await dee.submit(profile: device, csr: damaged, fields: ["serial": "1"]) } == "request.possession-unproven"
        )
        #expect(await code { _ = try await dee.submit(profile: device, csr: [1, 2], fields: ["serial": "1"]) } == "request.csr-invalid")
        #expect(node.posted.isEmpty)
    }
}
