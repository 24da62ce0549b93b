import Approval
import Basics
import Custody
import PKIX
import Proofs
import Storage
import Transparency

/// Where a house keeps its things, below one data directory.
public struct HousePaths: Hashable, Sendable {
    public let data: String

    public init(data: String) { self.data = data }

    public var custody: String { data + "/custody" }
    public var database: String { data + "/assay.db" }
    public var blocklists: String { data + "/blocklists" }
}

/// Founds a house: custody, database, roster version 1. In two steps, so that the administrator's vote key signs the roster without
/// ever being here (docs/issuing.md has the order of writes).
public struct HouseFounding: Sendable {
    /// Roster version 1, to be signed by its administrator.
    public let roster: Roster
    private let custody: CustodyDirectory
    private let paths: HousePaths
    private let administrator: Person
    private let administratorNote: SignedNote
    private let log: FreshLogKey
    private let origin: String
    private let node: Handle
    private let now: UTCTime
    private let entropy: any Entropy

    /// What a house is called.
    public struct Names: Sendable {
        /// The ledger's name, for ever: a schema-less address without spaces; the instance is put behind it.
        public let origin: String
        public let node: Handle

        public init(origin: String, node: Handle) {
            self.origin = origin
            self.node = node
        }
    }

    /// Makes custody, and the text of roster version 1.
    /// - Parameters:
    ///   - administrator: the person text that `assay login --new` has made; its instance is `-`.
    ///   - again: wipe what an earlier founding left that did not come to its end.
    public init(
        _ paths: HousePaths, administrator note: SignedNote, names: Names, now: UTCTime, entropy: any Entropy, again: Bool = false,
        protection: MasterKeyProtection = .plain
    ) throws(Problem) {
        guard VerifierKey.isName(names.origin), names.origin.utf8.count <= 200, !names.origin.contains("://") else {
            throw Problem(
                .invalid, "init.origin-invalid", title: "The ledger's name is not accepted",
                detail: "\(names.origin.escaped): an address without scheme is accepted, such as assay.example/ledger, "
                    + "without spaces and plus signs, of 200 octets at most.",
                field: "origin")
        }
        do {
            administrator = try Person(note)
            guard administrator.instance == nil else {
                throw Refusal.personMismatch("This person text belongs to another house; make a new one with `assay login --new`.")
            }
            guard let instance = Instance(bytes: entropy.bytes(16)) else { throw Refusal.foreignInstance }
            try Self.prepare(paths, again: again)
            custody = try CustodyDirectory.create(at: paths.custody, entropy: entropy, again: again, protection: protection)
            log = FreshLogKey()
            origin = "\(names.origin)/\(instance.description.prefix(8))"
            let key = try VerifierKey.ed25519(name: origin, publicKey: log.publicKey)
            roster = try Roster(
                instance: instance, version: 1, previous: .zero, quorum: 1, log: key, time: now, expires: now.adding(days: 1),
                documents: [],
                keys: [
                    .init(person: administrator.handle, use: .login, key: administrator.login),
                    .init(person: administrator.handle, use: .vote, key: administrator.vote),
                ], grants: [.init(person: administrator.handle, role: .administrator, profile: nil)])
        } catch { throw Problem(wrapping: error) }
        self.paths = paths
        administratorNote = note
        node = names.node
        self.now = now
        self.entropy = entropy
    }

    private static func prepare(_ paths: HousePaths, again: Bool) throws(CustodyError) {
        let isThere = DataDirectory.exists(paths.database)
        let isUnfinished = CustodyDirectory.isUnfinished(at: paths.custody)
        if isThere, !DataDirectory.exists(paths.custody) { throw .unanchored(path: paths.data) }
        if isThere || DataDirectory.exists(paths.custody) {
            guard again, isUnfinished else { throw .exists(path: paths.custody) }
            DataDirectory.remove(database: paths.database)
        }
        try DataDirectory.make(paths.data)
    }

    /// Writes the house, once the administrator has signed the roster. The anchor is its last file; without it there is no house.
    /// - Returns: H of roster version 1, for the safe.
    public func finish(signed note: SignedNote) async throws(Problem) -> Digest32 {
        do {
            let charter = try Charter(first: note, pin: roster.digest)
            let context = SealContext(instance: roster.instance, pin: charter.pin)
            let record = try custody.seal(log, id: ID(at: now, entropy: entropy), context, entropy: entropy)
            let rows = (
                roster: try RowContent.roster(roster, note), person: try RowContent.person(administrator, administratorNote, at: now),
                key: try record.row(name: "log", at: now)
            )
            let store = try await Store.create(at: paths.database, headMAC: custody.headMAC(roster.instance, origin: origin))
            let committed = try await store.commit(
                Change(
                    writes: [rows.roster.insertion(), rows.person.insertion(), rows.key.insertion(others: ["version": .integer(1)])],
                    entries: [
                        try entry(
                            .ledgerCreated, [Entry.DigestKey.document: roster.digest, Entry.DigestKey.row: rows.roster.digest],
                            object: roster.instance.bytes),
                        try entry(
                            .officerEnroll, [Entry.DigestKey.document: administrator.digest, Entry.DigestKey.row: rows.person.digest]),
                        try entry(.keyGenerated, [Entry.DigestKey.row: rows.key.digest], object: record.id.bytes),
                    ]))
            try await store.close()
            _ = try custody.createAnchor(
                AnchorState(instance: roster.instance, origin: origin, node: node, pin: roster.digest),
                [
                    .roster(version: 1, digest: roster.digest), .head(size: committed.size, root: committed.root, time: now),
                ])
            custody.release()
        } catch { throw Problem(wrapping: error) }
        return roster.digest
    }

    private func entry(_ type: EventType, _ digests: [UInt8: Digest32], object: Bytes? = nil) throws -> Bytes {
        try Entry(
            type: type, time: UInt64(clamping: now.seconds) &* 1000, actor: administrator.actor, digests: digests, roster: 1,
            object: object,
            node: node.description
        ).encoded
    }
}
