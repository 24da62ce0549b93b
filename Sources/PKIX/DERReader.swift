import Basics

/// Identifier octets of the elements that X.509 uses; all fit one octet.
public struct DERTag: Hashable, Sendable {
    public let octet: UInt8

    public init(_ octet: UInt8) { self.octet = octet }

    public static let boolean = DERTag(0x01)
    public static let integer = DERTag(0x02)
    public static let bitString = DERTag(0x03)
    public static let octetString = DERTag(0x04)
    public static let null = DERTag(0x05)
    public static let oid = DERTag(0x06)
    public static let utf8String = DERTag(0x0c)
    public static let printableString = DERTag(0x13)
    public static let ia5String = DERTag(0x16)
    public static let utcTime = DERTag(0x17)
    public static let generalizedTime = DERTag(0x18)
    public static let sequence = DERTag(0x30)
    public static let set = DERTag(0x31)

    /// `[number]`, of 0…30.
    public static func context(_ number: UInt8, constructed: Bool) -> DERTag { DERTag(0x80 | (constructed ? 0x20 : 0) | number & 0x1f) }

    public var isConstructed: Bool { octet & 0x20 != 0 }
}

/// A cursor over strict DER: definite, shortest lengths, one-octet tags, nothing after the end, bounded depth. It copies nothing
/// until a value is asked for.
public struct DERReader: Sendable {
    public static let deepest = 16
    private let bytes: Bytes
    private var at: Int
    private let end: Int
    private let depth: Int

    /// - Throws: ``PKIXError/tooLong(limit:)``
    public init(_ bytes: Bytes, limit: Int = 65_536) throws(PKIXError) {
        guard bytes.count <= limit else { throw .tooLong(limit: limit) }
        self.init(bytes: bytes, at: 0, end: bytes.count, depth: 0)
    }

    private init(bytes: Bytes, at: Int, end: Int, depth: Int) {
        self.bytes = bytes
        self.at = at
        self.end = end
        self.depth = depth
    }

    public var isAtEnd: Bool { at == end }
    public var offset: Int { at }
    /// The next element's tag, nil at the end.
    public var peek: DERTag? { at < end ? DERTag(bytes[at]) : nil }

    /// - Throws: unless everything was read.
    public func finish() throws(PKIXError) {
        guard isAtEnd else { throw .der(.trailing, offset: at) }
    }

    /// Moves over one element.
    /// - Returns: where its content and where the whole element stands.
    private mutating func element() throws(PKIXError) -> (tag: DERTag, content: Range<Int>, whole: Range<Int>) {
        let start = at
        guard end - at >= 2 else { throw .der(.truncated, offset: at) }
        let tag = DERTag(bytes[at])
        guard tag.octet & 0x1f != 0x1f, tag.octet != 0 else { throw .der(.tag, offset: at) }
        var position = at + 2
        var length = Int(bytes[at + 1])
        if length >= 0x80 {
            let count = length & 0x7f
            guard (1...3).contains(count), end - position >= count else { throw .der(.length, offset: at + 1) }
            length = 0
            for octet in bytes[position..<position + count] { length = length << 8 | Int(octet) }
            guard length >= 0x80, count == 1 || length >> (8 * (count - 1)) != 0 else { throw .der(.length, offset: at + 1) }
            position += count
        }
        guard end - position >= length else { throw .der(.truncated, offset: start) }
        at = position + length
        return (tag, position..<at, start..<at)
    }

    /// The content of the next element, which must have this tag.
    public mutating func content(_ tag: DERTag) throws(PKIXError) -> Bytes { Bytes(bytes[try range(tag)]) }

    private mutating func range(_ tag: DERTag) throws(PKIXError) -> Range<Int> {
        guard peek == tag else { throw .der(peek == nil ? .truncated : .tag, offset: at) }
        return try element().content
    }

    /// A reader over the content of the next element, which must have this constructed tag.
    public mutating func nested(_ tag: DERTag) throws(PKIXError) -> DERReader {
        guard depth < Self.deepest else { throw .der(.depth, offset: at) }
        let range = try range(tag)
        return DERReader(bytes: bytes, at: range.lowerBound, end: range.upperBound, depth: depth + 1)
    }

