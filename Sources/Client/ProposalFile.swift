import Approval
import Basics
import Proofs

/// A proposed roster in a file, with everything that it takes to check it without a node: so that a person who comes into the roster
/// as an administrator, and whose signature it needs, can sign before the node knows them.
public struct ProposalFile: Sendable {
    /// The chain up to the present version.
    let rosters: [SignedNote]
    /// Documents in force.
    let base: [Bytes]
    public let proposal: RosterProposal
    public let charter: Charter

    public static let sizeLimit = 16 << 20

    /// - Parameter charter: whose next version the proposal is.
    init(rosters: [SignedNote], charter: Charter, proposal: RosterProposal) {
        self.rosters = rosters
        base = charter.documents.bytes.sorted { $0.key < $1.key }.map(\.value)
        self.charter = charter
        self.proposal = proposal
    }

    /// Reads and verifies a file: the chain from the pin, nothing behind what was seen, and the proposal's own rules.
    public init(parsing octets: Bytes, for folder: PersonFolder, clocks: any Clocks) throws(Problem) {
        let identity = try folder.node()
        guard let json = try? JSON(parsing: octets, limit: Self.sizeLimit) else { throw Self.malformed }
        var fields = try JSONFields(json, code: "roster.file-malformed")
        rosters = try Self.notes(try fields.strings("rosters"))
        let base = try fields.strings("base").compactMap { Bytes(base64: $0) }
        let documents = try fields.strings("documents").compactMap { Bytes(base64: $0) }
        let people = try fields.strings("people")
        let text = try fields.string("roster")
        try fields.end()
        guard let note = try? SignedNote(parsing: text) else { throw Self.malformed }
        let supplied = Dictionary((base + documents).map { (Digest32(of: $0), $0) }) { first, _ in first }
        let rosters = rosters
        let charter = try refusing { () throws(Refusal) in try Charter(chain: rosters, pin: identity.pin) { supplied[$0] } }
        let known = try folder.rosters().map(\.text)
        guard rosters.map(\.text).starts(with: known) else {
            throw Problem(
                .conflict, "roster.file-old", title: "The file does not continue what you have seen",
                detail: "You have verified roster version \(known.count). Ask for a new file: assay roster export")
        }
        let new = Dictionary(documents.map { (Digest32(of: $0), $0) }) { first, _ in first }
        proposal = try RosterProposal.verified(note, new, people, charter: charter, now: clocks.now)
        self.base = base
        self.charter = charter
    }

    /// The file with one more signature.
    public func signed(by keys: PersonKeys) throws(Problem) -> ProposalFile {
        guard proposal.missing.contains(keys.handle) else {
            throw Problem(
                .conflict, "roster.signature-not-needed", title: "Your signature is not asked for",
                detail: proposal.signers.contains(keys.handle)
                    ? "You have signed it. An administrator hands it in: assay roster submit FILE"
                    : "\(keys.handle) is an administrator neither before nor after.")
        }
        let own = try keys.sign(proposal.roster.text)
        guard let note = try? SignedNote(text: own.text, signatures: (proposal.note?.signatures ?? []) + own.signatures) else {
            throw Self.malformed
        }
        let signed = try RosterProposal(
            proposal.roster, documents: proposal.documents, people: proposal.people, note: note, charter: charter)
        return ProposalFile(rosters: rosters, charter: charter, proposal: signed)
    }

    public var octets: Bytes {
        JSON.object([
            "rosters": .array(rosters.map { .string($0.rendered) }), "base": .array(base.map { .string($0.base64) }),
            "documents": .array(proposal.documents.map { .string($0.base64) }),
            "people": .array(proposal.people.map { .string($0.rendered) }),
            "roster": .string(proposal.note?.rendered ?? ""),
        ]).canonicalBytes
    }

    private static func notes(_ texts: [String]) throws(Problem) -> [SignedNote] {
        try texts.map { text throws(Problem) in
            guard let note = try? SignedNote(parsing: text) else { throw malformed }
            return note
        }
    }

    private static let malformed = Problem(
        .invalid, "roster.file-malformed", title: "This is not a proposed roster",
        detail: "`assay roster export --out FILE` writes such files.")
}

extension Session {
    /// A proposal as a file.
    public func file(of proposal: RosterProposal) -> ProposalFile { ProposalFile(rosters: chain, charter: charter, proposal: proposal) }
}
