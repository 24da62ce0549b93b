import Approval
import Basics
import Client
import PKIX
import Testing
import Wire

@Suite("Plan and apply")
struct PlanTests {
    private func plan(_ world: World, _ yaml: String, drop: Bool = false) throws -> Plan {
        try Plan(
            try Manifest(yaml: Bytes(yaml.utf8)), against: try world.charter, drop: drop, now: world.clocks.now)
    }

    @Test("What is in force as the file says changes nothing")
    func same() throws {
        let world = try World()
        defer { world.remove() }
        let plan = try plan(world, World.manifest)
        #expect(plan.isEmpty)
        #expect(plan.unchanged == ["authority devices", "authority root", "profile device", "approval two"])
    }

    @Test("A change is shown member by member")
    func changed() throws {
        let world = try World()
        defer { world.remove() }
        let plan = try plan(world, World.manifest.replacing("days: 7", with: "days: 5").replacing("max: 32,", with: "max: 16, min: 2,"))
        #expect(plan.differences.map(\.label) == ["profile device", "approval two"])
        #expect(
            plan.differences.flatMap(\.lines).map { "\($0.sign.rawValue) \($0.member): \($0.value)" } == [
                "~ fields.serial.max: 32 → 16", "+ fields.serial.min: 2", "~ days: 7 → 5",
            ])
        #expect(plan.differences[1].text == ["~ approval two", "    ~ days  7 → 5"])
    }

    @Test("What the file does not have stays, unless it is to be dropped; and what others need cannot be dropped")
    func absent() async throws {
        let world = try World()
        defer { world.remove() }
        let more = "approvals: { one: { quorum: 1, roles: [administrator], days: 1 } }"
        let kept = try plan(world, more)
        #expect(kept.kept == ["approval two", "authority devices", "authority root", "profile device"])
        #expect(kept.differences.map(\.sign) == [.added])
        let all = try plan(world, more, drop: true)
        #expect(all.differences.filter { $0.sign == .removed }.count == 4)
        let only = World.manifest.replacing("approvals:\n  two", with: "approvals:\n  three")
        #expect(await code { _ = try plan(world, only, drop: true) } == "document.invalid")
    }

    @Test(
        "What stands in an authority's certificate cannot change under its name",
        arguments: [
            ("years: 20", "years: 21"), ("CN=Test Issuing", "CN=Other"), ("pathLength: 0", "pathLength: 1"), ("issuer: root, ", ""),
        ])
    func authority(from: String, to: String) async throws {
        let world = try World()
        defer { world.remove() }
        #expect(await code { _ = try plan(world, World.manifest.replacing(from, with: to)) } == "plan.authority-changed")
    }

    @Test("An authority may serve another profile, and keeps its key and certificate")
    func profiles() throws {
        let world = try World()
        defer { world.remove() }
        let yaml = World.manifest.replacing("profiles: [device]", with: "profiles: [device, gate]")
            .replacing(
                "approvals:",
                with:
                    "  gate: { authority: devices, approval: two, subject: \"CN=gate\", keys: [ecdsa-p256], validity: { days: 9 }, keyUsage: [digitalSignature] }\napprovals:"
            )
        #expect(try plan(world, yaml).differences.map(\.label) == ["authority devices", "profile gate"])
    }

    @Test(
        "Issuers come before those below them; a circle and an unknown issuer are refused",
        arguments: [("b", true), ("a", false), ("nobody", false)])
    func order(issuer: String, isGood: Bool) async throws {
        let world = try World()
        defer { world.remove() }
        let yaml = """
            authorities:
              a: { issuer: \(issuer), subject: CN=A, key: ecdsa-p256, years: 9, purposes: [certificate] }
              b: { \(isGood ? "issuer: root" : "issuer: a"), subject: CN=B, key: ecdsa-p256, years: 9, purposes: [authority] }
            """
        if isGood {
            #expect(try plan(world, yaml).differences.map(\.label) == ["authority b", "authority a"])
        } else {
            #expect(await code { _ = try plan(world, yaml) } == "plan.issuer-unknown")
        }
    }

    private static let another = "authorities: { second: { subject: \"CN=Second\", key: ecdsa-p256, years: 9, purposes: [authority] } }"

    @Test("A drafted authority is what was asked for")
    func drafted() async throws {
        let world = try World()
        defer { world.remove() }
        let node = try FakeNode(world)
        let admin = try await node.session(as: "admin")
        let ready = try await admin.ready(try plan(world, Self.another))
        #expect(ready.certificates.map(\.name.description) == ["second"])
        #expect(ready.certificates.first?.tbs.subject.description == "CN=Second")
        #expect(ready.proposal.roster.version == 3)
        #expect(ready.proposal.missing.map(\.description) == ["admin"])
        #expect(!node.posted.contains(Routes.proposeRoster.name))
        let ben = try await node.session(as: "ben")
        #expect(await code { _ = try await ben.ready(try plan(world, Self.another)) } == "access.role-missing")
    }

    @Test(
        "A node that drafts something else is caught before the roster is signed",
        arguments: ["name", "subject", "years", "purposes", "content", "tbs", "key", "none"])
    func lies(about: String) async throws {
        let world = try World()
        defer { world.remove() }
        let node = try FakeNode(world)
        let admin = try await node.session(as: "admin")
        node.lie { route, members in
            guard route == Routes.draftAuthorities, case .array(let drafts)? = members["drafts"], case .object(var draft)? = drafts.first,
                case .string(let text)? = draft["document"], let octets = Bytes(base64: text),
                case .object(var document)? = try? JSON(parsing: octets)
            else { return }
            switch about {
            case "name": draft["name"] = .string("third")
            case "subject": document["subject"] = .string("CN=Evil")
            case "years": document["years"] = .integer(90)
            case "purposes": document["purposes"] = .array([.string("certificate")])
            case "content": document["content"] = .string(Digest32(of: "x").base64)
            case "key":
                guard let key = try? PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy()) else { return }
                document["publicKey"] = .string(key.publicKey.der.base64)
            case "tbs":
                let json = JSON.object([
                    "name": .string("second"), "subject": .string("CN=Evil"), "key": .string("ecdsa-p256"), "years": .integer(9),
                    "purposes": .array([.string("authority")]),
                ])
                guard let key = try? PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy()),
                    let other = try? World.draft(json, key: key.publicKey, parents: [:], now: world.clocks.now),
                    let tbs = try? TBSCertificate(der: other.tbs)
                else { return }
                draft["tbs"] = .string(other.tbs.base64)
                document["publicKey"] = .string(key.publicKey.der.base64)
                document["content"] = .string(tbs.content.base64)
            default:
                members["drafts"] = .array([])
                return
            }
            draft["document"] = .string(JSON.object(document).canonicalBytes.base64)
            members["drafts"] = .array([.object(draft)])
        }
        #expect(await code { _ = try await admin.ready(try plan(world, Self.another)) } == "client.server-lied")
    }
}
