import Basics
import Foundation

/// The files of a database as they are now; equal when nobody has written between.
struct DatabaseFiles: Hashable, Sendable {
    private struct Stamp: Hashable, Sendable {
        let node: UInt64
        let size: Int64
        let seconds: Int
        let nanoseconds: Int

        init?(_ path: String) {
            var status = stat()
            guard lstat(path, &status) == 0 else { return nil }
            node = UInt64(status.st_ino)
            size = Int64(status.st_size)
            seconds = status.st_mtim.tv_sec
            nanoseconds = status.st_mtim.tv_nsec
        }
    }

    private static let logs = ["-wal", "-journal"]
    private let path: String
    private let database: Stamp?
    private let logs: [Stamp?]

    init(_ path: String) {
        self.path = path
        database = Stamp(path)
        logs = Self.logs.map { Stamp(path + $0) }
    }

    /// Whether a log lies beside the file with what may not be in it.
    var hasLog: Bool { logs.contains { ($0?.size ?? 0) > 0 } }

    /// The URI by which SQLite reads the file as it lies: without a lock, a log, or a file of its own.
    var immutable: String {
        let plain = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")
        let absolute = URL(fileURLWithPath: path).path
        return "file://\(absolute.addingPercentEncoding(withAllowedCharacters: plain) ?? absolute)?immutable=1"
    }

    /// Copies database and logs into a new directory of mode 0700, which is gone when this returns. No node may run in this
    /// process: closing a file would take its locks away.
    func inCopy(
        _ scratch: String, _ look: (String) throws(StorageError) -> DatabaseLook
    ) throws(StorageError) -> DatabaseLook.Outcome {
        let needed = ([database] + logs).reduce(64 << 20) { $0 + ($1?.size ?? 0) }
        let room = (try? FileManager.default.attributesOfFileSystem(forPath: scratch))?[.systemFreeSize] as? NSNumber
        guard let room, room.int64Value > needed else {
            return .unseen(
                "It was not closed in order, and \(scratch.escaped) has too little room for a copy to be looked at: the next start mends it."
            )
        }
        let folder = scratch + "/assay-doctor-\(UUID().uuidString)"
        guard mkdir(folder, 0o700) == 0 else {
            return .unseen("No private directory for a copy can be made in \(scratch.escaped): \(String(cString: strerror(errno))).")
        }
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let copy = folder + "/copy.db"
        do {
            for suffix in [""] + Self.logs where Opening.exists(path + suffix) {
                try FileManager.default.copyItem(atPath: path + suffix, toPath: copy + suffix)
            }
        } catch { return .unseen("It cannot be copied to be looked at: \(error.localizedDescription.escaped)") }
        return .seen(try look(copy))
    }
}
