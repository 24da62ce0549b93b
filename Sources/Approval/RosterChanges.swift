import Basics

/// One change that an administrator makes to the roster.
public enum RosterChange: Hashable, Sendable {
    /// The person's keys and roles; the handle must be new.
    case add(Person, roles: [Role])
    case remove(Handle)
    /// A new or changed document.
    case put(Roster.Document)
    case drop(DocumentKind, Handle)
    case quorum(Int)
}

extension Roster {
    /// The next version with the changes made, to be signed. `time` and `expires` are the proposal's.
    public func successor(_ changes: [RosterChange], time: UTCTime, days: Int64 = 1) throws(Refusal) -> Roster {
        var documents = documents
        var keys = keys
        var grants = grants
        var quorum = quorum
        for change in changes {
            switch change {
            case .add(let person, let roles):
                guard person.instance == instance else { throw .foreignInstance }
                guard !people.contains(person.handle) else { throw .rosterDoubled(person.handle.description) }
                keys += [
                    Key(person: person.handle, use: .login, key: person.login), Key(person: person.handle, use: .vote, key: person.vote),
                ]
                grants += roles.map { Grant(person: person.handle, role: $0, profile: nil) }
            case .remove(let handle):
                guard people.contains(handle) else { throw .rosterIncomplete("\(handle) is not in the roster.") }
                keys.removeAll { $0.person == handle }
                grants.removeAll { $0.person == handle }
            case .put(let document):
                documents.removeAll { $0.kind == document.kind && $0.name == document.name }
                documents.append(document)
            case .drop(let kind, let name):
                documents.removeAll { $0.kind == kind && $0.name == name }
            case .quorum(let number): quorum = number
            }
        }
        let administrators = Set(grants.filter { $0.role == .administrator }.map(\.person)).count
        // Two administrators are two signatures: the rule of the chain, so that nobody has to remember it.
        quorum = min(max(quorum, administrators >= 2 ? 2 : 1), max(administrators, 1))
        return try Roster(
            instance: instance, version: version + 1, previous: digest, quorum: quorum, log: log, time: time,
            expires: time.adding(days: days),
            documents: documents, keys: keys, grants: grants)
    }

    /// What is different in `next`, a line each, in words.
    public func difference(to next: Roster) -> [String] {
        var lines: [String] = []
        for document in next.documents where !documents.contains(document) {
            lines.append(
                (self.document(document.kind, document.name) == nil ? "+ " : "~ ")
                    + "\(document.label)  (\(document.digest.hex.prefix(16))…)")
        }
        for document in documents where next.document(document.kind, document.name) == nil { lines.append("- \(document.label)") }
        for person in next.people where !people.contains(person) {
            lines.append("+ person \(person): " + next.roles(of: person).map(\.rawValue).joined(separator: ", "))
        }
        for person in people where !next.people.contains(person) { lines.append("- person \(person)") }
        for person in people where next.people.contains(person) {
            let mine = grants.filter { $0.person == person }
            let theirs = next.grants.filter { $0.person == person }
            if Set(mine) != Set(theirs) {
                lines.append(
                    "~ person \(person): "
                        + theirs.map { $0.role.rawValue + ($0.profile.map { " for \($0)" } ?? "") }.joined(separator: ", "))
            }
            if Set(keys.filter { $0.person == person }) != Set(next.keys.filter { $0.person == person }) {
                lines.append("~ person \(person): other keys")
            }
        }
        if quorum != next.quorum { lines.append("~ quorum \(quorum) → \(next.quorum)") }
        if log != next.log { lines.append("~ the log's key") }
        return lines
    }
}
