import Approval
import Basics
import Client
import PKIX
import Profiles
import Proofs
import Testing
import Wire

/// One lie of a node about a request, and what the client says to it.
struct RequestLie: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let tell: @Sendable (inout [String: JSON]) -> Void

    init(_ description: String, _ tell: @escaping @Sendable (inout [String: JSON]) -> Void) {
        testDescription = description
        self.tell = tell
    }

    /// The statement with one line changed.
    static func statement(_ description: String, _ pattern: String, _ replacement: String) -> RequestLie {
        RequestLie(description) { members in
            guard case .string(let text)? = members["statement"] else { return }
            members["statement"] = .string(text.replacing(pattern, with: replacement))
        }
    }

    static let all = [
        RequestLie("another id") { $0["id"] = .string("01930f3e-0000-7000-8000-000000000001") },
        RequestLie("another requester beside the statement") { $0["requester"] = .string("ben") },
        RequestLie("another profile beside the statement") { $0["profile"] = .string("other") },
        RequestLie("a later end beside the statement") { $0["expires"] = .integer(1_900_000_000) },
        RequestLie("issued, without a certificate") { $0["state"] = .string("issued") },
        RequestLie("expired, though it is not") { $0["state"] = .string("expired") },
        RequestLie("rejected, without a rejection") { $0["state"] = .string("rejected") },
        RequestLie("no submission") { $0["submission"] = .null },
        RequestLie("one octet of the certificate changed") { members in
            guard case .string(let text)? = members["tbs"], var octets = Bytes(base64: text) else { return }
            octets[octets.count - 1] ^= 1
            members["tbs"] = .string(octets.base64)
        },
        RequestLie("one octet of the request changed") { members in
            guard case .string(let text)? = members["csr"], var octets = Bytes(base64: text) else { return }
            octets[octets.count - 1] ^= 1
            members["csr"] = .string(octets.base64)
        },
        RequestLie("the submission under another text") { members in
            guard case .string(let text)? = members["submission"] else { return }
            members["submission"] = .string(text.replacing("time 1763996400", with: "time 1763996401"))
        },
        .statement("another kind", "kind certificate", "kind release"),
        .statement("another instance", "instance 07", "instance 17"),
        .statement("hides who asks, in the statement alone", "requester dee", "requester ben"),
        .statement("a roster that is not in the chain", "roster 2 ", "roster 1 "),
        .statement("open for longer than a week", "expires 1764601200", "expires 1764687600"),
        RequestLie("hides who asks, everywhere") { members in
            guard case .string(let text)? = members["statement"] else { return }
            members["statement"] = .string(text.replacing("requester dee", with: "requester ben"))
            members["requester"] = .string("ben")
        },
        RequestLie("open for a month, everywhere") { members in
            guard case .string(let text)? = members["statement"] else { return }
            members["statement"] = .string(text.replacing("expires 1764601200", with: "expires 1766601200"))
            members["expires"] = .integer(1_766_601_200)
        },
        RequestLie("a certificate of an authority, with a statement that fits it") { members in
            guard case .string(let text)? = members["tbs"], let der = Bytes(base64: text), let tbs = try? TBSCertificate(der: der),
                case .string(let statement)? = members["statement"]
            else { return }
            let constraints = Extension(oid: .basicConstraints, isCritical: true, value: [0x30, 0x03, 0x01, 0x01, 0xff])
            guard
                let other = try? TBSCertificate(
                    serialNumber: tbs.serialNumber, signature: tbs.signature, issuer: tbs.issuer, validity: tbs.validity,
                    subject: tbs.subject,
                    publicKey: tbs.publicKey, extensions: tbs.extensions + [constraints])
            else { return }
            members["tbs"] = .string(other.der.base64)
            members["statement"] = .string(statement.replacing(tbs.content.base64, with: other.content.base64))
        },
        RequestLie("another key, with a statement that fits it") { members in
            guard case .string(let text)? = members["tbs"], let der = Bytes(base64: text), let tbs = try? TBSCertificate(der: der),
                case .string(let statement)? = members["statement"],
                let key = try? PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
            else { return }
            guard
                let other = try? TBSCertificate(
                    serialNumber: tbs.serialNumber, signature: tbs.signature, issuer: tbs.issuer, validity: tbs.validity,
                    subject: tbs.subject,
                    publicKey: key.publicKey, extensions: tbs.extensions)
            else { return }
            members["tbs"] = .string(other.der.base64)
            members["statement"] = .string(statement.replacing(tbs.content.base64, with: other.content.base64))
        },
    ]
}

