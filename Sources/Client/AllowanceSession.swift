import Approval
import Basics
import PKIX
import Proofs
import Wire

/// What an officer asks for a machine.
public struct AllowanceWish: Sendable {
    public let machine: SubjectPublicKeyInfo
    public let name: Handle
    public let profile: Handle
    public let number: Int64
    public let from: UTCTime?
    public let until: UTCTime

    public init(machine: SubjectPublicKeyInfo, name: Handle, profile: Handle, number: Int64, from: UTCTime?, until: UTCTime) {
        self.machine = machine
        self.name = name
        self.profile = profile
        self.number = number
        self.from = from
        self.until = until
    }
}

extension Session {
    /// Writes the statement, from this side's own copy of roster and documents, signs it, and hands it in.
    public func open(_ wish: AllowanceWish) async throws(Problem) -> AllowanceReport {
        let documents = charter.documents
        guard let profile = documents.profiles[wish.profile], let approval = profile.value.approval,
            let policy = documents.approvals[approval], let authority = documents.authorities[profile.value.authority]
        else { throw unknownProfile(wish.profile) }
        let node = try await status().node
        let now = clocks.now
        let statement = Allowance(
            instance: charter.instance, subject: ID(at: now, entropy: entropy), requester: handle, rosterVersion: roster.version,
            rosterDigest: roster.digest, policy: policy.reference, profile: profile.reference, authority: authority.reference,
            machine: .init(name: wish.name, key: wish.machine.digest), node: node, number: wish.number, from: wish.from ?? now,
            until: wish.until, opened: now, expires: now.adding(days: policy.value.days))
        return try await handIn(statement, at: now, to: Routes.requestAllowance) { submission in
            AllowanceEvidence(statement: statement.text, submission: submission, votes: [])
        }
    }

    /// - Parameter state: nil for all.
    public func allowances(
        _ state: AllowanceState? = nil, _ paging: Paging<String> = .init()
    ) async throws(Problem) -> Page<AllowanceReport> { try await reports(Routes.allowances, "allowances", state, paging) }

    /// Ends an open allowance for ever.
    public func close(_ id: ID, reason: String?) async throws(Problem) -> AllowanceReport {
        var answer = try await transport.fields(
            Routes.closeAllowance, parameters: ["id": id.description],
            body: .json(.object(["reason": reason.map { .string($0) } ?? .null])))
        return try AllowanceReport(&answer, id: id, charter: charter, now: clocks.now)
    }
}
