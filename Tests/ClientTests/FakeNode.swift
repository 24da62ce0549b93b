import Approval
import Basics
import Client
import Crypto
import Foundation
import PKIX
import Profiles
import Proofs
import Synchronization
import Wire

/// A node in memory that answers as an honest one would, and then changes its answer as a test wants it.
final class FakeNode: Transport {
    struct Opened: Sendable {
        var statement: Statement
        var tbs: Bytes
        var csr: Bytes
        var submission: String
        var votes: [SignedNote] = []
        var certificate: Bytes?
    }

    struct State: Sendable {
        var rosters: [SignedNote]
        var documents: [Digest32: Bytes]
        var requests: [ID: Opened] = [:]
        var entries: [Bytes] = []
        /// The person who waits for confirmation.
        var pending: SignedNote?
        /// H of the secret of the last invitation.
        var code: Digest32? = Digest32(of: Bytes(repeating: 5, count: 16))
        /// Routes that something was sent to.
        var posted: [String] = []
    }

    typealias Lie = @Sendable (Route, inout [String: JSON]) -> Void

    let world: World
    private let state: Mutex<State>
    private let lie: Mutex<Lie> = Mutex { _, _ in }
    private let voted: Mutex<@Sendable (String?) -> Void> = Mutex { _ in }
    private let checkpointLie: Mutex<String?> = Mutex(nil)

    init(_ world: World) throws {
        self.world = world
        var state = State(rosters: world.rosters, documents: world.documents)
        state.entries = try [
            Entry(type: .ledgerCreated, time: 1, digests: [5: Digest32(of: world.rosters[0].text)]).encoded,
            Entry(type: .rosterAccepted, time: 2, digests: [5: Digest32(of: world.rosters[1].text)]).encoded,
            Entry(type: .keyGenerated, time: 3).encoded,
        ]
        self.state = Mutex(state)
    }

    var posted: [String] { state.withLock { $0.posted } }
    func change(_ body: (inout State) -> Void) { state.withLock { body(&$0) } }
    func lie(_ lie: @escaping Lie) { self.lie.withLock { $0 = lie } }
    /// Called with the reason of each vote.
    func onVote(_ body: @escaping @Sendable (String?) -> Void) { voted.withLock { $0 = body } }
    func lie(checkpoint: String?) { checkpointLie.withLock { $0 = checkpoint } }

    func session(as name: String) async throws -> Session {
        let folder = try world.folder(name)
        return try await Session(
            folder, keys: try PersonKeys(opening: folder, passphrase: PassphraseSource(file: nil)), transport: self, clocks: world.clocks,
            entropy: SystemEntropy())
    }

    func close() async {}

    func send(
        _ route: Route, parameters: [String: String], query: [String: [String]], body: ClientBody
    ) async throws(Problem) -> ClientResponse {
        if route.method == .post { state.withLock { $0.posted.append(route.name) } }
        do {
            switch route {
            case Routes.document: return try octets(state.withLock { $0.documents[Digest32(hex: parameters["hash"] ?? "") ?? .zero] })
            case Routes.checkpoint: return ClientResponse(status: 200, media: .text, body: Bytes(try checkpoint().utf8))
            default: break
            }
            var status = 200
            guard case .object(var members) = try answer(route, parameters, query, body, &status) else { throw Self.unknown }
            lie.withLock { $0 }(route, &members)
            return ClientResponse(status: status, media: .json, body: JSON.object(members).canonicalBytes)
        } catch { throw error as? Problem ?? Problem(.fault, "test.fake", title: "\(error)", detail: "") }
    }

    private static let unknown = Problem(.notFound, "test.not-found", title: "not there", detail: "")

    private func octets(_ content: Bytes?) throws -> ClientResponse {
        guard let content else { throw Self.unknown }
        return ClientResponse(status: 200, media: .octets, body: content)
    }

    private func answer(
        _ route: Route, _ parameters: [String: String], _ query: [String: [String]], _ body: ClientBody, _ status: inout Int
    ) throws -> JSON {
        let state = state.withLock { $0 }
        switch route {
        case Routes.roster:
            let from = Int(query["from"]?.first ?? "1") ?? 1
            return .object(["rosters": .array(state.rosters.dropFirst(from - 1).map { .string($0.rendered) })])
        case Routes.proposals: return .object(["proposals": .array([])])
        case Routes.persons: return .object(["people": .array(world.people.map { .string($0.rendered) })])
        case Routes.enroll:
            guard case .json(let json) = body else { throw Self.unknown }
            var fields = try JSONFields(json, code: "test")
            let person = try Person(try SignedNote(parsing: try fields.string("person")))
            guard Digest32(of: try fields.base64("secret")) == state.code else {
                throw Problem(.forbidden, "enrollment.code-invalid", title: "no", detail: "")
            }
            return .object(["handle": .string(person.handle.description), "fingerprint": .string(person.fingerprint)])
        case Routes.addOfficer:
            guard case .json(let json) = body else { throw Self.unknown }
            var fields = try JSONFields(json, code: "test")
            let code = try fields.parsed("code", expected: "a hash") { Digest32(base64: $0) }
            self.state.withLock { $0.code = code }
            return .object(["expires": .integer(1_764_000_000)])
        case Routes.officer:
            let note = state.pending
            return .object([
                "handle": .string(parameters["handle"] ?? ""), "state": .string("pending"),
                "person": note.map { .string($0.rendered) } ?? .null,
            ])
        case Routes.submitRequest:
            status = 201
            return try submit(body)
        case Routes.request: return try describe(parameters["id"])
        case Routes.vote:
            try vote(parameters["id"], body)
            return try describe(parameters["id"])
        case Routes.draftAuthorities: return try drafts(body)
        case Routes.entries:
            let from = Int(query["from"]?.first ?? "0") ?? 0
            return .object([
                "entries": .array(state.entries.dropFirst(from).map { .string($0.base64) }), "size": .integer(Int64(state.entries.count)),
            ])
        case Routes.consistency:
            let old = Int64(query["from"]?.first ?? "0") ?? 0
            let new = Int64(query["to"]?.first ?? "0") ?? 0
            let leaves = state.entries.map(Merkle.leafHash)
            let hashes = try Merkle.consistencyProof(from: old, to: new) { try Self.node(leaves, level: $0, index: $1) }
            return .object(["hashes": .array(hashes.map { .string($0.base64) })])
        default: throw Self.unknown
        }
    }

