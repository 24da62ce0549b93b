import Foundation

/// A JSON value without floating-point numbers: what documents and API bodies are made of.
public enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    case integer(Int64)
    case string(String)
    case array([JSON])
    case object([String: JSON])
}

/// What is wrong with JSON text; `offset` counts octets from the start.
public enum JSONError: Error, Hashable, Sendable {
    case tooLong(limit: Int)
    case tooDeep(limit: Int)
    case unexpected(offset: Int)
    case duplicateKey(String)
    case notAnInteger(offset: Int)
    case invalidString(offset: Int)
    case trailing(offset: Int)
    case notCanonical
}

extension JSON {
    /// Strict RFC 8259 with white space; no floats, no duplicate keys, valid UTF-8, no lone surrogates.
    public init(parsing bytes: Bytes, limit: Int = 1 << 20, depth: Int = 16) throws(JSONError) {
        guard bytes.count <= limit else { throw .tooLong(limit: limit) }
        var parser = JSONParser(bytes: bytes, deepest: depth)
        self = try parser.document()
    }

    /// One spelling for each value: keys sorted by octets, no white space, NFC, shortest escapes; anything else is refused.
    public init(canonical bytes: Bytes, limit: Int = 1 << 16) throws(JSONError) {
        let value = try JSON(parsing: bytes, limit: limit)
        guard value.canonicalBytes == bytes else { throw .notCanonical }
        self = value
    }

    /// The value's only canonical spelling.
    public var canonicalBytes: Bytes {
        var output: Bytes = []
        write(to: &output)
        return output
    }

    private func write(to output: inout Bytes) {
        switch self {
        case .null: output += "null".utf8
        case .bool(let value): output += (value ? "true" : "false").utf8
        case .integer(let value): output += String(value).utf8
        case .string(let value): Self.write(value, to: &output)
        case .array(let values):
            output.append(0x5b)
            for (index, value) in values.enumerated() {
                if index > 0 { output.append(0x2c) }
                value.write(to: &output)
            }
            output.append(0x5d)
        case .object(let members):
            output.append(0x7b)
            let sorted = members.map { (Self.normalized($0.key), $0.value) }
                .sorted { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
            for (index, (key, value)) in sorted.enumerated() {
                if index > 0 { output.append(0x2c) }
                Self.write(key, to: &output)
                output.append(0x3a)
                value.write(to: &output)
            }
            output.append(0x7d)
        }
    }

    private static func normalized(_ text: String) -> String {
        text.utf8.allSatisfy { $0 < 0x80 } ? text : text.precomposedStringWithCanonicalMapping
    }

    private static func write(_ text: String, to output: inout Bytes) {
        output.append(0x22)
        for octet in normalized(text).utf8 {
            switch octet {
            case 0x22: output += [0x5c, 0x22]
            case 0x5c: output += [0x5c, 0x5c]
            case 0x08: output += "\\b".utf8
            case 0x0c: output += "\\f".utf8
            case 0x0a: output += "\\n".utf8
            case 0x0d: output += "\\r".utf8
            case 0x09: output += "\\t".utf8
            case 0..<0x20: output += ("\\u00" + [octet].hex).utf8
            default: output.append(octet)
            }
        }
        output.append(0x22)
    }
}

/// Recursive descent over octets; every index is checked against the end.
struct JSONParser {
    let bytes: Bytes
    let deepest: Int
    var at = 0

    init(bytes: Bytes, deepest: Int) {
        self.bytes = bytes
        self.deepest = deepest
    }

    mutating func document() throws(JSONError) -> JSON {
        let value = try self.value(depth: 0)
        skipSpace()
        guard at == bytes.count else { throw .trailing(offset: at) }
        return value
    }

    private var current: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func skipSpace() {
        while let octet = current, octet == 0x20 || octet == 0x0a || octet == 0x0d || octet == 0x09 { at += 1 }
    }

    private mutating func expect(_ octet: UInt8) throws(JSONError) {
        guard current == octet else { throw .unexpected(offset: at) }
        at += 1
    }