    public mutating func sequence() throws(PKIXError) -> DERReader { try nested(.sequence) }

    /// The next element whole, tag and length included, whatever it is; what is inside is not looked at.
    public mutating func raw() throws(PKIXError) -> Bytes { Bytes(bytes[try element().whole]) }

    /// The next element whole; it must have this tag.
    public mutating func raw(_ tag: DERTag) throws(PKIXError) -> Bytes {
        guard peek == tag else { throw .der(peek == nil ? .truncated : .tag, offset: at) }
        return try raw()
    }

    /// Everything that is left.
    public mutating func rest() -> Bytes {
        defer { at = end }
        return Bytes(bytes[at..<end])
    }

    /// An INTEGER's content: two's complement, shortest.
    public mutating func integer() throws(PKIXError) -> Bytes { try integer(.integer) }

    mutating func integer(_ tag: DERTag) throws(PKIXError) -> Bytes {
        let start = at
        let content = try content(tag)
        guard let first = content.first else { throw .der(.integer, offset: start) }
        if content.count > 1, (first == 0 && content[1] < 0x80) || (first == 0xff && content[1] >= 0x80) {
            throw .der(.integer, offset: start)
        }
        return content
    }

    /// A small INTEGER that is not negative.
    public mutating func smallInteger() throws(PKIXError) -> Int {
        let start = at
        let content = try integer()
        guard content.count <= 4, let first = content.first, first < 0x80 else { throw .der(.integer, offset: start) }
        return content.reduce(0) { $0 << 8 | Int($1) }
    }

    public mutating func boolean() throws(PKIXError) -> Bool {
        let start = at
        let content = try content(.boolean)
        guard content == [0] || content == [0xff] else { throw .der(.boolean, offset: start) }
        return content == [0xff]
    }

    public mutating func null() throws(PKIXError) {
        let start = at
        guard try content(.null).isEmpty else { throw .der(.null, offset: start) }
    }

    public mutating func octetString() throws(PKIXError) -> Bytes { try content(.octetString) }

    /// A BIT STRING of whole octets.
    public mutating func bitString() throws(PKIXError) -> Bytes {
        let start = at
        let (unused, bits) = try bits(.bitString)
        guard unused == 0 else { throw .der(.bitString, offset: start) }
        return bits
    }

    /// A BIT STRING's unused-bit count and octets; padding bits are zero.
    public mutating func bits(_ tag: DERTag) throws(PKIXError) -> (unused: Int, octets: Bytes) {
        let start = at
        var content = try content(tag)
        guard let unused = content.first, unused <= 7 else { throw .der(.bitString, offset: start) }
        content.removeFirst()
        guard let last = content.last else {
            guard unused == 0 else { throw .der(.bitString, offset: start) }
            return (0, [])
        }
        guard last & ((1 << unused) - 1) == 0 else { throw .der(.bitString, offset: start) }
        return (Int(unused), content)
    }

    public mutating func oid() throws(PKIXError) -> OID {
        let start = at
        guard let oid = OID(content: try content(.oid)) else { throw .der(.oid, offset: start) }
        return oid
    }

    /// Runs `body` for each element of a SEQUENCE OF or SET OF; a set must be sorted by encoding.
    /// - Throws: ``PKIXError/tooMany(limit:)`` when there are more than `most`.
    public mutating func each(_ tag: DERTag, most: Int, _ body: (inout DERReader) throws(PKIXError) -> Void) throws(PKIXError) {
        var items = try nested(tag)
        var count = 0
        var previous = Bytes()
        while !items.isAtEnd {
            guard count < most else { throw .tooMany(limit: most) }
            count += 1
            let start = items.at
            try body(&items)
            guard items.at > start else { throw .der(.tag, offset: start) }
            if tag == .set {
                let encoding = Bytes(items.bytes[start..<items.at])
                guard !encoding.lexicographicallyPrecedes(previous) else { throw .der(.setOrder, offset: start) }
                previous = encoding
            }
        }
    }
}