    private static func node(_ leaves: [Digest32], level: Int, index: Int64) throws -> Digest32 {
        if level == 0 { return leaves[Int(index)] }
        return Merkle.nodeHash(
            try node(leaves, level: level - 1, index: index * 2), try node(leaves, level: level - 1, index: index * 2 + 1))
    }

    /// A signed checkpoint over the first entries; all of them unless said.
    func checkpoint(size: Int? = nil) throws -> String {
        if let lie = checkpointLie.withLock({ $0 }), size == nil { return lie }
        var frontier = Frontier()
        for entry in state.withLock({ $0.entries }).prefix(size ?? .max) { _ = frontier.append(Merkle.leafHash(entry)) }
        let text = try Checkpoint(origin: world.origin, size: frontier.size, root: frontier.root).text
        let signature = Bytes(try world.log.signature(for: Data(text.utf8)))
        return try SignedNote(text: text, signatures: [.init(name: world.origin, keyID: world.logKey.keyID, signature: signature)]).rendered
    }

    private func submit(_ body: ClientBody) throws -> JSON {
        guard case .json(let json) = body else { throw Self.unknown }
        var fields = try JSONFields(json, code: "test")
        let note = try SignedNote(parsing: try fields.string("submission"))
        let csr = try fields.base64("csr")
        var values: [String: String] = [:]
        var members = try fields.object("fields")
        for name in members.names { values[name] = try members.string(name) }
        let charter = try world.charter
        let submission = try Submission(note, roster: charter.roster)
        let id = submission.subject
        let opened = try world.open(submission, note: note, csr: csr, fields: values)
        state.withLock { $0.requests[id] = opened }
        return try describe(id.description)
    }

    private func vote(_ id: String?, _ body: ClientBody) throws {
        guard let id = ID(id ?? ""), case .json(let json) = body else { throw Self.unknown }
        var fields = try JSONFields(json, code: "test")
        let note = try SignedNote(parsing: try fields.string("vote"))
        let reason = fields.optional("reason") == .null ? nil : try fields.string("reason")
        voted.withLock { $0 }(reason)
        let key = world.devicesKey
        try state.withLock { state in
            guard var opened = state.requests[id] else { throw Self.unknown }
            opened.votes.append(note)
            if opened.votes.count == 2 {
                opened.certificate = Certificate(tbs: try TBSCertificate(der: opened.tbs), signature: try key.sign(opened.tbs)).der
            }
            state.requests[id] = opened
        }
    }

    private func describe(_ id: String?) throws -> JSON {
        guard let id = ID(id ?? ""), let opened = state.withLock({ $0.requests[id] }) else { throw Self.unknown }
        let statement = opened.statement
        return .object([
            "id": .string(id.description), "requester": .string(statement.requester?.description ?? "-"),
            "profile": .string(statement.profile.name.description), "state": .string(opened.certificate == nil ? "open" : "issued"),
            "statement": .string(statement.text), "submission": .string(opened.submission), "csr": .string(opened.csr.base64),
            "tbs": .string(opened.tbs.base64), "votes": .array(opened.votes.map { .string($0.rendered) }),
            "certificate": opened.certificate.map { .string($0.base64) } ?? .null, "decidedBy": .null, "reason": .null,
            "opened": .integer(statement.opened.seconds), "expires": .integer(statement.expires.seconds),
        ])
    }

    private func drafts(_ body: ClientBody) throws -> JSON {
        guard case .json(let json) = body else { throw Self.unknown }
        var fields = try JSONFields(json, code: "test")
        var parents = try world.charter.documents.authorities.mapValues(\.value)
        let drafts = try fields.array("authorities").map { json -> JSON in
            let key = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
            let drafted = try World.draft(json, key: key.publicKey, parents: parents, now: world.clocks.now)
            let document = try AuthorityDocument(document: drafted.document)
            parents[document.name] = document
            return .object([
                "name": .string(document.name.description), "document": .string(drafted.document.base64),
                "tbs": .string(drafted.tbs.base64),
            ])
        }
        return .object(["drafts": .array(drafts)])
    }
}
