import Basics
import CPKCS11

/// Attributes as a module reads them: an array of structures that point into one block, each value at a multiple of 8.
struct PKCS11Template {
    private let attributes: [PKCS11Attribute]

    init(_ attributes: [PKCS11Attribute]) { self.attributes = attributes }

    /// - Parameter body: may use the pointers until it returns.
    func with<Result>(_ body: (UnsafeMutablePointer<CK_ATTRIBUTE>, CK_ULONG) -> Result) -> Result {
        let places = attributes.reduce(into: [0]) { $0.append(($0[$0.count - 1] + $1.value.count + 7) / 8 * 8) }
        let block = UnsafeMutableRawBufferPointer.allocate(byteCount: max(8, places[attributes.count]), alignment: 16)
        defer { block.deallocate() }
        let array = UnsafeMutablePointer<CK_ATTRIBUTE>.allocate(capacity: max(1, attributes.count))
        defer { array.deallocate() }
        array.initialize(repeating: CK_ATTRIBUTE(type: 0, value: nil, length: 0), count: max(1, attributes.count))
        for (number, attribute) in attributes.enumerated() {
            let value = UnsafeMutableRawBufferPointer(rebasing: block[places[number]...].prefix(attribute.value.count))
            value.copyBytes(from: attribute.value)
            let start = block.baseAddress.map { $0 + places[number] }
            array[number] = CK_ATTRIBUTE(type: attribute.type.number, value: start, length: CK_ULONG(attribute.value.count))
        }
        return body(array, CK_ULONG(attributes.count))
    }
}
