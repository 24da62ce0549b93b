import Basics

/// Who asks: a person of the roster in force, found by the key that the peer has proven to have.
public struct Principal: Hashable, Sendable {
    public let handle: Handle
    public let roles: Set<String>

    public init(_ handle: Handle, roles: Set<String>) {
        self.handle = handle
        self.roles = roles
    }
}
