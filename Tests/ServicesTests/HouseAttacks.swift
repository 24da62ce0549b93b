import Approval
import Basics
import Foundation
import GRDB
import PKIX
import Proofs
import Testing

/// What can be done to the chain of rosters, to documents and to the ledger's tables: the house does not open on it.
extension Attack {
    static let rosters: [Attack] = [
        Attack("add an officer to the present roster", "roster.signature-invalid") { bench in
            try bench.editRoster { text in
                let lines = try bench.mallory.rosterLines(role: .registrationOfficer)
                return text.insertingSorted(lines)
            }
        },
        Attack("add an officer, signed in the administrator's name", "roster.signature-invalid") { bench in
            try bench.editRoster(signing: bench.mallory) { $0.insertingSorted(try bench.mallory.rosterLines(role: .registrationOfficer)) }
        },
        Attack("add oneself as an administrator, signed by oneself", "roster.quorum-not-met") { bench in
            try bench.editRoster(signing: bench.mallory, as: bench.mallory.handle) {
                $0.insertingSorted(try bench.mallory.rosterLines(role: .administrator)).replacing("\nquorum 1\n", with: "\nquorum 2\n")
            }
        },
        Attack("swap a vote key", "roster.signature-invalid") { bench in
            try bench.editRoster { text in
                let officer = bench.test.officers[1].vote.publicKey.der.base64
                return text.replacing(officer, with: bench.mallory.vote.publicKey.der.base64)
            }
        },
        Attack("swap two people's keys", "roster.signature-invalid") { bench in
            try bench.editRoster { text in
                let first = bench.test.officers[0].vote.publicKey.der.base64
                let second = bench.test.officers[1].vote.publicKey.der.base64
                return text.replacing(first, with: "#").replacing(second, with: first).replacing("#", with: second)
            }
        },
        Attack("raise a role", "roster.signature-invalid") { bench in
            try bench.editRoster {
                $0.replacing("role officer-3 registration-officer *", with: "role officer-3 administrator *")
                    .replacing("\nquorum 1\n", with: "\nquorum 2\n")
            }
        },
        Attack("a quorum of none", "roster.quorum-invalid") { try $0.editRoster { $0.replacing("\nquorum 1\n", with: "\nquorum 0\n") } },
        Attack("a roster that is none", "roster.malformed") { try $0.write("UPDATE roster SET note = 'x' WHERE version = 4") },
        Attack("remove the newest version", "ledger.unverified") { bench in
            try bench.write("DELETE FROM roster WHERE version = (SELECT max(version) FROM roster)")
        },
        Attack("remove a version in between", "ledger.unverified") { try $0.write("DELETE FROM roster WHERE version = 3") },
        Attack("swap two versions", "roster.not-next") { bench in
            for sql in [
                "UPDATE roster SET version = 99 WHERE version = 3", "UPDATE roster SET version = 3 WHERE version = 4",
                "UPDATE roster SET version = 4 WHERE version = 99",
            ] { try bench.write(sql) }
        },
        Attack("a chain of one's own from version 1", "roster.pin-mismatch") { bench in
            try bench.editRoster(version: 1, signing: bench.mallory) { text in
                text.replacing(bench.test.admin.vote.publicKey.der.base64, with: bench.mallory.vote.publicKey.der.base64)
            }
        },
        Attack("another newest version that the administrator signed and gave up", "ledger.unverified") { bench in
            try bench.editRoster(signing: bench.test.admin) {
                $0.insertingSorted(try bench.mallory.rosterLines(role: .registrationOfficer))
            }
        },
    ]

