import Approval
import Basics
import GRDB
import Node
import PKIX
import Proofs
import Registration
import Testing

/// One thing that somebody with the database tries, and what it comes to.
struct Attack: Sendable, CustomTestStringConvertible {
    enum Moment: Sendable { case stopped, running }
    /// What the officer who casts the last vote signs.
    enum LastVote: Sendable {
        /// The statement that was shown before the attack.
        case honest
        /// Whatever statement stands in the database: the officers were deceived, or work with the attacker.
        case deceived
    }

    let name: String
    /// The refusal's code.
    let code: String
    let moments: [Moment]
    let vote: LastVote
    let tamper: @Sendable (AttackBench) throws -> Void

    init(
        _ name: String, _ code: String, _ moments: [Moment] = [.stopped, .running], vote: LastVote = .honest,
        _ tamper: @escaping @Sendable (AttackBench) throws -> Void
    ) {
        self.name = name
        self.code = code
        self.moments = moments
        self.vote = vote
        self.tamper = tamper
    }

    var testDescription: String { name }
}

extension AttackBench {
    /// The house refuses to open; with the honest database it opens, and the last vote issues: it was the attack, nothing else.
    func isRefusedAtOpening(_ attack: Attack) async throws {
        try attack.tamper(self)
        await expect(attack.code) { try await test.open() }
        try await restore()
        let house = try await test.open()
        #expect(house.keys.signatures(.certificate) == 0)
        let record = try await test.vote(target, test.officers[1], house)
        #expect(record.state == .issued)
        #expect(house.keys.signatures(.certificate) == 1)
        try await house.services.ledger.stop()
    }

    /// The last vote is refused, and nothing is signed.
    func isRefusedAtLastVote(_ attack: Attack, _ moment: Attack.Moment) async throws {
        if moment == .stopped { try attack.tamper(self) }
        let house = try await test.open()
        if moment == .running { try attack.tamper(self) }
        let certificates = try await house.services.registrar.everyCertificate().count
        let entries = try house.services.ledger.view().frontier.size
        await expect(attack.code) {
            try await house.services.registrar.vote(
                try lastBallot(attack.vote), on: target.id, reason: nil, by: test.officers[1].principal(.registrationOfficer))
        }
        #expect(house.keys.signatures(.certificate) == 0)
        #expect(try await house.services.registrar.everyCertificate().count == certificates)
        #expect(try house.services.ledger.view().frontier.size == entries)
        try? await house.services.ledger.stop()
    }

    private func lastBallot(_ kind: Attack.LastVote) throws -> SignedNote {
        switch kind {
        case .honest: try test.ballot(target, test.officers[1])
        case .deceived: try ballot(by: test.officers[1], on: try storedStatement())
        }
    }

    func storedStatement() throws -> String {
        try #require(
            try connected { db in
                try String.fetchOne(db, sql: "SELECT statement FROM request WHERE id = ?", arguments: [target.id.bytes.data])
            })
    }

    /// An approval of any text, be it a statement or not.
    func ballot(by person: TestPerson, on statement: String, instance: Instance? = nil, time: UTCTime? = nil) throws -> SignedNote {
        let vote = Vote(
            instance: try instance ?? Statement(text: target.statement).instance, voter: person.handle, decision: .approve,
            time: time ?? test.clocks.now, statements: [Digest32(of: statement)])
        return try person.sign(vote.text)
    }

    /// Writes another statement into the target's row, with whatever else is given, and the first officer's vote on it, as if that
    /// officer had been deceived or bought.
    /// - Parameter lines: new values of the statement's lines, by their keys.
    func plant(_ lines: [String: String] = [:], tbs: Bytes? = nil, csr: Bytes? = nil, submission: String? = nil) throws {
        var lines = lines
        if let tbs { lines["content"] = Digest32(of: tbs).base64 }
        if let csr { lines["request"] = Digest32(of: csr).base64 }
        let text = target.statement.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let key = line.prefix { $0 != " " }
            return lines[String(key)].map { "\(key) \($0)" } ?? String(line)
        }.joined(separator: "\n")
        guard text != target.statement else { throw Untouched(sql: "plant") }
        let hash = Digest32(of: text)
        try write(
            "UPDATE request SET statement = ?, statement_hash = ?, tbs = ?, csr = ?, submission = ? WHERE id = ?",
            [text, hash.data, (tbs ?? target.tbs).data, (csr ?? target.csr).data, submission ?? target.submission, target.id.bytes.data])
        let ballot = try ballot(by: test.officers[0], on: text)
        try write(
            "INSERT INTO vote (statement_hash, voter, hash, decision, note, created) VALUES (?, ?, ?, 'approve', ?, 0)",
            [hash.data, "officer-1", Digest32(of: ballot.text).data, ballot.rendered])
    }

    /// The target's TBSCertificate with changes.
    func certificate(
        serial: SerialNumber? = nil, validity: Validity? = nil, subject: Name? = nil, key: SubjectPublicKeyInfo? = nil,
        adding more: [Extension] = [],
        replacing extensions: [Extension]? = nil
    ) throws -> Bytes {
        let tbs = try TBSCertificate(der: target.tbs)
        return try TBSCertificate(
            serialNumber: serial ?? tbs.serialNumber, signature: tbs.signature, issuer: tbs.issuer, validity: validity ?? tbs.validity,
            subject: subject ?? tbs.subject, publicKey: key ?? tbs.publicKey, extensions: (extensions ?? tbs.extensions) + more
        ).der
    }
}
