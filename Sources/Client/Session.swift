import Approval
import Basics
import PKIX
import Proofs
import Wire

/// A person at work with their node. The chain of rosters is verified from the pin on, and never behind what was seen before;
/// whatever is shown or signed is computed from bytes under it. The node's own words about a thing are compared, not believed.
public struct Session: Sendable {
    public let folder: PersonFolder
    public let keys: PersonKeys
    public let identity: NodeIdentity
    let transport: any Transport
    let clocks: any Clocks
    let entropy: any Entropy
    /// The rosters as signed, version 1 first.
    public private(set) var chain: [SignedNote]
    public private(set) var charter: Charter

    public var handle: Handle { keys.handle }
    public var roster: Roster { charter.roster }

    /// Connects to the person's node, and catches up with the chain of rosters.
    public static func open(
        _ folder: PersonFolder, passphrase: PassphraseSource, clocks: any Clocks = SystemClocks(), entropy: any Entropy = SystemEntropy()
    ) async throws(Problem) -> Session {
        let identity = try folder.node()
        let keys = try PersonKeys(opening: folder, passphrase: passphrase)
        let client = try NodeClient(identity.address, pin: identity.serverKey, key: keys.login, clocks: clocks, entropy: entropy)
        return try await Session(folder, keys: keys, transport: client, clocks: clocks, entropy: entropy)
    }

    /// The same over any transport.
    public init(
        _ folder: PersonFolder, keys: PersonKeys, transport: any Transport, clocks: any Clocks, entropy: any Entropy
    ) async throws(Problem) {
        identity = try folder.node()
        self.folder = folder
        self.keys = keys
        self.transport = transport
        self.clocks = clocks
        self.entropy = entropy
        (chain, charter) = try await Self.catchUp(folder, identity, transport)
    }

    /// Asks for rosters beyond those that are known, and verifies them.
    public mutating func refresh() async throws(Problem) {
        (chain, charter) = try await Self.catchUp(folder, identity, transport)
    }

    public func close() async { await transport.close() }

    private static func catchUp(
        _ folder: PersonFolder, _ identity: NodeIdentity, _ transport: any Transport
    ) async throws(Problem) -> ([SignedNote], Charter) {
        let known = try folder.rosters()
        var chain = known
        var isAtEnd = false
        while !isAtEnd {
            // The last known version is asked for again: a node that shows another one, or none, has gone back.
            let first = max(chain.count, 1)
            var answer = try await transport.fields(Routes.roster, query: ["from": [String(first)]])
            var notes: [SignedNote] = []
            for text in try answer.strings("rosters") {
                notes.append(try refusing { () throws(Refusal) in try SignedNote("roster", text) })
            }
            if let last = chain.last {
                guard let same = notes.first else { throw .rollback(chain.count) }
                guard same.text == last.text else { throw .fork(chain.count) }
                notes.removeFirst()
            }
            chain += notes
            isAtEnd = notes.isEmpty
            guard chain.count <= 100_000 else { throw .answerMalformed("The chain of rosters has no end.") }
        }
        // Signatures first, so that a document is asked for only when people have signed for it.
        let notes = chain
        do throws(Refusal) { _ = try Charter(chain: notes, pin: identity.pin) { _ in nil } } catch {
            guard case .documentMissing = error else { throw error.problem }
        }
        let documents = try await documents(of: notes.last, folder, transport)
        let charter = try refusing { () throws(Refusal) in try Charter(chain: notes, pin: identity.pin) { documents[$0] } }
        guard charter.instance == identity.instance else { throw Refusal.foreignInstance.problem }
        try folder.keep(chain, from: known.count, documents: documents)
        return (chain, charter)
    }

    private static func documents(
        of last: SignedNote?, _ folder: PersonFolder, _ transport: any Transport
    ) async throws(Problem) -> [Digest32: Bytes] {
        guard let last else { throw .answerMalformed("The node shows no roster.") }
        let roster = try refusing { () throws(Refusal) in try Roster(text: last.text) }
        var documents: [Digest32: Bytes] = [:]
        for line in roster.documents {
            if let kept = try folder.document(line.digest) {
                documents[line.digest] = kept
            } else {
                let octets = try await transport.octets(Routes.document, .octets, parameters: ["hash": line.digest.hex])
                guard Digest32(of: octets) == line.digest else {
                    throw .lied("Document \(line.label) does not have the hash that the roster names.")
                }
                documents[line.digest] = octets
            }
        }
        return documents
    }
}

extension Problem {
    fileprivate static func rollback(_ seen: Int) -> Problem {
        Problem(
            .forbidden, "client.roster-rollback", title: "The node shows an older roster than you have seen",
            detail: "You have verified version \(seen); the node does not have it. Its data was put back, or it is another node. "
                + "Nothing was signed. Tell your administrators.")
    }

    fileprivate static func fork(_ seen: Int) -> Problem {
        Problem(
            .forbidden, "client.roster-fork", title: "The node shows another roster than you have seen",
            detail: "Version \(seen) is not the one that you have verified. Nothing was signed. Tell your administrators.")
    }
}
