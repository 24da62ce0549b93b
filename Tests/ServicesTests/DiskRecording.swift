import Foundation
import Glibc
import Testing

/// What a program did to the files below a directory, in order, as Tests/PowerCut/recorder.c wrote it down.
struct DiskRecording: Sendable {
    enum Effect: Sendable {
        case write(offset: Int, Data)
        case truncate(length: Int)
    }

    enum NameChange: Sendable {
        case put(String, file: Int)
        case remove(String)
        case rename(String, to: String)
    }

    struct Numbered<Value: Sendable>: Sendable {
        let number: UInt64
        let value: Value
    }

    /// A flush that returned as number `end`, and covers every effect up to number `through`.
    struct Flush: Sendable {
        let through: UInt64
        let end: UInt64
    }

    struct File: Sendable {
        /// The last component of the name that it was made with.
        let name: String
        /// What was in it, durably, when the recording began.
        let base: Data
        var effects: [Numbered<Effect>] = []
        var flushes: [Flush] = []
    }

    /// A directory's names; it is made durable by its own flushes.
    struct Directory: Sendable {
        var base: [String: Int] = [:]
        var changes: [Numbered<NameChange>] = []
        var flushes: [Flush] = []
    }

    private(set) var files: [File] = []
    /// By path below the root, which is "".
    private(set) var directories: [String: Directory] = ["": Directory()]
    private(set) var last: UInt64 = 0
    private(set) var flushCount = 0
    private var fileByInode: [UInt64: Int] = [:]

    struct Unreadable: Error {
        let what: String
    }

    /// Takes what is on the disk now as durable.
    /// - Parameter leavingOut: names in the root that are not the program's.
    init(base root: String, leavingOut: Set<String>) throws {
        for path in try FileManager.default.subpathsOfDirectory(atPath: root).sorted() where !leavingOut.contains(path) {
            var status = stat()
            guard lstat(root + "/" + path, &status) == 0 else { throw Unreadable(what: path) }
            if status.st_mode & S_IFMT == S_IFDIR {
                directories[path] = Directory()
                continue
            }
            let (directory, name) = Self.split(path)
            fileByInode[UInt64(status.st_ino)] = files.count
            directories[directory]?.base[name] = files.count
            files.append(File(name: name, base: try Data(contentsOf: URL(filePath: root + "/" + path))))
        }
    }

    static func split(_ path: String) -> (directory: String, name: String) {
        guard let slash = path.lastIndex(of: "/") else { return ("", path) }
        return (String(path[..<slash]), String(path[path.index(after: slash)...]))
    }

    /// Reads the recorder's log: five numbers, then octets.
    mutating func read(_ log: URL) throws {
        let data = try Data(contentsOf: log)
        var at = data.startIndex
        while at < data.endIndex {
            guard data.endIndex - at >= 40 else { throw Unreadable(what: "a record's head is cut off") }
            let head = (0..<5).map { field in
                data[(at + 8 * field)..<(at + 8 * field + 8)].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            }
            at += 40
            let count = Int(head[4])
            guard data.endIndex - at >= count else { throw Unreadable(what: "record \(head[1]) is cut off") }
            guard head[1] == last + 1 else { throw Unreadable(what: "record \(head[1]) follows \(last)") }
            last = head[1]
            try add(kind: head[0], inode: head[2], number: head[3], octets: data.subdata(in: at..<(at + count)))
            at += count
        }
    }

    private mutating func add(kind: UInt64, inode: UInt64, number: UInt64, octets: Data) throws {
        let text = { String(decoding: octets, as: UTF8.self) }
        switch kind {
        case 1: try add(.write(offset: Int(number), octets), inode)
        case 2: try add(.truncate(length: Int(number)), inode)
        case 3:
            let (directory, name) = Self.split(text())
            fileByInode[inode] = files.count
            files.append(File(name: name, base: Data()))
            try add(.put(name, file: files.count - 1), directory)
        case 4:
            let paths = text().split(separator: "\0").map { Self.split(String($0)) }
            guard paths.count == 2, paths[0].directory == paths[1].directory else { throw Unreadable(what: "rename \(text())") }
            try add(.rename(paths[0].name, to: paths[1].name), paths[0].directory)
        case 5:
            let (directory, name) = Self.split(text())
            try add(.remove(name), directory)
        case 7:
            guard let file = fileByInode[inode] else { throw Unreadable(what: "flush \(last) is of no file") }
            files[file].flushes.append(Flush(through: number, end: last))
            flushCount += 1
        case 8:
            guard directories[text()] != nil else { throw Unreadable(what: "flush of \(text())") }
            directories[text()]?.flushes.append(Flush(through: number, end: last))
            flushCount += 1
        default: throw Unreadable(what: "a record of kind \(kind)")
        }
    }

    private mutating func add(_ effect: Effect, _ inode: UInt64) throws {
        guard let file = fileByInode[inode] else { throw Unreadable(what: "record \(last) is of no file") }
        files[file].effects.append(Numbered(number: last, value: effect))
    }

    private mutating func add(_ change: NameChange, _ directory: String) throws {
        guard directories[directory] != nil else { throw Unreadable(what: "record \(last) is in no directory") }
        directories[directory]?.changes.append(Numbered(number: last, value: change))
    }

    /// The same run, had the flushes of these files done nothing: what lowering SQLite's `synchronous`, or forgetting an `fsync`, would be.
    func withoutFlushes(of isDeaf: (String) -> Bool) -> DiskRecording {
        var copy = self
        for index in copy.files.indices where isDeaf(copy.files[index].name) { copy.files[index].flushes = [] }
        return copy
    }
}
