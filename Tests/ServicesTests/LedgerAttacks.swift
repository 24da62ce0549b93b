import Approval
import Basics
import Foundation
import GRDB
import PKIX
import Proofs
import Testing

/// What can be done to the ledger's tables, to the schema and to the file.
extension Attack {
    static let ledger: [Attack] = [
        Attack("append entries with right tiles under the old MAC", "storage.head-unproven") { try $0.append(movingHead: true) },
        Attack("append entries with right tiles behind the head", "storage.damaged") { try $0.append(movingHead: false) },
        Attack("a head of one's own", "storage.head-unproven") { try $0.write("UPDATE head SET root = ?", [Digest32(of: "root").data]) },
        Attack("a larger head", "storage.head-unproven") { try $0.write("UPDATE head SET size = size + 1") },
        Attack("the largest head", "storage.head-unproven") { try $0.write("UPDATE head SET size = ?", [Int64.max]) },
        Attack("a negative head", "storage.head-unproven") { try $0.write("UPDATE head SET size = -1") },
        Attack("a MAC of another length", "storage.head-unproven") { try $0.write("UPDATE head SET mac = x'00'") },
        Attack("no head", "storage.damaged") { try $0.write("DELETE FROM head") },
        Attack("another tile", "storage.damaged") { try $0.write("UPDATE tile SET hashes = zeroblob(length(hashes))") },
        Attack("no tiles", "storage.damaged") { try $0.write("DELETE FROM tile") },
        Attack("an older head with its own MAC", "storage.damaged") { bench in
            let (size, root, mac) = try bench.oldHead()
            try bench.write("UPDATE head SET size = ?, root = ?, mac = ?", [size, root, mac])
        },
        Attack("the whole file of an hour ago", "ledger.unverified") { bench in
            for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: bench.database + suffix) }
            try FileManager.default.copyItem(atPath: bench.old, toPath: bench.database)
        },
        Attack("an empty file", "storage.damaged") { bench in
            for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: bench.database + suffix) }
            try Data().write(to: URL(fileURLWithPath: bench.database))
        },
        Attack("a file that is no database", "storage.damaged") { bench in
            try Data(repeating: 0x41, count: 8192).write(to: URL(fileURLWithPath: bench.database))
        },
        Attack("no file", "custody.unanchored") { try FileManager.default.removeItem(atPath: $0.database) },
        Attack("a trigger", "storage.schema-altered") { bench in
            try bench.write("CREATE TRIGGER t AFTER INSERT ON vote BEGIN UPDATE request SET state = 'issued'; END")
        },
        Attack("a view in place of a table", "storage.schema-altered") { bench in
            try bench.write("CREATE VIEW seen AS SELECT * FROM request")
        },
        Attack("a table more", "storage.schema-altered") { try $0.write("CREATE TABLE more (x)") },
        Attack("the log's key gone", "ledger.unverified") { try $0.write("DELETE FROM key WHERE name = 'log'") },
        Attack("another sealed blob for the log's key", "custody.seal-broken") { bench in
            try bench.write("UPDATE key SET sealed = (SELECT sealed FROM key WHERE name LIKE 'devices %') WHERE name = 'log'")
        },
        Attack("the log's key with another purpose", "custody.seal-broken") { bench in
            try bench.write("UPDATE key SET purposes = 'certificate' WHERE name = 'log'")
        },
    ]

    /// Keys of authorities are opened when they are to sign; certificates of authorities are checked at the start.
    static let authorities: [Attack] = [
        Attack("the root's sealed blob for the issuing key", "custody.seal-broken", [.stopped, .running]) { bench in
            try bench.write("UPDATE key SET sealed = (SELECT sealed FROM key WHERE name LIKE 'root %') WHERE name LIKE 'devices %'")
        },
        Attack("the issuing key's name for the root's key", "custody.seal-broken") { bench in
            try bench.connected { db in
                let spki = try Data.fetchOne(db, sql: "SELECT spki FROM key WHERE name LIKE 'devices %'")
                try db.execute(sql: "DELETE FROM key WHERE name LIKE 'devices %'")
                try db.execute(sql: "UPDATE key SET spki = ? WHERE name LIKE 'root %'", arguments: [spki])
            }
        },
        Attack("one changed octet in the issuing key", "custody.seal-broken") { bench in
            try bench.write(
                "UPDATE key SET sealed = CAST(substr(sealed, 1, 40) || x'00' || substr(sealed, 42) AS BLOB) WHERE name LIKE 'devices %'")
        },
        Attack("another purpose for the issuing key", "custody.seal-broken") { bench in
            try bench.write("UPDATE key SET purposes = 'certificate,checkpoint' WHERE name LIKE 'devices %'")
        },
        Attack("another algorithm for the issuing key", "custody.seal-broken") { bench in
            try bench.write("UPDATE key SET algorithm = 'ed25519' WHERE name LIKE 'devices %'")
        },
        Attack("another id for the issuing key", "custody.seal-broken") { bench in
            try bench.write("UPDATE key SET id = randomblob(16) WHERE name LIKE 'devices %'")
        },
        Attack("a purpose that is none", "storage.damaged") { bench in
            try bench.write("UPDATE key SET purposes = 'anything' WHERE name LIKE 'devices %'")
        },
        Attack("no issuing key", "authority.key-missing") { try $0.write("DELETE FROM key WHERE name LIKE 'devices %'") },
        Attack("replace the root's certificate", "authority.without-certificate", [.stopped]) { try $0.replaceCertificate(of: "root") },
        Attack("replace the issuing certificate", "authority.without-certificate", [.stopped]) { try $0.replaceCertificate(of: "devices") },
        Attack("swap the authorities' certificates", "authority.without-certificate", [.stopped]) { bench in
            try bench.write("UPDATE authority SET der = (SELECT der FROM authority WHERE name = 'devices') WHERE name = 'root'")
        },
        Attack("remove the root's certificate", "authority.without-certificate", [.stopped]) { bench in
            try bench.write("DELETE FROM authority WHERE name = 'root'")
        },
        Attack("swap two people's texts", "person.record-missing") { bench in
            for sql in [
                "UPDATE person SET handle = 'x' WHERE handle = 'officer-1'",
                "UPDATE person SET handle = 'officer-1' WHERE handle = 'officer-2'",
                "UPDATE person SET handle = 'officer-2' WHERE handle = 'x'",
            ] { try bench.write(sql) }
        },
        Attack("another person text under an officer's handle", "person.record-missing") { bench in
            let instance = try Statement(text: bench.target.statement).instance
            try bench.write(
                "UPDATE person SET note = ? WHERE handle = 'officer-2'",
                [try bench.mallory.note(instance, at: bench.test.clocks.now).rendered])
        },
        Attack("move the head while the house runs", "storage.head-moved", [.running]) { bench in
            try bench.write("UPDATE head SET root = ?", [Digest32(of: "root").data])
        },
        Attack("put the head of an hour ago back while the house runs", "storage.head-moved", [.running]) { bench in
            let (size, root, mac) = try bench.oldHead()
            try bench.write("UPDATE head SET size = ?, root = ?, mac = ?", [size, root, mac])
        },
        Attack("append entries while the house runs", "storage.head-moved", [.running]) { try $0.append(movingHead: true) },
        Attack("append entries behind the head while the house runs", "storage.head-moved", [.running]) {
            try $0.append(movingHead: false)
        },
        Attack("a trigger while the house runs", "storage.schema-altered", [.running]) { bench in
            try bench.write("CREATE TRIGGER t AFTER INSERT ON vote BEGIN UPDATE request SET state = 'issued'; END")
        },
        Attack("no head while the house runs", "storage.damaged", [.running]) { try $0.write("DELETE FROM head") },
    ]
}

