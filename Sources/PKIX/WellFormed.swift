import Basics

extension DERReader {
    /// Moves over one element of any kind and everything in it: each universal value must be strict DER too (X.690 §10, §11).
    ///
    /// For values that nobody here understands, such as foreign extensions: two readers must not see two things in them.
    mutating func wellFormed() throws(PKIXError) {
        let start = offset
        guard let tag = peek else { throw .der(.truncated, offset: start) }
        switch tag {
        case .boolean: _ = try boolean()
        case .integer, DERTag(0x0a): _ = try integer(tag)
        case .bitString: _ = try bits(tag)
        case .null: try null()
        case .oid: _ = try oid()
        case .utf8String, .ia5String, .printableString:
            let octets = try content(tag)
            guard Attribute.Kind(rawValue: tag.octet)?.accepts(octets) == true else { throw .der(.string, offset: start) }
        case .set: try each(.set, most: .max) { reader throws(PKIXError) in try reader.wellFormed() }
        default:
            let isUniversal = tag.octet < 0x40
            guard tag.isConstructed else {
                // SEQUENCE and SET are never primitive.
                guard !isUniversal || (tag.octet != 0x10 && tag.octet != 0x11) else { throw .der(.tag, offset: start) }
                _ = try content(tag)
                return
            }
            // Strings are never constructed.
            guard !isUniversal || tag == .sequence else { throw .der(.tag, offset: start) }
            try each(tag, most: .max) { reader throws(PKIXError) in try reader.wellFormed() }
        }
    }
}
