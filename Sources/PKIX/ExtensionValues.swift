import Basics

extension DERReader {
    /// Reads one whole value from `der`.
    fileprivate static func whole(_ der: Bytes, _ body: (inout DERReader) throws(PKIXError) -> Void) throws(PKIXError) {
        var reader = try DERReader(der)
        try body(&reader)
        try reader.finish()
    }
}

/// RFC 5280 §4.2.1.9.
public struct BasicConstraints: Hashable, Sendable {
    public let isAuthority: Bool
    /// How many authorities may follow below; nil for any number.
    public let pathLength: Int?

    public static let endEntity = BasicConstraints(isAuthority: false, pathLength: nil)
    public static func authority(pathLength: Int?) -> BasicConstraints { BasicConstraints(isAuthority: true, pathLength: pathLength) }

    private init(isAuthority: Bool, pathLength: Int?) {
        self.isAuthority = isAuthority
        self.pathLength = pathLength
    }

    public init(der: Bytes) throws(PKIXError) {
        var isAuthority = false
        var pathLength: Int?
        try DERReader.whole(der) { reader throws(PKIXError) in
            var fields = try reader.sequence()
            if fields.peek == .boolean {
                isAuthority = try fields.boolean()
                guard isAuthority else { throw .der(.defaultValue, offset: 2) }
            }
            if fields.peek == .integer { pathLength = try fields.smallInteger() }
            try fields.finish()
        }
        guard isAuthority || pathLength == nil else { throw .invalidExtension(.basicConstraints) }
        self.init(isAuthority: isAuthority, pathLength: pathLength)
    }

    public var der: Bytes {
        DERWriter.encode { writer in
            writer.sequence { writer in
                if isAuthority { writer.boolean(true) }
                if let pathLength { writer.integer(pathLength) }
            }
        }
    }
}

/// RFC 5280 §4.2.1.3. Bit 0 of the raw value is the BIT STRING's first bit.
public struct KeyUsage: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16

    public init(rawValue: UInt16) { self.rawValue = rawValue }

    public static let digitalSignature = KeyUsage(rawValue: 1 << 0)
    public static let nonRepudiation = KeyUsage(rawValue: 1 << 1)
    public static let keyEncipherment = KeyUsage(rawValue: 1 << 2)
    public static let dataEncipherment = KeyUsage(rawValue: 1 << 3)
    public static let keyAgreement = KeyUsage(rawValue: 1 << 4)
    public static let keyCertSign = KeyUsage(rawValue: 1 << 5)
    public static let cRLSign = KeyUsage(rawValue: 1 << 6)
    public static let encipherOnly = KeyUsage(rawValue: 1 << 7)
    public static let decipherOnly = KeyUsage(rawValue: 1 << 8)
    /// What keys do that only sign.
    public static let signing: KeyUsage = [.digitalSignature, .nonRepudiation, .keyCertSign, .cRLSign]

    public init(der: Bytes) throws(PKIXError) {
        var value: UInt16 = 0
        try DERReader.whole(der) { reader throws(PKIXError) in
            let (unused, octets) = try reader.bits(.bitString)
            guard let last = octets.last, octets.count <= 2 else { throw .invalidExtension(.keyUsage) }
            // A named-bit string ends with a one (X.690 §11.2.2).
            guard last & (1 << UInt8(unused)) != 0, octets.count == 1 || unused == 7 else { throw .invalidExtension(.keyUsage) }
            for (index, octet) in octets.enumerated() {
                for bit in 0..<8 where octet & (0x80 >> UInt8(bit)) != 0 { value |= 1 << UInt16(index * 8 + bit) }
            }
        }
        self.init(rawValue: value)
    }

    /// Bits without a name are left out. No bit at all gives `030100`, which nobody accepts.
    public var der: Bytes {
        var octets: Bytes = [0, 0]
        for bit in 0..<9 where rawValue & (1 << UInt16(bit)) != 0 { octets[bit / 8] |= 0x80 >> UInt8(bit % 8) }
        while octets.last == 0 { octets.removeLast() }
        let unused = UInt8(min(7, octets.last?.trailingZeroBitCount ?? 0))
        return DERWriter.encode { $0.bitString(octets, unused: unused) }
    }
}

/// RFC 5280 §4.2.1.12.
public struct ExtendedKeyUsage: Hashable, Sendable {
    public let purposes: [OID]

    public init(purposes: [OID]) { self.purposes = purposes }

    public init(der: Bytes) throws(PKIXError) {
        var purposes: [OID] = []
        try DERReader.whole(der) { reader throws(PKIXError) in
            try reader.each(.sequence, most: 100) { reader throws(PKIXError) in purposes.append(try reader.oid()) }
        }
        guard !purposes.isEmpty else { throw .invalidExtension(.extendedKeyUsage) }
        self.purposes = purposes
    }

    public var der: Bytes {
        DERWriter.encode { writer in
            writer.sequence { writer in
                for purpose in purposes { writer.oid(purpose) }
            }
        }
    }
}

/// RFC 5280 §4.2.1.2.
public struct SubjectKeyIdentifier: Hashable, Sendable {
    public let bytes: Bytes

    public init(bytes: Bytes) { self.bytes = bytes }

    public init(der: Bytes) throws(PKIXError) {
        var bytes: Bytes = []
        try DERReader.whole(der) { reader throws(PKIXError) in bytes = try reader.octetString() }
        guard (1...64).contains(bytes.count) else { throw .invalidExtension(.subjectKeyIdentifier) }
        self.bytes = bytes
    }

    public var der: Bytes { DERWriter.encode { $0.octetString(bytes) } }
}

/// RFC 5280 §4.2.1.1; only the key's identifier is written.
public struct AuthorityKeyIdentifier: Hashable, Sendable {
    public let keyIdentifier: Bytes?
    /// `authorityCertIssuer` and `authorityCertSerialNumber` as they stand; foreign certificates have them. That they come together is
    /// for lints to say.
    public let others: Bytes

    public init(keyIdentifier: Bytes) {
        self.keyIdentifier = keyIdentifier
        others = []
    }

    public init(der: Bytes) throws(PKIXError) {
        var keyIdentifier: Bytes?
        var rest: Bytes = []
        try DERReader.whole(der) { reader throws(PKIXError) in
            var fields = try reader.sequence()
            let tag = DERTag.context(0, constructed: false)
            if fields.peek == tag { keyIdentifier = try fields.content(tag) }
            var others = fields
            for tag in [DERTag.context(1, constructed: true), .context(2, constructed: false)] where others.peek == tag {
                _ = try others.raw()
            }
            try others.finish()
            rest = fields.rest()
        }
        self.keyIdentifier = keyIdentifier
        others = rest
    }

    public var der: Bytes {
        DERWriter.encode { writer in
            writer.sequence { writer in
                if let keyIdentifier { writer.primitive(.context(0, constructed: false), keyIdentifier) }
                writer.raw(others)
            }
        }
    }
}
