import Approval
import Basics
import PKIX
import Proofs
import Wire

// Statements of every kind are looked at, voted on and handed in alike.
extension Session {
    /// One voted statement, from its bytes.
    public func look<Report: VotedReport>(at id: ID, _: Report.Type = Report.self) async throws(Problem) -> Report {
        var answer = try await transport.fields(Report.one, parameters: ["id": id.description])
        return try Report(&answer, id: id, charter: charter, now: clocks.now)
    }

    /// A page of a list of them.
    func reports<Report: VotedReport>(
        _ route: Route, _ name: String, _ state: Report.State?, _ paging: Paging<String>
    ) async throws(Problem) -> Page<Report> {
        try await page(route, name, state: state?.rawValue, paging) { fields throws(Problem) in
            try Report(&fields, id: nil, charter: charter, now: clocks.now)
        }
    }

    /// Whether this person may cast this vote now: the guard's own rules, before anything is signed.
    /// - Throws: `….decided`, `vote.own-request`, `vote.twice`, `vote.not-eligible`, `client.server-lied`, or the guard's refusal.
    public func check<Report: VotedReport>(_ decision: Vote.Decision, on report: Report) throws(Problem) {
        guard report.state == Report.waiting else {
            throw Problem(
                .conflict, "\(Report.noun).decided", title: "The \(Report.noun) is decided already",
                detail: "It is \(report.state.rawValue). \(Report.afterwards) \(report.id)")
        }
        switch report.examined {
        case .success(let examined): try check(decision, on: examined)
        case .failure(let refusal): throw Report.problem(of: refusal)
        }
    }

    private func check(_ decision: Vote.Decision, on examined: some ExaminedStatement) throws(Problem) {
        if let rejecter = examined.rejecter { throw Refusal.rejected(by: rejecter).problem }
        let isRequester = examined.statement.requester == handle
        if decision == .approve {
            if isRequester { throw Refusal.voterIsRequester.problem }
            if examined.approvers.contains(handle) { throw Refusal.voteTwice.problem }
        }
        guard !roster.voteKeys(of: handle).isEmpty else { throw Refusal.voterUnknown.problem }
        let profile = examined.statement.profile.name
        guard isRequester || examined.policy.roles.contains(where: { roster.holds(handle, $0, for: profile) }) else {
            throw Refusal.voterNotEligible.problem
        }
    }

    /// Signs a vote over exactly the statement that was looked at, and hands it in.
    public func vote<Report: VotedReport>(
        _ decision: Vote.Decision, on report: Report, reason: Reason? = nil
    ) async throws(Problem) -> Report {
        try check(decision, on: report)
        let vote = Vote(
            instance: charter.instance, voter: handle, decision: decision, time: clocks.now, reason: reason?.commitment ?? Vote.noReason,
            kind: Report.Amount.Voted.kind, statements: [report.statement.digest])
        let note = try keys.sign(vote.text)
        var answer = try await transport.fields(
            Report.voting, parameters: ["id": report.id.description],
            body: .json(.object(["vote": .string(note.rendered), "reason": reason.map { .string($0.text) } ?? .null])))
        let after = try Report(&answer, id: report.id, charter: charter, now: clocks.now)
        guard after.statement == report.statement else { throw .lied("The statement was exchanged while you voted.") }
        return after
    }

    /// Signs a statement that was written on this side, and hands it in.
    /// - Parameter evidence: that speaks for it, with the submission; it is judged here first.
    func handIn<Report: VotedReport>(
        _ statement: Report.Amount.Voted, at now: UTCTime, to route: Route, evidence: (SignedNote) -> some StatementEvidence
    ) async throws(Problem) -> Report {
        let submission = try keys.sign(
            Submission(
                instance: charter.instance, subject: statement.subject, requester: handle, profile: statement.profile,
                request: statement.wish, time: now
            ).text)
        do throws(Refusal) { _ = try evidence(submission).examined(under: charter, now: now) } catch { throw error.problem }
        var answer = try await transport.fields(
            route, body: .json(.object(["statement": .string(statement.text), "submission": .string(submission.rendered)])))
        let report = try Report(&answer, id: statement.subject, charter: charter, now: clocks.now)
        guard report.statement == statement else { throw .lied("The statement that waits for votes is not yours.") }
        return report
    }
}
