import Basics
import PKIX

extension Profile {
    /// The profile of an authority's own certificate, made from its document. The same engine fills and checks it:
    /// basicConstraints and keyUsage critical, both key identifiers, an end (never 9999), a subject without holes. A root's issuer
    /// is ``ownIssuer(publicKey:)``.
    ///
    /// | member | meaning |
    /// |---|---|
    /// | `name` | the authority |
    /// | `issuer` | the authority above it; absent for a root |
    /// | `subject` | text as for a profile's subject, `CN=Example Root CA, O=Example` |
    /// | `key` | the only key algorithm |
    /// | `alternative` | the only algorithm of its second key; absent: it has none |
    /// | `years` | 1…100 |
    /// | `pathLength` | how many authorities may follow below it, 0…16; absent: any number |
    /// | `purposes` | `authority` or `certificate`: keyCertSign; `crl`: cRLSign |
    ///
    /// Other members of the document are not read here.
    /// - Throws: `profile.document-invalid`, with the member.
    public static func authority(document: JSON) throws(Problem) -> Profile {
        var members = try JSONFields(document, code: Problem.documentCode)
        let name = try members.handle("name")
        let issuer = members.optional("issuer") == nil ? name : try members.handle("issuer")
        let years = try members.integer("years")
        guard (1...100).contains(years) else { throw members.wrong("years", expected: "1 to 100") }
        var constraints: [String: JSON] = ["authority": .bool(true)]
        if let length = try members.optionalInteger("pathLength") {
            guard (0...16).contains(length) else { throw members.wrong("pathLength", expected: "0 to 16") }
            constraints["pathLength"] = .integer(length)
        }
        let key = try members.string("key")
        guard KeyAlgorithm(named: key) != nil else {
            throw members.wrong("key", expected: "one of \(KeyAlgorithm.known.map(\.name).joined(separator: ", "))")
        }
        let purposes = try members.strings("purposes")
        guard purposes.contains("authority") || purposes.contains("certificate") else {
            throw members.wrong("purposes", expected: "authority or certificate")
        }
        var alternative: String?
        if members.optional("alternative") != nil {
            let named = try members.string("alternative")
            guard KeyAlgorithm(named: named) != nil else {
                throw members.wrong("alternative", expected: "one of \(KeyAlgorithm.known.map(\.name).joined(separator: ", "))")
            }
            alternative = named
        }
        var profile: [String: JSON] = [
            "name": .string(name.description),
            "authority": .string(issuer.description),
            "subject": .string(try members.string("subject")),
            "keys": .array([.string(key)]),
            "validity": .object(["years": .integer(years)]),
            "basicConstraints": .object(constraints),
            "keyUsage": .array(purposes.contains("crl") ? [.string("keyCertSign"), .string("cRLSign")] : [.string("keyCertSign")]),
        ]
        if let alternative { profile["alternativeKeys"] = .array([.string(alternative)]) }
        return try Profile(document: JSON.object(profile).canonicalBytes)
    }
}
