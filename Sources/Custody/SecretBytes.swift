import Basics
import Foundation
import Glibc

/// Octets of a private key: one owner, wiped when it goes, never printed.
struct SecretBytes: ~Copyable {
    private var storage: Bytes

    /// Copies `data` octet by octet: whoever wipes theirs wipes not this.
    init(copying data: some Collection<UInt8>) {
        storage = []
        storage.reserveCapacity(data.count)
        storage.append(contentsOf: data)
    }

    /// Takes what `make` returns; the caller keeps no copy.
    init(_ make: () -> Bytes) { storage = make() }

    func withBytes<Result>(_ body: (Bytes) throws -> Result) rethrows -> Result { try body(storage) }

    deinit {
        storage.withUnsafeBytes { octets in
            guard let start = octets.baseAddress else { return }
            explicit_bzero(UnsafeMutableRawPointer(mutating: start), octets.count)
        }
    }
}
