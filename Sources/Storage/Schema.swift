/// One step of the schema: applied once, whole, in order, never edited after a release.
struct Migration: Sendable {
    let name: String
    let statements: [String]
}

/// The schema as portable SQL. The database's own record of it must equal this text, letter by letter.
enum Schema {
    static let migrations: [Migration] = [
        Migration(name: "001-ledger", statements: ledger),
        Migration(name: "002-services", statements: services),
        Migration(name: "003-allowances", statements: allowances),
        Migration(name: "004-revocations", statements: revocations),
        Migration(name: "005-draft-calls", statements: draftCalls),
        Migration(name: "006-invitation-codes", statements: invitationCodes),
        Migration(name: "007-lists", statements: lists),
    ]

    private static let ledger = [
        """
        CREATE TABLE migration (
            name TEXT NOT NULL PRIMARY KEY,
            position BIGINT NOT NULL
        )
        """,
        """
        CREATE TABLE entry (
            idx INTEGER NOT NULL PRIMARY KEY,
            body BLOB NOT NULL
        )
        """,
        """
        CREATE TABLE mention (
            object BLOB NOT NULL,
            idx BIGINT NOT NULL,
            PRIMARY KEY (object, idx)
        )
        """,
        """
        CREATE TABLE tile (
            level INTEGER NOT NULL,
            idx BIGINT NOT NULL,
            hashes BLOB NOT NULL,
            PRIMARY KEY (level, idx)
        )
        """,
        """
        CREATE TABLE head (
            id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
            size BIGINT NOT NULL,
            root BLOB NOT NULL,
            mac BLOB NOT NULL
        )
        """,
        """
        CREATE TABLE checkpoint (
            size INTEGER NOT NULL PRIMARY KEY,
            root BLOB NOT NULL,
            note TEXT NOT NULL
        )
        """,
    ]

    private static let services = [
        """
        CREATE TABLE key (
            id BLOB NOT NULL PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            algorithm TEXT NOT NULL,
            purposes TEXT NOT NULL,
            spki BLOB NOT NULL,
            sealed BLOB NOT NULL,
            created BIGINT NOT NULL,
            version BIGINT NOT NULL
        )
        """,
        """
        CREATE TABLE roster (
            version INTEGER NOT NULL PRIMARY KEY,
            hash BLOB NOT NULL UNIQUE,
            note TEXT NOT NULL
        )
        """,
        """
        CREATE TABLE document (
            hash BLOB NOT NULL PRIMARY KEY,
            kind TEXT NOT NULL,
            name TEXT NOT NULL,
            bytes BLOB NOT NULL
        )
        """,
        """
        CREATE TABLE person (
            hash BLOB NOT NULL PRIMARY KEY,
            handle TEXT NOT NULL,
            note TEXT NOT NULL,
            created BIGINT NOT NULL
        )
        """,
        """
        CREATE TABLE invitation (
            handle TEXT NOT NULL PRIMARY KEY,
            code_hash BLOB NOT NULL UNIQUE,
            created BIGINT NOT NULL,
            expires BIGINT NOT NULL,
            tries BIGINT NOT NULL,
            state TEXT NOT NULL,
            note TEXT,
            version BIGINT NOT NULL
        )
        """,
        """
        CREATE TABLE proposal (
            hash BLOB NOT NULL PRIMARY KEY,
            note TEXT NOT NULL,
            documents BLOB NOT NULL,
            created BIGINT NOT NULL,
            version BIGINT NOT NULL
        )
        """,
        """
        CREATE TABLE draft (
            content BLOB NOT NULL PRIMARY KEY,
            authority TEXT NOT NULL,
            key_id BLOB NOT NULL,
            tbs BLOB NOT NULL,
            created BIGINT NOT NULL
        )
        """,
        """
        CREATE TABLE authority (
            content BLOB NOT NULL PRIMARY KEY,
            name TEXT NOT NULL,
            key_id BLOB NOT NULL,
            der BLOB NOT NULL,
            created BIGINT NOT NULL
        )
        """,
        """
        CREATE TABLE request (
            id BLOB NOT NULL PRIMARY KEY,
            requester TEXT NOT NULL,
            profile TEXT NOT NULL,
            statement_hash BLOB NOT NULL UNIQUE,
            statement TEXT NOT NULL,
            submission TEXT NOT NULL,
            csr BLOB NOT NULL,
            tbs BLOB NOT NULL,
            state TEXT NOT NULL,
            decided_by TEXT,
            reason TEXT,
            certificate BLOB,
            opened BIGINT NOT NULL,
            expires BIGINT NOT NULL,
            version BIGINT NOT NULL
        )
        """,
        "CREATE INDEX request_state ON request (state)",
        """
        CREATE TABLE vote (
            statement_hash BLOB NOT NULL,
            voter TEXT NOT NULL,
            hash BLOB NOT NULL,
            decision TEXT NOT NULL,
            note TEXT NOT NULL,
            created BIGINT NOT NULL,
            PRIMARY KEY (statement_hash, voter)
        )
        """,
        """
        CREATE TABLE certificate (
            fingerprint BLOB NOT NULL PRIMARY KEY,
            serial BLOB NOT NULL,
            authority TEXT NOT NULL,
            request_id BLOB NOT NULL,
            statement_hash BLOB NOT NULL UNIQUE,
            der BLOB NOT NULL,
            not_after BIGINT NOT NULL,
            created BIGINT NOT NULL,
            UNIQUE (authority, serial)
        )
        """,
    ]

