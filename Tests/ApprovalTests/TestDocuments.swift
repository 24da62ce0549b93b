import Approval
import Basics
import PKIX
import Profiles
import Testing

extension TestHouse {
    /// Policies, authorities with their keys, and profiles.
    static func makeDocuments(
        _ policies: [String: [String: JSON]]
    ) throws -> (keys: [String: PrivateKey], tbs: [String: TBSCertificate], bytes: [Digest32: Bytes]) {
        var bytes: [Bytes] = []
        for (name, quorum, days) in [("two-officers", 2, 5), ("one-officer", 1, 7), ("open", 1, 7)] as [(String, Int64, Int64)] {
            var members: [String: JSON] = [
                "name": .string(name), "quorum": .integer(quorum), "roles": .array([.string("registration-officer")]),
                "days": .integer(days),
            ]
            if name == "open" { members["withoutRequester"] = .bool(true) }
            bytes.append(JSON.object(members.merging(policies[name] ?? [:]) { $1 }).canonicalBytes)
        }
        for (name, approval, authority) in [
            ("device-identity", "two-officers", "devices"), ("lab", "one-officer", "lab"), ("kiosk", "open", "lab"),
        ] {
            bytes.append(try profile(name, approval: approval, authority: authority).canonicalBytes)
        }
        var keys: [String: PrivateKey] = [:]
        var tbs: [String: TBSCertificate] = [:]
        var root: AuthorityDocument?
        for (name, number, profiles) in [("root", 0x81, []), ("devices", 0x82, ["device-identity"]), ("lab", 0x83, ["kiosk", "lab"])]
            as [(String, UInt8, [String])]
        {
            let key = try PrivateKey.generate(.ecdsaP256, entropy: FixedEntropy(octets: Bytes(repeating: number, count: 32)))
            let made = try authority(name, key: key.publicKey, issuer: root, profiles: profiles)
            if root == nil { root = try AuthorityDocument(document: made.document) }
            keys[name] = key
            tbs[name] = made.tbs
            bytes.append(made.document)
        }
        return (keys, tbs, Dictionary(uniqueKeysWithValues: bytes.map { (Digest32(of: $0), $0) }))
    }

    static func profile(_ name: String, approval: String?, authority: String, _ changes: [String: JSON] = [:]) throws -> JSON {
        let text = """
            {
              "name": "\(name)", "authority": "\(authority)", "approval": "\(approval ?? "none")",
              "subject": "CN={model} {serial}, serialNumber={serial}, O=Example Devices",
              "fields": {"model": {"max": 32}, "serial": {"max": 32, "alphabet": "printable"}},
              "keys": ["ecdsa-p256"], "validity": {"days": 365}, "keyUsage": ["digitalSignature"]
            }
            """
        guard case .object(var members) = try JSON(parsing: Bytes(text.utf8)) else { return .null }
        if approval == nil { members["approval"] = nil }
        return .object(members.merging(changes) { $1 })
    }

    /// An authority's document and what its certificate will be.
    static func authority(
        _ name: String, key: SubjectPublicKeyInfo, issuer: AuthorityDocument?, profiles: [String], _ changes: [String: JSON] = [:]
    ) throws -> (document: Bytes, tbs: TBSCertificate) {
        var members: [String: JSON] = [
            "name": .string(name), "subject": .string("CN=\(name), O=Example"), "key": .string("ecdsa-p256"), "years": .integer(20),
            "purposes": .array((issuer == nil ? ["authority", "crl"] : ["certificate", "crl"]).map { .string($0) }),
            "publicKey": .string(key.der.base64), "content": .string(Digest32.zero.base64),
        ]
        if let issuer { members["issuer"] = .string(issuer.name.description) }
        if !profiles.isEmpty { members["profiles"] = .array(profiles.map { .string($0) }) }
        members.merge(changes) { $1 }
        let unfinished = try AuthorityDocument(document: JSON.object(members).canonicalBytes)
        let filling = Filling(
            serial: SerialNumber(at: now, random: Bytes(repeating: key.digest.bytes[0], count: 16)), now: now.adding(days: -1),
            publicKey: key,
            fields: [:], request: nil)
        let tbs = try unfinished.template.fill(filling, issuer: try (issuer ?? unfinished).asIssuer())
        members["content"] = .string(tbs.content.base64)
        return (JSON.object(members).canonicalBytes, tbs)
    }
}

extension Roster.Document {
    /// The line for a document's bytes.
    init(_ digest: Digest32, _ bytes: Bytes) throws {
        guard case .object(let members) = try JSON(canonical: bytes), case .string(let name)? = members["name"] else {
            throw Refusal.note("name")
        }
        let kind: DocumentKind = members["quorum"] != nil ? .approval : members["purposes"] != nil ? .authority : .profile
        self.init(kind: kind, name: try .named(name), digest: digest)
    }
}
