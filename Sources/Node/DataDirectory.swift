import Custody
import Foundation

/// The data directory's own file operations.
enum DataDirectory {
    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// A directory that cannot be entered is not taken for one that is empty.
    static func checkAccess(_ path: String) throws(CustodyError) {
        guard !exists(path) || FileManager.default.isExecutableFile(atPath: path) else {
            throw .io(path: path, call: "open", errno: POSIXErrorCode.EACCES.rawValue)
        }
    }

    /// Makes the directory with mode 0700 when it is not there.
    static func make(_ path: String) throws(CustodyError) {
        guard !exists(path) else { return }
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            let reason = ((error as? CocoaError)?.underlying as? POSIXError)?.code ?? .EIO
            throw .io(path: path, call: "mkdir", errno: reason.rawValue)
        }
    }

    /// Removes the database of a founding that did not come to its end.
    static func remove(database path: String) {
        for suffix in ["", "-wal", "-shm", ".lock"] { try? FileManager.default.removeItem(atPath: path + suffix) }
    }
}