    private mutating func value(depth: Int) throws(JSONError) -> JSON {
        guard depth <= deepest else { throw .tooDeep(limit: deepest) }
        skipSpace()
        switch current {
        case 0x7b: return try object(depth: depth)
        case 0x5b: return try array(depth: depth)
        case 0x22: return .string(try string())
        case 0x74: return try word("true", .bool(true))
        case 0x66: return try word("false", .bool(false))
        case 0x6e: return try word("null", .null)
        case .some(0x2d), .some(0x30...0x39): return .integer(try integer())
        default: throw .unexpected(offset: at)
        }
    }

    private mutating func word(_ text: String, _ value: JSON) throws(JSONError) -> JSON {
        for octet in text.utf8 { try expect(octet) }
        return value
    }

    private mutating func integer() throws(JSONError) -> Int64 {
        let start = at
        if current == 0x2d { at += 1 }
        let first = at
        while let octet = current, (0x30...0x39).contains(octet) { at += 1 }
        guard at > first, bytes[first] != 0x30 || at == first + 1 else { throw .notAnInteger(offset: start) }
        if let octet = current, octet == 0x2e || octet == 0x65 || octet == 0x45 { throw .notAnInteger(offset: start) }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        guard text != "-0", let value = Int64(text) else { throw .notAnInteger(offset: start) }
        return value
    }

    private mutating func array(depth: Int) throws(JSONError) -> JSON {
        try expect(0x5b)
        var values: [JSON] = []
        skipSpace()
        if current == 0x5d {
            at += 1
            return .array([])
        }
        while true {
            values.append(try value(depth: depth + 1))
            skipSpace()
            if current == 0x5d {
                at += 1
                return .array(values)
            }
            try expect(0x2c)
        }
    }

    private mutating func object(depth: Int) throws(JSONError) -> JSON {
        try expect(0x7b)
        var members: [String: JSON] = [:]
        skipSpace()
        if current == 0x7d {
            at += 1
            return .object([:])
        }
        while true {
            skipSpace()
            let key = try string()
            skipSpace()
            try expect(0x3a)
            // Swift compares strings by canonical equivalence, so a key and its decomposed twin are a duplicate too.
            guard members.updateValue(try value(depth: depth + 1), forKey: key) == nil else { throw .duplicateKey(key) }
            skipSpace()
            if current == 0x7d {
                at += 1
                return .object(members)
            }
            try expect(0x2c)
        }
    }

    private mutating func string() throws(JSONError) -> String {
        let start = at
        try expect(0x22)
        var octets: Bytes = []
        while true {
            guard let octet = current else { throw .invalidString(offset: start) }
            at += 1
            switch octet {
            case 0x22:
                guard let text = String(validating: octets, as: UTF8.self) else { throw .invalidString(offset: start) }
                return text
            case 0x5c: try escape(into: &octets, start: start)
            case 0..<0x20: throw .invalidString(offset: at - 1)
            default: octets.append(octet)
            }
        }
    }

    private mutating func escape(into octets: inout Bytes, start: Int) throws(JSONError) {
        guard let kind = current else { throw .invalidString(offset: start) }
        at += 1
        switch kind {
        case 0x22, 0x5c, 0x2f: octets.append(kind)
        case 0x62: octets.append(0x08)
        case 0x66: octets.append(0x0c)
        case 0x6e: octets.append(0x0a)
        case 0x72: octets.append(0x0d)
        case 0x74: octets.append(0x09)
        case 0x75:
            var value = try unit(start: start)
            if (0xd800..<0xdc00).contains(value) {
                try expect(0x5c)
                try expect(0x75)
                let low = try unit(start: start)
                guard (0xdc00..<0xe000).contains(low) else { throw .invalidString(offset: start) }
                value = 0x10000 + (value - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(value) else { throw .invalidString(offset: start) }
            octets += String(Character(scalar)).utf8
        default: throw .invalidString(offset: at - 1)
        }
    }

    private mutating func unit(start: Int) throws(JSONError) -> UInt32 {
        guard at + 4 <= bytes.count else { throw .invalidString(offset: start) }
        var value: UInt32 = 0
        for octet in bytes[at..<at + 4] {
            guard let digit = Character(Unicode.Scalar(octet)).hexDigitValue else { throw .invalidString(offset: start) }
            value = value << 4 | UInt32(digit)
        }
        at += 4
        return value
    }
}
