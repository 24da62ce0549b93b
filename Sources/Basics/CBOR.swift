/// Deterministic CBOR (RFC 8949 §4.2.1) in the narrow subset of ledger entries: maps with keys 0…23, arrays, unsigned integers,
/// octets, text up to 1 KiB, booleans. One spelling for each value.
public enum CBOR: Hashable, Sendable {
    case unsigned(UInt64)
    case bytes(Bytes)
    case text(String)
    case array([CBOR])
    case map([UInt8: CBOR])
    case bool(Bool)
}

public enum CBORError: Error, Hashable, Sendable {
    case tooLong(limit: Int)
    case tooDeep(limit: Int)
    case truncated
    /// An item outside the subset, or not in its shortest form, at this offset.
    case unsupported(offset: Int)
    case trailing(offset: Int)
    case notCanonical
}

extension CBOR {
    public static let sizeLimit = 16_384
    public static let depthLimit = 4

    public var encoded: Bytes {
        var output: Bytes = []
        encode(to: &output)
        return output
    }

    private func encode(to output: inout Bytes) {
        switch self {
        case .unsigned(let value): Self.head(0, value, to: &output)
        case .bytes(let value):
            Self.head(2, UInt64(value.count), to: &output)
            output += value
        case .text(let value):
            Self.head(3, UInt64(value.utf8.count), to: &output)
            output += value.utf8
        case .array(let values):
            Self.head(4, UInt64(values.count), to: &output)
            for value in values { value.encode(to: &output) }
        case .map(let members):
            Self.head(5, UInt64(members.count), to: &output)
            for (key, value) in members.sorted(by: { $0.key < $1.key }) {
                Self.head(0, UInt64(key), to: &output)
                value.encode(to: &output)
            }
        case .bool(let value): output.append(value ? 0xf5 : 0xf4)
        }
    }

    private static func head(_ major: UInt8, _ value: UInt64, to output: inout Bytes) {
        let top = major << 5
        func append(_ count: Int) {
            for index in 0..<count { output.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * (count - 1 - index)))) }
        }
        switch value {
        case 0..<24: output.append(top | UInt8(value))
        case 24..<0x100:
            output.append(top | 24)
            append(1)
        case 0x100..<0x10000:
            output.append(top | 25)
            append(2)
        case 0x10000..<0x1_0000_0000:
            output.append(top | 26)
            append(4)
        default:
            output.append(top | 27)
            append(8)
        }
    }

    /// Decodes exactly one value that fills `bytes`, re-encodes it and compares.
    public init(decoding bytes: Bytes) throws(CBORError) {
        guard bytes.count <= Self.sizeLimit else { throw .tooLong(limit: Self.sizeLimit) }
        var at = 0
        let value = try Self.item(bytes, &at, depth: 0)
        guard at == bytes.count else { throw .trailing(offset: at) }
        guard value.encoded == bytes else { throw .notCanonical }
        self = value
    }

    private static func item(_ bytes: Bytes, _ at: inout Int, depth: Int) throws(CBORError) -> CBOR {
        guard depth <= depthLimit else { throw .tooDeep(limit: depthLimit) }
        guard at < bytes.count else { throw .truncated }
        let start = at
        let first = bytes[at]
        at += 1
        let low = first & 0x1f
        if first == 0xf4 || first == 0xf5 { return .bool(first == 0xf5) }
        let width: Int
        switch low {
        case 0..<24: width = 0
        case 24: width = 1
        case 25: width = 2
        case 26: width = 4
        case 27: width = 8
        default: throw .unsupported(offset: start)
        }
        guard bytes.count - at >= width else { throw .truncated }
        var value = UInt64(low)
        if width > 0 {
            value = bytes[at..<at + width].reduce(0) { $0 << 8 | UInt64($1) }
            at += width
        }
        switch first >> 5 {
        case 0: return .unsigned(value)
        case 2, 3:
            guard value <= UInt64(bytes.count - at) else { throw .truncated }
            let content = Bytes(bytes[at..<at + Int(value)])
            at += Int(value)
            if first >> 5 == 2 { return .bytes(content) }
            guard content.count <= 1024, let text = String(validating: content, as: UTF8.self) else { throw .unsupported(offset: start) }
            return .text(text)
        case 4:
            guard value <= UInt64(bytes.count - at) else { throw .truncated }
            var values: [CBOR] = []
            for _ in 0..<value { values.append(try item(bytes, &at, depth: depth + 1)) }
            return .array(values)
        case 5:
            guard value <= 24 else { throw .unsupported(offset: start) }
            var members: [UInt8: CBOR] = [:]
            for _ in 0..<value {
                let keyAt = at
                guard case .unsigned(let key) = try item(bytes, &at, depth: depth + 1), key < 24,
                    members.updateValue(try item(bytes, &at, depth: depth + 1), forKey: UInt8(key)) == nil
                else { throw .unsupported(offset: keyAt) }
            }
            return .map(members)
        default: throw .unsupported(offset: start)
        }
    }
}
