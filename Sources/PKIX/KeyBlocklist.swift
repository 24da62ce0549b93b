import Basics
import Crypto

/// Public keys that are never to be certified because somebody else has, or can make, their private keys: a file of hashes, one a line.
/// Lines that are empty or begin with `#` count for nothing.
public struct KeyBlocklist: Hashable, Sendable {
    /// How a line names a key.
    public enum Form: String, Hashable, Sendable, CaseIterable {
        /// 64 hexadecimal digits: SHA-256 of the SubjectPublicKeyInfo.
        case spkiSHA256 = "spki-sha256"
        /// 20 hexadecimal digits, as Debian's openssl-blacklist: the last 80 bits of SHA-1 of `Modulus=HEX` and a line feed. It names RSA
        /// keys only (CVE-2008-0166).
        case openSSLModulus = "openssl-modulus"

        fileprivate var octets: Int { self == .spkiSHA256 ? 32 : 10 }
    }

    /// Octets of a file at most.
    public static let sizeLimit = 1 << 28

    /// Why a file is no list.
    public struct Fault: Error, Hashable, Sendable {
        /// From 1; nil: of the whole file.
        public let line: Int?
        public let text: String
    }

    /// The first 128 bits of a hash. Nobody makes a good key that meets another's by chance or by work.
    private struct Entry: Hashable, Comparable {
        let high: UInt64
        let low: UInt64

        init(_ octets: some Sequence<UInt8>) {
            var (high, low, count): (UInt64, UInt64, Int) = (0, 0, 0)
            for octet in octets.prefix(16) {
                if count < 8 { high = high << 8 | UInt64(octet) } else { low = low << 8 | UInt64(octet) }
                count += 1
            }
            self.high = high
            self.low = low
        }

        static func < (left: Entry, right: Entry) -> Bool { (left.high, left.low) < (right.high, right.low) }
    }

    public let form: Form
    /// In ascending order, each once.
    private let entries: [Entry]

    /// How many keys it names.
    public var count: Int { entries.count }

    /// - Parameter file: the list as it was published.
    public init(_ form: Form, file: Bytes) throws(Fault) {
        guard file.count <= Self.sizeLimit else { throw Fault(line: nil, text: "it has more than \(Self.sizeLimit) octets") }
        self.form = form
        var entries: [Entry] = []
        var number = 0
        for line in file.split(separator: 0x0a, omittingEmptySubsequences: false) {
            number += 1
            let line = line.last == 0x0d ? line.dropLast() : line
            guard let first = line.first, first != UInt8(ascii: "#") else { continue }
            guard line.count == form.octets * 2, let hash = Bytes(hex: String(decoding: line, as: UTF8.self).lowercased()) else {
                throw Fault(line: number, text: "\(form.octets * 2) hexadecimal digits are expected, or # and a comment")
            }
            entries.append(Entry(hash))
        }
        guard !entries.isEmpty else { throw Fault(line: nil, text: "it names no key") }
        entries.sort()
        var distinct: [Entry] = []
        for entry in entries where entry != distinct.last { distinct.append(entry) }
        self.entries = distinct
    }

    /// Whether the list names this key.
    public func contains(_ key: SubjectPublicKeyInfo) -> Bool {
        switch form {
        case .spkiSHA256: return contains(Entry(key.digest.bytes))
        case .openSSLModulus:
            guard let modulus = key.rsaModulus else { return false }
            let text = Bytes("Modulus=".utf8) + Bytes(modulus.hex.uppercased().utf8) + [0x0a]
            return contains(Entry(Insecure.SHA1.hash(data: text).suffix(10)))
        }
    }

    private func contains(_ entry: Entry) -> Bool {
        var range = entries.startIndex..<entries.endIndex
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            if entries[middle] == entry { return true }
            range = entries[middle] < entry ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return false
    }
}
