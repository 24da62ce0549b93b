import Approval
import Basics
import Crypto

/// A key in a token: the token by label and serial number, the key by its id (RFC 7512 has the spelling).
public struct TokenKey: Hashable, Sendable {
    public let label: String
    public let serial: String
    /// CKA_ID.
    public let id: Bytes

    public init(label: String, serial: String, id: Bytes) {
        self.label = label
        self.serial = serial
        self.id = id
    }

    private static let plain = Bytes("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)

    private static func escape(_ octets: some Sequence<UInt8>, all: Bool = false) -> String {
        octets.map { !all && plain.contains($0) ? String(decoding: [$0], as: UTF8.self) : "%" + [$0].hex }.joined()
    }

    /// Only what `description` writes is read: every key has one spelling.
    public init?(_ text: String) {
        let parts = text.split(separator: ";" as Character, omittingEmptySubsequences: false).map(String.init)
        let names = ["pkcs11:token=", "serial=", "id="]
        guard parts.count == names.count, zip(parts, names).allSatisfy({ $0.hasPrefix($1) }) else { return nil }
        let values = zip(parts, names).map { Self.unescape(Bytes($0.dropFirst($1.count).utf8)) }
        guard let label = values[0], let serial = values[1], let id = values[2], (1...64).contains(id.count) else { return nil }
        self.init(label: String(decoding: label, as: UTF8.self), serial: String(decoding: serial, as: UTF8.self), id: id)
        guard description == text else { return nil }
    }

    private static func unescape(_ text: Bytes) -> Bytes? {
        var octets: Bytes = []
        var rest = text[...]
        while let first = rest.popFirst() {
            guard first == 0x25 else {
                octets.append(first)
                continue
            }
            guard let octet = Bytes(hex: String(decoding: rest.prefix(2), as: UTF8.self)), octet.count == 1 else { return nil }
            octets += octet
            rest = rest.dropFirst(2)
        }
        return octets
    }
}

extension TokenKey: CustomStringConvertible {
    public var description: String {
        "pkcs11:token=\(Self.escape(label.utf8));serial=\(Self.escape(serial.utf8));id=\(Self.escape(id, all: true))"
    }
}

/// Where a private key lies.
public enum KeyPlace: Hashable, Sendable, CustomStringConvertible {
    /// In the database, under the master key.
    case sealed
    /// In a token, which it never leaves.
    case token(TokenKey)
    /// In the database, under the master key and under this AES key, which never leaves its token.
    case sealedUnder(TokenKey)
    /// The record says nothing that is understood.
    case unknown

    public var description: String {
        switch self {
        case .sealed: "sealed"
        case .token(let key): "\(key)"
        case .sealedUnder(let key): "sealed under \(key)"
        case .unknown: "a place that its record does not name"
        }
    }
}

extension KeyRecord {
    static let referenceVersion: UInt8 = 2
    static let codeLength = 32

    /// What the record says; ``Seal/token(of:)`` says whether custody wrote it.
    public var place: KeyPlace { KeyPlace(sealed: sealed) }
}

extension KeyPlace {
    /// - Parameter sealed: a record's octets; whoever writes the database could have written them.
    public init(sealed: Bytes) {
        switch sealed.first {
        case Seal.version: self = .sealed
        case KeyRecord.referenceVersion:
            self = TokenKey(String(decoding: sealed.dropFirst(1 + KeyRecord.codeLength), as: UTF8.self)).map(KeyPlace.token) ?? .unknown
        case ModuleSealed.version: self = ModuleSealed(sealed).map { .sealedUnder($0.key.place) } ?? .unknown
        default: self = .unknown
        }
    }
}

extension Seal {
    /// A record's `sealed` for a key that lies in a token: one octet of version, 32 of authentication over house, key, algorithm, purposes and
    /// place, then the place as text. Whoever writes the database moves no key, and gives none a purpose.
    func reference(_ key: TokenKey, id: ID, algorithm: String, purposes: String, publicKey: Bytes) -> Bytes {
        let text = Bytes(key.description.utf8)
        return [KeyRecord.referenceVersion] + code("assay token key v1", text, associated(id, algorithm, purposes, publicKey)) + text
    }

    /// - Throws: ``CustodyError/sealBroken(key:)`` when custody did not write this record.
    func token(of record: KeyRecord) throws(CustodyError) -> TokenKey {
        let head = 1 + KeyRecord.codeLength
        guard case .token(let key) = record.place, record.sealed.count > head, record.sealed.count < 1024 else {
            throw .sealBroken(key: record.id.description)
        }
        let data = associated(record.id, record.algorithm, record.purposesText, record.publicKey)
        let expected = code("assay token key v1", Bytes(record.sealed[head...]), data)
        guard Bytes(record.sealed[1..<head]).isEqualInConstantTime(to: expected) else { throw .sealBroken(key: record.id.description) }
        return key
    }

    /// HMAC-SHA-256 under a key of its own for each use and record.
    func code(_ use: String, _ text: Bytes, _ data: Bytes) -> Bytes {
        let key = master.derive(use, info: Bytes(Digest32(of: data).bytes))
        return Bytes(HMAC<SHA256>.authenticationCode(for: text, using: key))
    }
}
