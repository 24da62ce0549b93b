import Approval
import Basics
import Proofs
import Storage
import Transparency

/// One-time codes for people who are to come into the roster, and the person texts that they have sent. Nothing here grants
/// anything: handle and role come from the administrator's own signature on the next roster.
public struct Invitations: Sendable {
    /// How long a code can be redeemed, and how often it can be tried.
    public static let hours: Int64 = 24
    public static let mostTries: Int64 = 5

    public enum State: String, Hashable, Sendable {
        /// The code waits.
        case open
        /// The person has sent keys; an administrator compares fingerprints.
        case pending
        /// The person is in the roster.
        case enrolled
    }

    public struct Invitation: Hashable, Sendable {
        public let handle: Handle
        public let state: State
        public let expires: UTCTime
        /// The pending person's own text, as signed.
        public let person: String?
    }

    private let ledger: Ledger

    public init(ledger: Ledger) { self.ledger = ledger }

    /// A new code for a handle that is not in the roster; an earlier code for it stops working. Asked for again with the same code, it is
    /// the same invitation.
    /// - Parameter code: H of the 16 octets that the administrator's client has drawn, and that only the invited person may learn.
    /// - Returns: until when it can be redeemed.
    public func invite(_ handle: Handle, code: Digest32, by administrator: Principal) async throws(Problem) -> UTCTime {
        let now = try ledger.now()
        let view = try ledger.view()
        guard !view.charter.roster.people.contains(handle) else {
            throw Problem(
                .conflict, "officer.exists", title: "This handle is taken",
                detail: "\(handle) is in the roster already. Choose another handle.",
                field: "handle")
        }
        let expires = now.adding(seconds: Self.hours * 3600)
        let entry = try ledger.entry(
            .officerInvite, at: now, actor: try await ledger.actor(administrator.handle), roster: view.charter.roster.version)
        do {
            let (answer, _) = try await ledger.store.act { snapshot in
                (
                    known: try snapshot.row("SELECT handle, expires FROM invitation WHERE code_hash = $1", [.blob(code)]),
                    version: try snapshot.row("SELECT version FROM invitation WHERE handle = $1", [.text(handle.description)])?
                        .integer("version"),
                    isReplaced: try snapshot.row("SELECT handle FROM invitation_code WHERE code_hash = $1", [.blob(code)]) != nil
                )
            } decide: { seen in
                guard let known = seen.known else {
                    // A late retry must not undo the invitation that came after it.
                    guard !seen.isReplaced else {
                        throw Problem(
                            .conflict, "officer.code-replaced", title: "A newer code has taken this one's place",
                            detail: "Somebody has invited \(handle) again since. Draw a new code, if that one was not meant.", field: "code"
                        )
                    }
                    let kept = Write(
                        "INSERT INTO invitation_code (code_hash, handle, created) VALUES ($1, $2, $3)",
                        [.blob(code), .text(handle.description), .integer(now.seconds)], expects: 1)
                    return (expires, Change(writes: [Self.write(handle, code, now, expires, over: seen.version), kept], entries: [entry]))
                }
                guard try known.text("handle") == handle.description else {
                    throw Problem(
                        .conflict, "officer.code-used", title: "The code is another person's",
                        detail: "Somebody else was invited with this code. Draw a new one.", field: "code")
                }
                return (UTCTime(seconds: try known.integer("expires")), Change())
            }
            try await ledger.anchor([])
            return answer
        } catch { throw Problem(wrapping: error) }
    }

    /// - Parameter version: of the handle's earlier invitation, which this one replaces; nil: there is none.
    private static func write(_ handle: Handle, _ code: Digest32, _ now: UTCTime, _ expires: UTCTime, over version: Int64?) -> Write {
        let arguments: [SQLValue] = [.text(handle.description), .blob(code), .integer(now.seconds), .integer(expires.seconds)]
        guard let version else {
            return Write(
                """
                INSERT INTO invitation (handle, code_hash, created, expires, tries, state, note, version)
                VALUES ($1, $2, $3, $4, 0, 'open', NULL, 1)
                """, arguments, expects: 1)
        }
        return Write(
            """
            UPDATE invitation SET code_hash = $2, created = $3, expires = $4, tries = 0, state = 'open', note = NULL,
            version = version + 1 WHERE handle = $1 AND version = $5
            """, arguments + [.integer(version)], expects: 1)
    }

