import Foundation

/// The process that serves a house, as the system tells of it (`/proc`): no lock is taken to find it.
public struct RunningNode: Hashable, Sendable {
    let process: Int
    /// Where it listens, `127.0.0.1:8443`; nil when the system does not say.
    let listens: [String]?

    enum Search: Hashable, Sendable {
        case found(RunningNode)
        case none
        /// The system does not tell.
        case unknown
    }

    /// Looks who holds the lock on a custody directory.
    static func search(_ custody: String) -> Search {
        if let node = owner(of: custody) { return .found(node) }
        // Of a process that we may not look into, the table of all locks tells. It comes in pieces, and may leave one out while others come
        // and go.
        for _ in 0..<4 {
            let found = searchOnce(custody)
            guard found == .none else { return found }
        }
        return searchOnce(custody)
    }

    /// The process that has the directory open and locked, among those whose open files we may see.
    private static func owner(of custody: String) -> RunningNode? {
        let place = URL(fileURLWithPath: custody).resolvingSymlinksInPath().path
        let processes = ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int($0) }
        for process in processes {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd")) ?? []
            for name in names where (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/\(name)")) == place {
                guard isLocked("/proc/\(process)/fdinfo/\(name)", by: process) else { continue }
                return RunningNode(process: process, listens: openFiles(of: process).flatMap { listening(process, Set($0)) })
            }
        }
        return nil
    }

    /// `lock: 1: FLOCK ADVISORY WRITE 1234 fe:00:5678 0 EOF`. A program that is just being started has a copy of the open file, but not
    /// the lock in its name.
    private static func isLocked(_ facts: String, by process: Int) -> Bool {
        let text = (try? String(contentsOfFile: facts, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").contains { line in
            let words = line.split { $0 == " " || $0 == "\t" }
            return words.count > 5 && words[0] == "lock:" && words[2] == "FLOCK" && words[4] == "WRITE" && Int(words[5]) == process
        }
    }

    private static func searchOnce(_ custody: String) -> Search {
        var status = stat()
        guard stat(custody, &status) == 0, let locks = try? String(contentsOfFile: "/proc/locks", encoding: .utf8) else { return .unknown }
        let place = URL(fileURLWithPath: custody).resolvingSymlinksInPath().path
        // `1: FLOCK ADVISORY WRITE 1234 fe:00:5678 0 EOF`; device numbers differ between file systems' layers, so the open file decides.
        for words in locks.split(separator: "\n").map({ $0.split(separator: " ") }) where words.count > 5 {
            guard words[1] == "FLOCK", words[3] == "WRITE", let process = Int(words[4]),
                words[5].split(separator: ":").last == Substring(String(status.st_ino))
            else { continue }
            guard let open = openFiles(of: process) else { return .found(RunningNode(process: process, listens: nil)) }
            guard open.contains(place) else { continue }
            return .found(RunningNode(process: process, listens: listening(process, Set(open))))
        }
        return .none
    }

    private static func openFiles(of process: Int) -> [String]? {
        let folder = "/proc/\(process)/fd"
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return nil }
        return names.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)") }
    }

    private static func listening(_ process: Int, _ open: Set<String>) -> [String]? {
        var found: [String] = []
        for name in ["tcp", "tcp6"] {
            guard let table = try? String(contentsOfFile: "/proc/\(process)/net/\(name)", encoding: .utf8) else { continue }
            for words in table.split(separator: "\n").dropFirst().map({ $0.split(separator: " ") }) where words.count > 9 {
                guard words[3] == "0A", open.contains("socket:[\(words[9])]"), let address = address(words[1]) else { continue }
                found.append(address)
            }
        }
        return found
    }

    /// An address as `/proc/net/tcp` and `tcp6` have it: `0100007F:20FB` is 127.0.0.1:8443: words of 32 bits in the machine's order, which is little-endian.
    public static func address(_ text: Substring) -> String? {
        let halves = text.split(separator: ":")
        guard halves.count == 2, let port = Int(halves[1], radix: 16), halves[0].count % 8 == 0, halves[0].count <= 32 else { return nil }
        var octets: [UInt8] = []
        var rest = halves[0]
        while !rest.isEmpty {
            guard let word = UInt32(rest.prefix(8), radix: 16) else { return nil }
            octets += [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: word >> $0) }
            rest = rest.dropFirst(8)
        }
        if octets.count == 4 { return octets.map(String.init).joined(separator: ".") + ":\(port)" }
        guard octets.count == 16 else { return nil }
        let groups = stride(from: 0, to: 16, by: 2).map { String(UInt16(octets[$0]) << 8 | UInt16(octets[$0 + 1]), radix: 16) }
        return "[\(groups.joined(separator: ":"))]:\(port)"
    }

    /// Whether only this machine reaches what ``address(_:)`` has written: `127.0.0.0/8`, also within IPv6, and `::1`.
    public static func isLoopback(_ address: String) -> Bool {
        if address.hasPrefix("127.") || address.hasPrefix("[0:0:0:0:0:0:0:1]:") { return true }
        let groups = address.split(separator: ":").map(String.init)
        // Groups are written without leading zeros: 7f is 0.127.
        return address.hasPrefix("[0:0:0:0:0:ffff:") && groups.count == 9 && groups[6].count == 4 && groups[6].hasPrefix("7f")
    }
}
