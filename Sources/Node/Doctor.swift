import Approval
import Basics
import Custody
import Foundation
import Proofs
import Storage

/// Looks at a house from its data directory alone: whether a node could run on it for years, or why not. It takes no lock, needs no
/// passphrase and no PIN, opens no key, and leaves everything as it was, so it works beside a running node; what only a start can tell is
/// left to the start, and said to be.
public struct Doctor: Sendable {
    public struct Finding: Hashable, Sendable {
        public enum Level: String, Hashable, Sendable {
            case ok, warn, fail
            /// Not looked at; the text says why.
            case unseen
        }

        /// What was looked at: `user`, `clock`, `disk`, `flush`, `permissions`, `custody`, `listener`, `database`, `keys`, `two-person rule`,
        /// `proofs`; `data` where there is no house.
        public let name: String
        public let level: Level
        public let text: String
        /// What to do; nil when nothing is to be done.
        public let advice: String?
        /// The command that does it, if one does.
        public let command: String?

        init(_ name: String, _ level: Level, _ text: String, _ advice: String? = nil, command: String? = nil) {
            self.name = name
            self.level = level
            self.text = text
            self.advice = advice
            self.command = command
        }
    }

    let paths: HousePaths
    private let clocks: any Clocks
    private let user: UInt32
    private let scratch: String

    /// - Parameters:
    ///   - user: the number of the user for whom the house is to be; the process's own.
    ///   - scratch: where a private copy of a database may lie for a moment.
    public init(
        _ paths: HousePaths, clocks: any Clocks, user: UInt32 = geteuid(), scratch: String = FileManager.default.temporaryDirectory.path
    ) {
        self.paths = paths
        self.clocks = clocks
        self.user = user
        self.scratch = scratch
    }

    /// The data directory as a shell reads it.
    var place: String { quoted(paths.data) }

    func quoted(_ path: String) -> String {
        let plain = path.utf8.allSatisfy { octet in
            (0x61...0x7a).contains(octet) || (0x41...0x5a).contains(octet) || (0x30...0x39).contains(octet) || "/._-".utf8.contains(octet)
        }
        return plain ? path : "'" + path.replacing("'", with: "'\\''") + "'"
    }

    private static let everything = [
        "clock", "disk", "flush", "permissions", "custody", "listener", "database", "keys", "two-person rule",
    ]

    public func examine() async -> [Finding] {
        switch HouseFiles.facts(paths.data) {
        case nil:
            return [
                Finding(
                    "data", .fail, "\(paths.data.escaped) is not there.", "Say where it is with --data, or found one:",
                    command: "assay init --administrator admin.person --data \(place)")
            ]
        case .failure(let unseen):
            return strange("\(unseen.words.escaped).", "Look as the user that owns the house.")
        case .success(let facts) where facts.owner != user:
            // Not even root: what it leaves would be root's, and what it may read says nothing of who else may.
            let owner = HouseFiles.name(of: facts.owner)
            return strange(
                "\(paths.data.escaped) belongs to \(owner.escaped), this is \(HouseFiles.name(of: user).escaped).", "Look as its owner:",
                "sudo -u \(HouseFiles.word(for: facts.owner)) assay doctor --data \(place)")
        case .success(let facts):
            // Otherwise each file in it would seem to be missing.
            guard facts.kind != .directory || HouseFiles.canEnter(paths.data) else {
                return strange(
                    "\(paths.data.escaped) cannot be entered by its owner: it has mode \(String(facts.mode, radix: 8)) instead of 700.",
                    "Open it to its owner:", "chmod 700 \(place)")
            }
        }
        let running = RunningNode.search(paths.custody)
        let isServed = if case .found = running { true } else { false }
        let custody = Result { () throws(CustodyError) in try CustodyLook(at: paths.custody) }
        let database = Result { () throws(StorageError) in try DatabaseLook.look(at: paths.database, isServed: isServed, scratch: scratch) }
        let hasRun: Bool? = if case .success(.seen(let look)) = database { look.hasRun } else { nil }
        var findings = [Finding("user", .ok, "\(HouseFiles.name(of: user).escaped) owns \(paths.data.escaped).")]
        findings += [await clock(try? custody.get()), disk(), await flush(), permissions()]
        findings.append(self.custody(custody, running, hasRun: hasRun))
        findings.append(listener(running))
        findings += self.database(database, try? custody.get())
        findings.append(
            Finding(
                "proofs", .unseen,
                "Keys were not opened, nor signatures and rows compared with entries. The next start says which key's record custody did not write; "
                    + "the rest is proven by:",
                command: "assay ledger verify"))
        return findings
    }

