import Approval
import Basics
import Glibc
import Proofs

// What was verified before: the next answer may not fall behind it.
extension PersonFolder {
    /// The stored chain from version 1 without gaps, oldest first.
    func rosters() throws(Problem) -> [SignedNote] {
        var notes: [SignedNote] = []
        while let octets = try LocalFiles.readIfThere(path("rosters/\(notes.count + 1).txt")) {
            do { notes.append(try SignedNote(parsing: octets)) } catch { throw .damaged(path("rosters/\(notes.count + 1).txt")) }
        }
        return notes
    }

    /// Keeps a verified chain, and the documents of its last version.
    func keep(_ chain: [SignedNote], from first: Int, documents: [Digest32: Bytes]) throws(Problem) {
        try LocalFiles.makeDirectory(path("rosters"), mode: 0o700)
        try LocalFiles.makeDirectory(path("documents"), mode: 0o700)
        for (digest, octets) in documents where !LocalFiles.exists(path("documents/\(digest.hex)")) {
            try LocalFiles.write(path("documents/\(digest.hex)"), octets, mode: 0o600)
        }
        for (index, note) in chain.enumerated().dropFirst(first) {
            try LocalFiles.write(path("rosters/\(index + 1).txt"), Bytes(note.rendered.utf8), mode: 0o600)
        }
    }

    /// A kept document; nil when there is none, or it is not what its name says.
    func document(_ digest: Digest32) throws(Problem) -> Bytes? {
        guard let octets = try LocalFiles.readIfThere(path("documents/\(digest.hex)")), Digest32(of: octets) == digest else { return nil }
        return octets
    }

    /// The newest verified checkpoint.
    func checkpoint() throws(Problem) -> SignedNote? {
        guard let octets = try LocalFiles.readIfThere(path("checkpoint"), limit: 65_536) else { return nil }
        do { return try SignedNote(parsing: octets) } catch { throw .damaged(path("checkpoint")) }
    }

    func keep(checkpoint note: SignedNote) throws(Problem) {
        try LocalFiles.write(path("checkpoint"), Bytes(note.rendered.utf8), mode: 0o600)
    }

    /// Whom this administrator invited, with the roles said then: they come from here, never from the server.
    public func pending() throws(Problem) -> [Handle: [Role]] {
        guard let octets = try LocalFiles.readIfThere(path("pending.json"), limit: 1 << 20) else { return [:] }
        guard let json = try? JSON(parsing: octets), case .object(let members) = json else { throw .damaged(path("pending.json")) }
        var pending: [Handle: [Role]] = [:]
        for (name, value) in members {
            guard let handle = Handle(name), case .array(let names) = value else { throw .damaged(path("pending.json")) }
            pending[handle] = try names.map { name throws(Problem) in
                guard case .string(let text) = name, let role = Role(rawValue: text) else { throw .damaged(path("pending.json")) }
                return role
            }
        }
        return pending
    }

    func keep(pending: [Handle: [Role]]) throws(Problem) {
        let members = pending.map { ($0.key.description, JSON.array($0.value.map { .string($0.rawValue) })) }
        let json = JSON.object(Dictionary(members) { first, _ in first })
        try LocalFiles.write(path("pending.json"), json.canonicalBytes, mode: 0o600)
    }
}
