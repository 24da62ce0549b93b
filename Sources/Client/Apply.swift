import Approval
import Basics
import PKIX
import Profiles
import Wire

/// A plan that is ready to be signed: custody has made the keys of new authorities, and what their certificates will say was checked.
public struct ReadyPlan: Sendable {
    public let proposal: RosterProposal
    /// Contents of the certificates of new authorities.
    public let certificates: [(name: Handle, tbs: TBSCertificate)]
}

extension Session {
    public func plan(_ manifest: Manifest, drop: Bool = false) throws(Problem) -> Plan {
        try Plan(manifest, against: charter, drop: drop, now: clocks.now)
    }

    /// Has keys made for the plan's new authorities, checks what came back against what was asked for, and makes the next roster.
    /// Nothing is signed.
    public func ready(_ plan: Plan) async throws(Problem) -> ReadyPlan {
        try requireAdministrator()
        var documents = plan.complete
        var certificates: [(name: Handle, tbs: TBSCertificate)] = []
        if !plan.drafts.isEmpty {
            let call = ID(at: clocks.now, entropy: entropy)
            var fields = try await transport.fields(
                Routes.draftAuthorities,
                body: .json(
                    .object(["authorities": .array(plan.drafts.map(\.document)), "call": .string(call.description)])))
            let answers = try fields.list("drafts") { fields throws(Problem) in
                (name: try fields.handle("name"), document: try fields.base64("document"), tbs: try fields.base64("tbs"))
            }
            guard answers.map(\.name) == plan.drafts.map(\.name) else {
                throw .lied("Other authorities were drafted than the ones asked for.")
            }
            var drafted: [Handle: AuthorityDocument] = [:]
            for (asked, answer) in zip(plan.drafts, answers) {
                let (document, tbs) = try check(answer.document, answer.tbs, asked: asked.document, drafted)
                drafted[asked.name] = document
                certificates.append((asked.name, tbs))
                documents.append((.authority, asked.name, answer.document))
            }
        }
        let proposal = try prepare(plan.changes(documents), documents: documents.map(\.bytes))
        return ReadyPlan(proposal: proposal, certificates: certificates)
    }

    /// A drafted authority: its document is what was asked for plus a key and a content, and the content is of a certificate that the
    /// document's template makes.
    private func check(
        _ bytes: Bytes, _ der: Bytes, asked: JSON, _ drafted: [Handle: AuthorityDocument]
    ) throws(Problem) -> (AuthorityDocument, TBSCertificate) {
        guard case .object(let members)? = RosterProposal.json(bytes), members["publicKey"] != nil, members["content"] != nil,
            JSON.object(members.filter { !AuthorityDocument.made.contains($0.key) }) == asked
        else { throw .lied("An authority's document is not the one that was asked for.") }
        let document: AuthorityDocument
        do { document = try AuthorityDocument(document: bytes) } catch { throw .lied(error.detail) }
        guard document.content == Digest32(of: der), let tbs = try? TBSCertificate(der: der) else {
            throw .lied("The content in the document of \(document.name) is not that of the certificate beside it.")
        }
        let issuer: AuthorityDocument
        if let name = document.issuer {
            guard let parent = drafted[name] ?? charter.documents.authorities[name]?.value else {
                throw .lied("The issuer of \(document.name) is unknown.")
            }
            issuer = parent
        } else {
            issuer = document
        }
        do throws(Refusal) { try document.check(der, issuer: issuer) } catch {
            throw .lied("The certificate of \(document.name) is not what its document makes: \(error.detail)")
        }
        // The template leaves the beginning open: it must be now, not years ago or ahead.
        guard abs(tbs.validity.notBefore.seconds(since: clocks.now)) <= 86_400 else {
            throw .lied("The certificate of \(document.name) begins \(tbs.validity.notBefore).")
        }
        return (document, tbs)
    }

    /// The certificate of an authority in force, checked against its document.
    public func authorityCertificate(_ name: Handle) async throws(Problem) -> Certificate {
        guard let document = charter.documents.authorities[name]?.value else {
            let known = charter.documents.authorities.keys.sorted().map(\.description).joined(separator: ", ")
            throw Problem(
                .notFound, "authority.not-found", title: "There is no such authority",
                detail: "\(name) is not in force. In force: \(known.isEmpty ? "none" : known).", field: "authority")
        }
        let der = try await transport.octets(Routes.authorityCertificate, .certificate, parameters: ["name": name.description])
        guard let issuer = document.issuer.map({ charter.documents.authorities[$0]?.value }) ?? document,
            let certificate = try? Certificate(der: der), certificate.tbs.content == document.content,
            issuer.hasSigned(certificate)
        else { throw .lied("The certificate of \(name) is not the one in its document.") }
        return certificate
    }
}
