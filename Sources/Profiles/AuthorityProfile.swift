import Basics
import PKIX

extension Profile {
    /// The profile of an authority's own certificate, made from its document's members. The same engine fills and checks it:
    /// basicConstraints and keyUsage critical, both key identifiers, an end (never 9999), a subject without holes.
    /// - Parameters:
    ///   - name: the authority.
    ///   - issuer: the authority above it; nil for a root, whose issuer is ``ownIssuer(publicKey:)``.
    ///   - subject: text as for a profile's subject, `CN=Example Root CA, O=Example`.
    ///   - key: the only key algorithm.
    ///   - years: 1…100.
    ///   - pathLength: how many authorities may follow below it; nil for any number.
    ///   - signsRevocationLists: whether keyUsage has cRLSign beside keyCertSign.
    /// - Throws: `profile.document-invalid`, with the member.
    public static func authority(
        _ name: Handle, issuer: Handle?, subject: String, key: KeyAlgorithm, years: Int, pathLength: Int?,
        signsRevocationLists: Bool = true
    ) throws(Problem) -> Profile {
        var constraints: [String: JSON] = ["authority": .bool(true)]
        if let pathLength { constraints["pathLength"] = .integer(Int64(pathLength)) }
        let uses = signsRevocationLists ? ["keyCertSign", "cRLSign"] : ["keyCertSign"]
        let document: JSON = .object([
            "name": .string(name.description),
            "authority": .string((issuer ?? name).description),
            "subject": .string(subject),
            "keys": .array([.string(key.name)]),
            "validity": .object(["years": .integer(Int64(years))]),
            "basicConstraints": .object(constraints),
            "keyUsage": .array(uses.map { .string($0) }),
        ])
        return try Profile(document: document.canonicalBytes)
    }
}
