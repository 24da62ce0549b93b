import Foundation

/// Who may touch a house's files: everything in a data directory is the server's user's alone.
struct HouseFiles {
    /// A file or directory as the system describes it.
    struct Facts: Hashable {
        enum Kind: Hashable { case file, directory, link, other }
        let path: String
        let kind: Kind
        /// The lowest nine bits, with set-user and sticky; a directory takes set-group from the one above, and it opens nothing.
        let mode: UInt16
        let owner: UInt32
    }

    /// What is wrong with one, for the user of this number; nil: nothing.
    static func complaint(_ facts: Facts, user: UInt32) -> String? {
        let expected: UInt16 = facts.kind == .directory ? 0o700 : 0o600
        switch facts.kind {
        case .link: return "\(facts.path) is a link"
        case .other: return "\(facts.path) is neither a file nor a directory"
        case .file, .directory: break
        }
        if facts.owner != user { return "\(facts.path) belongs to \(name(of: facts.owner))" }
        if facts.mode & 0o077 != 0 { return "\(facts.path) is open to others (\(String(facts.mode, radix: 8)))" }
        if facts.mode != expected {
            return "\(facts.path) has mode \(String(facts.mode, radix: 8)) instead of \(String(expected, radix: 8))"
        }
        return nil
    }

    static func name(of user: UInt32) -> String {
        guard let name = getpwuid(user)?.pointee.pw_name else { return "the user with number \(user)" }
        return String(cString: name)
    }

    /// The user as `sudo -u` takes it: by name where the system knows one that needs no quotes.
    static func word(for user: UInt32) -> String {
        guard let found = getpwuid(user)?.pointee.pw_name else { return "'#\(user)'" }
        let name = String(cString: found)
        let isPlain = name.utf8.allSatisfy { octet in
            (0x61...0x7a).contains(octet) || (0x41...0x5a).contains(octet) || (0x30...0x39).contains(octet) || "._-".utf8.contains(octet)
        }
        return isPlain ? name : "'#\(user)'"
    }

    /// Whether the names in a directory can be read, and looked at.
    static func canEnter(_ directory: String) -> Bool { access(directory, R_OK | X_OK) == 0 }

    /// - Returns: nil when it is not there any more; an errno when it cannot be looked at.
    static func facts(_ path: String) -> Result<Facts, Unseen>? {
        var status = stat()
        guard lstat(path, &status) == 0 else { return errno == ENOENT ? nil : .failure(Unseen(path: path, number: errno)) }
        let kind: Facts.Kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file
            case S_IFDIR: .directory
            case S_IFLNK: .link
            default: .other
            }
        return .success(Facts(path: path, kind: kind, mode: UInt16(status.st_mode & 0o5777), owner: status.st_uid))
    }

    struct Unseen: Error, Hashable {
        let path: String
        let number: Int32

        var words: String { "\(path) cannot be looked at: \(String(cString: strerror(number)))" }
    }

    /// What is wrong below `path`, itself included: by the rule above, and what could not be looked at.
    static func complaints(below path: String, user: UInt32) -> [String] {
        switch facts(path) {
        case nil: return []
        case .failure(let unseen): return [unseen.words]
        case .success(let facts):
            let own = complaint(facts, user: user).map { [$0] } ?? []
            guard facts.kind == .directory else { return own }
            guard let directory = opendir(path) else { return own + [Unseen(path: path, number: errno).words] }
            closedir(directory)
            let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
            return own + names.sorted().flatMap { complaints(below: "\(path)/\($0)", user: user) }
        }
    }
}
