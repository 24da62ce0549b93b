import Approval
import Basics
import Client
import Foundation
import PKIX
import Profiles
import Proofs

extension World {
    /// What an honest node makes of a submission.
    func open(_ submission: Submission, note: SignedNote, csr: Bytes, fields: [String: String]) throws -> FakeNode.Opened {
        let charter = try charter
        guard let profile = charter.documents.profiles[submission.profile.name],
            let authority = charter.documents.authorities[profile.value.authority], let policy = charter.documents.approvals.values.first
        else { throw Problem(.notFound, "test", title: "", detail: "") }
        let request = try CertificateRequest(der: csr)
        let tbs = try profile.value.fill(
            Filling(
                serial: SerialNumber(at: clocks.now, random: SystemEntropy().bytes(16)), now: clocks.now, publicKey: request.publicKey,
                fields: fields, request: request), issuer: try authority.value.asIssuer())
        let statement = Statement(
            instance: instance, subject: submission.subject, requester: submission.requester, rosterVersion: charter.roster.version,
            rosterDigest: charter.roster.digest, policy: policy.reference, profile: profile.reference, authority: authority.reference,
            request: request.digest, content: tbs.content, opened: clocks.now, expires: clocks.now.adding(days: 7))
        return FakeNode.Opened(statement: statement, tbs: tbs.der, csr: csr, submission: note.rendered)
    }

    /// A request made by openssl's own words: version 0, a subject, a key, no attributes.
    func csr(_ key: PrivateKey) throws -> Bytes {
        let name = DERWriter.encode { writer in
            writer.sequence { writer in
                writer.constructed(.set) { writer in
                    writer.sequence { writer in
                        writer.oid(.commonName)
                        writer.raw([0x0c, 0x06] + Bytes("device".utf8))
                    }
                }
            }
        }
        let info = DERWriter.encode { writer in
            writer.sequence { writer in
                writer.integer(0)
                writer.raw(name)
                writer.raw(key.publicKey.der)
                writer.raw([0xa0, 0x00])
            }
        }
        let signature = try key.sign(info)
        return DERWriter.encode { writer in
            writer.sequence { writer in
                writer.raw(info)
                writer.raw(SignatureAlgorithm.preferred(for: .ecdsaP256).identifier.der)
                writer.bitString(signature)
            }
        }
    }

    /// Dee asks for a certificate; the request is open.
    func submitted(_ node: FakeNode, serial: String = "SN-1") async throws -> RequestEvidence {
        let key = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
        return try await node.session(as: "dee").submit(
            profile: try Self.handle("device"), csr: try csr(key), fields: ["serial": serial])
    }
}
