import Glibc
import Synchronization

/// An exclusive flock on a directory, held as long as this value lives; no other process, and nobody else in this one, gets it.
final class DirectoryLock: Sendable {
    /// The locked directory's descriptor, until ``release()``.
    private let held: Mutex<Int32?>

    /// - Throws: ``CustodyError/inUse(path:)`` when somebody has it.
    init(_ path: String) throws(CustodyError) {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .io(path: path, call: "open", errno: errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let failure = errno
            close(descriptor)
            if failure == EWOULDBLOCK { throw .inUse(path: path) }
            throw .io(path: path, call: "flock", errno: failure)
        }
        held = Mutex(descriptor)
    }

    deinit { release() }

    /// Lets another have it, before this value goes.
    func release() {
        held.withLock { held in
            if let descriptor = held { close(descriptor) }
            held = nil
        }
    }
}
