import Basics

/// What an entry records: dotted lower-case text from a closed registry. A type's meaning never changes; a change is a new type, and
/// types of later versions are read as opaque.
public struct EventType: Hashable, Sendable, CustomStringConvertible {
    public let description: String

    /// - Returns: nil unless `text` is two or more words of `[a-z0-9-]`, with a dot between them, 64 octets at most.
    public init?(_ text: some StringProtocol) {
        let words = text.utf8.split(separator: 0x2e, omittingEmptySubsequences: false)
        guard text.utf8.count <= 64, words.count >= 2,
            words.allSatisfy({ word in
                !word.isEmpty && word.allSatisfy { (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2d }
            })
        else { return nil }
        description = String(text)
    }

    private init(registered text: String) { description = text }

    /// The first entry: instance, roster and log key with which a ledger begins.
    public static let ledgerCreated = EventType(registered: "ledger.created")
    /// A version of the roster is in force.
    public static let rosterAccepted = EventType(registered: "roster.accepted")
    /// Custody made a key.
    public static let keyGenerated = EventType(registered: "key.generated")
    /// An authority's own certificate was signed.
    public static let authorityIssue = EventType(registered: "authority.issue")
    /// A request was checked, and its statement opened for votes.
    public static let requestOpen = EventType(registered: "request.open")
    /// A person's rejection closed a request.
    public static let requestReject = EventType(registered: "request.reject")
    /// A request's time ran out.
    public static let requestExpire = EventType(registered: "request.expire")
    /// A person voted.
    public static let voteCast = EventType(registered: "vote.cast")
    /// A certificate was signed.
    public static let certificateIssue = EventType(registered: "certificate.issue")
    /// A person was invited to enroll.
    public static let officerInvite = EventType(registered: "officer.invite")
    /// A person sent the keys that they will use.
    public static let officerEnroll = EventType(registered: "officer.enroll")
    /// An allowance was asked for, and its statement opened for votes.
    public static let allowanceRequest = EventType(registered: "allowance.request")
    /// An allowance was opened: enough people have voted for it.
    public static let allowanceOpen = EventType(registered: "allowance.open")
    /// A person's rejection closed an allowance before it was opened.
    public static let allowanceReject = EventType(registered: "allowance.reject")
    /// An officer closed an allowance.
    public static let allowanceClose = EventType(registered: "allowance.close")
    /// A revocation was asked for, and its statement opened for votes.
    public static let revocationRequest = EventType(registered: "revocation.request")
    /// A person's rejection closed a revocation before it was decided.
    public static let revocationReject = EventType(registered: "revocation.reject")
    /// A certificate was revoked: enough people have voted for it.
    public static let certificateRevoke = EventType(registered: "certificate.revoke")

    /// The registry.
    public static let known: [EventType] = [
        .ledgerCreated, .rosterAccepted, .keyGenerated, .authorityIssue, .requestOpen, .requestReject, .requestExpire, .voteCast,
        .certificateIssue, .officerInvite, .officerEnroll, .allowanceRequest, .allowanceOpen, .allowanceReject, .allowanceClose,
        .revocationRequest, .revocationReject, .certificateRevoke,
    ]

    /// Whether this version knows what the type means.
    public var isKnown: Bool { Self.known.contains(self) }
}
