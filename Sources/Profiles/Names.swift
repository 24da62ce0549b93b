import Basics
import PKIX

/// The names of keyUsage bits as profiles write them (RFC 5280 §4.2.1.3).
enum KeyUsageNames {
    static let all: [(name: String, bit: KeyUsage)] = [
        ("digitalSignature", .digitalSignature), ("nonRepudiation", .nonRepudiation), ("keyEncipherment", .keyEncipherment),
        ("dataEncipherment", .dataEncipherment), ("keyAgreement", .keyAgreement), ("keyCertSign", .keyCertSign),
        ("cRLSign", .cRLSign), ("encipherOnly", .encipherOnly), ("decipherOnly", .decipherOnly),
    ]

    /// - Throws: `profile.document-invalid`.
    static func value(_ names: [String]) throws(Problem) -> KeyUsage {
        var usage: KeyUsage = []
        for name in names {
            guard let bit = all.first(where: { $0.name == name })?.bit, !usage.contains(bit) else {
                throw .document("\(name.escaped): each of \(all.map(\.name).joined(separator: ", ")) may stand there once.", "keyUsage")
            }
            usage.insert(bit)
        }
        guard !usage.isEmpty else { throw .document("keyUsage has at least one use, or is left away.", "keyUsage") }
        return usage
    }
}

/// Purposes of extKeyUsage that have a name here; a profile writes others as dotted object identifiers.
struct Purpose: Hashable, Sendable {
    let name: String
    let oid: OID
    /// For people: "be a TLS client".
    let words: String
}

extension Purpose {
    static let known = [
        Purpose(name: "serverAuth", oid: .serverAuth, words: "be a TLS server"),
        Purpose(name: "clientAuth", oid: .clientAuth, words: "be a TLS client"),
        Purpose(name: "codeSigning", oid: .codeSigning, words: "sign code"),
        Purpose(name: "emailProtection", oid: .emailProtection, words: "sign and decrypt mail"),
        Purpose(name: "timeStamping", oid: .timeStamping, words: "sign time-stamps"),
        Purpose(name: "OCSPSigning", oid: .ocspSigning, words: "answer for revocation status"),
        Purpose(name: "any", oid: .anyExtendedKeyUsage, words: "any purpose"),
    ]

    static func words(of oid: OID) -> String {
        guard let purpose = known.first(where: { $0.oid == oid }) else { return oid.description }
        return "\(purpose.words) (\(purpose.name))"
    }
}
