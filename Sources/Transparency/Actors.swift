import Approval
import Basics
import Proofs
import Storage

extension Ledger {
    /// What ledger entries call the person: 16 octets of the person text's hash. The text comes from a row, but counts only when it
    /// carries the keys that the roster has for this person.
    public func actor(_ handle: Handle) async throws(Problem) -> Bytes {
        let roster = try view().charter.roster
        do {
            let rows = try await store.read { try $0.rows("SELECT note FROM person WHERE handle = $1", [.text(handle.description)]) }
            for row in rows {
                guard let note = try? SignedNote("person", try row.text("note")), let person = try? Person(note) else { continue }
                if person.handle == handle, roster.names(person) { return person.actor }
            }
        } catch { throw Problem(wrapping: error) }
        throw Problem(
            .fault, "person.record-missing", title: "A person's text is missing",
            detail: "No stored text of \(handle) carries the keys that the roster has. Restore the table person from a backup.")
    }
}
