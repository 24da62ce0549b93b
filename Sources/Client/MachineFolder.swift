import Basics
import Glibc
import PKIX
import Wire

/// A machine's own folder: its key, which is made here and never leaves, and the node that it belongs to. Only its owner can read it.
///
/// | file | what |
/// |---|---|
/// | `machine.key` | PKCS#8 in PEM, not sealed: nobody stands beside a machine to type a passphrase |
/// | `node.json` | ``NodeIdentity`` |
public struct MachineFolder: Sendable {
    public let home: String
    public let name: Handle

    public init(home: String, name: Handle) {
        self.home = home
        self.name = name
    }

    public var path: String { "\(home)/\(name)" }

    /// Makes the key and the folder. Where they are already, the key stays, and the node's new address is noted.
    /// - Returns: the public key, to be handed to an officer.
    /// - Throws: `client.folder-exists` when something else lies there, `client.other-house`
    public func enroll(node: NodeIdentity, entropy: any Entropy) throws(Problem) -> SubjectPublicKeyInfo {
        if LocalFiles.exists("\(path)/machine.key") {
            let before = try self.node()
            guard before.instance == node.instance, before.pin == node.pin, before.serverKey == node.serverKey else {
                throw Problem(
                    .conflict, "client.other-house", title: "This machine belongs to another house",
                    detail: "\(name) is attached to \(before.address), instance \(before.instance). Choose another name.")
            }
            try LocalFiles.write("\(path)/node.json", node.json.canonicalBytes, mode: 0o600)
            return try key().publicKey
        }
        guard !LocalFiles.exists("\(path)/person.txt") else {
            throw Problem(
                .conflict, "client.folder-exists", title: "This is a person's folder",
                detail: "\(path.escaped) holds a person's keys and is not touched. Choose another name.")
        }
        let key: PrivateKey
        do { key = try PrivateKey.generate(.ecdsaP256, entropy: entropy) } catch {
            throw Problem(.fault, "client.key-generation", title: "The key could not be made", detail: error.text)
        }
        try LocalFiles.makeDirectory(path, mode: 0o700)
        try LocalFiles.write("\(path)/node.json", node.json.canonicalBytes, mode: 0o600)
        try LocalFiles.write("\(path)/machine.key", Bytes(PEM.encode("PRIVATE KEY", key.pkcs8).utf8), mode: 0o600)
        return key.publicKey
    }

    public func node() throws(Problem) -> NodeIdentity {
        guard let octets = try LocalFiles.readIfThere("\(path)/node.json", limit: 4096) else { throw missing }
        do { return try NodeIdentity(json: try JSON(parsing: octets)) } catch { throw .damaged("\(path)/node.json") }
    }

    func key() throws(Problem) -> PrivateKey {
        guard let octets = try LocalFiles.readIfThere("\(path)/machine.key", limit: 65_536, isPrivate: true) else { throw missing }
        do { return try PrivateKey(pkcs8: try PEM.derOrPEM(octets, labels: ["PRIVATE KEY"])) } catch {
            throw .damaged("\(path)/machine.key")
        }
    }

    private var missing: Problem {
        Problem(
            .notFound, "client.no-such-machine", title: "This machine has no key here",
            detail: "\(path.escaped) holds none. Make it: assay machine enroll \(name) --node assay-node-…")
    }
}

/// A machine's public key as it is handed over: a PEM block that openssl reads.
public enum MachineKey {
    static let label = "PUBLIC KEY"

    public static func pem(_ key: SubjectPublicKeyInfo) -> String { PEM.encode(label, key.der) }

    /// - Throws: `machine.key-invalid`
    public static func read(_ file: Bytes) throws(Problem) -> SubjectPublicKeyInfo {
        do throws(PKIXError) {
            let key = try SubjectPublicKeyInfo(der: try PEM.derOrPEM(file, labels: [label]))
            guard key.keyAlgorithm == .ecdsaP256 else { throw PKIXError.signatureInvalid }
            return key
        } catch {
            throw Problem(
                .invalid, "machine.key-invalid", title: "This is not a machine's public key",
                detail: "A P-256 key in PEM is expected, as `assay machine enroll` writes it.", field: "machine")
        }
    }
}
