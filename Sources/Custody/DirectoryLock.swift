import Glibc

/// An exclusive flock on a directory, held as long as this value lives; no other process, and nobody else in this one, gets it.
final class DirectoryLock: Sendable {
    private let descriptor: Int32

    /// - Throws: ``CustodyError/inUse(path:)`` when somebody has it.
    init(_ path: String) throws(CustodyError) {
        descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .io(path: path, call: "open", errno: errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let failure = errno
            if failure == EWOULDBLOCK { throw .inUse(path: path) }
            throw .io(path: path, call: "flock", errno: failure)
        }
    }

    deinit { if descriptor >= 0 { close(descriptor) } }
}
