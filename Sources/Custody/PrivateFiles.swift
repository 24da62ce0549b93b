import Basics
import Glibc

/// Files that only this user can read, written so that a crash leaves the old or the new, never half (custody.md §3.4).
public struct PrivateFiles: Sendable {
    let directory: String

    public init(directory: String) { self.directory = directory }

    func path(_ name: String) -> String { directory + "/" + name }

    /// Whether anything has this name. What cannot be looked at counts as there: nothing is begun anew over it.
    public func exists(_ name: String) -> Bool {
        var status = stat()
        return lstat(path(name), &status) == 0 || errno != ENOENT
    }

    /// Makes the directory with mode 0700, durably; its parent must exist.
    public func make() throws(CustodyError) {
        guard mkdir(directory, 0o700) == 0 else {
            if errno == EEXIST { throw .exists(path: directory) }
            throw failure("mkdir", directory)
        }
        try Self.sync(directory: Self.parent(of: directory))
    }

    /// - Throws: unless the directory is this user's (or root's) and nobody else can enter it.
    public func checkDirectory() throws(CustodyError) {
        var status = stat()
        guard lstat(directory, &status) == 0 else { throw .unanchored(path: directory) }
        guard status.st_mode & S_IFMT == S_IFDIR, status.st_uid == geteuid() || status.st_uid == 0, status.st_mode & 0o077 == 0 else {
            throw .permissions(path: directory, expected: "a directory of this user with mode 0700")
        }
    }

    /// Writes a whole file: temporary, fsync, rename, fsync of the directory.
    public func write(_ name: String, _ content: Bytes) throws(CustodyError) {
        let temporary = path(name + ".new")
        unlink(temporary)
        let file = Glibc.open(temporary, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure("open", temporary) }
        do throws(CustodyError) {
            try Self.writeAll(file, content, temporary)
            guard fsync(file) == 0 else { throw failure("fsync", temporary) }
        } catch {
            close(file)
            unlink(temporary)
            throw error
        }
        close(file)
        guard rename(temporary, path(name)) == 0 else { throw failure("rename", temporary) }
        try Self.sync(directory: directory)
    }

    /// Opens a private file and checks that it is one: regular, this user's, no access for others, one link.
    func open(private name: String, _ flags: Int32) throws(CustodyError) -> Int32 {
        let file = Glibc.open(path(name), flags | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 || errno != ELOOP else { throw .permissions(path: path(name), expected: "a regular file, not a link to one") }
        guard file >= 0 else { throw failure("open", path(name)) }
        var status = stat()
        guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid() || status.st_uid == 0,
            status.st_mode & 0o077 == 0, status.st_nlink == 1
        else {
            close(file)
            throw .permissions(path: path(name), expected: "a regular file of this user with mode 0600 and one link")
        }
        return file
    }

    /// - Parameter limit: octets that are read at most; a longer file is an error.
    public func read(_ name: String, limit: Int) throws(CustodyError) -> Bytes {
        let file = try open(private: name, O_RDONLY)
        defer { close(file) }
        var content: Bytes = []
        var chunk = Bytes(repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure("read", path(name)) }
            if count == 0 { break }
            content += chunk[..<count]
            guard content.count <= limit else { throw .malformed(path: path(name), what: "it is longer than \(limit) octets") }
        }
        for index in chunk.indices { chunk[index] = 0 }
        return content
    }

    static func writeAll(_ file: Int32, _ content: Bytes, _ path: String) throws(CustodyError) {
        var done = 0
        while done < content.count {
            let count = content[done...].withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw .io(path: path, call: "write", errno: errno) }
            done += count
        }
    }

    static func sync(directory: String) throws(CustodyError) {
        let file = Glibc.open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard file >= 0 else { throw .io(path: directory, call: "open", errno: errno) }
        defer { close(file) }
        guard fsync(file) == 0 else { throw .io(path: directory, call: "fsync", errno: errno) }
    }

    private static func parent(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private func failure(_ call: String, _ path: String) -> CustodyError { .io(path: path, call: call, errno: errno) }
}