    /// Nothing is said of what this user would see wrongly.
    private func strange(_ text: String, _ advice: String, _ command: String? = nil) -> [Finding] {
        [Finding("user", .fail, text, advice, command: command)]
            + Self.everything.map { Finding($0, .unseen, "Only the owner can tell.") }
    }

    // MARK: The machine

    private func clock(_ look: CustodyLook?) async -> Finding {
        let before = (clocks.now, clocks.monotonic)
        do { try await clocks.sleep(for: .milliseconds(50)) } catch {
            return Finding("clock", .unseen, "It cannot be waited for: \(error).")
        }
        let passed = clocks.monotonic - before.1
        let jumped = abs(Double(clocks.now.seconds(since: before.0)) - Double(passed.components.seconds)) > 2
        guard !jumped else { return Finding("clock", .fail, "It jumped while it was looked at.", "Let one program set the clock, slowly.") }
        guard let newest = look?.newest else {
            return Finding("clock", .unseen, "\(clocks.now); no anchor was read to compare it with: see custody.")
        }
        let ahead = clocks.now.seconds(since: newest)
        if ahead < -300 {
            return Finding(
                "clock", .fail, "\(clocks.now) lies before the last entry, \(newest): nothing would be signed.",
                "Set the clock; look whether the machine has a battery, and a time server.")
        }
        if ahead > 86_400 {
            return Finding(
                "clock", .warn, "\(clocks.now); the last entry is of \(newest), more than a day ago.",
                "If the clock is right, start with:", command: "assay serve --accept-clock --data \(place)")
        }
        return Finding("clock", .ok, "\(clocks.now), \(ahead) s behind the last entry.")
    }

    private func disk() -> Finding {
        guard let room = try? FileManager.default.attributesOfFileSystem(forPath: paths.data),
            let free = (room[.systemFreeSize] as? NSNumber)?.int64Value
        else { return Finding("disk", .unseen, "The system does not tell its free space.") }
        let kind = fileSystem()
        let text = "\(free >> 20) MiB free on \(kind ?? "a file system of unknown kind")."
        if free < 64 << 20 { return Finding("disk", .fail, text, "Make room: a full disk stops everything.") }
        if let kind, ["tmpfs", "ramfs"].contains(kind) {
            return Finding("disk", .warn, text, "Use a disk: this one is memory, and empty after a restart.")
        }
        if let kind, ["nfs", "nfs4", "cifs", "smb3", "9p"].contains(kind) {
            return Finding("disk", .warn, text, "Use a local disk: over a network, locks and flushes are not what they say.")
        }
        if free < 1 << 30 { return Finding("disk", .warn, text, "Make room: below 64 MiB the house is not safe.") }
        return Finding("disk", .ok, text)
    }

    /// The kind of the mount with the longest path above the data directory.
    private func fileSystem() -> String? {
        guard let mounts = try? String(contentsOfFile: "/proc/self/mounts", encoding: .utf8) else { return nil }
        let path = URL(fileURLWithPath: paths.data).resolvingSymlinksInPath().path
        let above = mounts.split(separator: "\n").map { $0.split(separator: " ") }.filter { words in
            guard words.count > 2 else { return false }
            let place = String(words[1])
            return place == "/" || path == place || path.hasPrefix(place + "/")
        }
        // Of several mounts on one place the last is seen.
        return above.enumerated().max { ($0.element[1].count, $0.offset) < ($1.element[1].count, $1.offset) }.map { String($0.element[2]) }
    }

