import Approval
import Basics
import Proofs
import Storage

extension Ledger {
    /// An entry with its inclusion proof under the newest checkpoint.
    /// - Throws: `ledger.outside` when there is no such entry; `ledger.altered` when rows do not lead to the checkpoint's root.
    public func proof(of index: Int64) async throws(Problem) -> (entry: Bytes, file: InclusionProofFile) {
        let note = try await checkpoint()
        do {
            let checkpoint = try Checkpoint(text: note.text)
            guard index >= 0, index < checkpoint.size else { throw Self.outside(index, size: checkpoint.size) }
            let (entry, path) = try await store.read { snapshot in
                (
                    try snapshot.entry(index),
                    try Merkle.inclusionProof(index: index, size: checkpoint.size) { try snapshot.node(level: $0, index: $1) }
                )
            }
            let leaf = Merkle.leafHash(entry)
            guard Merkle.verifyInclusion(index: index, size: checkpoint.size, leaf: leaf, path: path, root: checkpoint.root) else {
                throw Problem(
                    .fault, "ledger.altered", title: "The ledger's rows were altered",
                    detail: "Entry \(index), or the tree above it, does not lead to the signed root. Run `assay ledger verify`.")
            }
            return (entry, try InclusionProofFile(index: index, path: path, checkpoint: note))
        } catch { throw Problem(wrapping: error) }
    }

    /// A proof that the tree of `from` entries is the beginning of the tree of `to` entries.
    public func consistency(from: Int64, to: Int64) async throws(Problem) -> [Digest32] {
        let size = try view().frontier.size
        guard from >= 0, from <= to, to <= size else { throw Self.outside(to, size: size) }
        do {
            return try await store.read { snapshot in
                try Merkle.consistencyProof(from: from, to: to) { try snapshot.node(level: $0, index: $1) }
            }
        } catch { throw Problem(wrapping: error) }
    }

    /// Entries from an index on, at most `count` and at most 1,000.
    public func entries(from: Int64, count: Int64) async throws(Problem) -> [Bytes] {
        let size = try view().frontier.size
        guard from >= 0, from <= size, count >= 1 else { throw Self.outside(from, size: size) }
        let end = min(size, from + min(count, 1000))
        do { return try await store.read { try $0.entries(from..<end) } } catch { throw Problem(wrapping: error) }
    }

    /// The entries about an object, in order, each with its index.
    public func entries(about object: ID) async throws(Problem) -> [(index: Int64, entry: Bytes)] {
        try await entries(about: object.bytes)
    }

    /// - Parameter object: 16 octets, or a draw's 24.
    public func entries(about object: Bytes) async throws(Problem) -> [(index: Int64, entry: Bytes)] {
        do {
            return try await store.read { snapshot in
                try snapshot.rows("SELECT idx FROM mention WHERE object = $1 ORDER BY idx LIMIT 1000", [.blob(object)]).map { row in
                    let index = try row.integer("idx")
                    return (index, try snapshot.entry(index))
                }
            }
        } catch { throw Problem(wrapping: error) }
    }

    private static func outside(_ index: Int64, size: Int64) -> Problem {
        Problem(
            .notFound, "ledger.outside", title: "The ledger does not reach so far",
            detail: "It has \(size) entries; \(index) is not among them.", field: "index")
    }
}
