import Basics
import Proofs

/// The verified chain of rosters up to the present one, and the documents in force. Server and clients hold one each;
/// nothing makes one but the rules of the chain.
public struct Charter: Sendable {
    /// H of every version, the first at index 0. The first is the pin.
    public let digests: [Digest32]
    public let roster: Roster
    /// The present version as it was signed.
    public let note: SignedNote
    public let documents: Documents

    public var instance: Instance { roster.instance }
    public var pin: Digest32 { digests[0] }

    /// Begins with version 1, which is trusted by its hash.
    /// - Parameter pin: what `assay init` printed.
    public init(first note: SignedNote, pin: Digest32) throws(Refusal) {
        let roster = try Roster(text: note.text)
        guard roster.digest == pin else { throw .rosterPin }
        guard roster.version == 1 else { throw .rosterNotNext(have: 0, got: roster.version) }
        guard roster.previous == .zero else { throw .rosterPrevious }
        guard roster.documents.isEmpty else { throw .rosterFirstHasDocuments }
        let signers = roster.signers(of: note)
        try Self.checkLines(of: note, by: signers)
        guard signers.count >= roster.quorum else { throw .rosterSignatures(have: signers.count, need: roster.quorum) }
        self.init(digests: [pin], roster: roster, note: note, documents: try Documents(of: roster) { _ in nil })
    }

    private init(digests: [Digest32], roster: Roster, note: SignedNote, documents: Documents) {
        self.digests = digests
        self.roster = roster
        self.note = note
        self.documents = documents
    }

    /// The charter with the next version on top.
    /// - Parameters:
    ///   - now: when it is accepted; nil for history, whose acceptance the ledger has.
    ///   - supply: bytes of documents by hash.
    public func accepting(_ next: SignedNote, now: UTCTime?, supply: (Digest32) -> Bytes?) throws(Refusal) -> Charter {
        let roster = try Roster(text: next.text)
        try check(roster, signedBy: next)
        if let now, now >= roster.expires || roster.time > now.adding(seconds: 300) { throw .rosterExpired }
        let held = documents.bytes
        let documents = try Documents(of: roster) { held[$0] ?? supply($0) }
        return Charter(digests: digests + [roster.digest], roster: roster, note: next, documents: documents)
    }

    /// Verifies a whole chain; only the last version's documents are needed.
    /// - Parameter chain: versions 1…n in order.
    public init(chain: [SignedNote], pin: Digest32, supply: (Digest32) -> Bytes?) throws(Refusal) {
        guard let first = chain.first else { throw .rosterPin }
        var charter = try Charter(first: first, pin: pin)
        for (index, note) in chain.enumerated().dropFirst() {
            if index == chain.count - 1 {
                charter = try charter.accepting(note, now: nil, supply: supply)
            } else {
                let roster = try Roster(text: note.text)
                try charter.check(roster, signedBy: note)
                charter = Charter(digests: charter.digests + [roster.digest], roster: roster, note: note, documents: charter.documents)
            }
        }
        self = charter
    }

    private func check(_ next: Roster, signedBy note: SignedNote) throws(Refusal) {
        try checkPlace(of: next, signedBy: note)
        for (signers, need) in [(roster.signers(of: note), roster.quorum), (next.signers(of: note), next.quorum)]
        where signers.count < need { throw .rosterSignatures(have: signers.count, need: need) }
    }

    /// The rules between two versions, but the number of signatures.
    private func checkPlace(of next: Roster, signedBy note: SignedNote) throws(Refusal) {
        guard next.instance == roster.instance else { throw .foreignInstance }
        guard next.version == roster.version + 1 else { throw .rosterNotNext(have: roster.version, got: next.version) }
        guard next.previous == roster.digest else { throw .rosterPrevious }
        guard next.log == roster.log else { throw .rosterLogChanged }
        try Self.checkLines(of: note, by: roster.signers(of: note).union(next.signers(of: note)))
    }

    /// Each line is a signer's, one a name: a stranger's or a damaged line is not passed over.
    private static func checkLines(of note: SignedNote, by signers: Set<Handle>) throws(Refusal) {
        var names: Set<String> = []
        for line in note.signatures where !names.insert(line.name).inserted { throw .rosterDoubled(line.name) }
        for name in names.sorted() {
            guard let handle = Handle(name), signers.contains(handle) else { throw .rosterSignatureInvalid(name) }
        }
    }

    /// How many more signatures a proposal needs, by the rules of this version and its own.
    public func missingSignatures(_ next: SignedNote) throws(Refusal) -> Int {
        let proposed = try Roster(text: next.text)
        return max(0, roster.quorum - roster.signers(of: next).count, proposed.quorum - proposed.signers(of: next).count)
    }
}

extension Charter {
    /// All rules for a next version but the number of its signatures: what is worth keeping until others sign.
    /// - Parameter signer: an administrator of this version who has signed it.
    public func checkProposal(
        _ note: SignedNote, by signer: Handle, now: UTCTime, supply: (Digest32) -> Bytes?
    ) throws(Refusal) {
        let next = try Roster(text: note.text)
        try checkPlace(of: next, signedBy: note)
        guard now < next.expires, next.time <= now.adding(seconds: 300) else { throw .rosterExpired }
        guard roster.signers(of: note).contains(signer) else { throw .badSignature(by: signer) }
        let held = documents.bytes
        _ = try Documents(of: next) { held[$0] ?? supply($0) }
    }
}
