import Approval
import Basics
import Custody
import Foundation
import Testing

@Suite("The master key under a passphrase")
struct MasterKeySealTests {
    private let parent: URL
    private var path: String { parent.appending(path: "custody").path(percentEncoded: false) }
    private var file: URL { parent.appending(path: "custody/master.key") }

    init() throws {
        parent = FileManager.default.temporaryDirectory.appending(path: "assay-master-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
    }

    private func make(_ protection: MasterKeyProtection) throws {
        try CustodyDirectory.create(at: path, entropy: SystemEntropy(), protection: protection).release()
    }

    /// A value that only the right master key gives.
    private func opened(_ passphrase: String?) throws -> Bytes {
        let custody = try CustodyDirectory.open(at: path) { () throws(CustodyError) in
            guard let passphrase else { throw .sealed }
            return Bytes(passphrase.utf8)
        }
        defer { custody.release() }
        let instance = Instance(bytes: Bytes(repeating: 1, count: 16))
        return custody.headMAC(try #require(instance), origin: "o")(1, .zero)
    }

    @Test("It opens with its passphrase, and with no other; nothing of the key lies in the file")
    func opens() throws {
        defer { try? FileManager.default.removeItem(at: parent) }
        try make(.passphrase(Bytes("correct horse".utf8)))
        let mac = try opened("correct horse")
        #expect(try opened("correct horse") == mac)
        #expect(throws: CustodyError.passphrase(path: path + "/master.key")) { try opened("correct horsf") }
        #expect(throws: CustodyError.sealed) { try opened(nil) }
        let mode = try FileManager.default.attributesOfItem(atPath: file.path(percentEncoded: false))[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test("Sealing, changing the passphrase and unsealing keep the key; the old passphrase opens nothing")
    func changes() throws {
        defer { try? FileManager.default.removeItem(at: parent) }
        try make(.plain)
        let mac = try opened(nil)
        for (before, after) in [(String?.none, String?.some("first one")), ("first one", "second one"), ("second one", nil)] {
            let custody = try CustodyDirectory.open(at: path) { () throws(CustodyError) in Bytes((before ?? "").utf8) }
            try custody.protect(after.map { .passphrase(Bytes($0.utf8)) } ?? .plain, entropy: SystemEntropy())
            custody.release()
            #expect(try opened(after) == mac)
            if after != nil { #expect(throws: CustodyError.self) { try opened(before) } }
        }
    }

    @Test("A damaged or costly file is refused, and costs nothing")
    func damaged() throws {
        defer { try? FileManager.default.removeItem(at: parent) }
        try make(.passphrase(Bytes("correct horse".utf8)))
        let good = try String(contentsOf: file, encoding: .utf8)
        let words = good.dropLast().split(separator: " ").map(String.init)
        func refused(_ text: String) throws -> Bool {
            try Data(text.utf8).write(to: file)
            do {
                _ = try opened("correct horse")
                return false
            } catch is CustodyError { return true }
        }
        for (index, other) in [(2, "30"), (2, "9"), (3, "64"), (4, "17"), (2, "20"), (5, "AAAA"), (6, "AAAA"), (7, "AAAA"), (1, "argon")] {
            var changed = words
            changed[index] = other
            // 2^20 with the block size of 8 is within the bound of 1 GiB, and another key.
            if (index, other) == (2, "20") { changed[3] = "16" }
            #expect(try refused(changed.joined(separator: " ") + "\n"), "\(index) \(other)")
        }
        #expect(try refused(String(good.dropLast())))
        #expect(try refused(good + "x"))
        let flipped = words[7].replacing(words[7].prefix(2), with: words[7].hasPrefix("AA") ? "BB" : "AA", maxReplacements: 1)
        #expect(try refused((words.dropLast() + [flipped]).joined(separator: " ") + "\n"))
        #expect(try !refused(good))
    }
}
