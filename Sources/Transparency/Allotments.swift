import Approval
import Basics
import Storage
import Synchronization

/// Which numbers of allowances this process has given out. The anchor's `reserve` lines are the truth; here is what is left of them.
final class Allotments: Sendable {
    private struct Count {
        /// The first number that was not given out.
        var next: Int64 = 0
        /// Given out, and given back.
        var returned: Set<Int64> = []
        /// The one extension of the reserve that is on its way.
        var extending: Task<Problem?, Never>?
    }

    private struct State {
        var counts: [ID: Count] = [:]
        /// Nothing is given out any more.
        var isClosed = false
    }

    /// Guards that no number is given out twice.
    private let state = Mutex(State())

    private enum Step {
        case number(Int64, isLow: Bool)
        case extend
        case exhausted
        case closed
    }

    /// What was reserved before this process counts as drawn.
    func begin(_ allowances: [ID: AnchoredAllowance]) {
        state.withLock { $0.counts = allowances.mapValues { Count(next: $0.reserved) } }
    }

    /// The next number below the reserve, the caller's alone; waits for a further block only when none is left.
    /// - Throws: `allowance.exhausted`, `allowance.unknown`
    func take(_ id: ID, in ledger: Ledger) async throws(Problem) -> Int64 {
        while true {
            guard let anchored = try ledger.view().allowances[id] else { throw Refusal.allowanceUnknown.problem }
            switch state.withLock({ Self.step(id, anchored, &$0) }) {
            case .number(let number, let isLow):
                if isLow { _ = extending(id, in: ledger) }
                return number
            case .extend: if let problem = await extending(id, in: ledger).value { throw problem }
            case .exhausted:
                throw Problem(
                    .conflict, "allowance.exhausted", title: "The allowance is used up",
                    detail: "All \(anchored.number) certificates that people voted for were drawn. Ask officers for another allowance.")
            case .closed:
                throw Problem(.unavailable, "allowance.stopping", title: "The node is stopping", detail: "Draw again when it runs.")
            }
        }
    }

    private static func step(_ id: ID, _ anchored: AnchoredAllowance, _ state: inout State) -> Step {
        guard !state.isClosed else { return .closed }
        var count = state.counts[id] ?? Count()
        defer { state.counts[id] = count }
        if let number = count.returned.min() {
            count.returned.remove(number)
            return .number(number, isLow: false)
        }
        guard count.next < anchored.number else { return .exhausted }
        guard count.next < anchored.reserved else { return .extend }
        defer { count.next += 1 }
        let left = anchored.reserved - count.next - 1
        return .number(
            count.next, isLow: anchored.reserved < anchored.number && left <= Allowance.block(of: anchored.number) / 2)
    }

    /// Whether every number was given out.
    func isExhausted(_ id: ID, of number: Int64) -> Bool {
        state.withLock { state in
            let count = state.counts[id] ?? Count()
            return count.next >= number && count.returned.isEmpty
        }
    }

    /// A number under which nothing was committed.
    func giveBack(_ number: Int64, of id: ID) {
        state.withLock { state in
            guard let next = state.counts[id]?.next, number < next else { return }
            state.counts[id]?.returned.insert(number)
        }
    }

    /// Writes the next `reserve` line; callers at the same time share one.
    private func extending(_ id: ID, in ledger: Ledger) -> Task<Problem?, Never> {
        state.withLock { state in
            if let task = state.counts[id]?.extending { return task }
            let task = Task { await self.extend(id, in: ledger) }
            state.counts[id, default: Count()].extending = task
            return task
        }
    }

    private func extend(_ id: ID, in ledger: Ledger) async -> Problem? {
        defer { state.withLock { $0.counts[id]?.extending = nil } }
        do throws(Problem) {
            guard let anchored = try ledger.view().allowances[id] else { return nil }
            let upTo = min(anchored.number, anchored.reserved + Allowance.block(of: anchored.number))
            try await ledger.anchor([.reserve(id, upTo: upTo)])
            return nil
        } catch { return error }
    }

    /// Gives out nothing from here on.
    /// - Returns: the lines that say what was reserved and not drawn.
    func close(in ledger: Ledger) async throws(Problem) -> [AnchorLine] {
        let waiting = state.withLock { state in
            state.isClosed = true
            return state.counts.values.compactMap(\.extending)
        }
        for task in waiting { _ = await task.value }
        let allowances = try ledger.view().allowances
        return state.withLock { state in
            allowances.sorted { $0.key < $1.key }.compactMap { id, anchored in
                var count = state.counts[id] ?? Count()
                while count.returned.remove(count.next - 1) != nil { count.next -= 1 }
                return count.next < anchored.reserved ? .drawn(id, count.next) : nil
            }
        }
    }
}

extension Ledger {
    /// The next number of an allowance, the caller's alone.
    public func takeNumber(of allowance: ID) async throws(Problem) -> Int64 { try await allotments.take(allowance, in: self) }

    /// Whether nothing is left of it.
    public func isExhausted(_ allowance: ID) -> Bool {
        guard let anchored = try? view().allowances[allowance] else { return true }
        return allotments.isExhausted(allowance, of: anchored.number)
    }

    /// A number under which nothing was committed goes back.
    public func giveBack(_ number: Int64, of allowance: ID) { allotments.giveBack(number, of: allowance) }

    /// Allowances of which more numbers count as drawn than the ledger shows: a crash lost them, or somebody put an older database back.
    /// Meant for the start, when nobody draws.
    public func unaccounted() async throws(Problem) -> [Problem] {
        let allowances = try view().allowances.filter { $0.value.reserved > 0 }.sorted { $0.key < $1.key }
        var problems: [Problem] = []
        for (id, anchored) in allowances {
            let shown: Int64
            do {
                shown = try await store.read { snapshot in
                    try snapshot.row(
                        "SELECT count(DISTINCT object) AS number FROM mention WHERE object BETWEEN $1 AND $2",
                        [.blob(Draw.object(id, 0)), .blob(Draw.object(id, .max))])?.integer("number") ?? 0
                }
            } catch { throw Problem(wrapping: error) }
            guard shown < anchored.reserved else { continue }
            problems.append(
                Problem(
                    .conflict, "allowance.unaccounted", title: "An allowance has draws that the ledger does not show",
                    detail: "Of allowance \(id), \(anchored.reserved) numbers count as drawn; the ledger shows \(shown). "
                        + "The server ended without an orderly stop, or an older database was put back."))
        }
        return problems
    }
}
