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

/// A machine that an allowance names by its key. Whether it may draw now, the guard says.
public struct Machine: Hashable, Sendable {
    public let name: Handle
    /// SHA-256 of its SubjectPublicKeyInfo, as the handshake has proven it.
    public let key: Digest32

    public init(name: Handle, key: Digest32) {
        self.name = name
        self.key = key
    }
}

extension Ledger {
    /// The machine with this key, of the oldest allowance that names it and that the anchor has; looked up in memory for each request.
    /// - Returns: nil for a stranger.
    public func machine(key: Digest32) throws(Problem) -> Machine? {
        let named = try view().statements.values.filter { $0.machine.key == key }
        return named.min { $0.subject < $1.subject }.map { Machine(name: $0.machine.name, key: key) }
    }
}