extension AttackBench {
    func oldHead() throws -> (Int64, Data, Data) {
        let queue = try DatabaseQueue(path: old)
        defer { try? queue.close() }
        return try queue.read { db in
            let row = try #require(try Row.fetchOne(db, sql: "SELECT size, root, mac FROM head"))
            return (row["size"], row["root"], row["mac"])
        }
    }

    /// An entry about the target's rejection, made as the house would, with the tree's tiles; the MAC stays what it was.
    func append(movingHead: Bool) throws {
        let entry = try Entry(
            type: .requestReject, time: 1_800_003_600_000, digests: [Entry.DigestKey.statement: Digest32(of: target.statement)],
            node: "node-1")
        try connected { db in
            let size = try #require(try Int64.fetchOne(db, sql: "SELECT size FROM head"))
            var edge = try TreeEdge(size: size) { id in
                Bytes(
                    try #require(
                        try Data.fetchOne(db, sql: "SELECT hashes FROM tile WHERE level = ? AND idx = ?", arguments: [id.level, id.index])))
            }
            edge.append(entry.leafHash)
            for tile in edge.takeChangedTiles() {
                try db.execute(
                    sql:
                        "INSERT INTO tile (level, idx, hashes) VALUES (?, ?, ?) ON CONFLICT (level, idx) DO UPDATE SET hashes = excluded.hashes",
                    arguments: [tile.id.level, tile.id.index, tile.hashes.data])
            }
            try db.execute(sql: "INSERT INTO entry (idx, body) VALUES (?, ?)", arguments: [size, entry.encoded.data])
            if movingHead { try db.execute(sql: "UPDATE head SET size = ?, root = ?", arguments: [edge.size, edge.root.data]) }
        }
    }

    /// A certificate of the same content, by the attacker's key.
    func replaceCertificate(of name: String) throws {
        let row = try connected { db in try Data.fetchOne(db, sql: "SELECT der FROM authority WHERE name = ?", arguments: [name]) }
        let genuine = try Certificate(der: Bytes(try #require(row)))
        let planted = Certificate(tbs: genuine.tbs, signature: try mallory.vote.sign(genuine.tbs.der))
        try write("UPDATE authority SET der = ? WHERE name = ?", [planted.der.data, name])
    }
}
