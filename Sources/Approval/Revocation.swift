import Basics
import PKIX
import Profiles
import Proofs

/// Why a certificate is no longer to be trusted: the reasons of RFC 5280 §5.3.1 that fit a certificate that no authority owns. A hold is
/// not among them: a revocation is for ever.
public enum RevocationReason: String, Hashable, Sendable, CaseIterable {
    case unspecified
    /// The private key is, or may be, known to others. No certificate is issued for that key again.
    case keyCompromise = "key-compromise"
    case affiliationChanged = "affiliation-changed"
    case superseded
    case cessationOfOperation = "cessation-of-operation"
    case privilegeWithdrawn = "privilege-withdrawn"
}

/// The statement that takes one certificate back, for ever (docs/formats.md, revocation).
public struct Revocation: VotedStatement {
    public static let kind = "revocation"

    public let instance: Instance
    /// The revocation's id.
    public let subject: ID
    public let requester: Handle?
    public let rosterVersion: Int64
    public let rosterDigest: Digest32
    public let policy: DocumentReference
    public let profile: DocumentReference
    /// The one that signed the certificate.
    public let authority: DocumentReference
    public let serial: SerialNumber
    /// H of the certificate's DER.
    public let certificate: Digest32
    public let reason: RevocationReason
    /// Since when it was not to be trusted, as far as is known: not in the future.
    public let effective: UTCTime
    public let opened: UTCTime
    /// Until when it can be voted on.
    public let expires: UTCTime

    public init(
        instance: Instance, subject: ID, requester: Handle?, rosterVersion: Int64, rosterDigest: Digest32, policy: DocumentReference,
        profile: DocumentReference, authority: DocumentReference, serial: SerialNumber, certificate: Digest32, reason: RevocationReason,
        effective: UTCTime, opened: UTCTime, expires: UTCTime
    ) {
        self.instance = instance
        self.subject = subject
        self.requester = requester
        self.rosterVersion = rosterVersion
        self.rosterDigest = rosterDigest
        self.policy = policy
        self.profile = profile
        self.authority = authority
        self.serial = serial
        self.certificate = certificate
        self.reason = reason
        self.effective = effective
        self.opened = opened
        self.expires = expires
    }

    public var text: String {
        """
        \(headText)
        serial \(serial.hex)
        certificate \(certificate)
        reason \(reason.rawValue)
        effective \(effective.seconds)
        opened \(opened.seconds)
        expires \(expires.seconds)

        """
    }

    public var digest: Digest32 { Digest32(of: text) }

    /// Its requester signs the statement itself: nothing in it is the server's to choose.
    public var wish: Digest32 { digest }

    public init(text: String) throws(Refusal) {
        let head = try StatementHead(of: text, kind: Self.kind)
        instance = head.instance
        subject = head.subject
        requester = head.requester
        rosterVersion = head.rosterVersion
        rosterDigest = head.rosterDigest
        policy = head.policy
        profile = head.profile
        authority = head.authority
        do throws(TextError) {
            var reader = head.rest
            serial = try reader.parsed("serial") { text in Bytes(hex: text).flatMap { try? SerialNumber(bytes: $0) } }
            certificate = try reader.digest("certificate")
            reason = try reader.parsed("reason") { RevocationReason(rawValue: String($0)) }
            effective = try reader.time("effective")
            opened = try reader.time("opened")
            expires = try reader.time("expires")
            try reader.end()
        } catch { throw .malformed("statement", error) }
        guard self.text == text else { throw .malformed("statement", .notCanonical) }
    }
}

/// Everything that speaks for a revocation, as bytes.
public struct RevocationEvidence: Sendable {
    public let statement: String
    /// The certificate that is to be revoked, in DER.
    public let certificate: Bytes
    public let submission: SignedNote?
    public let votes: [SignedNote]

    public init(statement: String, certificate: Bytes, submission: SignedNote?, votes: [SignedNote]) {
        self.statement = statement
        self.certificate = certificate
        self.submission = submission
        self.votes = votes
    }
}

/// What that amounts to under a charter: the same for guard and clients.
public struct ExaminedRevocation: CountedStatement {
    public let statement: Revocation
    public let certificate: Certificate
    public let submission: Submission?
    public let policy: ApprovalPolicy
    public let profile: Profile
    public let authority: AuthorityDocument
    /// Votes that count, one for each person.
    public internal(set) var votes: [Vote]
    /// Why others do not count.
    public let void: [Refusal]
}

extension Charter {
    /// Every rule for a revocation that can be said from bytes and the charter, but the quorum.
    public func examine(_ evidence: RevocationEvidence, now: UTCTime) throws(Refusal) -> ExaminedRevocation {
        let statement = try Revocation(text: evidence.statement)
        let (policy, profile, authority) = try frame(statement, now: now)
        guard Digest32(of: evidence.certificate) == statement.certificate else {
            throw .revocationInvalid("The certificate is not the one that the statement names.")
        }
        let certificate: Certificate
        do throws(PKIXError) { certificate = try Certificate(der: evidence.certificate) } catch {
            throw .revocationInvalid("The certificate cannot be read: \(error.text).")
        }
        guard authority.hasSigned(certificate) else {
            throw .revocationInvalid("The authority that the statement names has not signed this certificate.")
        }
        guard !documents.authorities.values.contains(where: { $0.value.publicKey == certificate.tbs.publicKey }) else {
            throw .revocationInvalid("This is an authority's own certificate. The next roster takes an authority out of force.")
        }
        guard certificate.tbs.serialNumber == statement.serial else {
            throw .revocationInvalid("The certificate has another serial number than the statement.")
        }
        guard now < certificate.tbs.validity.notAfter else { throw .revocationInvalid("The certificate has expired already.") }
        guard statement.effective <= statement.opened else {
            throw .revocationInvalid("`effective` lies behind the statement's opening.")
        }
        let submission = try submission(statement, evidence.submission, policy)
        let (votes, void) = count(evidence.votes, statement, policy, now)
        return ExaminedRevocation(
            statement: statement, certificate: certificate, submission: submission, policy: policy, profile: profile,
            authority: authority, votes: votes, void: void)
    }
}
