import Approval
import Basics
import Foundation
import GRDB
import PKIX
import Proofs
import Testing

/// Statements that the house never opened, with all the votes that they need: people were deceived, or are bought. What the documents
/// in force do not allow is refused all the same.
extension Attack {
    static let planted: [Attack] = [
        planted("an authority's certificate", "profile.extension-unexpected") { bench in
            let constraints = Extension(oid: .basicConstraints, isCritical: true, value: BasicConstraints.authority(pathLength: nil).der)
            try bench.plant(tbs: try bench.certificate(adding: [constraints]))
        },
        planted("the right to sign certificates", "profile.extension-value") { bench in
            let usage = Extension(oid: .keyUsage, isCritical: true, value: KeyUsage.keyCertSign.der)
            let extensions = try TBSCertificate(der: bench.target.tbs).extensions.map { $0.oid == .keyUsage ? usage : $0 }
            try bench.plant(tbs: try bench.certificate(replacing: extensions))
        },
        planted("another key than the CSR's", "statement.key-mismatch") { bench in
            try bench.plant(tbs: try bench.certificate(key: bench.mallory.vote.publicKey))
        },
        planted("another CSR than the submission's", "submission.mismatch") { bench in
            let key = bench.mallory.vote
            let identifier = Extension(
                oid: .subjectKeyIdentifier, isCritical: false, value: SubjectKeyIdentifier(bytes: key.publicKey.keyIdentifier).der)
            let extensions = try TBSCertificate(der: bench.target.tbs).extensions.map { $0.oid == .subjectKeyIdentifier ? identifier : $0 }
            try bench.plant(tbs: try bench.certificate(key: key.publicKey, replacing: extensions), csr: try TestRequest.make(key))
        },
        planted("an officer's key", "statement.key-not-allowed") { bench in
            let key = bench.test.officers[2].vote
            try bench.plant(tbs: try bench.certificate(key: key.publicKey), csr: try TestRequest.make(key))
        },
        planted("a shorter life", "profile.validity-end") { bench in
            try bench.plant(tbs: try bench.certificate(validity: try bench.shortened()))
        },
        planted("an earlier beginning", "profile.validity-begin") { bench in
            let validity = Validity(notBefore: UTCTime(seconds: 1_000_000_000), notAfter: .never)
            try bench.plant(tbs: try bench.certificate(validity: validity))
        },
        planted("another organization", "profile.subject-mismatch") { bench in
            let name = try Name([try Attribute(oid: .commonName, kind: .utf8, text: "PLC-7 SN-0001")])
            try bench.plant(tbs: try bench.certificate(subject: name))
        },
        planted("a serial number of one octet", "profile.serial-number") { bench in
            try bench.plant(tbs: try bench.certificate(serial: try SerialNumber(bytes: [1])))
        },
        planted("the serial number of an issued certificate", "request.record-altered") { bench in
            try bench.plant(tbs: try bench.certificate(serial: try TBSCertificate(der: bench.issued.tbs).serialNumber))
        },
        planted("octets that are no certificate", "statement.certificate-malformed") { try $0.plant(tbs: [0x30, 0x80, 0, 0]) },
        planted("a far end", "statement.span-too-long") { try $0.plant(["expires": "\(UTCTime.never.seconds)"]) },
        planted("the farthest end", "statement.span-too-long") { try $0.plant(["opened": "0", "expires": "\(Int64.max)"]) },
        planted("an opening that is to come", "statement.not-yet-open") { bench in
            let opened = bench.test.clocks.now.adding(days: 3)
            try bench.plant(["opened": "\(opened.seconds)", "expires": "\(opened.adding(days: 6).seconds)"])
        },
        planted("a statement that is over", "statement.expired") { bench in
            let opened = bench.test.clocks.now.adding(days: -6)
            try bench.plant(["opened": "\(opened.seconds)", "expires": "\(opened.adding(days: 6).seconds)"])
        },
        planted("another house", "approval.foreign-instance") { bench in
            try bench.plant(["instance": Bytes(repeating: 7, count: 16).hex])
        },
        planted("another kind", "statement.unknown-kind") { try $0.plant(["kind": "allowance"]) },
        planted("another subject", "submission.mismatch") { try $0.plant(["subject": "\($0.other.id)"]) },
        planted("nobody who asks", "submission.missing") { try $0.plant(["requester": "-"]) },
        planted("another person who asks", "submission.mismatch") { try $0.plant(["requester": "officer-1"]) },
        planted("a roster that never was", "statement.roster-unknown") { try $0.plant(["roster": "2 \(Digest32(of: "roster").base64)"]) },
        planted("a roster that is to come", "statement.roster-unknown") { try $0.plant(["roster": "99 \(Digest32(of: "roster").base64)"]) },
        planted("the policy that was in force before", "statement.document-not-in-force") { bench in
            let old = JSON.object(TestHouse.Documents.policy).canonicalBytes
            try bench.plant(["policy": "two-officers \(Digest32(of: old).base64)"])
        },
        planted("a policy of one's own", "statement.document-not-in-force") { bench in
            let own = JSON.object(TestHouse.Documents.policy.merging(["quorum": .integer(1)]) { $1 }).canonicalBytes
            try bench.write(
                "INSERT INTO document (hash, kind, name, bytes) VALUES (?, 'approval', 'two-officers', ?)",
                [Digest32(of: own).data, own.data])
            try bench.plant(["policy": "two-officers \(Digest32(of: own).base64)"])
        },
        planted("another authority", "statement.document-not-in-force") { bench in
            try bench.plant(["authority": "root \(Digest32(of: "root").base64)"])
        },
        planted("the root as the authority", "statement.document-mismatch") { bench in
            let root = try bench.connected { db in
                try Data.fetchOne(db, sql: "SELECT hash FROM document WHERE kind = 'authority' AND name = 'root'")
            }
            try bench.plant(["authority": "root \(Bytes(try #require(root)).base64)"])
        },
        planted("one more line", "statement.malformed") { try $0.plant(["content": "\(Digest32(of: $0.target.tbs).base64)\nnote x"]) },
    ]

    private static func planted(_ name: String, _ code: String, _ tamper: @escaping @Sendable (AttackBench) throws -> Void) -> Attack {
        Attack("plant " + name, code, vote: .deceived, tamper)
    }
}
