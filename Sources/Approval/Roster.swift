import Basics
import PKIX
import Proofs

/// What a person may do.
public enum Role: String, Hashable, Sendable, CaseIterable {
    /// Signs rosters: people and documents.
    case administrator
    /// Submits requests, approves and rejects those of others.
    case registrationOfficer = "registration-officer"
}

/// What a document is about.
public enum DocumentKind: String, Hashable, Sendable, CaseIterable {
    case approval, authority, blocklist, profile
}

/// One version of the chain that names people, their keys and roles, and every document in force (docs/formats.md, roster).
public struct Roster: Hashable, Sendable {
    public static let context = "assay/roster/v1"
    public static let textLimit = 1 << 20
    /// Seconds that a proposal may wait for signatures.
    public static let longestSpan: Int64 = 7 * 86_400

    public struct Document: Hashable, Sendable {
        public let kind: DocumentKind
        public let name: Handle
        public let digest: Digest32

        public init(kind: DocumentKind, name: Handle, digest: Digest32) {
            self.kind = kind
            self.name = name
            self.digest = digest
        }

        public var label: String { "\(kind.rawValue) \(name)" }
    }

    public struct Key: Hashable, Sendable {
        public enum Use: String, Hashable, Sendable, CaseIterable { case login, vote }
        public let person: Handle
        public let use: Use
        public let key: SubjectPublicKeyInfo

        public init(person: Handle, use: Use, key: SubjectPublicKeyInfo) {
            self.person = person
            self.use = use
            self.key = key
        }
    }

    public struct Grant: Hashable, Sendable {
        public let person: Handle
        public let role: Role
        /// nil: for every profile.
        public let profile: Handle?

        public init(person: Handle, role: Role, profile: Handle?) {
            self.person = person
            self.role = role
            self.profile = profile
        }
    }

    public let instance: Instance
    public let version: Int64
    public let previous: Digest32
    public let quorum: Int
    public let log: VerifierKey
    public let time: UTCTime
    public let expires: UTCTime
    public let documents: [Document]
    public let keys: [Key]
    public let grants: [Grant]
    /// The text in its only form.
    public let text: String
    public let digest: Digest32

    /// Writes the text; the order of documents, keys and grants does not matter.
    /// - Throws: what ``init(text:)`` would.
    public init(
        instance: Instance, version: Int64, previous: Digest32, quorum: Int, log: VerifierKey, time: UTCTime, expires: UTCTime,
        documents: [Document], keys: [Key], grants: [Grant]
    ) throws(Refusal) {
        try self.init(
            text: Self.render(
                instance: instance, version: version, previous: previous, quorum: quorum, log: log, time: time, expires: expires,
                documents: documents, keys: keys, grants: grants))
    }

    private static func render(
        instance: Instance, version: Int64, previous: Digest32, quorum: Int, log: VerifierKey, time: UTCTime, expires: UTCTime,
        documents: [Document], keys: [Key], grants: [Grant]
    ) -> String {
        let head = [
            context, "instance \(instance)", "version \(version)", "previous \(previous)", "quorum \(quorum)", "log \(log.vkey)",
            "time \(time.seconds)", "expires \(expires.seconds)",
        ]
        let lines =
            documents.map { "document \($0.kind.rawValue) \($0.name) \($0.digest)" }
            + keys.map { "key \($0.person) \($0.use.rawValue) \(KeyForm.es256) \($0.key.der.base64)" }
            + grants.map { "role \($0.person) \($0.role.rawValue) \($0.profile?.description ?? "*")" }
        let sorted = lines.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return (head + sorted).joined(separator: "\n") + "\n"
    }

    /// Parses the text and checks every rule that one version can break by itself.
    public init(text: String) throws(Refusal) {
        do throws(TextError) {
            var reader = try TextReader(text, context: Self.context, limit: Self.textLimit)
            instance = try reader.parsed("instance") { Instance($0) }
            version = try reader.number("version")
            previous = try reader.digest("previous")
            quorum = try reader.parsed("quorum") { Decimal.parse($0).flatMap { $0 <= 1000 ? Int($0) : nil } }
            log = try reader.parsed("log") { Self.log($0) }
            time = try reader.time("time")
            expires = try reader.time("expires")
            documents = try reader.documents()
            keys = try reader.keys()
            grants = try reader.grants()
            try reader.end()
        } catch { throw .malformed("roster", error) }
        self.text = text
        digest = Digest32(of: text)
        try checkRules()
        let rendered = Self.render(
            instance: instance, version: version, previous: previous, quorum: quorum, log: log, time: time, expires: expires,
            documents: documents, keys: keys, grants: grants)
        guard rendered == text else { throw .malformed("roster", .notCanonical) }
    }

    /// The log signs checkpoints with Ed25519 under the ledger's origin, which no text that people sign begins with.
    private static func log(_ text: Substring) -> VerifierKey? {
        guard let key = try? VerifierKey(vkey: String(text)), key.type == VerifierKey.ed25519,
            (try? Checkpoint(origin: key.name, size: 0, root: Merkle.emptyRoot)) != nil
        else { return nil }
        return key
    }

