import Approval
import Basics
import Custody
import PKIX

/// The files of blocklists in the data directory, each by the hash under which documents name it.
struct Blocklists: Sendable {
    private let files: PrivateFiles
    private let directory: String

    init(_ paths: HousePaths) {
        directory = paths.blocklists
        files = PrivateFiles(directory: paths.blocklists)
    }

    /// - Returns: nil when the file is not there.
    /// - Throws: `blocklist.damaged`, or what the system says of the file.
    func list(of document: BlocklistDocument) throws(Problem) -> KeyBlocklist? {
        let name = document.file.hex
        guard DataDirectory.exists(directory), files.exists(name) else { return nil }
        let bytes: Bytes
        do { bytes = try files.read(name, limit: KeyBlocklist.sizeLimit) } catch { throw error.problem }
        guard Digest32(of: bytes) == document.file else {
            throw Problem(
                .conflict, "blocklist.damaged", title: "The blocklist's file was altered",
                detail: "\(directory)/\(name) has another hash than its name says. Put it back by `assay blocklist add FILE`.")
        }
        return try Self.parse(bytes, document.form)
    }

    private static func parse(_ bytes: Bytes, _ form: KeyBlocklist.Form) throws(Problem) -> KeyBlocklist {
        do { return try KeyBlocklist(form, file: bytes) } catch {
            throw Problem(
                .invalid, "blocklist.malformed", title: "The file is no blocklist of this form",
                detail: "\(form.rawValue)\(error.line.map { ", line \($0)" } ?? ""): \(error.text).", field: "form")
        }
    }

    /// Keeps a file under its hash.
    func add(_ bytes: Bytes, _ form: KeyBlocklist.Form) throws(Problem) -> (file: Digest32, list: KeyBlocklist) {
        let list = try Self.parse(bytes, form)
        let file = Digest32(of: bytes)
        do {
            if !DataDirectory.exists(directory) { try files.make() }
            try files.checkDirectory()
            try files.write(file.hex, bytes)
        } catch { throw error.problem }
        return (file, list)
    }
}

extension HousePaths {
    /// Puts a blocklist's file where the node looks for it. It does nothing until a roster names it.
    /// - Parameters:
    ///   - form: by its name in documents.
    /// - Throws: `blocklist.form-unknown`, `blocklist.malformed`, `custody.absent`, or what the system says.
    public func addBlocklist(_ file: Bytes, form: String) throws(Problem) -> (file: Digest32, keys: Int) {
        guard let form = KeyBlocklist.Form(rawValue: form) else {
            throw Problem(
                .invalid, "blocklist.form-unknown", title: "The form is not known",
                detail: "\(form.escaped): one of \(KeyBlocklist.Form.allCases.map(\.rawValue).joined(separator: ", ")) is expected.",
                field: "form")
        }
        do throws(CustodyError) {
            try DataDirectory.checkAccess(data)
            guard DataDirectory.exists(custody) else { throw .absent(path: data) }
            // Of another user, root too, the server could not read it.
            try PrivateFiles(directory: data).checkDirectory()
        } catch { throw error.problem }
        let added = try Blocklists(self).add(file, form)
        return (added.file, added.list.count)
    }
}
