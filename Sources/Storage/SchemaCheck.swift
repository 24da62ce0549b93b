import Basics
import GRDB

/// The database's own record of its schema against the migrations' text. A trigger runs on our writes, a view stands in for our table:
/// whoever can write the file could have put one there.
enum SchemaCheck {
    private struct Object: Hashable {
        let type: String
        let name: String
        let table: String
        let sql: String?
    }

    /// Which of the migrations have been applied.
    /// - Throws: ``StorageError/newer`` when there are more than this program knows, ``StorageError/schemaAltered(_:)`` unless everything
    ///   in the database is theirs, letter by letter.
    static func applied(_ db: Database) throws -> Int {
        let found = try objects(db)
        for object in found where !["table", "index"].contains(object.type) { throw altered("\(object.type) \(object.name) is there.") }
        guard !found.isEmpty else { return 0 }
        guard found.contains(where: { $0.name == "migration" }) else { throw altered("There is no table migration.") }
        let names = try GRDB.Row.fetchAll(db, sql: "SELECT name, position FROM migration ORDER BY position").enumerated().map {
            place, row in
            guard case .integer(Int64(place) + 1) = try Row(row).value("position") else { throw altered("Migrations are not numbered.") }
            return try Row(row).text("name")
        }
        let known = Schema.migrations.map(\.name)
        if names.count > known.count, names.starts(with: known) { throw StorageError.newer }
        guard known.starts(with: names) else { throw altered("A migration is not known here.") }
        try compare(found, applied: names.count)
        return names.count
    }

    /// Applies what has not been applied, each in a transaction of its own.
    static func migrate(_ db: Database, from applied: Int) throws {
        for (place, migration) in Schema.migrations.enumerated().dropFirst(applied) {
            try db.inTransaction(.immediate) {
                try apply(migration, db)
                try db.execute(
                    sql: "INSERT INTO migration (name, position) VALUES ($1, $2)", arguments: [migration.name, place + 1])
                return .commit
            }
        }
        try compare(try objects(db), applied: Schema.migrations.count)
    }

    private static func compare(_ found: [Object], applied: Int) throws {
        let expected = try DatabaseQueue().writeWithoutTransaction { db in
            for migration in Schema.migrations.prefix(applied) { try apply(migration, db) }
            return try objects(db)
        }
        let surplus = Set(found).subtracting(expected)
        let absent = Set(expected).subtracting(found)
        guard let first = (surplus.isEmpty ? absent : surplus).min(by: { $0.name < $1.name }) else { return }
        throw altered("The \(first.type) \(first.name) is not as the migrations have it.")
    }

    private static func apply(_ migration: Migration, _ db: Database) throws {
        for statement in migration.statements { try db.execute(sql: statement) }
    }

    private static func objects(_ db: Database) throws -> [Object] {
        try GRDB.Row.fetchAll(db, sql: "SELECT type, name, tbl_name, sql FROM sqlite_master").map { raw in
            let row = try Row(raw)
            return Object(
                type: try row.text("type"), name: try row.text("name"), table: try row.text("tbl_name"), sql: try row.optionalText("sql"))
        }
    }

    private static func altered(_ text: String) -> StorageError { .schemaAltered(text.escaped) }
}