    private func checkRules() throws(Refusal) {
        let lines = text.utf8.split(separator: 0x0a).dropFirst(8)
        guard zip(lines, lines.dropFirst()).allSatisfy({ $0.lexicographicallyPrecedes($1) }) else { throw .rosterNotSorted }
        guard version >= 1 else { throw .malformed("roster", .value(key: "version")) }
        guard expires >= time, expires.seconds(since: time) <= Self.longestSpan else { throw .rosterSpan }
        guard Set(keys.map(\.key)).count == keys.count else { throw .rosterKeyTwice }
        var names: Set<String> = []
        for document in documents where !names.insert(document.label).inserted { throw .rosterDoubled(document.label) }
        for key in keys where !names.insert("\(key.use.rawValue) key of \(key.person)").inserted {
            throw .rosterDoubled("The \(key.use.rawValue) key of \(key.person)")
        }
        let people = Set(keys.map(\.person)).union(grants.map(\.person)).sorted()
        for person in people {
            for use in Key.Use.allCases where !keys.contains(where: { $0.person == person && $0.use == use }) {
                throw .rosterIncomplete("\(person) has no \(use.rawValue) key.")
            }
            guard grants.contains(where: { $0.person == person }) else { throw .rosterIncomplete("\(person) has keys but no role.") }
        }
        for grant in grants where grant.role == .administrator && grant.profile != nil {
            throw .rosterAdministratorScope(grant.person.description)
        }
        let administrators = self.administrators.count
        guard quorum >= 1, quorum <= administrators, quorum >= 2 || administrators < 2 else {
            throw .rosterQuorum(administrators: administrators)
        }
    }
}

extension Roster {
    public var people: [Handle] { Set(keys.map(\.person)).sorted() }

    /// People who may sign the next version.
    public var administrators: Set<Handle> { Set(grants.filter { $0.role == .administrator }.map(\.person)) }

    public func voteKeys(of person: Handle) -> [SubjectPublicKeyInfo] {
        keys.filter { $0.person == person && $0.use == .vote }.map(\.key)
    }

    /// Whose login key this is.
    public func person(withLoginKey digest: Digest32) -> Handle? {
        keys.first { $0.use == .login && $0.key.digest == digest }?.person
    }

    /// Whether the person holds the role for the profile (for any, when nil).
    public func holds(_ person: Handle, _ role: Role, for profile: Handle? = nil) -> Bool {
        grants.contains { $0.person == person && $0.role == role && ($0.profile == nil || profile == nil || $0.profile == profile) }
    }

    public func roles(of person: Handle) -> [Role] { Role.allCases.filter { holds(person, $0) } }

    /// Whether the text is about a person of this roster, with exactly the roster's keys.
    public func names(_ person: Person) -> Bool {
        let mine = keys.filter { $0.person == person.handle }
        return mine.filter { $0.use == .login }.map(\.key) == [person.login] && mine.filter { $0.use == .vote }.map(\.key) == [person.vote]
    }

    public func document(_ kind: DocumentKind, _ name: Handle) -> Document? {
        documents.first { $0.kind == kind && $0.name == name }
    }

    /// The administrators of this version under whose names the note carries a valid signature.
    func signers(of note: SignedNote) -> Set<Handle> {
        administrators.filter { name in voteKeys(of: name).contains { note.isSigned(by: name, key: $0) } }
    }
}

extension TextReader {
    fileprivate mutating func documents() throws(TextError) -> [Roster.Document] {
        var result: [Roster.Document] = []
        while peek == "document" {
            let words = try words("document", count: 3)
            guard let kind = DocumentKind(rawValue: String(words[0])), let name = Handle(words[1]), let digest = Digest32(base64: words[2])
            else {
                throw .value(key: "document")
            }
            result.append(.init(kind: kind, name: name, digest: digest))
        }
        return result
    }

    fileprivate mutating func keys() throws(TextError) -> [Roster.Key] {
        var result: [Roster.Key] = []
        while peek == "key" {
            let words = try words("key", count: 4)
            guard let person = Handle(words[0]), let use = Roster.Key.Use(rawValue: String(words[1])),
                let key = SubjectPublicKeyInfo(form: words[2], base64: words[3])
            else { throw .value(key: "key") }
            result.append(.init(person: person, use: use, key: key))
        }
        return result
    }

    fileprivate mutating func grants() throws(TextError) -> [Roster.Grant] {
        var result: [Roster.Grant] = []
        while peek == "role" {
            let words = try words("role", count: 3)
            let profile = Handle(words[2])
            guard let person = Handle(words[0]), let role = Role(rawValue: String(words[1])), profile != nil || words[2] == "*" else {
                throw .value(key: "role")
            }
            result.append(.init(person: person, role: role, profile: profile))
        }
        return result
    }
}
