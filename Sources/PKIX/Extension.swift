import Basics

/// One extension of a certificate or of a request (RFC 5280 §4.2).
public struct Extension: Hashable, Sendable {
    public static let most = 100
    public let oid: OID
    public let isCritical: Bool
    /// The octets inside the OCTET STRING.
    public let value: Bytes

    public init(oid: OID, isCritical: Bool, value: Bytes) {
        self.oid = oid
        self.isCritical = isCritical
        self.value = value
    }

    /// - Parameter acceptsFalse: whether `critical FALSE` may be written out, which is not DER but what some stacks emit.
    static func read(_ reader: inout DERReader, acceptsFalse: Bool = false) throws(PKIXError) -> [Extension] {
        var extensions: [Extension] = []
        try reader.each(.sequence, most: most) { reader throws(PKIXError) in
            var fields = try reader.sequence()
            let oid = try fields.oid()
            var isCritical = false
            if fields.peek == .boolean {
                let start = fields.offset
                isCritical = try fields.boolean()
                guard isCritical || acceptsFalse else { throw .der(.defaultValue, offset: start) }
            }
            let value = try fields.octetString()
            try fields.finish()
            guard !extensions.contains(where: { $0.oid == oid }) else { throw .duplicateExtension(oid) }
            var inner = try DERReader(value)
            try inner.wellFormed()
            try inner.finish()
            extensions.append(Extension(oid: oid, isCritical: isCritical, value: value))
        }
        return extensions
    }

    static func write(_ extensions: [Extension], to writer: inout DERWriter) {
        writer.sequence { writer in
            for item in extensions { write(item, to: &writer) }
        }
    }

    static func write(_ item: Extension, to writer: inout DERWriter) {
        writer.sequence { writer in
            writer.oid(item.oid)
            if item.isCritical { writer.boolean(true) }
            writer.octetString(item.value)
        }
    }
}
