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
    /// Shared with the open anchor: the directory is ours as long as either lives.
    private let lock: DirectoryLock
    let master: MasterKey
    /// What opened the master key.
    public let kind: MasterKeyKind
    private static let serverKeyName = "server.key"

    private struct Opened {
        weak var anchor: AnchorFile?
    }
    /// The anchor in use; guarded by its lock. A second one would write beside it.
    private let opened = Mutex(Opened())

    private init(files: PrivateFiles, lock: DirectoryLock, master: MasterKey, kind: MasterKeyKind) {
        self.kind = kind
        path = files.directory
        self.files = files
        self.lock = lock
        self.master = master
    }

    /// Lets another process have the directory. Nothing may be asked of this value, or of its anchor, afterwards.
    public func release() { lock.release() }

    /// Whether the house was begun and never finished: a custody without an anchor.
    public static func isUnfinished(at path: String) -> Bool {
        let files = PrivateFiles(directory: path)
        return files.exists(".") && !files.exists(AnchorFile.fileName)
    }

    /// Makes the directory with a new master key and a new TLS key for the server.
    /// - Parameters:
    ///   - again: begin anew where an earlier `create` did not reach the anchor.
    ///   - protection: how the master key lies in its file.
    public static func create(
        at path: String, entropy: some Entropy, again: Bool = false, protection: MasterKeyProtection = .plain
    ) throws(CustodyError) -> CustodyDirectory {
        let files = PrivateFiles(directory: path)
        if again, isUnfinished(at: path) { try files.checkDirectory() } else { try files.make() }
        let lock = try DirectoryLock(path)
        // Somebody may have finished it while we came to the lock.
        guard !files.exists(AnchorFile.fileName) else { throw .exists(path: path) }
        let master = MasterKey.generate(entropy: entropy)
        try master.save(in: files, protection, entropy: entropy)
        let key: PrivateKey
        do { key = try PrivateKey.generate(.ecdsaP256, entropy: entropy) } catch { throw .refused(error.text) }
        try files.write(serverKeyName, try ServerKeySeal.seal(key, master, entropy: entropy))
        return CustodyDirectory(files: files, lock: lock, master: master, kind: MasterKeyKind(protection))
    }

    /// Opens what `create` made. The lock is held as long as this value lives.
    /// - Parameter passphrase: asked for only when the master key is sealed under one.
    /// - Throws: ``CustodyError/refused(_:)`` when the master key is sealed under a token.
    public static func open(
        at path: String, passphrase: () throws(CustodyError) -> Bytes = { () throws(CustodyError) in throw .sealed }
    ) throws(CustodyError) -> CustodyDirectory {
        let (files, lock, loaded) = try begin(at: path, passphrase)
        switch loaded {
        case .key(let master, let kind): return CustodyDirectory(files: files, lock: lock, master: master, kind: kind)
        case .wrapped(let sealed): throw .refused("The master key is sealed under \(sealed.key.place), and opens only with this token.")
        }
    }

    /// The same where the master key may lie under a token.
    /// - Parameter token: gives the token that has this key.
    public static func open(
        at path: String, passphrase: () throws(CustodyError) -> Bytes, token: (TokenKey) throws(CustodyError) -> PKCS11Token
    ) async throws(CustodyError) -> CustodyDirectory {
        let (files, lock, loaded) = try begin(at: path, passphrase)
        switch loaded {
        case .key(let master, let kind): return CustodyDirectory(files: files, lock: lock, master: master, kind: kind)
        case .wrapped(let sealed):
            let place = sealed.key.place
            var random = try await token(place).unwrap(sealed.key, associated: TokenSeal.bound(place))
            let master = try MasterKey(sealed, &random, path: files.path(MasterKey.fileName))
            return CustodyDirectory(files: files, lock: lock, master: master, kind: .token(place))
        }
    }

    private static func begin(
        at path: String, _ passphrase: () throws(CustodyError) -> Bytes
    ) throws(CustodyError) -> (PrivateFiles, DirectoryLock, MasterKey.Loaded) {
        let files = PrivateFiles(directory: path)
        try files.checkDirectory()
        let lock = try DirectoryLock(path)
        guard files.exists(MasterKey.fileName) else { throw .unanchored(path: path) }
        return (files, lock, try MasterKey.load(from: files, passphrase: passphrase))
    }

    /// Writes the master key's file anew; the key itself stays, and nothing sealed under it changes. A server's key that is not sealed yet is.
    /// What lay on the disk before may be found there by whoever has the disk.
    public func protect(_ protection: MasterKeyProtection, entropy: some Entropy) throws(CustodyError) {
        // As earlier versions wrote it: a copy of the directory would have the server's key whatever protects the master key.
        let text = try files.read(Self.serverKeyName, limit: 4096)
        if ServerKeySeal.isPlain(text) {
            let key = try ServerKeySeal.open(text, master, path: files.path(Self.serverKeyName))
            try files.write(Self.serverKeyName, try ServerKeySeal.seal(key, master, entropy: entropy))
        }
        try master.save(in: files, protection, entropy: entropy)
    }

    /// The server's TLS key: signs handshakes and its own certificate, named by no document.
    public func serverKey() throws(CustodyError) -> PrivateKey {
        try ServerKeySeal.open(try files.read(Self.serverKeyName, limit: 4096), master, path: files.path(Self.serverKeyName))
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

    /// Writes the anchor: the house is finished by it.
    public func createAnchor(_ state: AnchorState, _ lines: [AnchorLine]) throws(CustodyError) -> AnchorFile {
        try keep { () throws(CustodyError) in try AnchorFile.create(in: files, lock, state, lines, key: anchorKey) }
    }

    /// Opens the anchor and rewrites it in its shortest form.
    /// - Throws: ``CustodyError/inUse(path:)`` while another value of it lives.
    public func openAnchor(now: UTCTime) throws(CustodyError) -> AnchorFile {
        try keep { () throws(CustodyError) in try AnchorFile.open(in: files, lock, now: now, key: anchorKey) }
    }

    private func keep(_ make: () throws(CustodyError) -> AnchorFile) throws(CustodyError) -> AnchorFile {
        try opened.withLock { opened throws(CustodyError) in
            guard opened.anchor == nil else { throw .inUse(path: files.path(AnchorFile.fileName)) }
            let anchor = try make()
            opened.anchor = anchor
            return anchor
        }
    }

    public var hasAnchor: Bool { files.exists(AnchorFile.fileName) }

    /// Sealed keys of this house.
    /// - Parameter checksOwnSignatures: whether every signature is checked before it leaves; RSA's always are.
    public func sealedKeys(_ context: SealContext, checksOwnSignatures: Bool = false, entropy: any Entropy) -> SealedKeys {
        SealedKeys(seal: Seal(master: master, context: context), checksOwnSignatures: checksOwnSignatures, entropy: entropy)
    }

    /// Seals the log's key, made before there was a roster, now that there is one.
    public func seal(_ log: FreshLogKey, id: ID, _ context: SealContext, entropy: any Entropy) throws(CustodyError) -> KeyRecord {
        try sealedKeys(context, entropy: entropy).adopt(log, id: id)
    }

    /// What protects the keys, for `assay status`.
    public var protection: String {
        let file = files.path(MasterKey.fileName)
        return switch kind {
        case .plain: "sealed under \(file), a plain file: whoever is this OS user is this server"
        case .passphrase:
            "sealed under \(file), itself sealed under a passphrase; while the server runs, whoever is its OS user is the server"
        case .token(let place):
            "sealed under \(file), itself sealed under \(place); while the server runs, whoever is its OS user is the server"
        }
    }
}

extension CustodyDirectory: CustomStringConvertible, CustomReflectable {
    public var description: String { "custody at \(path)" }
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
