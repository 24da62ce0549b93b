import Basics

/// What shall be done, as one canonical text (docs/formats.md, statement). This version knows one kind: a certificate.
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
        \(Self.context)
        instance \(instance)
        kind \(Self.kind)
        subject \(subject)
        requester \(requester?.description ?? "-")
        roster \(rosterVersion) \(rosterDigest)
        policy \(policy.name) \(policy.digest)
        profile \(profile.name) \(profile.digest)
        authority \(authority.name) \(authority.digest)
        request \(request)
        content \(content)
        opened \(opened.seconds)
        expires \(expires.seconds)

        """
    }

    public var digest: Digest32 { Digest32(of: text) }

    public init(text: String) throws(Refusal) {
        var kind: Substring = ""
        do throws(TextError) {
            var reader = try TextReader(text, context: Self.context)
            instance = try reader.parsed("instance") { Instance($0) }
            kind = try reader.value("kind")
            guard kind == Self.kind else { throw TextError.value(key: "kind") }
            subject = try reader.parsed("subject") { ID($0) }
            let name = try reader.value("requester")
            requester = Handle(name)
            guard requester != nil || name == "-" else { throw TextError.value(key: "requester") }
            let roster = try reader.words("roster", count: 2)
            guard let version = Decimal.parse(roster[0]), let digest = Digest32(base64: roster[1]) else {
                throw TextError.value(key: "roster")
            }
            rosterVersion = version
            rosterDigest = digest
            policy = try reader.reference("policy")
            profile = try reader.reference("profile")
            authority = try reader.reference("authority")
            request = try reader.digest("request")
            content = try reader.digest("content")
            opened = try reader.time("opened")
            expires = try reader.time("expires")
            try reader.end()
        } catch {
            if case .value(key: "kind") = error { throw .unknownKind(String(kind)) }
            throw .malformed("statement", error)
        }
        guard self.text == text else { throw .malformed("statement", .notCanonical) }
    }
}
