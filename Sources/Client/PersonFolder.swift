import Approval
import Basics
import Glibc
import PKIX
import Proofs

/// One person's own folder, below a home that may hold several: keys, the text that names them, the node they belong to, and what
/// was verified there before. Only its owner can read it. Keys are made here and never leave.
///
/// | file | what |
/// |---|---|
/// | `login.key`, `vote.key` | PKCS#8 in PEM, encrypted unless it was made unsealed |
/// | `person.txt` | the person text, signed by the vote key |
/// | `node.json` | ``NodeIdentity`` |
/// | `rosters/<n>.txt`, `documents/<hash>` | the chain as verified, and the documents of its end |
/// | `checkpoint` | the newest that was verified |
/// | `pending.json` | whom this administrator invited, and for which roles |
public struct PersonFolder: Sendable {
    public let home: String
    public let handle: Handle

    /// - Parameter home: holds a folder for each person, `~/.assay`.
    public init(home: String, handle: Handle) {
        self.home = home
        self.handle = handle
    }

    public var path: String { "\(home)/\(handle)" }
    public var exists: Bool { LocalFiles.isDirectory(path) }

    func path(_ name: String) -> String { "\(path)/\(name)" }

    /// Everybody who has a folder here.
    public static func people(in home: String) -> [Handle] {
        LocalFiles.names(in: home).compactMap { Handle($0) }.filter { LocalFiles.exists("\(home)/\($0)/person.txt") }.sorted()
    }

    /// Makes the folder whole, or not at all: it is written beside its place and then moved there.
    /// - Parameter passphrase: nil writes the keys unsealed.
    /// - Throws: `client.folder-exists`
    public func create(
        login: PrivateKey, vote: PrivateKey, person: SignedNote, node: NodeIdentity?, passphrase: Bytes?, entropy: any Entropy
    ) throws(Problem) {
        guard !LocalFiles.exists(path) else {
            throw Problem(
                .conflict, "client.folder-exists", title: "This person has keys here already",
                detail: "\(path.escaped) exists and is not touched. Choose another name with --as, or move the folder away.")
        }
        try LocalFiles.makeDirectory(home, mode: 0o700)
        let draft = "\(home)/.\(handle).\(entropy.bytes(8).hex)"
        try LocalFiles.makeDirectory(draft, mode: 0o700)
        do throws(Problem) {
            for (name, key) in [(Self.loginKey, login), (Self.voteKey, vote)] {
                try LocalFiles.write("\(draft)/\(name)", Bytes(try Self.pem(key, passphrase, entropy).utf8), mode: 0o600)
            }
            try LocalFiles.write("\(draft)/person.txt", Bytes(person.rendered.utf8), mode: 0o600)
            if let node { try LocalFiles.write("\(draft)/node.json", node.json.canonicalBytes, mode: 0o600) }
            guard rename(draft, path) == 0 else { throw .file(path, errno) }
        } catch {
            Self.remove(draft)
            throw error
        }
        LocalFiles.sync(directory: home)
    }

    /// Takes back a folder that was made a moment ago and is of no use.
    public func discard() { Self.remove(path) }

    private static func remove(_ folder: String) {
        for name in [loginKey, voteKey, "person.txt", "node.json"] { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }

    static let loginKey = "login.key"
    static let voteKey = "vote.key"

    private static func pem(_ key: PrivateKey, _ passphrase: Bytes?, _ entropy: any Entropy) throws(Problem) -> String {
        guard let passphrase else { return PEM.encode("PRIVATE KEY", key.pkcs8) }
        do { return PEM.encode("ENCRYPTED PRIVATE KEY", try key.encryptedPKCS8(passphrase: passphrase, entropy: entropy)) } catch {
            throw Problem(.fault, "client.key-sealing", title: "The key cannot be sealed", detail: error.text)
        }
    }
}

// What the folder holds.
extension PersonFolder {
    /// - Throws: `client.no-such-person` when there is no folder.
    public func requireExistence() throws(Problem) {
        guard exists else {
            let others = Self.people(in: home).map(\.description).joined(separator: ", ")
            throw Problem(
                .notFound, "client.no-such-person", title: "This person has no keys here",
                detail: "\(path.escaped) does not exist." + (others.isEmpty ? "" : " There are: \(others)."))
        }
    }

