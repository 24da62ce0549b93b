import Approval
import Basics
import PKIX
import Profiles
import Proofs
import Wire

/// What an officer wants to be revoked.
public struct RevocationWish: Sendable {
    /// SHA-256 of the certificate's DER.
    public let certificate: Digest32
    public let reason: RevocationReason
    /// Since when it was not to be trusted; nil: now.
    public let effective: UTCTime?
    /// Whose approval policy decides; nil where only one profile is issued by the certificate's authority.
    public let profile: Handle?

    public init(certificate: Digest32, reason: RevocationReason, effective: UTCTime?, profile: Handle?) {
        self.certificate = certificate
        self.reason = reason
        self.effective = effective
        self.profile = profile
    }
}

/// What a node says of a certificate.
public struct CertificateStatus: Hashable, Sendable {
    public let isRevoked: Bool
    public let revocation: ID?
    public let reason: String?
    public let effective: UTCTime?
}

extension Session {
    /// Writes the statement, from the certificate's bytes and this side's own copy of roster and documents, signs it, and hands it in.
    public func revoke(_ wish: RevocationWish) async throws(Problem) -> RevocationReport {
        let certificate = try await certificate(wish.certificate)
        let documents = charter.documents
        guard let name = signer(of: certificate), let authority = documents.authorities[name] else {
            throw Problem(
                .conflict, "revocation.authority-unknown", title: "No authority in force has signed this certificate",
                detail: "Only what an authority of the present roster has signed can be revoked.")
        }
        let profile = try profile(wish.profile, of: name)
        guard let approval = profile.value.approval, let policy = documents.approvals[approval] else {
            throw unknownProfile(profile.value.name)
        }
        let now = clocks.now
        let statement = Revocation(
            instance: charter.instance, subject: ID(at: now, entropy: entropy), requester: handle, rosterVersion: roster.version,
            rosterDigest: roster.digest, policy: policy.reference, profile: profile.reference, authority: authority.reference,
            serial: certificate.tbs.serialNumber, certificate: certificate.fingerprint, reason: wish.reason,
            effective: wish.effective ?? now, opened: now, expires: now.adding(days: policy.value.days))
        return try await handIn(statement, at: now, to: Routes.requestRevocation) { submission in
            RevocationEvidence(statement: statement.text, certificate: certificate.der, submission: submission, votes: [])
        }
    }

    private func profile(_ name: Handle?, of authority: Handle) throws(Problem) -> Documents.InForce<Profile> {
        let profiles = charter.documents.profiles
        if let name {
            guard let profile = profiles[name] else { throw unknownProfile(name) }
            return profile
        }
        let own = profiles.values.filter { $0.value.authority == authority }
        guard let only = own.first, own.count == 1 else {
            throw Problem(
                .invalid, "revocation.profile-needed", title: "Under which profile was it issued?",
                detail: "Authority \(authority) issues under several: say --profile "
                    + own.map(\.value.name.description).sorted().joined(separator: ", or --profile ") + ".", field: "profile")
        }
        return only
    }

    /// Whether a certificate is revoked, as the node says.
    public func status(of certificate: Digest32) async throws(Problem) -> CertificateStatus {
        var fields = try await transport.fields(Routes.certificateStatus, parameters: ["fingerprint": certificate.hex])
        return CertificateStatus(
            isRevoked: try fields.bool("revoked", default: false),
            revocation: fields.isNull("revocation") ? nil : try fields.id("revocation"),
            reason: fields.isNull("reason") ? nil : try fields.string("reason"),
            effective: fields.isNull("effective") ? nil : try fields.time("effective"))
    }

    /// - Parameter state: nil for all.
    public func revocations(
        _ state: RevocationState? = nil, _ paging: Paging<String> = .init()
    ) async throws(Problem) -> Page<RevocationReport> { try await reports(Routes.revocations, "revocations", state, paging) }
}
