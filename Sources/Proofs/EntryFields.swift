import Basics

/// Why bytes are no entry.
public enum EntryError: Error, Hashable, Sendable {
    /// Not deterministic CBOR of the subset, or longer than ``Entry/sizeLimit``.
    case encoding(CBORError)
    case notAMap
    /// Written in a later schema: this program is too old to read it.
    case version(UInt64)
    /// The member with this key is missing or has another form.
    case field(UInt8)
}

/// Typed reading of an entry's members.
struct EntryFields {
    private let members: [UInt8: CBOR]

    init(_ members: [UInt8: CBOR]) { self.members = members }

    func octets(_ key: UInt8, lengths: Set<Int>) throws(EntryError) -> Bytes? {
        guard let member = members[key] else { return nil }
        guard case .bytes(let octets) = member, lengths.contains(octets.count) else { throw .field(key) }
        return octets
    }

    func digests(_ key: UInt8) throws(EntryError) -> [UInt8: Digest32] {
        guard let member = members[key] else { return [:] }
        guard case .map(let values) = member, !values.isEmpty else { throw .field(key) }
        var digests: [UInt8: Digest32] = [:]
        for (number, value) in values {
            guard case .bytes(let octets) = value, let digest = Digest32(bytes: octets) else { throw .field(key) }
            digests[number] = digest
        }
        return digests
    }

    func number(_ key: UInt8) throws(EntryError) -> Int64? {
        guard let member = members[key] else { return nil }
        guard case .unsigned(let value) = member, let number = Int64(exactly: value) else { throw .field(key) }
        return number
    }

    func word(_ key: UInt8, _ isValid: (String) -> Bool) throws(EntryError) -> String? {
        guard let member = members[key] else { return nil }
        guard case .text(let text) = member, isValid(text) else { throw .field(key) }
        return text
    }
}
