extension Store {
    /// Read, decide, commit; when somebody else was faster, once more from the read. Whatever must be the same in every attempt (ids,
    /// serial, time) is drawn before and captured.
    /// - Parameters:
    ///   - attempts: how often at most. In each round of rivals one succeeds.
    ///   - read: what the decision rests on.
    ///   - decide: the answer, and the change that makes it true. With an empty change nothing is committed.
    /// - Returns: the answer of the attempt that was committed, and where.
    /// - Throws: ``StorageError/conflict`` after the last attempt, whatever else ``commit(_:)`` throws, and what `read` and `decide` throw.
    public func act<Seen: Sendable, Answer: Sendable>(
        attempts: Int = 4,
        read: @escaping @Sendable (Snapshot) throws -> Seen,
        decide: @Sendable (Seen) async throws -> (Answer, Change)
    ) async throws -> (Answer, Committed) {
        var left = attempts
        while true {
            let (answer, change) = try await decide(try await self.read(read))
            left -= 1
            do {
                return (answer, try await commit(change))
            } catch {
                guard error == .conflict, left > 0 else { throw error }
            }
        }
    }
}
