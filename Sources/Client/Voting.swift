import Approval
import Basics

extension Session {
    /// Whether this person may cast this vote now on a statement of any kind: the guard's own rules, before anything is signed.
    func checkVote(_ decision: Vote.Decision, on examined: some ExaminedStatement) throws(Problem) {
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
}