    private static let allowances = [
        """
        CREATE TABLE allowance (
            id BLOB NOT NULL PRIMARY KEY,
            requester TEXT NOT NULL,
            machine TEXT NOT NULL,
            profile TEXT NOT NULL,
            statement_hash BLOB NOT NULL UNIQUE,
            statement TEXT NOT NULL,
            submission TEXT NOT NULL,
            state TEXT NOT NULL,
            decided_by TEXT,
            reason TEXT,
            created BIGINT NOT NULL,
            version BIGINT NOT NULL
        )
        """,
        """
        CREATE TABLE draw (
            allowance BLOB NOT NULL,
            number BIGINT NOT NULL,
            machine BLOB NOT NULL,
            call BLOB NOT NULL,
            wish BLOB NOT NULL,
            fingerprint BLOB NOT NULL UNIQUE,
            created BIGINT NOT NULL,
            PRIMARY KEY (allowance, number),
            UNIQUE (machine, call)
        )
        """,
    ]

    private static let revocations = [
        """
        CREATE TABLE revocation (
            id BLOB NOT NULL PRIMARY KEY,
            requester TEXT NOT NULL,
            certificate BLOB NOT NULL,
            statement_hash BLOB NOT NULL UNIQUE,
            statement TEXT NOT NULL,
            submission TEXT NOT NULL,
            state TEXT NOT NULL,
            decided_by TEXT,
            reason TEXT,
            created BIGINT NOT NULL,
            version BIGINT NOT NULL
        )
        """,
        "CREATE INDEX revocation_certificate ON revocation (certificate)",
    ]

    private static let draftCalls = [
        """
        CREATE TABLE draft_call (
            administrator TEXT NOT NULL,
            call BLOB NOT NULL,
            position BIGINT NOT NULL,
            wish BLOB NOT NULL,
            content BLOB NOT NULL,
            PRIMARY KEY (administrator, call, position)
        )
        """
    ]

    private static let invitationCodes = [
        """
        CREATE TABLE invitation_code (
            code_hash BLOB NOT NULL PRIMARY KEY,
            handle TEXT NOT NULL,
            created BIGINT NOT NULL
        )
        """
    ]

    /// The orders in which lists are paged, where no key has them.
    private static let lists = [
        "CREATE INDEX certificate_created ON certificate (created, fingerprint)",
        "CREATE INDEX request_state_id ON request (state, id)",
        "CREATE INDEX allowance_state_id ON allowance (state, id)",
        "CREATE INDEX revocation_state_id ON revocation (state, id)",
    ]
}
