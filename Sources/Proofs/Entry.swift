import Basics

/// One event of the ledger: a map in deterministic CBOR with the keys 0…11 (schema version, type, time, actor …), at most 16 KiB. It
/// holds digests and random ids; never a name, a secret or text from outside.
public struct Entry: Hashable, Sendable {
    public let type: EventType
    /// The server's time in milliseconds since 1970.
    public let time: UInt64
    /// The person who acted: 16 octets.
    public let actor: Bytes?
    /// A salted commitment to personal data, or to a reason given in words.
    public let commitment: Digest32?
    /// What the event is about, by the numbers of ``DigestKey``; numbers of later versions are kept.
    public let digests: [UInt8: Digest32]
    /// The version of the roster in force.
    public let roster: Int64?
    /// The object's id, 16 octets; behind it the draw's number, 8 octets big-endian, where the event is a draw.
    public let object: Bytes?
    /// How it ended: a stable code of `[a-z0-9.-]`, 64 octets at most.
    public let outcome: String?
    /// The id of the request to this server that caused it: 16 octets.
    public let request: Bytes?
    /// The node that wrote it, a handle.
    public let node: String?
    /// The bytes that are hashed and kept. Never encode again to verify.
    public let encoded: Bytes

    /// The numbers of an entry's digests.
    public enum DigestKey {
        public static let request: UInt8 = 0
        public static let content: UInt8 = 1
        public static let certificate: UInt8 = 2
        public static let row: UInt8 = 3
        public static let votes: UInt8 = 4
        public static let document: UInt8 = 5
        public static let statement: UInt8 = 6
        /// Where one event makes, or decides, two rows.
        public static let secondRow: UInt8 = 7
        /// H of a certificate's SubjectPublicKeyInfo; in `certificate.revoke`, of a key that is never to be certified again.
        public static let key: UInt8 = 8
        /// The same for its alternative key.
        public static let alternativeKey: UInt8 = 9
    }

    /// Octets of an entry at most.
    public static let sizeLimit = CBOR.sizeLimit
    /// The schema version that is written and read here.
    public static let version: UInt64 = 1

    /// - Throws: ``EntryError/field(_:)`` with the key of the field that has another form than its description says.
    public init(
        type: EventType, time: UInt64, actor: Bytes? = nil, commitment: Digest32? = nil, digests: [UInt8: Digest32] = [:],
        roster: Int64? = nil, object: Bytes? = nil, outcome: String? = nil, request: Bytes? = nil, node: String? = nil
    ) throws(EntryError) {
        var members: [UInt8: CBOR] = [
            Key.version: .unsigned(Self.version), Key.type: .text(type.description), Key.time: .unsigned(time),
        ]
        members[Key.actor] = actor.map { .bytes($0) }
        members[Key.commitment] = commitment.map { .bytes($0.bytes) }
        if !digests.isEmpty { members[Key.digests] = .map(digests.mapValues { .bytes($0.bytes) }) }
        if let roster {
            guard let number = UInt64(exactly: roster) else { throw .field(Key.roster) }
            members[Key.roster] = .unsigned(number)
        }
        members[Key.object] = object.map { .bytes($0) }
        members[Key.outcome] = outcome.map { .text($0) }
        members[Key.request] = request.map { .bytes($0) }
        members[Key.node] = node.map { .text($0) }
        try self.init(decoding: CBOR.map(members).encoded)
    }

    /// Reads an entry strictly. Keys and types of later versions are kept as they are.
    /// - Throws: ``EntryError``
    public init(decoding bytes: Bytes) throws(EntryError) {
        let value: CBOR
        do { value = try CBOR(decoding: bytes) } catch { throw .encoding(error) }
        guard case .map(let members) = value else { throw .notAMap }
        guard case .unsigned(let version)? = members[Key.version] else { throw .field(Key.version) }
        guard version == Self.version else { throw .version(version) }
        let fields = EntryFields(members)
        guard case .text(let text)? = members[Key.type], let type = EventType(text) else { throw .field(Key.type) }
        guard case .unsigned(let time)? = members[Key.time] else { throw .field(Key.time) }
        self.type = type
        self.time = time
        actor = try fields.octets(Key.actor, lengths: [16])
        commitment = try fields.octets(Key.commitment, lengths: [32]).flatMap { Digest32(bytes: $0) }
        digests = try fields.digests(Key.digests)
        roster = try fields.number(Key.roster)
        object = try fields.octets(Key.object, lengths: [16, 24])
        outcome = try fields.word(Key.outcome) { $0.utf8.allSatisfy(Self.isCode) && (1...64).contains($0.utf8.count) }
        request = try fields.octets(Key.request, lengths: [16])
        node = try fields.word(Key.node) { Handle($0) != nil }
        encoded = bytes
    }

    /// What the entry is found by: its object, and the keys that it names.
    public var mentions: [Bytes] {
        (object.map { [$0] } ?? []) + [DigestKey.key, DigestKey.alternativeKey].compactMap { digests[$0]?.bytes }
    }

    /// The leaf of the tree that stands for this entry.
    public var leafHash: Digest32 { Merkle.leafHash(encoded) }

    enum Key {
        static let version: UInt8 = 0, type: UInt8 = 1, time: UInt8 = 2, actor: UInt8 = 3, commitment: UInt8 = 4, digests: UInt8 = 5
        static let roster: UInt8 = 7, object: UInt8 = 8, outcome: UInt8 = 9, request: UInt8 = 10, node: UInt8 = 11
    }

    private static func isCode(_ octet: UInt8) -> Bool {
        (0x61...0x7a).contains(octet) || (0x30...0x39).contains(octet) || octet == 0x2e || octet == 0x2d
    }
}
