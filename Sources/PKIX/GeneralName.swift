import Basics

/// One form of name in subjectAltName (RFC 5280 §4.2.1.6).
public enum GeneralName: Hashable, Sendable {
    /// The type's OID, and its value's whole DER.
    case otherName(OID, Bytes)
    case email(String)
    case dns(String)
    case directoryName(Name)
    case uri(String)
    /// 4 or 16 octets.
    case ip(Bytes)
    case registeredID(OID)

    init(reading reader: inout DERReader) throws(PKIXError) {
        let start = reader.offset
        switch reader.peek {
        case .context(0, constructed: true):
            var fields = try reader.nested(.context(0, constructed: true))
            let type = try fields.oid()
            var value = try fields.nested(.context(0, constructed: true))
            try fields.finish()
            self = .otherName(type, try value.raw())
            try value.finish()
        case .context(1, constructed: false): self = .email(try Self.ia5(&reader, 1))
        case .context(2, constructed: false): self = .dns(try Self.ia5(&reader, 2))
        case .context(4, constructed: true):
            var fields = try reader.nested(.context(4, constructed: true))
            self = .directoryName(try Name(reading: &fields))
            try fields.finish()
        case .context(6, constructed: false): self = .uri(try Self.ia5(&reader, 6))
        case .context(7, constructed: false):
            let octets = try reader.content(.context(7, constructed: false))
            guard octets.count == 4 || octets.count == 16 else { throw .invalidExtension(.subjectAlternativeName) }
            self = .ip(octets)
        case .context(8, constructed: false):
            guard let oid = OID(content: try reader.content(.context(8, constructed: false))) else { throw .der(.oid, offset: start) }
            self = .registeredID(oid)
        default: throw .der(.tag, offset: start)
        }
    }

    private static func ia5(_ reader: inout DERReader, _ number: UInt8) throws(PKIXError) -> String {
        let octets = try reader.content(.context(number, constructed: false))
        guard !octets.isEmpty, octets.count <= 2048, octets.allSatisfy({ $0 < 0x80 }) else {
            throw .invalidExtension(.subjectAlternativeName)
        }
        return String(decoding: octets, as: UTF8.self)
    }

    func write(to writer: inout DERWriter) {
        switch self {
        case .otherName(let type, let value):
            writer.constructed(.context(0, constructed: true)) { writer in
                writer.oid(type)
                writer.constructed(.context(0, constructed: true)) { $0.raw(value) }
            }
        case .email(let text): writer.primitive(.context(1, constructed: false), Bytes(text.utf8))
        case .dns(let text): writer.primitive(.context(2, constructed: false), Bytes(text.utf8))
        case .directoryName(let name): writer.constructed(.context(4, constructed: true)) { $0.raw(name.der) }
        case .uri(let text): writer.primitive(.context(6, constructed: false), Bytes(text.utf8))
        case .ip(let octets): writer.primitive(.context(7, constructed: false), octets)
        case .registeredID(let oid): writer.primitive(.context(8, constructed: false), oid.content)
        }
    }
}

/// RFC 5280 §4.2.1.6.
public struct SubjectAlternativeName: Hashable, Sendable {
    public static let mostNames = 1000
    public let names: [GeneralName]

    public init(names: [GeneralName]) { self.names = names }

    public init(der: Bytes) throws(PKIXError) {
        var names: [GeneralName] = []
        var reader = try DERReader(der)
        try reader.each(.sequence, most: Self.mostNames) { reader throws(PKIXError) in names.append(try GeneralName(reading: &reader)) }
        try reader.finish()
        guard !names.isEmpty else { throw .invalidExtension(.subjectAlternativeName) }
        self.names = names
    }

    public var der: Bytes {
        DERWriter.encode { writer in
            writer.sequence { writer in
                for name in names { name.write(to: &writer) }
            }
        }
    }
}
