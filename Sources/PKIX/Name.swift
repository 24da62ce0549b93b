import Basics

/// One attribute of a distinguished name.
public struct Attribute: Hashable, Sendable {
    /// The string types that are read and written; others are refused.
    public enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        case utf8 = 0x0c
        case printable = 0x13
        case ia5 = 0x16

        func accepts(_ octets: Bytes) -> Bool {
            switch self {
            case .utf8: String(validating: octets, as: UTF8.self) != nil
            case .ia5: octets.allSatisfy { $0 < 0x80 }
            case .printable: octets.allSatisfy(Self.isPrintable)
            }
        }

        /// The alphabet of PrintableString (X.680 §41.4).
        private static func isPrintable(_ octet: UInt8) -> Bool {
            switch octet {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
            default: " '()+,-./:=?".utf8.contains(octet)
            }
        }
    }

    public let oid: OID
    public let kind: Kind
    public let text: String

    /// - Throws: when the text does not fit the kind, or is empty or longer than 1,024 octets.
    public init(oid: OID, kind: Kind, text: String) throws(PKIXError) {
        try self.init(oid: oid, kind: kind, octets: Bytes(text.utf8))
    }

    private init(oid: OID, kind: Kind, octets: Bytes) throws(PKIXError) {
        guard (1...1024).contains(octets.count), kind.accepts(octets), let text = String(validating: octets, as: UTF8.self) else {
            throw .invalidString(oid)
        }
        self.oid = oid
        self.kind = kind
        self.text = text
    }

    init(reading reader: inout DERReader) throws(PKIXError) {
        var fields = try reader.sequence()
        let oid = try fields.oid()
        guard let tag = fields.peek, let kind = Kind(rawValue: tag.octet) else { throw .invalidString(oid) }
        let octets = try fields.content(tag)
        try fields.finish()
        try self.init(oid: oid, kind: kind, octets: octets)
    }

    var der: Bytes {
        DERWriter.encode { writer in
            writer.sequence { writer in
                writer.oid(oid)
                writer.primitive(DERTag(kind.rawValue), Bytes(text.utf8))
            }
        }
    }

    /// `CN`, `serialNumber`, or the OID.
    public var label: String { Self.labels[oid] ?? oid.description }

    private static let labels: [OID: String] = [
        .commonName: "CN", .surname: "SN", .serialNumber: "serialNumber", .countryName: "C", .locality: "L", .state: "ST",
        .street: "street", .organization: "O", .organizationalUnit: "OU", .title: "title", .givenName: "GN",
        .dnQualifier: "dnQualifier", .pseudonym: "pseudonym", .domainComponent: "DC", .userID: "UID", .emailAddress: "emailAddress",
    ]
}

/// A distinguished name, kept exactly as received: names are compared by octets.
public struct Name: Hashable, Sendable {
    public static let mostRDNs = 100
    public let der: Bytes
    /// In the order of the encoding: the most significant first.
    public let rdns: [[Attribute]]

    public static let empty = Name(der: [0x30, 0], rdns: [])

    private init(der: Bytes, rdns: [[Attribute]]) {
        self.der = der
        self.rdns = rdns
    }

    public init(der: Bytes) throws(PKIXError) {
        var reader = try DERReader(der)
        try self.init(reading: &reader)
        try reader.finish()
    }

    /// - Parameter known: a name that need not be taken apart again when the same octets are found.
    init(reading reader: inout DERReader, known: Name? = nil) throws(PKIXError) {
        var whole = reader
        let der = try whole.raw(.sequence)
        if let known, known.der == der {
            reader = whole
            self = known
            return
        }
        var rdns: [[Attribute]] = []
        try reader.each(.sequence, most: Self.mostRDNs) { reader throws(PKIXError) in
            var attributes: [Attribute] = []
            try reader.each(.set, most: 16) { reader throws(PKIXError) in
                let attribute = try Attribute(reading: &reader)
                guard !attributes.contains(where: { $0.oid == attribute.oid }) else { throw .duplicateAttribute(attribute.oid) }
                attributes.append(attribute)
            }
            guard !attributes.isEmpty else { throw .emptyRDN }
            rdns.append(attributes)
        }
        self.rdns = rdns
        self.der = der
    }

    /// One attribute an RDN, in the order given.
    public init(_ attributes: [Attribute]) throws(PKIXError) {
        guard attributes.count <= Self.mostRDNs else { throw .tooMany(limit: Self.mostRDNs) }
        rdns = attributes.map { [$0] }
        der = DERWriter.encode { writer in
            writer.sequence { writer in
                for attribute in attributes { writer.setOf([attribute.der]) }
            }
        }
    }

    public static func == (left: Name, right: Name) -> Bool { left.der == right.der }
    public func hash(into hasher: inout Hasher) { hasher.combine(der) }
}

extension Name: CustomStringConvertible {
    /// As people read it (RFC 4514, most significant last), everything that could mislead a reader written out.
    public var description: String {
        rdns.reversed().map { attributes in
            attributes.map { "\($0.label)=" + Self.quoted($0.text) }.joined(separator: "+")
        }.joined(separator: ", ")
    }

    /// By scalars: a combining mark behind a comma must not hide it.
    private static func quoted(_ text: String) -> String {
        var result = ""
        for (index, scalar) in text.unicodeScalars.enumerated() {
            let isOuterBlank = scalar == " " && (index == 0 || index == text.unicodeScalars.count - 1)
            let isSpecial = ",+=<>;\"".unicodeScalars.contains(scalar) || isOuterBlank || (scalar == "#" && index == 0)
            result += isSpecial ? "\\\(scalar)" : String(scalar).escaped
        }
        return result
    }
}
