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
        let submission = try keys.sign(
            Submission(
                instance: charter.instance, subject: statement.subject, requester: handle, profile: profile.reference,
                request: statement.wish, time: now
            ).text)
        let evidence = AllowanceEvidence(statement: statement.text, submission: submission, votes: [])
        _ = try refusing { () throws(Refusal) in try charter.examine(evidence, now: now) }
        var answer = try await transport.fields(
            Routes.requestAllowance,
            body: .json(.object(["statement": .string(statement.text), "submission": .string(submission.rendered)])))
        let report = try AllowanceReport(&answer, id: statement.subject, charter: charter, now: clocks.now)
        guard report.statement == statement else { throw .lied("The statement that waits for votes is not yours.") }
        return report
    }

    /// - Parameter state: nil for all.
    public func allowances(
        _ state: AllowanceState? = nil, _ paging: Paging<String> = .init()
    ) async throws(Problem) -> Page<AllowanceReport> {
        try await page(Routes.allowances, "allowances", state: state?.rawValue, paging) { fields throws(Problem) in
            try AllowanceReport(&fields, id: nil, charter: charter, now: clocks.now)
        }
    }

    public func allowance(_ id: ID) async throws(Problem) -> AllowanceReport {
        var answer = try await transport.fields(Routes.allowance, parameters: ["id": id.description])
        return try AllowanceReport(&answer, id: id, charter: charter, now: clocks.now)
    }

    /// Whether this person may cast this vote now: the guard's own rules, before anything is signed.
    public func check(_ decision: Vote.Decision, on allowance: AllowanceReport) throws(Problem) {
        guard allowance.state == .requested else {
            throw Problem(
                .conflict, "allowance.decided", title: "The allowance is decided already",
                detail: "It is \(allowance.state.rawValue). An open one is ended with: assay allowance close \(allowance.id)")
        }
        switch allowance.examined {
        case .success(let examined): try checkVote(decision, on: examined)
        case .failure(let refusal): throw refusal.problem
        }
    }

    /// Signs a vote over exactly the statement that was looked at, and hands it in.
    public func vote(
        _ decision: Vote.Decision, on allowance: AllowanceReport, reason: Reason? = nil
    ) async throws(Problem) -> AllowanceReport {
        try check(decision, on: allowance)
        let vote = Vote(
            instance: charter.instance, voter: handle, decision: decision, time: clocks.now, reason: reason?.commitment ?? Vote.noReason,
            kind: Allowance.kind, statements: [allowance.statement.digest])
        let note = try keys.sign(vote.text)
        var answer = try await transport.fields(
            Routes.voteAllowance, parameters: ["id": allowance.id.description],
            body: .json(.object(["vote": .string(note.rendered), "reason": reason.map { .string($0.text) } ?? .null])))
        let after = try AllowanceReport(&answer, id: allowance.id, charter: charter, now: clocks.now)
        guard after.statement == allowance.statement else { throw .lied("The statement was exchanged while you voted.") }
        return after
    }

    /// Ends an open allowance for ever.
    public func close(_ id: ID, reason: String?) async throws(Problem) -> AllowanceReport {
        var answer = try await transport.fields(
            Routes.closeAllowance, parameters: ["id": id.description],
            body: .json(.object(["reason": reason.map { .string($0) } ?? .null])))
        return try AllowanceReport(&answer, id: id, charter: charter, now: clocks.now)
    }
}