    /// The person text, verified.
    public func person() throws(Problem) -> (person: Person, note: SignedNote) {
        try requireExistence()
        let octets = try LocalFiles.read(path("person.txt"))
        do {
            let note = try SignedNote(parsing: octets)
            let person = try Person(note)
            guard person.handle == handle else { throw Refusal.personMismatch("It names another person.") }
            return (person, note)
        } catch { throw .damaged(path("person.txt")) }
    }

    /// - Throws: `client.not-attached` when the person never joined a node.
    public func node() throws(Problem) -> NodeIdentity {
        try requireExistence()
        guard let node = try nodeIfAttached() else {
            throw Problem(
                .conflict, "client.not-attached", title: "This person belongs to no node yet",
                detail: "\(handle) has keys, but no node. `assay serve` prints a line that begins with assay-node-; paste it: "
                    + "assay login assay-node-… --as \(handle)")
        }
        return node
    }

    public func nodeIfAttached() throws(Problem) -> NodeIdentity? {
        guard let octets = try LocalFiles.readIfThere(path("node.json"), limit: 4096) else { return nil }
        do { return try NodeIdentity(json: try JSON(parsing: octets)) } catch { throw .damaged(path("node.json")) }
    }

    /// Pins the node; only the address may change later, when the node has moved.
    /// - Throws: `client.other-house`
    public func attach(_ node: NodeIdentity) throws(Problem) {
        if let before = try nodeIfAttached(),
            before.instance != node.instance || before.pin != node.pin || before.serverKey != node.serverKey
        {
            throw Problem(
                .conflict, "client.other-house", title: "This person belongs to another house",
                detail:
                    "\(handle) is attached to \(before.address), instance \(before.instance); the code is for another instance or server. "
                    + "For another house, make another person: assay login … --as NAME")
        }
        try LocalFiles.write(path("node.json"), node.json.canonicalBytes, mode: 0o600)
    }

    /// Whether the keys are sealed under a passphrase.
    func isSealed() throws(Problem) -> Bool {
        try keyBlock(Self.loginKey).label == "ENCRYPTED PRIVATE KEY"
    }

    /// - Parameter passphrase: asked for only when the key is sealed.
    func key(_ name: String, passphrase: () throws(Problem) -> Bytes) throws(Problem) -> PrivateKey {
        let block = try keyBlock(name)
        do {
            if block.label == "PRIVATE KEY" { return try PrivateKey(pkcs8: block.der) }
            return try PrivateKey(encryptedPKCS8: block.der, passphrase: try passphrase())
        } catch let problem as Problem {
            throw problem
        } catch PKIXError.wrongPassphrase {
            throw Problem(
                .forbidden, "client.passphrase-wrong", title: "The passphrase is wrong",
                detail: "\(path(name).escaped) cannot be opened with it, or the file is damaged.")
        } catch { throw .damaged(path(name)) }
    }

    private func keyBlock(_ name: String) throws(Problem) -> PEMBlock {
        guard let octets = try LocalFiles.readIfThere(path(name), limit: 65_536, isPrivate: true) else { throw .file(path(name), ENOENT) }
        guard let block = (try? PEM.decode(octets, accepting: ["ENCRYPTED PRIVATE KEY", "PRIVATE KEY"], limit: 1))?.first else {
            throw .damaged(path(name))
        }
        return block
    }
}

extension Problem {
    static func damaged(_ path: String) -> Problem {
        Problem(
            .fault, "client.folder-damaged", title: "A file in your folder is damaged",
            detail: "\(path.escaped) is not as this program wrote it. Restore it from a backup.")
    }
}
