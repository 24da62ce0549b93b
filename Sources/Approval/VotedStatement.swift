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
    var digest: Digest32 { get }
}

/// Kinds of statements that votes may name.
public enum VotedKind {
    public static let known = [Statement.kind, Allowance.kind]
    /// Kinds of which one vote may list more than one.
    public static let listed = [Statement.kind]
}

extension Statement: VotedStatement {
    public var wish: Digest32 { request }
}
