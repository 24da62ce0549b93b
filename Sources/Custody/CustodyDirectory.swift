import Approval
import Basics
import Crypto
import Glibc
import PKIX
import Synchronization

/// The directory that holds what the database must not: master key, anchor, the server's TLS key. One process has it at a time.
public final class CustodyDirectory: Sendable {
    public let path: String
    private let files: PrivateFiles
    /// The locked directory's descriptor, until ``release()``.
    private let lock: Mutex<Int32?>
    private let master: MasterKey
    private static let serverKeyName = "server.key"

    private init(files: PrivateFiles, lock: Int32, master: MasterKey) {
        path = files.directory
        self.files = files
        self.lock = Mutex(lock)
        self.master = master
    }

    deinit { release() }

    /// Lets another process have the directory. Nothing may be asked of this value afterwards.
    public func release() {
        lock.withLock { lock in
            if let descriptor = lock { close(descriptor) }
            lock = nil
        }
    }

    /// Whether the house was begun and never finished: a custody without an anchor.
    public static func isUnfinished(at path: String) -> Bool {
        let files = PrivateFiles(directory: path)
        return files.exists(".") && !files.exists(AnchorFile.fileName)
    }

    /// Makes the directory with a new master key and a new TLS key for the server.
    /// - Parameter again: begin anew where an earlier `create` did not reach the anchor.
    public static func create(at path: String, entropy: some Entropy, again: Bool = false) throws(CustodyError) -> CustodyDirectory {
        let files = PrivateFiles(directory: path)
        if again, isUnfinished(at: path) { try files.checkDirectory() } else { try files.make() }
        let lock = try Self.lock(path)
        let master = MasterKey.generate(entropy: entropy)
        try master.save(in: files)
        let key: PrivateKey
        do { key = try PrivateKey.generate(.ecdsaP256, entropy: entropy) } catch { throw .refused(error.text) }
        try files.write(serverKeyName, Bytes(PEM.encode("PRIVATE KEY", key.pkcs8).utf8))
        return CustodyDirectory(files: files, lock: lock, master: master)
    }

    /// Opens what `create` made. The lock is held as long as this value lives.
    public static func open(at path: String) throws(CustodyError) -> CustodyDirectory {
        let files = PrivateFiles(directory: path)
        try files.checkDirectory()
        let lock = try Self.lock(path)
        do throws(CustodyError) {
            guard files.exists(MasterKey.fileName) else { throw .unanchored(path: path) }
            return CustodyDirectory(files: files, lock: lock, master: try MasterKey.load(from: files))
        } catch {
            close(lock)
            throw error
        }
    }

    private static func lock(_ path: String) throws(CustodyError) -> Int32 {
        let directory = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { throw .io(path: path, call: "open", errno: errno) }
        guard flock(directory, LOCK_EX | LOCK_NB) == 0 else {
            close(directory)
            throw .inUse(path: path)
        }
        return directory
    }

    /// The server's TLS key: signs handshakes and its own certificate, named by no document.
    public func serverKey() throws(CustodyError) -> PrivateKey {
        let text = try files.read(Self.serverKeyName, limit: 4096)
        do {
            return try PrivateKey(pkcs8: try PEM.derOrPEM(text, labels: ["PRIVATE KEY"]))
        } catch { throw .malformed(path: files.path(Self.serverKeyName), what: error.text) }
    }

    /// Authenticates the ledger's head in the database: HMAC over instance, origin, size and root.
    public func headMAC(_ instance: Instance, origin: String) -> @Sendable (Int64, Digest32) -> Bytes {
        let mac = master.mac("assay head v1", instance)
        return { size, root in mac(Bytes("assay/head/v1\n\(instance)\n\(origin)\n\(size)\n\(root)\n".utf8)).bytes }
    }

    private var anchorKey: @Sendable (Instance) -> @Sendable (Bytes) -> Digest32 {
        let master = master
        return { master.mac("assay anchor v1", $0) }
    }

    public func createAnchor(_ state: AnchorState, _ lines: [AnchorLine]) throws(CustodyError) -> AnchorFile {
        try AnchorFile.create(in: files, state, lines, key: anchorKey)
    }

    public func openAnchor(now: UTCTime) throws(CustodyError) -> AnchorFile { try AnchorFile.open(in: files, now: now, key: anchorKey) }

    public var hasAnchor: Bool { files.exists(AnchorFile.fileName) }

    /// Sealed keys of this house.
    public func sealedKeys(_ context: SealContext, entropy: any Entropy) -> SealedKeys {
        SealedKeys(seal: Seal(master: master, context: context), entropy: entropy)
    }

    /// Seals the log's key, made before there was a roster, now that there is one.
    public func seal(_ log: FreshLogKey, id: ID, _ context: SealContext, entropy: any Entropy) throws(CustodyError) -> KeyRecord {
        try sealedKeys(context, entropy: entropy).adopt(log, id: id)
    }

    /// What protects the keys, for `assay status`.
    public var protection: String { "sealed under \(files.path(MasterKey.fileName)), a plain file: whoever is this OS user is this server" }
}
