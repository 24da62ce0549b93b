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

    /// Looks who holds the lock on a custody directory: among the processes of this user by their open files, and among all others in the
    /// system's list of locks. Lists are told in pieces, and may leave something out while other things come and go, so they are read again.
    static func search(_ custody: String) -> Search {
        let place = URL(fileURLWithPath: custody).resolvingSymlinksInPath().path
        if let process = holder(of: place) { return .found(RunningNode(process: process, listens: listening(process))) }
        return stranger(custody)
    }

    /// A process with the directory open and locked: the system names the lock beside the open file.
    private static func holder(of place: String) -> Int? {
        for process in ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap({ Int($0) }) {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd")) ?? [] {
                guard (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/\(name)")) == place,
                    let facts = try? String(contentsOfFile: "/proc/\(process)/fdinfo/\(name)", encoding: .utf8),
                    facts.split(separator: "\n").contains(where: { $0.hasPrefix("lock:") && $0.contains("FLOCK") })
                else { continue }
                return process
            }
        }
        return nil
    }

    private static func stranger(_ custody: String) -> Search {
        var status = stat()
        guard stat(custody, &status) == 0, let locks = try? String(contentsOfFile: "/proc/locks", encoding: .utf8) else { return .unknown }
        // `1: FLOCK ADVISORY WRITE 1234 fe:00:5678 0 EOF`; device numbers differ between file systems' layers.
        for words in locks.split(separator: "\n").map({ $0.split(separator: " ") }) where words.count > 5 {
            guard words[1] == "FLOCK", words[3] == "WRITE", let process = Int(words[4]),
                words[5].split(separator: ":").last == Substring(String(status.st_ino)), openFiles(of: process) == nil
            else { continue }
            return .found(RunningNode(process: process, listens: nil))
        }
        return .none
    }

    private static func openFiles(of process: Int) -> [String]? {
        let folder = "/proc/\(process)/fd"
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else { return nil }
        return names.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)") }
    }

    private static func listening(_ process: Int) -> [String]? {
        guard let open = openFiles(of: process).map(Set.init) else { return nil }
        for _ in 0..<5 {
            let found = ["tcp", "tcp6"].flatMap { listening(process, open, $0) }
            guard found.isEmpty else { return found }
        }
        return []
    }

    private static func listening(_ process: Int, _ open: Set<String>, _ table: String) -> [String] {
        guard let table = try? String(contentsOfFile: "/proc/\(process)/net/\(table)", encoding: .utf8) else { return [] }
        return table.split(separator: "\n").dropFirst().map { $0.split(separator: " ") }.compactMap { words in
            guard words.count > 9, words[3] == "0A", open.contains("socket:[\(words[9])]") else { return nil }
            return address(words[1])
        }
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
