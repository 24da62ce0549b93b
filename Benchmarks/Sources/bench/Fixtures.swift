import Basics
import PKIX

enum Fixtures {
    static let profile: [String: JSON] = [
        "name": .string("device-identity"), "authority": .string("devices"), "approval": .string("two-officers"),
        "subject": .string("CN={model} {serial}, serialNumber={serial}, O=Example Devices"),
        "fields": .object([
            "model": .object(["max": .integer(24)]), "serial": .object(["max": .integer(32), "alphabet": .string("printable")]),
        ]), "keys": .array([.string("ecdsa-p256")]), "validity": .object(["until": .string("never")]),
        "keyUsage": .array([.string("digitalSignature")]),
    ]
    static let root: [String: JSON] = [
        "name": .string("root"), "subject": .string("CN=Root, O=Example"), "key": .string("ecdsa-p256"), "years": .integer(30),
        "purposes": .array([.string("authority"), .string("crl")]),
    ]
    static let devices: [String: JSON] = [
        "name": .string("devices"), "issuer": .string("root"), "subject": .string("CN=Issuing, O=Example"), "key": .string("ecdsa-p256"),
        "years": .integer(20), "pathLength": .integer(0), "purposes": .array([.string("certificate"), .string("crl")]),
        "profiles": .array([.string("device-identity")]),
    ]
    static let policy: [String: JSON] = [
        "name": .string("two-officers"), "quorum": .integer(2), "roles": .array([.string("registration-officer")]), "days": .integer(7),
    ]

    static func request(_ key: PrivateKey) throws -> Bytes {
        let subject = try Name([try Attribute(oid: .commonName, kind: .utf8, text: "device")])
        let info = DERWriter.encode { writer in
            writer.sequence { writer in
                writer.integer(0)
                writer.raw(subject.der)
                writer.raw(key.publicKey.der)
                writer.constructed(.context(0, constructed: true)) { _ in }
            }
        }
        let signature = try key.sign(info)
        return DERWriter.encode { writer in
            writer.sequence { writer in
                writer.raw(info)
                writer.raw(SignatureAlgorithm.ecdsaSHA256.identifier.der)
                writer.bitString(signature)
            }
        }
    }
}
