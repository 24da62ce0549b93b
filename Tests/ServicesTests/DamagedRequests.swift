import Approval
import Basics
import PKIX
import Proofs
import Testing

/// Certificate signing requests that are none.
enum DamagedRequests {
    /// At least sixty, each with a name.
    static func all() throws -> [(name: String, csr: Bytes)] {
        let key = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
        let good = try TestRequest.make(key)
        var damaged: [(String, Bytes)] = [
            ("octets of zero", Bytes(repeating: 0, count: 100)), ("an endless length", [0x30, 0x80] + good.dropFirst(2) + [0, 0]),
            ("one octet more", good + [0]), ("twice", good + good), ("a set", [0x31] + good.dropFirst()),
            ("a length of four octets", [0x30, 0x84, 0, 0, 0] + good.dropFirst(1)), ("text", Bytes("-----BEGIN NOTHING-----\n".utf8)),
            ("70,000 octets", [0x30, 0x83, 0x01, 0x11, 0x6c] + Bytes(repeating: 0x05, count: 69_996)),
            ("deep nesting", nested(2_000)),
            ("signed by another key", try signed(by: PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy()), over: key)),
            ("version 2", try TestRequest.make(key, version: 1)), ("no attributes", try TestRequest.make(key, attributes: false)),
        ]
        for cut in stride(from: 1, to: good.count, by: good.count / 20) { damaged.append(("cut at \(cut)", Bytes(good.prefix(cut)))) }
        for place in stride(from: 0, to: good.count, by: good.count / 40) {
            var octets = good
            octets[place] ^= 0xff
            damaged.append(("octet \(place) turned round", octets))
        }
        return damaged
    }

    private static func nested(_ depth: Int) -> Bytes {
        var octets: Bytes = []
        for _ in 0..<depth { octets = Bytes([0x30, 0x80]) + octets }
        return octets
    }

    private static func signed(by other: PrivateKey, over key: PrivateKey) throws -> Bytes {
        let request = try CertificateRequest(der: try TestRequest.make(key))
        let signature = try other.sign(request.info)
        return DERWriter.encode { writer in
            writer.sequence { writer in
                writer.raw(request.info)
                writer.raw(SignatureAlgorithm.ecdsaSHA256.identifier.der)
                writer.bitString(signature)
            }
        }
    }
}
