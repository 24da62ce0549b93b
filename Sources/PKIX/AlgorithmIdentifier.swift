import Basics

/// Which algorithm, with its parameters exactly as they stand (RFC 5280 §4.1.1.2).
public struct AlgorithmIdentifier: Hashable, Sendable {
    public let oid: OID
    /// The parameters' DER, nil when they are absent.
    public let parameters: Bytes?

    public init(oid: OID, parameters: Bytes? = nil) {
        self.oid = oid
        self.parameters = parameters
    }

    public var der: Bytes {
        DERWriter.encode { writer in
            writer.sequence { writer in
                writer.oid(oid)
                if let parameters { writer.raw(parameters) }
            }
        }
    }

    public init(reading reader: inout DERReader) throws(PKIXError) {
        var fields = try reader.sequence()
        oid = try fields.oid()
        parameters = fields.isAtEnd ? nil : try fields.raw()
        try fields.finish()
    }
}
