import Basics
import Wire

/// Which node a person belongs to, as it was pinned when they joined: address, house, roster version 1, server key.
public struct NodeIdentity: Hashable, Sendable {
    public let address: NodeAddress
    public let instance: Instance
    /// H of roster version 1.
    public let pin: Digest32
    /// SHA-256 of the server's SubjectPublicKeyInfo.
    public let serverKey: Digest32

    public init(address: NodeAddress, instance: Instance, pin: Digest32, serverKey: Digest32) {
        self.address = address
        self.instance = instance
        self.pin = pin
        self.serverKey = serverKey
    }

    public init(_ code: ConnectionCode) throws(Problem) {
        self.init(address: try NodeAddress(parsing: code.address), instance: code.instance, pin: code.pin, serverKey: code.serverKey)
    }

    /// The code with which others reach the same node; with a secret it is an enrollment code.
    public func code(secret: Bytes?) -> ConnectionCode {
        ConnectionCode(secret: secret, instance: instance, pin: pin, serverKey: serverKey, address: address.text)
    }

    var json: JSON {
        .object([
            "address": .string(address.text), "instance": .string(instance.description), "pin": .string(pin.base64),
            "serverKey": .string(serverKey.base64),
        ])
    }

    init(json: JSON) throws(Problem) {
        var fields = try JSONFields(json, code: "client.folder-damaged")
        address = try NodeAddress(parsing: try fields.string("address"))
        instance = try fields.parsed("instance", expected: "32 hexadecimal digits") { Instance($0) }
        pin = try fields.digest("pin")
        serverKey = try fields.digest("serverKey")
        try fields.end()
    }
}

extension NodeAddress {
    /// Reads `host:port`, `[2001:db8::1]:port`, each also behind `https://`.
    /// - Throws: `client.address-malformed`
    public init(parsing text: String) throws(Problem) {
        var rest = Substring(text)
        if rest.hasPrefix("https://") { rest = rest.dropFirst(8) }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        guard let colon = rest.lastIndex(of: ":"), let port = Decimal.parse(rest[rest.index(after: colon)...]), (1...65_535).contains(port)
        else { throw Self.malformed(text) }
        var host = rest[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            throw Self.malformed(text)
        }
        guard !host.isEmpty, host.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != 0x2f && $0 != 0x40 && $0 != 0x5b && $0 != 0x5d })
        else {
            throw Self.malformed(text)
        }
        self.init(host: String(host), port: Int(port))
    }

    /// `host:port`, as it is kept.
    public var text: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

    private static func malformed(_ text: String) -> Problem {
        Problem(
            .invalid, "client.address-malformed", title: "This is not an address",
            detail: "\(text.escaped): host:port is expected, such as 127.0.0.1:8443.")
    }
}
