import Approval
import Basics
import PKIX
import Profiles
import Proofs
import Wire

extension Session {
    /// Asks for a certificate. The answer is checked against what was asked for, so that a node which opened something else is caught here.
    /// - Parameters:
    ///   - csr: the certificate signing request, PEM or DER.
    ///   - fields: a value for each of the profile's fields.
    public func submit(profile name: Handle, csr file: Bytes, fields: [String: String]) async throws(Problem) -> RequestEvidence {
        guard let profile = charter.documents.profiles[name] else { throw unknownProfile(name) }
        let csr = try Self.request(file, profile.value.leniencies)
        try checkFields(fields, of: profile.value)
        let now = clocks.now
        let submission = Submission(
            instance: charter.instance, subject: ID(at: now, entropy: entropy), requester: handle, profile: profile.reference,
            request: csr.digest, time: now)
        let note = try keys.sign(submission.text)
        _ = try refusing { () throws(Refusal) in try Submission(note, roster: roster) }
        var answer = try await transport.fields(
            Routes.submitRequest,
            body: .json(
                .object([
                    "submission": .string(note.rendered), "csr": .string(csr.der.base64),
                    "fields": .object(fields.mapValues { .string($0) }),
                ])))
        let request = try RequestEvidence(try RequestRecord(&answer), id: submission.subject, charter: charter, now: clocks.now)
        guard request.submission?.text == note.text, request.csr == csr.der else {
            throw .lied("The request that was opened is not yours.")
        }
        guard try profile.value.fieldValues(of: request.tbs) == fields else {
            throw .lied(
                "The certificate to be signed has other values in its fields than the ones that you gave. Reject it: assay request reject \(request.id)"
            )
        }
        return request
    }

    /// One request, from its bytes.
    public func request(_ id: ID) async throws(Problem) -> RequestEvidence {
        var answer = try await transport.fields(Routes.request, parameters: ["id": id.description])
        return try RequestEvidence(try RequestRecord(&answer), id: id, charter: charter, now: clocks.now)
    }

    /// Whether this person may cast this vote now: the guard's own rules, before anything is signed.
    /// - Throws: `vote.own-request`, `vote.twice`, `vote.not-eligible`, `request.decided`, `client.server-lied`, or the guard's refusal.
    public func check(_ decision: Vote.Decision, on request: RequestEvidence) throws(Problem) {
        guard request.state == .open else {
            throw Problem(
                .conflict, "request.decided", title: "The request is decided already",
                detail: "It is \(request.state.rawValue). Nothing more can be voted on it: assay request show \(request.id)")
        }
        try checkVote(decision, on: try sound(request))
    }

    /// Signs a vote over exactly the statement that was looked at, and hands it in.
    public func vote(_ decision: Vote.Decision, on request: RequestEvidence, reason: Reason? = nil) async throws(Problem) -> RequestEvidence
    {
        try check(decision, on: request)
        let vote = Vote(
            instance: charter.instance, voter: handle, decision: decision, time: clocks.now, reason: reason?.commitment ?? Vote.noReason,
            statements: [request.statement.digest])
        let note = try keys.sign(vote.text)
        var answer = try await transport.fields(
            Routes.vote, parameters: ["id": request.id.description],
            body: .json(.object(["vote": .string(note.rendered), "reason": reason.map { .string($0.text) } ?? .null])))
        let after = try RequestEvidence(try RequestRecord(&answer), id: request.id, charter: charter, now: clocks.now)
        guard after.statement == request.statement else { throw .lied("The statement was exchanged while you voted.") }
        return after
    }

    /// What the guard makes of a request that is to be voted on.
    private func sound(_ request: RequestEvidence) throws(Problem) -> Examined {
        switch request.examined {
        case .success(let examined): return examined
        case .failure(let refusal):
            switch refusal {
            // What may have come to be since the request was opened, without anybody's fault.
            case .statementExpired, .documentNotInForce, .requesterUnknown: throw refusal.problem
            default: throw .lied("\(refusal.detail) (\(refusal.code))")
            }
        }
    }

    static func request(_ file: Bytes, _ leniencies: Set<CertificateRequest.Leniency>) throws(Problem) -> CertificateRequest {
        do throws(PKIXError) {
            let request = try CertificateRequest(der: try PEM.derOrPEM(file, labels: PEM.requestLabels), leniencies: leniencies)
            try request.verifyPossession()
            return request
        } catch {
            throw Problem(
                .invalid, error == .signatureInvalid ? "request.possession-unproven" : "request.csr-invalid",
                title: "The certificate signing request is not acceptable", detail: "In the request, \(error.text).", field: "csr")
        }
    }

    private func checkFields(_ fields: [String: String], of profile: Profile) throws(Problem) {
        let wanted = profile.fields.map(\.name)
        guard Set(fields.keys) == Set(wanted) else {
            let list = wanted.map { "--field \($0)=…" }.joined(separator: " ")
            throw Problem(
                .invalid, "request.fields", title: "The fields are not those of the profile",
                detail: "Profile \(profile.name) asks for exactly: \(wanted.isEmpty ? "no fields" : list)", field: "fields")
        }
    }

    func unknownProfile(_ name: Handle) -> Problem {
        let known = charter.documents.profiles.keys.sorted().map(\.description).joined(separator: ", ")
        return Problem(
            .notFound, "profile.not-found", title: "There is no such profile",
            detail: "\(name) is not in force. In force: \(known.isEmpty ? "none; an administrator runs `assay apply FILE`" : known).",
            field: "profile")
    }
}
