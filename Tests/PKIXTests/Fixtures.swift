import Basics
import Foundation
import PKIX
import Synchronization
import Testing

/// Files that independent programs made; Golden/README.md says how.
enum Golden {
    static func file(_ name: String) throws -> Bytes {
        let url = try #require(Bundle.module.url(forResource: "Golden/\(name)", withExtension: nil))
        return Bytes(try Data(contentsOf: url))
    }

    static func request(_ name: String) throws -> Bytes { try PEM.derOrPEM(try file(name), labels: PEM.requestLabels) }
    static let requests = ["openssl.csr.pem", "keytool.csr.pem", "mldsa65.csr.pem", "plain.csr.der"]
    static func certificate() throws -> Bytes { try PEM.derOrPEM(try file("openssl.cert.pem"), labels: ["CERTIFICATE"]) }
    static func key() throws -> PrivateKey { try PrivateKey(pkcs8: try file("p256.key.der")) }
}

/// The same octets every time.
struct FixedEntropy: Entropy {
    let octet: UInt8

    func bytes(_ count: Int) -> Bytes { Bytes(repeating: octet, count: count) }
}

/// One prepared answer after the other; zeros when there is none.
final class TableEntropy: Entropy {
    private let answers: Mutex<[Bytes]>

    init(_ answers: [Bytes]) { self.answers = Mutex(answers.reversed()) }

    func bytes(_ count: Int) -> Bytes { answers.withLock { $0.popLast() } ?? Bytes(repeating: 0, count: count) }
}

/// Numbers that look random and are the same in every run (SplitMix64).
struct Repeatable: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var value = state
        value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
        value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
        return value ^ (value >> 31)
    }
}

func hex(_ text: String) throws -> Bytes { try #require(Bytes(hex: text.filter { $0 != " " })) }

/// One element from its tag and contents.
func element(_ tag: UInt8, _ contents: Bytes...) -> Bytes { DERWriter.encode { $0.primitive(DERTag(tag), contents.flatMap { $0 }) } }

func sequence(_ contents: Bytes...) -> Bytes { element(0x30, contents.flatMap { $0 }) }
func set(_ contents: Bytes...) -> Bytes { element(0x31, contents.flatMap { $0 }) }

let ecdsaSHA256: Bytes = SignatureAlgorithm.ecdsaSHA256.identifier.der

/// A request in its parts, each of which a test may damage; it is signed afterwards, so that only the damage is wrong.
struct RequestParts {
    var version: Bytes = [2, 1, 0]
    var subject: Bytes
    var publicKey: Bytes
    var attributes: Bytes = [0xa0, 0]
    var behindInfo: Bytes = []
    var algorithm = ecdsaSHA256
    var unusedBits: UInt8 = 0
    var behind: Bytes = []
    var damageSignature: @Sendable (Bytes) -> Bytes = { $0 }
    let key: PrivateKey

    init() throws {
        key = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
        publicKey = key.publicKey.der
        subject = try Name([try Attribute(oid: .commonName, kind: .utf8, text: "Pump")]).der
    }

    func signed() throws -> Bytes {
        let info = sequence(version, subject, publicKey, attributes, behindInfo)
        let signature = damageSignature(try key.sign(info))
        return sequence(info, algorithm, DERWriter.encode { $0.bitString(signature, unused: unusedBits) }, behind)
    }

    /// `[0]` with these attributes, as they come.
    mutating func setAttributes(_ attributes: Bytes...) { self.attributes = element(0xa0, attributes.flatMap { $0 }) }

    static func attribute(_ oid: OID, _ values: Bytes...) -> Bytes { sequence(oid.encoded, element(0x31, values.flatMap { $0 })) }
    static func item(_ oid: OID, critical: Bytes = [], _ value: Bytes) -> Bytes { sequence(oid.encoded, critical, element(4, value)) }
    static let usage = item(.keyUsage, critical: [1, 1, 0xff], [3, 2, 7, 0x80])
}
