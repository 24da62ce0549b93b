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

    /// - Throws: ``CustodyError/absent(path:)`` where there is neither custody nor database: nobody is told to restore what never was.
    static func requireHouse(_ paths: HousePaths) throws(CustodyError) {
        try checkAccess(paths.data)
        guard exists(paths.custody) || exists(paths.database) else { throw .absent(path: paths.data) }
    }

    /// Makes the directory, and those above it, with mode 0700 when they are not there. Each is known to the one above it when this
    /// returns, also after a power cut: otherwise everything flushed below it would be lost with its name.
    static func make(_ path: String) throws(CustodyError) {
        let parent = PrivateFiles.parent(of: path)
        if exists(path) {
            // An earlier founding may have ended before this. A parent that is closed to us was not made by one.
            return (try? sync(parent)) ?? ()
        }
        if parent != path { try make(parent) }
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .io(path: path, call: "mkdir", errno: errno) }
        try sync(parent)
    }

    private static func sync(_ path: String) throws(CustodyError) {
        let directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw .io(path: path, call: "open", errno: errno) }
        defer { close(directory) }
        guard fsync(directory) == 0 else { throw .io(path: path, call: "fsync", errno: errno) }
    }

    /// Removes the database of a founding that did not come to its end. A power cut may have left any of its files.
    static func remove(database path: String) {
        for suffix in ["", "-wal", "-shm", "-journal", ".lock"] { try? FileManager.default.removeItem(atPath: path + suffix) }
    }
}
