import Basics
import Wire

/// What the node says of itself.
public struct NodeStatus: Hashable, Sendable {
    public let instance: Instance
    public let origin: String
    public let node: Handle
    public let pin: Digest32
    public let serverKey: Digest32
    public let roster: Int64
    public let custody: String
    public let size: Int64
    public let software: String
    public let time: UTCTime
    public let openRequests: Int64
    public let warnings: [String]
}

/// One line of the list of requests.
public struct RequestSummary: Hashable, Sendable {
    public let id: ID
    public let requester: String
    public let profile: Handle
    public let state: RequestState
    public let opened: UTCTime
    public let expires: UTCTime
}

/// What a request can be, as the node says.
public enum RequestState: String, Hashable, Sendable, CaseIterable {
    case open, issued, rejected, expired
}

/// One line of the list of certificates.
public struct CertificateSummary: Hashable, Sendable {
    public let fingerprint: Digest32
    public let serial: String
    public let authority: Handle
    public let request: ID
    public let notAfter: UTCTime
    public let created: UTCTime
    public let isRevoked: Bool
}

/// An authority as the node lists it.
public struct AuthoritySummary: Hashable, Sendable {
    public let name: Handle
    public let fingerprint: Digest32?
}

/// A person who was invited.
public struct Invitation: Hashable, Sendable {
    public let handle: Handle
    public let state: String
    public let expires: UTCTime
}

/// A key as the node tells of it: its own word.
public struct KeySummary: Hashable, Sendable {
    public let id: ID
    public let name: String
    public let algorithm: String
    public let purposes: String
    public let digest: Digest32
    public let created: UTCTime
    public let custody: Handle?
    public let place: String
    public let protection: String
    public let isAuthentic: Bool
    /// The authority that signs with it, or `log`.
    public let user: String?
    /// What the token says of it; nil inside: the token does not say.
    public let token: [String: Bool?]?
    public let unanswered: String?

    init(_ fields: inout JSONFields) throws(Problem) {
        id = try fields.id("id")
        name = try fields.string("name")
        algorithm = try fields.string("algorithm")
        purposes = try fields.string("purposes")
        digest = try fields.parsed("digest", expected: "base64") { Digest32(base64: $0) }
        created = try fields.time("created")
        custody = fields.optional("custody") == nil ? nil : try fields.handle("custody")
        place = try fields.string("place")
        protection = try fields.string("protection")
        isAuthentic = try fields.bool("authentic", default: false)
        user = try fields.optionalString("user")
        unanswered = try fields.optionalString("unanswered")
        guard case .object(let members)? = fields.optional("token") else {
            token = nil
            return
        }
        token = members.mapValues { if case .bool(let value) = $0 { value } else { nil } }
    }
}

// What the node lists. Lists are for finding things; each thing is looked at by itself, from its bytes.
extension Session {
    /// The node's own word, compared with what is known for certain.
    public func status() async throws(Problem) -> NodeStatus {
        var fields = try await transport.fields(Routes.node)
        let status = NodeStatus(
            instance: try fields.parsed("instance", expected: "32 hexadecimal digits") { Instance($0) },
            origin: try fields.string("origin"),
            node: try fields.handle("node"), pin: try fields.parsed("pin", expected: "base64") { Digest32(base64: $0) },
            serverKey: try fields.parsed("serverKey", expected: "base64") { Digest32(base64: $0) }, roster: try fields.integer("roster"),
            custody: try fields.string("custody"), size: try fields.integer("size"), software: try fields.string("software"),
            time: try fields.time("time"), openRequests: try fields.integer("openRequests"), warnings: try fields.strings("warnings"))
        guard status.instance == identity.instance, status.pin == identity.pin, status.serverKey == identity.serverKey else {
            throw .lied("The node names another instance, pin or server key than the ones you have pinned.")
        }
        guard status.roster >= roster.version else {
            throw .lied("The node says that roster \(status.roster) is in force; it has shown \(roster.version).")
        }
        guard status.origin == roster.log.name else { throw .lied("The node names another ledger than the roster.") }
        return status
    }

    /// - Parameter state: nil for all.
    public func requests(_ state: RequestState? = nil, _ paging: Paging<String> = .init()) async throws(Problem) -> Page<RequestSummary> {
        try await page(Routes.requests, "requests", state: state?.rawValue, paging) { fields throws(Problem) in
            RequestSummary(
                id: try fields.id("id"), requester: try fields.string("requester"), profile: try fields.handle("profile"),
                state: try fields.parsed("state", expected: "open, issued, rejected or expired") { RequestState(rawValue: $0) },
                opened: try fields.time("opened"), expires: try fields.time("expires"))
        }
    }

    public func certificates(_ paging: Paging<String> = .init()) async throws(Problem) -> Page<CertificateSummary> {
        try await page(Routes.certificates, "certificates", paging) { fields throws(Problem) in
            CertificateSummary(
                fingerprint: try fields.parsed("fingerprint", expected: "64 hexadecimal digits") { Digest32(hex: $0) },
                serial: try fields.parsed("serial", expected: "hexadecimal digits") { Bytes(hex: $0)?.hex },
                authority: try fields.handle("authority"),
                request: try fields.id("request"), notAfter: try fields.time("notAfter"), created: try fields.time("created"),
                isRevoked: try fields.bool("revoked", default: false))
        }
    }

    public func keys(_ paging: Paging<String> = .init()) async throws(Problem) -> Page<KeySummary> {
        try await page(Routes.keys, "keys", paging) { fields throws(Problem) in try KeySummary(&fields) }
    }

    /// The key of an authority in force, or of the log, by its user's name.
    public func key(usedBy user: String) async throws(Problem) -> ID? {
        var found: ID?
        try await each { paging throws(Problem) in
            try await keys(paging)
        } _: { key throws(Problem) in
            if found == nil, key.user == user { found = key.id }
        }
        return found
    }

    public func key(_ id: ID) async throws(Problem) -> KeySummary {
        var fields = try await transport.fields(Routes.key, parameters: ["id": id.description])
        return try KeySummary(&fields)
    }

    public func keyAudit() async throws(Problem) -> KeyAudit? {
        var fields = try await transport.fields(Routes.keyAudit)
        return try KeyAudit(&fields)
    }

    public func invitations(_ paging: Paging<String> = .init()) async throws(Problem) -> Page<Invitation> {
        try await page(Routes.officers, "officers", paging) { fields throws(Problem) in
            Invitation(handle: try fields.handle("handle"), state: try fields.string("state"), expires: try fields.time("expires"))
        }
    }
}
