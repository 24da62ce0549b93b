import Basics
import Foundation
import Glibc

/// Files of this machine: read with a limit, written whole or not at all (temporary file, fsync, rename).
public enum LocalFiles {
    /// Octets that are read at most, unless told otherwise.
    public static let sizeLimit = 4 << 20

    /// The whole file; nil when there is none. Pipes are read too.
    /// - Parameter isPrivate: refuse a file that others of this machine could read.
    public static func readIfThere(_ path: String, limit: Int = sizeLimit, isPrivate: Bool = false) throws(Problem) -> Bytes? {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw .file(path, errno)
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .file(path, errno) }
        guard status.st_mode & S_IFMT != S_IFDIR else { throw .file(path, EISDIR) }
        if isPrivate, status.st_mode & 0o077 != 0 {
            throw Problem(
                .forbidden, "client.file-not-private", title: "A secret file can be read by others",
                detail: "\(path.escaped) must belong to you alone. Run: chmod 600 \(path.escaped)")
        }
        var content: Bytes = []
        var chunk = Bytes(repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .file(path, errno) }
            if count == 0 { return content }
            content += chunk[..<count]
            guard content.count <= limit else {
                throw Problem(
                    .tooLarge, "client.file-too-large", title: "A file is too large",
                    detail: "\(path.escaped) has more than \(limit) octets.")
            }
        }
    }

    /// The whole file, which must be there.
    public static func read(_ path: String, limit: Int = sizeLimit) throws(Problem) -> Bytes {
        guard let content = try readIfThere(path, limit: limit) else { throw .file(path, ENOENT) }
        return content
    }

    /// Writes the whole file; with the mode from its first moment on. What stood there before is replaced in one step.
    public static func write(_ path: String, _ content: Bytes, mode: UInt32 = 0o644) throws(Problem) {
        let temporary = path + ".new"
        unlink(temporary)
        let file = open(temporary, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, mode)
        guard file >= 0 else { throw .file(path, errno) }
        do throws(Problem) {
            try writeAll(file, content, path)
            guard fsync(file) == 0 else { throw .file(path, errno) }
        } catch {
            close(file)
            unlink(temporary)
            throw error
        }
        close(file)
        guard rename(temporary, path) == 0 else {
            let reason = errno
            unlink(temporary)
            throw .file(path, reason)
        }
        sync(directory: parent(of: path))
    }

    /// Makes the directory and those above it; one that is there is left as it is.
    public static func makeDirectory(_ path: String, mode: UInt32 = 0o755) throws(Problem) {
        if mkdir(path, mode) == 0 { return }
        if errno == ENOENT {
            let above = parent(of: path)
            guard above != path else { throw .file(path, ENOENT) }
            try makeDirectory(above, mode: mode)
            if mkdir(path, mode) == 0 { return }
        }
        guard errno == EEXIST, isDirectory(path) else { throw .file(path, errno) }
    }

    public static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    public static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// What a directory holds; nothing when it cannot be read.
    static func names(in path: String) -> [String] { (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [] }

    static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func sync(directory: String) {
        let file = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { return }
        fsync(file)
        close(file)
    }

    private static func writeAll(_ file: Int32, _ content: Bytes, _ path: String) throws(Problem) {
        var rest = content
        while !rest.isEmpty {
            let count = Glibc.write(file, rest, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .file(path, errno) }
            rest.removeFirst(count)
        }
    }
}

extension Problem {
    /// The system refused something about a file.
    static func file(_ path: String, _ reason: Int32) -> Problem {
        let words = String(cString: strerror(reason))
        return Problem(.invalid, "client.file", title: "A file cannot be used", detail: "\(path.escaped): \(words).")
    }
}
