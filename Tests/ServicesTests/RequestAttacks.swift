import Approval
import Basics
import GRDB
import PKIX
import Proofs
import Testing

/// What can be done to the rows of a request and of its votes.
extension Attack {
    static let requests: [Attack] = [
        Attack("edit the CSR", "statement.request-mismatch") { bench in
            let csr = try TestRequest.make(PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy()))
            try bench.write("UPDATE request SET csr = ? WHERE id = ?", [csr.data, bench.target.id.bytes.data])
        },
        Attack("edit the certificate to be signed: shorten its notAfter", "statement.content-mismatch") { bench in
            let tbs = try bench.certificate(validity: try bench.shortened())
            try bench.write("UPDATE request SET tbs = ? WHERE id = ?", [tbs.data, bench.target.id.bytes.data])
        },
        Attack("edit the statement under the votes", "vote.statement-not-listed") { bench in
            try bench.plant(["expires": "\(bench.target.expires.seconds - 1)"])
        },
        Attack("put another open request into the row", "request.record-altered") { bench in
            try bench.connected { db in
                try db.execute(sql: "DELETE FROM request WHERE id = ?", arguments: [bench.target.id.bytes.data])
                try db.execute(
                    sql: "UPDATE request SET id = ? WHERE id = ?", arguments: [bench.target.id.bytes.data, bench.other.id.bytes.data])
            }
        },
        Attack("remove the submission's line of signature", "submission.malformed") { bench in
            let text = try SignedNote(parsing: bench.target.submission).text
            try bench.write("UPDATE request SET submission = ? WHERE id = ?", [text, bench.target.id.bytes.data])
        },
        Attack("sign the submission with another key", "approval.signature-invalid") { bench in
            let text = try SignedNote(parsing: bench.target.submission).text
            let note = try bench.mallory.vote.note(text, as: bench.test.officers[2].handle)
            try bench.write("UPDATE request SET submission = ? WHERE id = ?", [note.rendered, bench.target.id.bytes.data])
        },
        Attack("take another request's submission", "submission.mismatch") { bench in
            try bench.write("UPDATE request SET submission = ? WHERE id = ?", [bench.other.submission, bench.target.id.bytes.data])
        },
        Attack("a submission of the same person that was decided", "request.record-missing") { bench in
            try bench.write("UPDATE request SET submission = ? WHERE id = ?", [bench.rejected.submission, bench.target.id.bytes.data])
        },
        Attack("a number that is none", "storage.undecodable") { bench in
            try bench.write("UPDATE request SET version = 0.5 WHERE id = ?", [bench.target.id.bytes.data])
        },
        Attack("a state that is none", "storage.damaged") { bench in
            try bench.write("UPDATE request SET state = 'approved' WHERE id = ?", [bench.target.id.bytes.data])
        },
        Attack("remove the request", "request.not-found") { bench in
            try bench.write("DELETE FROM request WHERE id = ?", [bench.target.id.bytes.data])
        },
    ]

    static let states: [Attack] = [
        Attack("mark issued, without a certificate", "request.record-altered") { try $0.mark("issued") },
        Attack("mark issued, with a certificate signed by another key", "request.record-altered") { bench in
            try bench.mark("issued")
            try bench.plantCertificate()
        },
        Attack("mark issued, with another request's certificate", "request.record-altered") { bench in
            try bench.mark("issued")
            try bench.write(
                "UPDATE certificate SET statement_hash = ?", [Digest32(of: bench.target.statement).data])
        },
        Attack("plant a certificate beside an open request", "request.record-altered") { try $0.plantCertificate() },
        Attack("plant the serial number at the authority, for another request", "request.record-altered") { bench in
            try bench.plantCertificate(statement: Digest32(of: "other"), request: bench.other.id)
        },
        Attack("plant the serial number at the authority, for this request", "request.record-missing") { bench in
            try bench.plantCertificate(statement: Digest32(of: "other"))
        },
        Attack("mark rejected what nobody rejected", "request.record-altered") { bench in
            try bench.mark("rejected")
            try bench.write("UPDATE request SET decided_by = 'officer-1' WHERE id = ?", [bench.target.id.bytes.data])
        },
        Attack("mark expired what is not", "request.record-altered") { try $0.mark("expired") },
    ]
}

extension AttackBench {
    func mark(_ state: String) throws { try write("UPDATE request SET state = ? WHERE id = ?", [state, target.id.bytes.data]) }

    func shortened() throws -> Validity {
        let validity = try TBSCertificate(der: target.tbs).validity
        return Validity(notBefore: validity.notBefore, notAfter: validity.notBefore.adding(days: 365))
    }

    /// A certificate over the target's content, by the attacker's key.
    func plantCertificate(statement: Digest32? = nil, request: ID? = nil) throws {
        let tbs = try TBSCertificate(der: target.tbs)
        let certificate = Certificate(tbs: tbs, signature: try mallory.vote.sign(tbs.der))
        try write(
            """
            INSERT INTO certificate (fingerprint, serial, authority, request_id, statement_hash, der, not_after, created)
            VALUES (?, ?, 'devices', ?, ?, ?, 0, 0)
            """,
            [
                certificate.fingerprint.data, tbs.serialNumber.bytes.data, (request ?? target.id).bytes.data,
                (statement ?? Digest32(of: target.statement)).data, certificate.der.data,
            ])
    }
}
