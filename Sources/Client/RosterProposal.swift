import Approval
import Basics
import PKIX
import Proofs

/// A next version of the roster that keeps every rule but the number of its signatures, with all that comes with it.
public struct RosterProposal: Sendable {
    public let roster: Roster
    /// Documents that are new in it.
    public let documents: [Bytes]
    /// Texts of the people whom it adds.
    public let people: [SignedNote]
    /// The text with the signatures so far; nil for one's own that nobody has signed.
    public let note: SignedNote?
    /// What is different from the present roster, in words.
    public let difference: [String]
    /// Whose signatures it has already.
    public let signers: [Handle]
    /// Who may sign it and has not.
    public let missing: [Handle]

    public var digest: Digest32 { roster.digest }

    /// - Parameter charter: the present roster, verified.
    init(_ roster: Roster, documents: [Bytes], people notes: [SignedNote], note: SignedNote?, charter: Charter) throws(Problem) {
        self.roster = roster
        self.documents = documents
        self.people = notes
        self.note = note
        let held = charter.documents.bytes
        let supplied = Dictionary(documents.map { (Digest32(of: $0), $0) }) { first, _ in first }
        let present = charter.roster
        let (next, persons) = try refusing { () throws(Refusal) in
            let next = try Documents(of: roster) { held[$0] ?? supplied[$0] }
            return (next, try Self.newcomers(roster, present, notes))
        }
        difference = Self.difference(from: charter, to: roster, next, persons)
        let may = charter.roster.administrators.union(roster.administrators)
        let signed = may.filter { name in
            guard let note else { return false }
            let keys = Set(charter.roster.voteKeys(of: name) + roster.voteKeys(of: name))
            return keys.contains { note.isSigned(by: name, key: $0) }
        }
        signers = signed.sorted()
        missing = may.subtracting(signed).sorted()
    }

    /// Each new person's text has exactly the keys that the roster gives them.
    private static func newcomers(_ next: Roster, _ present: Roster, _ notes: [SignedNote]) throws(Refusal) -> [Person] {
        var persons: [Person] = []
        for note in notes {
            let person = try Person(note)
            guard person.instance == next.instance else { throw .foreignInstance }
            persons.append(person)
        }
        return try next.people.filter { !present.people.contains($0) }.map { handle throws(Refusal) in
            let login = next.keys.filter { $0.person == handle && $0.use == .login }.map(\.key)
            guard let person = persons.first(where: { $0.handle == handle }), login == [person.login],
                next.voteKeys(of: handle) == [person.vote]
            else {
                throw .personMismatch("\(handle) is new in the roster; a person text with exactly these keys must come with it.")
            }
            return person
        }
    }

    private static func difference(from charter: Charter, to roster: Roster, _ next: Documents, _ newcomers: [Person]) -> [String] {
        let present = charter.roster
        var lines = ["  roster \(present.version) → \(roster.version)"]
        for document in roster.documents where !present.documents.contains(document) {
            let before = present.document(document.kind, document.name).flatMap { charter.documents.bytes[$0.digest] }
            lines +=
                DocumentDifference(document.label, before: before.flatMap(Self.json), after: next.bytes[document.digest].flatMap(Self.json))
                .text
        }
        // Documents were shown member by member; of the roster's own words the other lines remain.
        lines += present.difference(to: roster).filter { line in
            !roster.documents.contains { line.dropFirst(2).hasPrefix($0.label + "  (") }
        }
        for person in newcomers {
            lines.append("      \(person.handle)'s fingerprint  \(person.fingerprint)")
        }
        return lines
    }

    static func json(_ document: Bytes) -> JSON? { try? JSON(canonical: document) }
}

/// What became of a signed roster.
public enum ProposalOutcome: Hashable, Sendable {
    /// It is in force.
    case accepted(version: Int64, warnings: [String], closed: [ID])
    /// It waits for this many more signatures, by some of these people.
    case proposed(Digest32, missing: Int, by: [Handle])
}
