import Approval
import Basics
import Custody
import Foundation
import Proofs
import Storage

/// Looks at a house from its data directory alone: whether a node could run on it for years, or why not. It takes no lock, needs no
/// passphrase, and opens no key, so it works beside a running node; what only a start can tell is left to the start.
public struct Doctor: Sendable {
    public struct Finding: Hashable, Sendable {
        public enum Level: String, Hashable, Sendable { case ok, warn, fail }

        /// What was looked at: `clock`, `disk`, `flush`, `permissions`, `custody`, `database`, `two-person rule`.
        public let name: String
        public let level: Level
        public let text: String
        /// What to do; nil when nothing is to be done.
        public let advice: String?

        init(_ name: String, _ level: Level, _ text: String, _ advice: String? = nil) {
            self.name = name
            self.level = level
            self.text = text
            self.advice = advice
        }
    }

    private let paths: HousePaths
    private let clocks: any Clocks

    public init(_ paths: HousePaths, clocks: any Clocks) {
        self.paths = paths
        self.clocks = clocks
    }

    public func examine() async -> [Finding] {
        guard DataDirectory.exists(paths.data) else {
            return [Finding("data", .fail, "\(paths.data.escaped) is not there.", "Found a house: assay init --data \(paths.data.escaped)")]
        }
        var findings = [await clock(), disk(), await flush(), permissions()]
        findings.append(custody())
        findings += database()
        return findings
    }

    // MARK: The machine

    private func clock() async -> Finding {
        let before = (clocks.now, clocks.monotonic)
        do { try await clocks.sleep(for: .milliseconds(50)) } catch { return Finding("clock", .fail, "It cannot be waited for: \(error).") }
        let passed = clocks.monotonic - before.1
        let jumped = abs(Double(clocks.now.seconds(since: before.0)) - Double(passed.components.seconds)) > 2
        guard !jumped else { return Finding("clock", .fail, "It jumped while it was looked at.", "Let one program set the clock, slowly.") }
        guard let newest = (try? CustodyLook(at: paths.custody))?.newest else {
            return Finding("clock", .ok, "\(clocks.now); there is no anchor to compare it with.")
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
                "If the clock is right, start with: assay serve --accept-clock")
        }
        return Finding("clock", .ok, "\(clocks.now), \(ahead) s behind the last entry.")
    }

    private func disk() -> Finding {
        guard let room = try? FileManager.default.attributesOfFileSystem(forPath: paths.data),
            let free = (room[.systemFreeSize] as? NSNumber)?.int64Value
        else { return Finding("disk", .fail, "Its free space cannot be seen.", "Look whether \(paths.data.escaped) can be entered.") }
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

    /// How long one small append takes to be durable.
    private func flush() async -> Finding {
        let path = paths.data + "/doctor-\(ProcessInfo.processInfo.processIdentifier)"
        guard FileManager.default.createFile(atPath: path, contents: nil, attributes: [.posixPermissions: 0o600]),
            let file = FileHandle(forWritingAtPath: path)
        else {
            return Finding("flush", .fail, "Nothing can be written in \(paths.data.escaped).", "Run as the user that owns the house.")
        }
        defer {
            try? file.close()
            try? FileManager.default.removeItem(atPath: path)
        }
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
        var wrong: [String] = []
        let owner = (try? FileManager.default.attributesOfItem(atPath: paths.data))?[.ownerAccountID] as? NSNumber
        for name in [""] + ((try? FileManager.default.subpathsOfDirectory(atPath: paths.data)) ?? []).sorted() {
            let path = name.isEmpty ? paths.data : paths.data + "/" + name
            guard let facts = try? FileManager.default.attributesOfItem(atPath: path),
                let mode = (facts[.posixPermissions] as? NSNumber)?.int16Value
            else { continue }
            if facts[.type] as? FileAttributeType == .typeSymbolicLink { wrong.append("\(path.escaped) is a link") }
            if mode & 0o077 != 0 { wrong.append("\(path.escaped) is open to others (\(String(mode & 0o777, radix: 8)))") }
            if facts[.ownerAccountID] as? NSNumber != owner { wrong.append("\(path.escaped) has another owner") }
        }
        guard let first = wrong.first else {
            return Finding("permissions", .ok, "Everything in \(paths.data.escaped) is its owner's alone.")
        }
        return Finding(
            "permissions", .fail, first + (wrong.count > 1 ? ", and \(wrong.count - 1) more." : "."),
            "Ask who could have read it, then: chmod -R go= \(paths.data.escaped)")
    }

    private func custody() -> Finding {
        do throws(CustodyError) {
            let look = try CustodyLook(at: paths.custody)
            let state = look.isStopped ? "the node was stopped in order" : "a node runs, or ended without its last line"
            guard look.isSealed else {
                return Finding(
                    "custody", .warn, "The master key is a plain file; \(state).",
                    "Whoever reads the disk has every key. Seal it: assay custody seal --data \(paths.data.escaped)")
            }
            return Finding("custody", .ok, "The master key is sealed under a passphrase; \(state).")
        } catch {
            let problem = error.problem
            return Finding("custody", .fail, problem.detail, "assay serve would refuse with \(problem.code).")
        }
    }

    private func database() -> [Finding] {
        let look: DatabaseLook
        do { look = try DatabaseLook(at: paths.database) } catch {
            let problem = error.problem
            return [Finding("database", .fail, problem.detail, "assay serve would refuse with \(problem.code).")]
        }
        if let complaint = look.complaint {
            return [Finding("database", .fail, "SQLite finds damage: \(complaint.escaped)", "Keep the files, restore the newest backup.")]
        }
        let pending = look.pending == 0 ? "" : "; the next start migrates it (\(look.pending))"
        return [Finding("database", .ok, "\(look.entries) entries, schema as it should be\(pending). Proofs: assay ledger verify")]
            + [people(look)]
    }

    /// As the database says; a start proves it from the anchor.
    private func people(_ look: DatabaseLook) -> Finding {
        guard let text = look.roster, let note = try? SignedNote("roster", text), let roster = try? Roster(text: note.text) else {
            return Finding("two-person rule", .fail, "The newest roster cannot be read.", "Restore the newest backup of the database.")
        }
        let administrators = roster.administrators.count
        guard administrators > 1, roster.quorum > 1 else {
            return Finding(
                "two-person rule", .warn, "Not in force for the roster: one administrator changes everything alone.",
                "Invite another: assay officer add NAME --role administrator")
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
                    "Enroll more: assay officer add NAME --role registration-officer")
            }
        }
        return Finding(
            "two-person rule", .ok, "In force: \(roster.quorum) of \(administrators) administrators for the roster, as the database says.")
    }
}
