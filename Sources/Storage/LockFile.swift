import Foundation

/// The lock that one process has on a database for as long as it is open. The file stays; what counts is the kernel's lock on it, which
/// goes with the process.
final class LockFile: Sendable {
    private let descriptor: Int32

    /// - Parameter path: of the database.
    /// - Throws: ``StorageError/inUse(path:)``, ``StorageError/unopenable(_:)``
    init(besides path: String) throws(StorageError) {
        descriptor = open(path + ".lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw .unopenable("The lock \((path + ".lock").escaped) cannot be opened: \(Self.reason).") }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let isHeld = errno == EWOULDBLOCK
            let reason = Self.reason
            close(descriptor)
            throw isHeld ? .inUse(path: path) : .unopenable("The lock \((path + ".lock").escaped) cannot be taken: \(reason).")
        }
    }

    deinit { close(descriptor) }

    /// Lets another process have it, before this value goes.
    func release() { _ = flock(descriptor, LOCK_UN) }

    private static var reason: String { String(cString: strerror(errno)) }
}
