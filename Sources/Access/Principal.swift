import Approval
import Basics
import Transparency

/// Who is asking: a person of the present roster, known by the login key of the connection.
public struct Principal: Hashable, Sendable {
    public let handle: Handle
    public let roles: Set<Role>

    public init(handle: Handle, roles: Set<Role>) {
        self.handle = handle
        self.roles = roles
    }
}

extension Ledger {
    /// - Parameter loginKey: SHA-256 of the peer's SubjectPublicKeyInfo, possession of which the handshake has proven.
    /// - Returns: nil for a stranger. Looked up in memory for each request, so a removal works at once.
    public func principal(loginKey: Digest32) throws(Problem) -> Principal? {
        let roster = try view().charter.roster
        guard let handle = roster.person(withLoginKey: loginKey) else { return nil }
        return Principal(handle: handle, roles: Set(roster.roles(of: handle)))
    }
}