    /// How long one small append takes to be durable: in a file without a name, so that the directory stays as it is.
    private func flush() async -> Finding {
        // O_TMPFILE, which is not imported: its own bit with O_DIRECTORY's, on x86-64 and arm64.
        let descriptor = open(paths.data, 0o20_000_000 | O_DIRECTORY | O_WRONLY | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let failure = errno
            let reason = String(cString: strerror(failure))
            if [EOPNOTSUPP, EISDIR, EINVAL].contains(failure) {
                return Finding("flush", .unseen, "This file system makes no file without a name (\(reason)); one with a name is not made.")
            }
            return Finding("flush", .fail, "Nothing can be written in \(paths.data.escaped): \(reason).", "Mend the disk, or make room.")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var times: [Duration] = []
        for _ in 0..<21 {
            let start = clocks.monotonic
            do {
                try file.write(contentsOf: Data(repeating: 1, count: 512))
                try file.synchronize()
            } catch { return Finding("flush", .fail, "A flush failed: \(error).", "Mend the disk before anything else.") }
            times.append(clocks.monotonic - start)
        }
        let median = times.sorted()[times.count / 2]
        let micros = median.components.seconds * 1_000_000 + median.components.attoseconds / 1_000_000_000_000
        let text = "\(micros) µs for one small append, in the middle of 21."
        if micros < 20 {
            return Finding(
                "flush", .warn, text + " No disk is that fast.", "Look whether the disk, or the machine below it, lies about flushes.")
        }
        return micros > 50_000
            ? Finding("flush", .warn, text, "Each vote and each certificate waits for flushes: use a faster disk.")
            : Finding("flush", .ok, text)
    }

    // MARK: The files

    private func permissions() -> Finding {
        let wrong = HouseFiles.complaints(below: paths.data, user: user)
        guard let first = wrong.first else {
            return Finding("permissions", .ok, "Everything in \(paths.data.escaped) is its owner's alone: directories 700, files 600.")
        }
        return Finding(
            "permissions", .fail, first.escaped + (wrong.count > 1 ? ", and \(wrong.count - 1) more." : "."),
            "Ask who could have read or changed it. What is yours and open to others is closed by:",
            command: "find \(place) -type d -exec chmod 700 {} + -o -type f -exec chmod 600 {} +")
    }

    private func custody(_ found: Result<CustodyLook, CustodyError>, _ running: RunningNode.Search, hasRun: Bool?) -> Finding {
        let look: CustodyLook
        do { look = try found.get() } catch {
            let problem = error.problem
            return Finding("custody", .fail, problem.detail, "assay serve would refuse with \(problem.code).")
        }
        let state =
            switch running {
            case .found(let node): "a node runs (process \(node.process))"
            case _ where look.isStopped: "the node was stopped in order"
            case _ where hasRun == false: "no node has run on it yet"
            case .none: "the node ended without its last line; the next start looks after it"
            case .unknown: "a node runs, or ended without its last line: the system does not tell"
            }
        if let wrong = tokens(look.tokens) { return wrong }
        switch look.master {
        case .plain:
            return Finding(
                "custody", .warn, "The master key is a plain file; \(state).",
                "Whoever reads the disk has every key that is sealed. Seal it:",
                command: "assay custody seal --data \(place)")
        case .passphrase: return Finding("custody", .ok, "The master key is sealed under a passphrase; \(state).")
        case .token(let key): return Finding("custody", .ok, "The master key is sealed under \(key); \(state). The token was not asked.")
        }
    }

    private func listener(_ running: RunningNode.Search) -> Finding {
        switch running {
        case .none: return Finding("listener", .unseen, "No node runs.")
        case .unknown: return Finding("listener", .unseen, "The system does not tell which process has the house.")
        case .found(let node):
            guard let listens = node.listens else { return Finding("listener", .unseen, "The process is another user's.") }
            let open = listens.filter { !RunningNode.isLoopback($0) }
            if listens.isEmpty { return Finding("listener", .unseen, "It listens nowhere yet, or not any more.") }
            guard open.isEmpty else {
                return Finding(
                    "listener", .warn, "It listens on \(open.joined(separator: ", ")), beyond this machine.",
                    "Let only those networks reach it whose people work with it.")
            }
            return Finding("listener", .ok, "\(listens.joined(separator: ", ")): this machine only.")
        }
    }

    private func database(_ found: Result<DatabaseLook.Outcome, StorageError>, _ custody: CustodyLook?) -> [Finding] {
        let rest = { (why: String) in ["keys", "two-person rule"].map { Finding($0, .unseen, why) } }
        let seen: DatabaseLook.Outcome
        do { seen = try found.get() } catch {
            let problem = error.problem
            return [Finding("database", .fail, problem.detail, "assay serve would refuse with \(problem.code).")]
                + rest("The database cannot be read.")
        }
        let look: DatabaseLook
        switch seen {
        case .seen(let it): look = it
        case .unseen(let why): return [Finding("database", .unseen, why)] + rest("The database was not looked at.")
        }
        if let complaint = look.complaint {
            return [Finding("database", .fail, "SQLite finds damage: \(complaint.escaped)", "Keep the files, restore the newest backup.")]
                + rest("The database is damaged.")
        }
        let pending = look.pending == 0 ? "" : "; the next start migrates it (\(look.pending))"
        let own = Finding("database", .ok, "\(look.entries) entries, schema as it should be\(pending).")
        guard let text = look.roster, let note = try? SignedNote("roster", text), let roster = try? Roster(text: note.text) else {
            return [
                own, Finding("keys", .unseen, "The newest roster cannot be read."),
                Finding("two-person rule", .fail, "The newest roster cannot be read.", "Restore the newest backup of the database."),
            ]
        }
        return [own, keys(look, roster, custody)] + blocklists(look, roster) + [people(look, roster)]
    }

    /// Whether the database has a record of each key that the roster needs, in a custody of this house.
    private func keys(_ look: DatabaseLook, _ roster: Roster, _ custody: CustodyLook?) -> Finding {
        var needed: [(user: String, publicKey: Bytes, custody: Handle)] = [("the ledger's log", roster.log.key, .sealed)]
        let documents = Dictionary(look.documents.map { (Digest32(of: $0), $0) }) { first, _ in first }
        for line in roster.documents where line.kind == .authority {
            guard let bytes = documents[line.digest], let authority = try? AuthorityDocument(document: bytes) else {
                return Finding(
                    "keys", .fail, "The document of authority \(line.name) is missing.", "Restore the newest backup of the database.")
            }
            for key in authority.signingKeys {
                let user = key.slot == .classical ? "authority \(authority.name)" : "authority \(authority.name), its second one,"
                needed.append((user, key.publicKey.der, authority.custody))
            }
        }
        for (user, publicKey, name) in needed {
            guard let key = look.keys.first(where: { $0.publicKey == publicKey }) else {
                return Finding("keys", .fail, "The key of \(user) is missing.", "Restore the table key from the newest backup.")
            }
            let place = KeyPlace(sealed: key.sealed)
            let isThere =
                switch place {
                case .sealed: name == .sealed
                case .token(let token), .sealedUnder(let token): custody?.tokens.contains { $0.name == name && $0.has(token) } ?? false
                case .unknown: false
                }
            guard isThere else {
                return Finding(
                    "keys", .fail, "The key of \(user) is to lie in the custody \(name), and its record says: \(place).",
                    "Add the token that has it, or restore the table key from the newest backup.")
            }
        }
        return Finding(
            "keys", .ok,
            needed.count == 1
                ? "One key is in force, and has its record. It was not opened."
                : "\(needed.count) keys are in force, and each has its record. None was opened.")
    }

    /// As the database says; a start proves it from the anchor.
    private func people(_ look: DatabaseLook, _ roster: Roster) -> Finding {
        let administrators = roster.administrators.count
        guard administrators > 1, roster.quorum > 1 else {
            return Finding(
                "two-person rule", .warn, "Not in force for the roster: one administrator changes everything alone.",
                "Invite another:", command: "assay officer add NAME --role administrator")
        }
        let names = roster.documents.filter { $0.kind == .approval }.map(\.digest)
        for bytes in look.documents where names.contains(Digest32(of: bytes)) {
            guard let policy = try? ApprovalPolicy(document: bytes) else { continue }
            let able = roster.people.filter { person in policy.roles.contains { roster.roles(of: person).contains($0) } }.count
            if policy.quorum < 2 {
                return Finding(
                    "two-person rule", .warn, "Approval policy \(policy.name) asks for one person.", "Raise its quorum, and apply it.")
            }
            // One asks, and does not vote on the own request.
            if able < policy.quorum + 1 {
                return Finding(
                    "two-person rule", .warn,
                    "Approval policy \(policy.name) needs \(policy.quorum) votes besides the requester's; \(able) people have its roles.",
                    "Enroll more:", command: "assay officer add NAME --role registration-officer")
            }
        }
        return Finding(
            "two-person rule", .ok, "In force: \(roster.quorum) of \(administrators) administrators for the roster, as the database says.")
    }
}
