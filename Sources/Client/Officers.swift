import Approval
import Basics
import PKIX
import Proofs
import Wire

extension Session {
    /// Draws a one-time code for a new person, of which the node learns the hash, and notes the roles here: at the confirmation they come from this note, not from the node.
    /// - Returns: the code to be given to that person, and until when it can be redeemed.
    public func invite(_ newcomer: Handle, roles: [Role]) async throws(Problem) -> (code: ConnectionCode, expires: UTCTime) {
        try requireAdministrator()
        guard !roster.people.contains(newcomer) else { throw Self.taken(newcomer) }
        let secret = entropy.bytes(16)
        var fields = try await transport.fields(
            Routes.addOfficer,
            body: .json(.object(["handle": .string(newcomer.description), "code": .string(Digest32(of: secret).base64)])))
        let expires = try fields.time("expires")
        var pending = try folder.pending()
        pending[newcomer] = roles
        try folder.keep(pending: pending)
        return (identity.code(secret: secret), expires)
    }

    /// Makes the roster that takes in a person who has redeemed a code.
    /// - Parameters:
    ///   - fingerprint: as that person says it, from person to person.
    ///   - roles: nil: the ones noted when this administrator invited the person.
    /// - Throws: `officer.fingerprint-mismatch`, `officer.not-enrolled`, `officer.roles-unknown`
    public func confirmation(of newcomer: Handle, fingerprint: String, roles: [Role]?) async throws(Problem) -> RosterProposal {
        try requireAdministrator()
        guard !roster.people.contains(newcomer) else { throw Self.taken(newcomer) }
        let noted = try folder.pending()[newcomer]
        guard let roles = roles ?? noted else {
            throw Problem(
                .conflict, "officer.roles-unknown", title: "The roles are not known here",
                detail:
                    "This folder did not invite \(newcomer). Say the role yourself: assay officer confirm \(newcomer) --fingerprint … --role ROLE"
            )
        }
        var fields = try await transport.fields(Routes.officer, parameters: ["handle": newcomer.description])
        guard !fields.isNull("person") else {
            throw Problem(
                .conflict, "officer.not-enrolled", title: "That person has not sent keys yet",
                detail: "\(newcomer) runs first: assay login CODE --as \(newcomer)")
        }
        let text = try fields.string("person")
        let (note, person) = try refusing { () throws(Refusal) in
            let note = try SignedNote("person", text)
            let person = try Person(note)
            guard person.handle == newcomer else { throw Refusal.personMismatch("The text names \(person.handle), not \(newcomer).") }
            guard person.instance == charter.instance else { throw Refusal.foreignInstance }
            return (note, person)
        }
        guard Self.isSame(fingerprint, person.fingerprint) else {
            throw Problem(
                .forbidden, "officer.fingerprint-mismatch", title: "The fingerprint is another one",
                detail:
                    "The node has keys whose fingerprint is not the one that you typed. Either it was mistyped, or somebody else's keys "
                    + "came in. Ask \(newcomer) again; if it stays different, invite anew: assay officer add \(newcomer) --role …")
        }
        return try prepare([.add(person, roles: roles)], people: [note])
    }

    /// Makes the roster without the person. Their votes count no more, from its acceptance on.
    public func removal(of person: Handle) throws(Problem) -> RosterProposal { try prepare([.remove(person)]) }

    /// What is open and carries a vote of this person.
    public func carrying(votesOf person: Handle) async throws(Problem) -> [(what: String, id: ID)] {
        func has(_ examined: Result<some ExaminedStatement, Refusal>) -> Bool {
            if case .success(let value) = examined { value.votes.contains { $0.voter == person } } else { false }
        }
        var found: [(what: String, id: ID)] = []
        try await each { paging throws(Problem) in
            try await requests(.open, paging)
        } _: { one throws(Problem) in
            if has(try await request(one.id).examined) { found.append(("open request", one.id)) }
        }
        for (state, what) in [(AllowanceState.open, "open allowance"), (.requested, "allowance")] {
            try await each { paging throws(Problem) in
                try await allowances(state, paging)
            } _: { one throws(Problem) in
                if has(one.examined) { found.append((what, one.id)) }
            }
        }
        try await each { paging throws(Problem) in
            try await revocations(.requested, paging)
        } _: { one throws(Problem) in
            if has(one.examined) { found.append(("revocation", one.id)) }
        }
        return found
    }

    /// Forgets an invitation that has served.
    public func forgetInvitation(of person: Handle) throws(Problem) {
        var pending = try folder.pending()
        guard pending.removeValue(forKey: person) != nil else { return }
        try folder.keep(pending: pending)
    }

    /// Letters that are read alike are the same (Crockford); case and separators do not matter.
    private static func isSame(_ typed: String, _ fingerprint: String) -> Bool {
        func plain(_ text: String) -> [Character] {
            text.uppercased().filter { $0 != "-" && $0 != " " }.map { $0 == "O" ? "0" : $0 == "I" || $0 == "L" ? "1" : $0 }
        }
        return plain(typed) == plain(fingerprint)
    }

    private static func taken(_ handle: Handle) -> Problem {
        Problem(
            .conflict, "officer.exists", title: "This handle is taken",
            detail: "\(handle) is in the roster already. See: assay officer list",
            field: "handle")
    }
}

extension Enrollment {
    /// Redeems a one-time code: makes the person's keys and sends the person text. When the answer is lost, the same call with the same
    /// code sends the same keys again.
    /// - Parameter passphrase: asked for only when keys are made; nil leaves them unsealed.
    public static func redeem(
        _ code: ConnectionCode, into folder: PersonFolder, passphrase: () throws(Problem) -> Bytes?,
        connect: (NodeIdentity) throws(Problem) -> any Transport, clocks: any Clocks, entropy: any Entropy
    ) async throws(Problem) -> Person {
        guard let secret = code.secret else {
            throw Problem(
                .invalid, "code.without-secret", title: "This is not an enrollment code",
                detail: "An enrollment code begins with assay-code-.")
        }
        let node = try NodeIdentity(code)
        let isNew = !folder.exists
        let (person, note) =
            isNew
            ? try makePerson(in: folder, node: node, passphrase: try passphrase(), clocks: clocks, entropy: entropy) : try folder.person()
        if !isNew {
            guard try folder.nodeIfAttached() == node, person.instance == node.instance, try folder.rosters().isEmpty else {
                throw Problem(
                    .conflict, "client.folder-exists", title: "This person has keys here already",
                    detail: "\(folder.path.escaped) exists and is not touched. Choose another name with --as, or move the folder away.")
            }
        }
        let transport = try connect(node)
        do throws(Problem) {
            var answer = try await transport.fields(
                Routes.enroll, body: .json(.object(["secret": .string(secret.base64), "person": .string(note.rendered)])))
            guard try answer.handle("handle") == person.handle else { throw .lied("The node has enrolled another person.") }
            await transport.close()
        } catch {
            await transport.close()
            // A refusal leaves nothing behind; after a lost answer the keys may be the enrolled ones, and stay.
            if isNew, [.invalid, .forbidden, .notFound, .conflict].contains(error.kind),
                !error.code.hasPrefix("client.") || error.code == "client.server-key-mismatch"
            {
                folder.discard()
            } else if isNew, error.code == "client.node-unreachable" {
                // Nothing was sent.
                folder.discard()
            }
            throw error
        }
        return person
    }
}
