import Basics

/// Writes canonical DER into one growing buffer. A constructed element is written in place; its length is put in afterwards.
public struct DERWriter: Sendable {
    public private(set) var bytes: Bytes = []

    public init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

    /// The octets of what `body` writes.
    public static func encode(_ body: (inout DERWriter) -> Void) -> Bytes {
        var writer = DERWriter(capacity: 256)
        body(&writer)
        return writer.bytes
    }

    public mutating func constructed(_ tag: DERTag, _ body: (inout DERWriter) -> Void) {
        bytes.append(tag.octet)
        let start = bytes.count
        body(&self)
        insertLength(at: start)
    }

    private mutating func insertLength(at start: Int) {
        let count = bytes.count - start
        if count < 0x80 { bytes.insert(UInt8(count), at: start) } else { bytes.insert(contentsOf: Self.longLength(count), at: start) }
    }

    private mutating func appendLength(_ count: Int) {
        if count < 0x80 { bytes.append(UInt8(count)) } else { bytes += Self.longLength(count) }
    }

    private static func longLength(_ count: Int) -> Bytes {
        var octets: Bytes = []
        var rest = count
        while rest > 0 {
            octets.insert(UInt8(truncatingIfNeeded: rest), at: 0)
            rest >>= 8
        }
        return [0x80 | UInt8(octets.count)] + octets
    }

    public mutating func primitive(_ tag: DERTag, _ content: Bytes) {
        bytes.append(tag.octet)
        appendLength(content.count)
        bytes += content
    }

    public mutating func sequence(_ body: (inout DERWriter) -> Void) { constructed(.sequence, body) }

    /// An element that is encoded already.
    public mutating func raw(_ element: Bytes) { bytes += element }

    /// - Parameter content: two's complement, shortest.
    public mutating func integer(_ content: Bytes) { primitive(.integer, content) }

    /// - Parameter magnitude: big-endian, not negative; zeros in front do not count.
    public mutating func unsigned(_ magnitude: some Collection<UInt8>) {
        let shortest = Bytes(magnitude.drop { $0 == 0 })
        integer((shortest.first ?? 0xff) < 0x80 ? shortest : [0] + shortest)
    }

    public mutating func integer(_ value: Int) {
        var octets: Bytes = []
        var rest = value
        repeat {
            octets.insert(UInt8(truncatingIfNeeded: rest), at: 0)
            rest >>= 8
        } while !((rest == 0 && octets[0] < 0x80) || (rest == -1 && octets[0] >= 0x80))
        primitive(.integer, octets)
    }

    public mutating func boolean(_ value: Bool) { primitive(.boolean, [value ? 0xff : 0]) }
    public mutating func null() { primitive(.null, []) }
    public mutating func octetString(_ content: Bytes) { primitive(.octetString, content) }
    public mutating func bitString(_ octets: Bytes, unused: UInt8 = 0) { primitive(.bitString, [unused] + octets) }
    public mutating func oid(_ oid: OID) { primitive(.oid, oid.content) }

    /// A SET OF, sorted by encoding.
    public mutating func setOf(_ elements: [Bytes]) {
        constructed(.set) { writer in
            for element in elements.sorted(by: { $0.lexicographicallyPrecedes($1) }) { writer.raw(element) }
        }
    }
}
