import Approval
import Basics
import Custody
import PKIX
import Profiles
import Proofs
import Testing

/// A house whose authorities' keys lie in custody: roots `one` and `two`, `three` whose key is for checkpoints only, and the log.
/// Warrants come from the guard, as everywhere.
struct TestKeys {
    let folder: TestFolder
    let custody: CustodyDirectory
    let keys: any KeyProvider
    let context: SealContext
    let records: [String: KeyRecord]
    let tbs: [String: Bytes]
    let guarding: Guard
    /// What the log may sign.
    let checkpoint: String

    /// - Parameters:
    ///   - algorithm: of the authorities' keys.
    ///   - provider: whose keys; the log's are always sealed.
    init(_ seed: String = "octets", _ algorithm: KeyAlgorithm = .ecdsaP256, provider: Provider = .sealed) async throws {
        folder = try TestFolder()
        let entropy = CountedEntropy(seed)
        custody = try CustodyDirectory.create(at: folder.custody, entropy: entropy)
        let log = FreshLogKey()
        let instance = try #require(Instance("7f3a0000000000000000000000000001"))
        let vote = try PrivateKey.generate(.ecdsaP256, entropy: entropy)
        let login = try PrivateKey.generate(.ecdsaP256, entropy: entropy)
        let ada = try #require(Handle("ada"))
        let now = TestAnchor.now
        let one = try Roster(
            instance: instance, version: 1, previous: .zero, quorum: 1,
            log: try .ed25519(name: "assay.example/ledger", publicKey: log.publicKey), time: now, expires: now.adding(days: 1),
            documents: [],
            keys: [.init(person: ada, use: .login, key: login.publicKey), .init(person: ada, use: .vote, key: vote.publicKey)],
            grants: [.init(person: ada, role: .administrator, profile: nil)])
        context = SealContext(instance: instance, pin: one.digest)
        let sealed = custody.sealedKeys(context, entropy: entropy)
        keys = try await provider.keys(custody, context, sealed)

        var records = ["log": try custody.seal(log, id: ID(at: now, entropy: entropy), context, entropy: entropy)]
        var tbs: [String: Bytes] = [:]
        var documents: [Digest32: Bytes] = [:]
        var lines: [RosterChange] = []
        for (name, purpose) in [("one", Warrant.Kind.certificate), ("two", .certificate), ("three", .checkpoint)] {
            // Tokens outlive a test's counted entropy: ids of keys are drawn.
            let record = try await keys.generate(algorithm, id: ID(at: now, entropy: SystemEntropy()), purposes: [purpose])
            let made = try Self.root(name, algorithm, try SubjectPublicKeyInfo(der: record.publicKey), now)
            records[name] = record
            tbs[name] = made.tbs
            let digest = Digest32(of: made.document)
            documents[digest] = made.document
            lines.append(.put(.init(kind: .authority, name: try #require(Handle(name)), digest: digest)))
        }
        self.records = records
        self.tbs = tbs
        let supply = documents
        let two = try one.successor(lines, time: now)
        let notes = [try vote.note(one.text, as: ada), try vote.note(two.text, as: ada)]

        let entry = try Entry(type: .ledgerCreated, time: 1, digests: [Entry.DigestKey.document: one.digest], roster: 1).encoded
        var frontier = Frontier()
        _ = frontier.append(Merkle.leafHash(entry))
        var anchor = AnchorState(instance: instance, origin: "assay.example/ledger", node: try #require(Handle("node-1")), pin: one.digest)
        anchor.apply(.roster(version: 2, digest: two.digest))
        anchor.apply(.head(size: 1, root: frontier.root, time: now))
        var unanchored: [AnchorLine] = []
        let view = try View(
            anchor: anchor,
            claim: .init(
                rosters: notes, document: { supply[$0] }, frontier: frontier, tail: [], head: .init(size: 1, root: frontier.root)),
            lines: &unanchored)
        guarding = Guard(view: view, now: now)
        checkpoint = try Checkpoint(origin: "assay.example/ledger", size: 1, root: frontier.root).text
    }

    func record(_ name: String) throws -> KeyRecord { try #require(records[name]) }

    func signer(_ name: String) async throws -> any Signer {
        let record = try record(name)
        if name == "log" { return try await custody.sealedKeys(context, entropy: SystemEntropy()).signer(for: record, as: .ed25519) }
        return try await keys.signer(for: record, as: Self.usual(record))
    }

    static func usual(_ record: KeyRecord) -> SignatureAlgorithm {
        KeyAlgorithm(named: record.algorithm).map(SignatureAlgorithm.preferred) ?? .ecdsaSHA256
    }

    func message(_ name: String) throws -> Bytes { name == "log" ? Bytes(checkpoint.utf8) : try #require(tbs[name]) }

    /// Whether this is a signature over `name`'s message by its key, in its usual way.
    func isValid(_ signature: Bytes, by name: String) throws -> Bool {
        let record = try record(name)
        return Self.usual(record).isValid(signature, over: try message(name), by: try SubjectPublicKeyInfo(der: record.publicKey))
    }

    /// Leave for `name`'s key to sign `name`'s message.
    func warrant(_ name: String) throws -> Warrant {
        if name == "log" { return try guarding.checkpoint(checkpoint) }
        return try guarding.authorityCertificate(
            try message(name), of: try #require(Handle(name)), key: try SubjectPublicKeyInfo(der: try record(name).publicKey))
    }

    private static func root(
        _ name: String, _ algorithm: KeyAlgorithm, _ key: SubjectPublicKeyInfo, _ now: UTCTime
    ) throws -> (document: Bytes, tbs: Bytes) {
        var members: [String: JSON] = [
            "name": .string(name), "subject": .string("CN=\(name), O=Example"), "key": .string(algorithm.name), "years": .integer(20),
            "purposes": .array([.string("authority"), .string("crl")]), "publicKey": .string(key.der.base64),
            "content": .string(Digest32.zero.base64),
        ]
        let unfinished = try AuthorityDocument(document: JSON.object(members).canonicalBytes)
        let filling = Filling(
            serial: SerialNumber(at: now, random: Bytes(repeating: 1, count: 16)), now: now, publicKey: key, fields: [:], request: nil)
        let tbs = try unfinished.template.fill(filling, issuer: try unfinished.asIssuer())
        members["content"] = .string(tbs.content.base64)
        return (JSON.object(members).canonicalBytes, tbs.der)
    }
}
