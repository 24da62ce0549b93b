import Approval
import Basics
import Proofs
import Wire

extension Session {
    /// The next version, made by applying changes to this person's own verified copy. Nothing is signed or sent.
    public func prepare(_ changes: [RosterChange], documents: [Bytes] = [], people: [SignedNote] = []) throws(Problem) -> RosterProposal {
        try requireAdministrator()
        let now = clocks.now
        let next = try refusing { () throws(Refusal) in try roster.successor(changes, time: now) }
        return try RosterProposal(next, documents: documents, people: people, note: nil, charter: charter)
    }

    /// Signs a proposal and hands it in. When it comes into force, the new version is fetched and verified like any other.
    /// - Parameter closes: whether what rests on votes of people whom it removes is closed with it.
    public mutating func sign(_ proposal: RosterProposal, closes: Bool = false) async throws(Problem) -> ProposalOutcome {
        try requireAdministrator()
        guard !proposal.signers.contains(handle) else {
            throw Problem(
                .conflict, "roster.signed-already", title: "You have signed this roster already",
                detail: "Still missing: one or more of \(proposal.missing.map(\.description).joined(separator: ", ")).")
        }
        let own = try keys.sign(proposal.roster.text)
        let note: SignedNote
        do { note = try SignedNote(text: own.text, signatures: (proposal.note?.signatures ?? []) + own.signatures) } catch {
            throw Refusal.note("roster").problem
        }
        return try await handIn(
            try RosterProposal(proposal.roster, documents: proposal.documents, people: proposal.people, note: note, charter: charter),
            closes: closes)
    }

    /// Hands in a proposal with the signatures that it has.
    public mutating func handIn(_ proposal: RosterProposal, closes: Bool = false) async throws(Problem) -> ProposalOutcome {
        guard let note = proposal.note else { throw Refusal.rosterSignatures(have: 0, need: roster.quorum).problem }
        let response = try await transport.send(
            Routes.proposeRoster, parameters: [:], query: [:],
            body: .json(
                .object([
                    "roster": .string(note.rendered), "documents": .array(proposal.documents.map { .string($0.base64) }),
                    "people": .array(proposal.people.map { .string($0.rendered) }), "closes": .bool(closes),
                ])))
        var fields = try response.fields()
        guard response.status == 200 else {
            let missing = Int(clamping: try fields.integer("missing"))
            return .proposed(proposal.digest, missing: missing, by: proposal.missing)
        }
        let warnings = try fields.strings("warnings")
        var closed: [ID] = []
        for text in try fields.strings("closed") {
            guard let id = ID(text) else { throw .answerMalformed("What was closed is named by its id.") }
            closed.append(id)
        }
        // Who is no longer in it cannot ask for it.
        guard proposal.roster.people.contains(handle) else {
            return .accepted(version: proposal.roster.version, warnings: warnings, closed: closed)
        }
        try await refresh()
        guard charter.digests.contains(proposal.digest) else {
            throw .lied("The node says that the roster is in force; it is not in its chain.")
        }
        return .accepted(version: proposal.roster.version, warnings: warnings, closed: closed)
    }

    /// Proposals that wait for signatures. One that does not keep the rules is named with the rule.
    public func proposals() async throws(Problem) -> [(digest: Digest32, proposal: Result<RosterProposal, Problem>)] {
        var fields = try await transport.fields(Routes.proposals)
        return try fields.list("proposals") { fields throws(Problem) in
            let text = try fields.string("roster")
            let documents = try fields.strings("documents").compactMap { Bytes(base64: $0) }
            let people = try fields.strings("people")
            let note = try refusing { () throws(Refusal) in try SignedNote("roster", text) }
            do throws(Problem) {
                return (Digest32(of: note.text), .success(try verified(note, documents: documents, people: people)))
            } catch {
                return (Digest32(of: note.text), .failure(error))
            }
        }
    }

    /// Checks what others propose: the rules of the chain, from bytes; and that an administrator of the present version has signed it,
    /// so that nothing is signed that only the node has written.
    func verified(_ note: SignedNote, documents: [Bytes], people: [String]) throws(Problem) -> RosterProposal {
        let supplied = Dictionary(documents.map { (Digest32(of: $0), $0) }) { first, _ in first }
        let now = clocks.now
        return try RosterProposal.verified(note, supplied, people, charter: charter, now: now)
    }

    func requireAdministrator() throws(Problem) {
        guard roster.administrators.contains(handle) else {
            throw Problem(
                .forbidden, "access.role-missing", title: "This takes an administrator",
                detail:
                    "\(handle) is not one. Administrators: \(roster.administrators.sorted().map(\.description).joined(separator: ", ")).")
        }
    }
}

extension RosterProposal {
    static func verified(
        _ note: SignedNote, _ supplied: [Digest32: Bytes], _ people: [String], charter: Charter, now: UTCTime
    ) throws(Problem) -> RosterProposal {
        let next = try refusing { () throws(Refusal) in
            let next = try Roster(text: note.text)
            var refusal: Refusal?
            for signer in charter.roster.administrators.sorted() {
                do throws(Refusal) {
                    try charter.checkProposal(note, by: signer, now: now) { supplied[$0] }
                    return next
                } catch { refusal = error }
            }
            throw refusal ?? .rosterSignatures(have: 0, need: 1)
        }
        guard next.log == charter.roster.log else {
            throw Refusal.rosterIncomplete("The log's key cannot be changed by a roster of this version.").problem
        }
        let notes = try people.map { text throws(Problem) in try refusing { () throws(Refusal) in try SignedNote("person", text) } }
        return try RosterProposal(next, documents: Array(supplied.values), people: notes, note: note, charter: charter)
    }
}
