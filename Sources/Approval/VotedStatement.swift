import Basics

/// What every statement that people vote on says, whatever its kind (docs/formats.md, sections 6 and 7).
public protocol VotedStatement: Hashable, Sendable {
    /// The word in the statement's line `kind`, and in votes on it.
    static var kind: String { get }

    var instance: Instance { get }
    var subject: ID { get }
    /// The person who asks; nil where the policy allows none.
    var requester: Handle? { get }
    var rosterVersion: Int64 { get }
    var rosterDigest: Digest32 { get }
    var policy: DocumentReference { get }
    var profile: DocumentReference { get }
    var authority: DocumentReference { get }
    var opened: UTCTime { get }
    var expires: UTCTime { get }
    /// What the submission's line `request` has.
    var wish: Digest32 { get }
    var text: String { get }
    var digest: Digest32 { get }

    /// - Throws: ``Refusal/unknownKind(_:)``, ``Refusal/malformed(_:_:)``
    init(text: String) throws(Refusal)
}

/// Kinds of statements that votes may name.
public enum VotedKind {
    public static let known = [Statement.kind, Allowance.kind, Revocation.kind]
    /// Kinds of which one vote may list more than one.
    public static let listed = [Statement.kind, Revocation.kind]
}

extension Statement: VotedStatement {
    public var wish: Digest32 { request }
}

/// The lines with which every voted statement begins, whatever its kind: written and read here only.
struct StatementHead {
    let instance: Instance
    let subject: ID
    let requester: Handle?
    let rosterVersion: Int64
    let rosterDigest: Digest32
    let policy: DocumentReference
    let profile: DocumentReference
    let authority: DocumentReference

    /// What follows the head.
    let rest: TextReader

    /// - Throws: ``Refusal/unknownKind(_:)`` when the text is of another kind.
    init(of text: String, kind: String) throws(Refusal) {
        var found: Substring = ""
        do throws(TextError) {
            var lines = try TextReader(text, context: Statement.context)
            instance = try lines.parsed("instance") { Instance($0) }
            found = try lines.value("kind")
            guard found == kind else { throw TextError.value(key: "kind") }
            subject = try lines.parsed("subject") { ID($0) }
            let name = try lines.value("requester")
            requester = Handle(name)
            guard requester != nil || name == "-" else { throw TextError.value(key: "requester") }
            let roster = try lines.words("roster", count: 2)
            guard let version = Decimal.parse(roster[0]), let digest = Digest32(base64: roster[1]) else {
                throw TextError.value(key: "roster")
            }
            rosterVersion = version
            rosterDigest = digest
            policy = try lines.reference("policy")
            profile = try lines.reference("profile")
            authority = try lines.reference("authority")
            rest = lines
        } catch {
            if case .value(key: "kind") = error { throw .unknownKind(String(found)) }
            throw .malformed("statement", error)
        }
    }
}

extension VotedStatement {
    /// The head's lines, without the last one's line feed.
    var headText: String {
        """
        \(Statement.context)
        instance \(instance)
        kind \(Self.kind)
        subject \(subject)
        requester \(requester?.description ?? "-")
        roster \(rosterVersion) \(rosterDigest)
        policy \(policy.name) \(policy.digest)
        profile \(profile.name) \(profile.digest)
        authority \(authority.name) \(authority.digest)
        """
    }
}