@Suite("A node that lies about a request")
struct LyingNodeTests {
    @Test("Each lie is caught, and no vote is signed", arguments: RequestLie.all)
    func lies(lie: RequestLie) async throws {
        let world = try World()
        defer { world.remove() }
        let node = try FakeNode(world)
        let id = try await world.submitted(node).id
        let ben = try await node.session(as: "ben")
        node.lie { route, members in
            guard route == Routes.request else { return }
            let before = members
            lie.tell(&members)
            #expect(members != before, "the lie changes nothing")
        }
        let code = await code { _ = try await ben.vote(.approve, on: try await ben.request(id)) }
        #expect(code == "client.server-lied")
        #expect(!node.posted.contains(Routes.vote.name))
    }

    @Test("An honest node is believed, and the last vote brings a certificate that is checked")
    func honest() async throws {
        let world = try World()
        defer { world.remove() }
        let node = try FakeNode(world)
        let id = try await world.submitted(node).id
        let ben = try await node.session(as: "ben")
        let first = try await ben.vote(.approve, on: try await ben.request(id))
        #expect(first.state == .open)
        let cyd = try await node.session(as: "cyd")
        let request = try await cyd.vote(.approve, on: try await cyd.request(id))
        let certificate = try #require(request.certificate)
        #expect(certificate.isSigned(by: world.devicesKey.publicKey))
        #expect(cyd.signer(of: certificate)?.description == "devices")
        #expect(try request.examined.get().approvers.map(\.description) == ["ben", "cyd"])
        #expect(await code { _ = try await ben.vote(.reject, on: try await ben.request(id)) } == "request.decided")
    }

    @Test("A certificate by another key than the authority's is not accepted")
    func foreignCertificate() async throws {
        let world = try World()
        defer { world.remove() }
        let node = try FakeNode(world)
        let id = try await world.submitted(node).id
        let foreign = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
        node.change { state in
            guard let opened = state.requests[id], let tbs = try? TBSCertificate(der: opened.tbs),
                let signature = try? foreign.sign(tbs.der)
            else { return }
            state.requests[id]?.certificate = Certificate(tbs: tbs, signature: signature).der
        }
        let ben = try await node.session(as: "ben")
        #expect(await code { _ = try await ben.request(id) } == "client.server-lied")
    }

    @Test("A request that is opened with other values than were asked for is caught by who asked")
    func otherFields() async throws {
        let world = try World()
        defer { world.remove() }
        let node = try FakeNode(world)
        let key = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
        let csr = try world.csr(key)
        node.lie { route, members in
            guard route == Routes.submitRequest, case .string(let text)? = members["submission"], let note = try? SignedNote(parsing: text),
                let charter = try? world.charter, let submission = try? Submission(note, roster: charter.roster),
                let other = try? world.open(submission, note: note, csr: csr, fields: ["serial": "SN-2"])
            else { return }
            members["statement"] = .string(other.statement.text)
            members["tbs"] = .string(other.tbs.base64)
        }
        let dee = try await node.session(as: "dee")
        let profile = try World.handle("device")
        #expect(await code { _ = try await dee.submit(profile: profile, csr: csr, fields: ["serial": "SN-1"]) } == "client.server-lied")
    }
}

/// The code of the problem that is thrown; nil when none is.
func code(isolation: isolated (any Actor)? = #isolation, _ work: () async throws -> Void) async -> String? {
    do {
        try await work()
        return nil
    } catch { return (error as? Problem)?.code ?? "\(error)" }
}