    /// Takes a person's own text in exchange for the code. The code is used up by it; sent again with it, the same text is taken as it was.
    public func redeem(_ secret: Bytes, person note: SignedNote) async throws(Problem) -> Person {
        let now = try ledger.now()
        let view = try ledger.view()
        let code = Digest32(of: secret)
        do {
            let (person, _) = try await ledger.store.act { snapshot in
                try snapshot.row("SELECT * FROM invitation WHERE code_hash = $1", [.blob(code)])
            } decide: { row in
                if let row, let person = try? Person(note), try row.text("state") != State.open.rawValue,
                    try row.optionalText("note").flatMap({ try? SignedNote("person", $0) })?.text == note.text
                {
                    return (Person?.some(person), Change())
                }
                guard let row, let handle = Handle(try row.text("handle")), try row.text("state") == State.open.rawValue,
                    try row.integer("expires") > now.seconds, try row.integer("tries") < Self.mostTries
                else { throw Self.unknownCode }
                let version = try row.integer("version")
                guard let person = try? Person(note), person.instance == view.charter.instance, person.handle == handle,
                    !view.charter.roster.keys.contains(where: { [person.login, person.vote].contains($0.key) })
                else {
                    // A wrong text costs a try.
                    let write = Write(
                        "UPDATE invitation SET tries = tries + 1, version = version + 1 WHERE code_hash = $1 AND version = $2",
                        [.blob(code), .integer(version)], expects: 1)
                    return (Person?.none, Change(writes: [write]))
                }
                let write = Write(
                    "UPDATE invitation SET state = 'pending', note = $1, version = version + 1 WHERE code_hash = $2 AND version = $3",
                    [.text(note.rendered), .blob(code), .integer(version)], expects: 1)
                let text = try RowContent.person(person, note, at: now)
                let entry = try ledger.entry(
                    .officerEnroll, at: now, actor: person.actor,
                    digests: [Entry.DigestKey.document: person.digest, Entry.DigestKey.row: text.digest],
                    roster: view.charter.roster.version)
                return (person, Change(writes: [write, text.insertion()], entries: [entry]))
            }
            guard let person else {
                throw Problem(
                    .invalid, "enrollment.person-invalid", title: "The person text does not fit the code",
                    detail: "It must name this instance and the invited handle, be signed by its own vote key, and bring two new keys.",
                    field: "person")
            }
            try await ledger.anchor([])
            return person
        } catch { throw Problem(wrapping: error) }
    }

    /// The query behind ``list(_:)``.
    public static func query(_ paging: Paging<Handle>) -> ListQuery {
        ListQuery(
            "*", from: "invitation", by: ["handle"], .rising, after: paging.after.map { [.text($0.description)] }, limit: paging.limit)
    }

    /// Everybody who was invited, by handle.
    public func list(_ paging: Paging<Handle> = .init()) async throws(Problem) -> Page<Invitation> {
        do {
            return try await ledger.store.read { snapshot in
                try snapshot.page(Self.query(paging), place: \.handle.description, Self.invitation)
            }
        } catch { throw Problem(wrapping: error) }
    }

    public func invitation(_ handle: Handle) async throws(Problem) -> Invitation {
        do {
            let row = try await ledger.store.read { try $0.row("SELECT * FROM invitation WHERE handle = $1", [.text(handle.description)]) }
            guard let row else {
                throw Problem(
                    .notFound, "officer.not-found", title: "Nobody was invited by this handle",
                    detail: "\(handle) has no code. `assay officer add \(handle) --role …` gives one.", field: "handle")
            }
            return try Self.invitation(row)
        } catch { throw Problem(wrapping: error) }
    }

    private static func invitation(_ row: Row) throws -> Invitation {
        guard let handle = Handle(try row.text("handle")), let state = State(rawValue: try row.text("state")) else {
            throw StorageError.damaged("A row of the table invitation is not as this program writes it.")
        }
        return Invitation(
            handle: handle, state: state, expires: UTCTime(seconds: try row.integer("expires")), person: try row.optionalText("note"))
    }

    private static let unknownCode = Problem(
        .forbidden, "enrollment.code-invalid", title: "The code cannot be redeemed",
        detail: "It is unknown, used, or older than \(hours) hours. Ask an administrator for a new one (`assay officer add`).",
        field: "code")
}
