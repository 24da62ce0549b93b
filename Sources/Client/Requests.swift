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
        let request = try RequestEvidence(&answer, id: submission.subject, charter: charter, now: clocks.now)
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
    public func request(_ id: ID) async throws(Problem) -> RequestEvidence { try await look(at: id) }

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
