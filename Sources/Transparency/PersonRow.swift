import Approval
import Basics
import Proofs
import Storage

extension RowContent {
    /// The row of a person text as it was signed.
    public static func person(_ person: Person, _ note: SignedNote, at time: UTCTime) throws(StorageError) -> RowContent {
        try RowContent(
            .person,
            [
                "hash": .blob(person.digest), "handle": .text(person.handle.description), "note": .text(note.rendered),
                "created": .integer(time.seconds),
            ])
    }

    /// The row of a roster with the signatures that put it in force.
    public static func roster(_ roster: Roster, _ note: SignedNote) throws(StorageError) -> RowContent {
        try RowContent(
            .roster, ["version": .integer(roster.version), "hash": .blob(roster.digest), "note": .text(note.rendered)])
    }
}