    static let documents: [Attack] = [
        Attack("lower the quorum", "roster.document-missing") { bench in
            try bench.editDocument("approval") { $0.replacing(#""quorum":2"#, with: #""quorum":1"#) }
        },
        Attack("lower the quorum, with the right hash in the row", "roster.document-missing") { bench in
            try bench.editDocument("approval", rehash: true) { $0.replacing(#""quorum":2"#, with: #""quorum":1"#) }
        },
        Attack("let administrators vote", "roster.document-missing") { bench in
            try bench.editDocument("approval") { $0.replacing(#"["registration-officer"]"#, with: #"["administrator"]"#) }
        },
        Attack("edit a profile", "roster.document-missing") { bench in
            try bench.editDocument("profile") { $0.replacing("digitalSignature", with: "keyCertSign") }
        },
        Attack("re-point an authority's key", "roster.document-missing") { bench in
            try bench.editDocument("authority") { text in
                let key = try #require(text.firstMatch(of: /"publicKey":"([^"]+)"/)?.output.1)
                return text.replacing(key, with: bench.mallory.vote.publicKey.der.base64)
            }
        },
        Attack("put an old document in the present one's place", "roster.document-missing") { bench in
            let old = JSON.object(TestHouse.Documents.policy).canonicalBytes
            let now = JSON.object(TestHouse.Documents.policy.merging(["days": .integer(6)]) { $1 }).canonicalBytes
            try bench.write("DELETE FROM document WHERE hash = ?", [Digest32(of: old).data])
            try bench.write("UPDATE document SET bytes = ? WHERE hash = ?", [old.data, Digest32(of: now).data])
        },
        Attack("remove the documents", "roster.document-missing") { try $0.write("DELETE FROM document") },
        Attack("swap two documents", "roster.document-missing") { bench in
            try bench.write("UPDATE document SET bytes = (SELECT bytes FROM document WHERE kind = 'profile') WHERE kind = 'approval'")
        },
    ]
}

extension AttackBench {
    /// Writes another text into a version's row; unless somebody signs it anew, with the signatures that it has.
    func editRoster(
        version: Int64? = nil, signing person: TestPerson? = nil, as name: Handle? = nil, _ edit: (String) throws -> String
    ) throws {
        let (number, note) = try connected { db in
            let row = try #require(
                try Row.fetchOne(
                    db, sql: "SELECT version, note FROM roster WHERE version = ? OR ? IS NULL ORDER BY version DESC",
                    arguments: [version, version]))
            return (row["version"] as Int64, try SignedNote(parsing: row["note"] as String))
        }
        let text = try edit(note.text)
        let signatures = try person.map { try $0.vote.note(text, as: name ?? test.admin.handle).signatures } ?? note.signatures
        let edited = try SignedNote(text: text, signatures: signatures).rendered
        guard edited != note.rendered else { throw Untouched(sql: "roster") }
        try write("UPDATE roster SET note = ?, hash = ? WHERE version = ?", [edited, Digest32(of: text).data, number])
    }

    /// Writes other bytes into the rows of documents of a kind.
    func editDocument(_ kind: String, rehash: Bool = false, _ edit: (String) throws -> String) throws {
        let rows = try connected { db in
            try Row.fetchAll(db, sql: "SELECT hash, bytes FROM document WHERE kind = ?", arguments: [kind])
                .map { ($0["hash"] as Data, $0["bytes"] as Data) }
        }
        for (hash, bytes) in rows {
            let edited = try edit(String(decoding: bytes, as: UTF8.self))
            guard Data(edited.utf8) != bytes else { throw Untouched(sql: "document") }
            try write(
                "UPDATE document SET bytes = ?, hash = ? WHERE hash = ?",
                [Data(edited.utf8), rehash ? Digest32(of: edited).data : hash, hash])
        }
    }
}

extension TestPerson {
    /// The lines that a roster has about a person.
    func rosterLines(role: Role) throws -> [String] {
        [
            "key \(handle) login es256 \(login.publicKey.der.base64)", "key \(handle) vote es256 \(vote.publicKey.der.base64)",
            "role \(handle) \(role.rawValue) *",
        ]
    }
}

extension String {
    /// A roster's text with more lines, in their places.
    func insertingSorted(_ lines: [String]) -> String {
        let all = split(separator: "\n").map(String.init)
        let body = (all.dropFirst(8) + lines).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        return (all.prefix(8) + body).joined(separator: "\n") + "\n"
    }
}
