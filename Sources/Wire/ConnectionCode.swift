import Basics

/// What a person needs to reach a house for the first time, as one word to paste: where it is, which key its server has, which
/// house it is; and, in an enrollment code, the secret that is redeemed once.
public struct ConnectionCode: Hashable, Sendable {
    /// 16 octets; nil in the code of those who are known already.
    public let secret: Bytes?
    public let instance: Instance
    /// H of roster version 1.
    public let pin: Digest32
    /// SHA-256 of the server's SubjectPublicKeyInfo.
    public let serverKey: Digest32
    /// `host:port`.
    public let address: String

    public init(secret: Bytes?, instance: Instance, pin: Digest32, serverKey: Digest32, address: String) {
        self.secret = secret
        self.instance = instance
        self.pin = pin
        self.serverKey = serverKey
        self.address = address
    }

    private static let enrollmentPrefix = "assay-code-"
    private static let nodePrefix = "assay-node-"

    /// `assay-code-…` with a secret, `assay-node-…` without.
    public var text: String {
        let rest = instance.bytes + pin.bytes + serverKey.bytes + address.utf8
        guard let secret else { return Self.nodePrefix + ([2] + rest).base64URL }
        return Self.enrollmentPrefix + ([1] + secret + rest).base64URL
    }

    /// - Throws: `code.malformed`
    public init(parsing text: String) throws(Problem) {
        let hasSecret = text.hasPrefix(Self.enrollmentPrefix)
        guard hasSecret || text.hasPrefix(Self.nodePrefix), text.utf8.count <= 512,
            var octets = Bytes(base64URL: text.dropFirst(Self.nodePrefix.count)), octets.first == (hasSecret ? 1 : 2)
        else { throw Self.malformed }
        octets.removeFirst()
        func take(_ count: Int) -> Bytes {
            defer { octets.removeFirst(min(count, octets.count)) }
            return Bytes(octets.prefix(count))
        }
        secret = hasSecret ? take(16) : nil
        guard let instance = Instance(bytes: take(16)), let pin = Digest32(bytes: take(32)), let serverKey = Digest32(bytes: take(32)),
            (3...255).contains(octets.count), octets.allSatisfy({ (0x21...0x7e).contains($0) }), octets.contains(0x3a)
        else { throw Self.malformed }
        self.instance = instance
        self.pin = pin
        self.serverKey = serverKey
        address = String(decoding: octets, as: UTF8.self)
    }

    private static let malformed = Problem(
        .invalid, "code.malformed", title: "This is not a code of Assay",
        detail: "A code begins with assay-code- or assay-node-, and has at least 110 characters. Paste all of it, in one line.",
        field: "code")
}
