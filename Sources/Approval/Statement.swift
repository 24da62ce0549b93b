import Basics

/// That a certificate shall be issued, as one canonical text (docs/formats.md, statement).
public struct Statement: Hashable, Sendable {
    public static let context = "assay/statement/v1"
    public static let kind = "certificate"
    /// No statement stays open longer, whatever its policy says: seconds.
    public static let longestSpan: Int64 = 7 * 86_400

    public let instance: Instance
    /// The request.
    public let subject: ID
    /// The person who asks; nil where the policy allows none.
    public let requester: Handle?
    public let rosterVersion: Int64
    public let rosterDigest: Digest32
    public let policy: DocumentReference
    public let profile: DocumentReference
    public let authority: DocumentReference
    /// H of the certificate signing request as received.
    public let request: Digest32
    /// H of the TBSCertificate that will be signed.
    public let content: Digest32
    public let opened: UTCTime
    public let expires: UTCTime

    public init(
        instance: Instance, subject: ID, requester: Handle?, rosterVersion: Int64, rosterDigest: Digest32, policy: DocumentReference,
        profile: DocumentReference, authority: DocumentReference, request: Digest32, content: Digest32, opened: UTCTime, expires: UTCTime
    ) {
        self.instance = instance
        self.subject = subject
        self.requester = requester
        self.rosterVersion = rosterVersion
        self.rosterDigest = rosterDigest
        self.policy = policy
        self.profile = profile
        self.authority = authority
        self.request = request
        self.content = content
        self.opened = opened
        self.expires = expires
    }

    public var text: String {
        """
        \(headText)
        request \(request)
        content \(content)
        opened \(opened.seconds)
        expires \(expires.seconds)

        """
    }

    public var digest: Digest32 { Digest32(of: text) }

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
            request = try reader.digest("request")
            content = try reader.digest("content")
            opened = try reader.time("opened")
            expires = try reader.time("expires")
            try reader.end()
        } catch { throw .malformed("statement", error) }
        guard self.text == text else { throw .malformed("statement", .notCanonical) }
    }
}
