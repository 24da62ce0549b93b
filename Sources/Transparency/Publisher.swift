import Approval
import Basics
import Custody
import Proofs
import Storage

/// Makes checkpoints, one at a time; protects the newest one.
actor Publisher {
    private let log: any Signer
    private var newest: (size: Int64, note: SignedNote)?

    init(log: any Signer) { self.log = log }

    /// The head in memory, into the anchor, signed, stored, given out: in this order (docs/issuing.md).
    func checkpoint(for ledger: Ledger) async throws(Problem) -> SignedNote {
        let size = try ledger.view().frontier.size
        if let newest, newest.size >= size { return newest.note }
        try await ledger.anchor([])
        let view = try ledger.view()
        let note: SignedNote
        do {
            let text = try Checkpoint(origin: view.origin, size: view.anchored.size, root: view.anchored.root).text
            let warrant = try Guard(view: view, now: try ledger.now()).checkpoint(text)
            let signature = try await log.sign(Bytes(text.utf8), under: warrant)
            let key = view.charter.roster.log
            note = try SignedNote(text: text, signatures: [.init(name: key.name, keyID: key.keyID, signature: signature)])
        } catch { throw Problem(wrapping: error) }
        let write = Write(
            "INSERT INTO checkpoint (size, root, note) VALUES ($1, $2, $3) ON CONFLICT (size) DO NOTHING",
            [.integer(view.anchored.size), .blob(view.anchored.root), .text(note.rendered)], expects: nil)
        do { try await ledger.store.commit(Change(writes: [write])) } catch { throw error.problem }
        if view.anchored.size >= newest?.size ?? 0 { newest = (view.anchored.size, note) }
        return note
    }
}
