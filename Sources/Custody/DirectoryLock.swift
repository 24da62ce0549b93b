import Glibc
import Synchronization

/// An exclusive flock on a directory, held until ``release()`` or as long as this value lives; no other process, and nobody else
/// in this one, gets it.
final class DirectoryLock: Sendable {
    /// Closed by taking it out.
    private let descriptor: Mutex<Int32?>

    /// - Throws: ``CustodyError/inUse(path:)`` when somebody has it.
    init(_ path: String) throws(CustodyError) {
        let directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw .io(path: path, call: "open", errno: errno) }
        descriptor = Mutex(directory)
        guard flock(directory, LOCK_EX | LOCK_NB) == 0 else {
            let failure = errno
            if failure == EWOULDBLOCK { throw .inUse(path: path) }
            throw .io(path: path, call: "flock", errno: failure)
        }
    }

    deinit { release() }

    var isHeld: Bool { descriptor.withLock { $0 != nil } }

    func release() {
        descriptor.withLock { descriptor in
            if let held = descriptor {
                // A program that another thread is just starting has a copy of the descriptor until it runs: closing ours is not enough.
                flock(held, LOCK_UN)
                close(held)
            }
            descriptor = nil
        }
    }
}
