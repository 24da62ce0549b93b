import Basics
import PKIX

/// What a certificate looks like: a template whose holes are filled for each request, and the limits of what may fill them.
///
/// The document is the canonical JSON of one entry under `profiles:`, with its `name`:
///
/// | member | meaning |
/// |---|---|
/// | `name`, `authority`, `approval` | the profile, who issues, and which approval policy decides (optional here) |
/// | `subject` | ``SubjectTemplate``'s text; absent or empty: the empty name, subjectAltName is critical |
/// | `printable` | subject attributes that are PrintableString instead of UTF8String |
/// | `fields` | name → `max`, and optionally `min`, `alphabet` (``Alphabet``) |
/// | `keys` | names of accepted key algorithms |
/// | `keyReuse` | `same-subject` (default) or `never`: ``KeyReuse`` |
/// | `leniencies` | `absentAttributes`, `explicitFalse`: what is forgiven in requests |
/// | `validity` | `{"until": "never"}`, `{"days": n}` or `{"years": n}`; `skew` in seconds, 300 unless given |
/// | `basicConstraints` | `"absent"` (default), `"end-entity"`, or `{"authority": true, "pathLength": n}` |
/// | `keyUsage`, `extendedKeyUsage` | lists of names (purposes also as dotted object identifiers); absent: no extension |
/// | `subjectAltName` | ``GeneralNameTemplate``'s list |
/// | `subjectKeyIdentifier` | false: none; 802.1AR advises that for IDevIDs, RFC 5280 the contrary, which is the default |
/// | `alternativeKeys` | optional: the second key's accepted algorithms; each request then brings one |
/// | `critical` | extension's name → true or false, where it is not as usual |
/// | `extensions` | list of `oid`, `critical`, `value` (``ValueTree``); their order is kept |
/// | `require` | ``Predicate``'s list |
/// | `waive` | ids of lint warnings that are accepted |
///
/// A certificate has these extensions and no other, in this order: subjectKeyIdentifier, authorityKeyIdentifier,
/// basicConstraints, keyUsage, extKeyUsage, subjectAltName, then `extensions`; behind them subjectAltPublicKeyInfo with `alternativeKeys`, and
/// altSignatureAlgorithm where the authority signs twice.
public struct Profile: Hashable, Sendable {
    public let name: Handle
    /// The authority that issues under this profile; a root's own profile names itself.
    public let authority: Handle
    /// The approval policy that decides; nil where no request is opened under the profile.
    public let approval: Handle?
    public let keys: [KeyAlgorithm]
    /// Kinds of the second key that each certificate carries (X.509 §9.8); empty: there is none, and none is accepted.
    public let alternativeKeys: [KeyAlgorithm]
    public let keyReuse: KeyReuse
    /// What is forgiven in requests; nothing unless the document names it.
    public let leniencies: Set<CertificateRequest.Leniency>
    /// What each request must give, sorted by name.
    public let fields: [Field]
    public let validity: ValidityRule
    /// Whether its certificates are authorities'.
    public let isAuthority: Bool
    /// The document, octet for octet.
    public let document: Bytes

    /// When a key that was certified before may be certified again.
    public enum KeyReuse: String, Hashable, Sendable, CaseIterable {
        /// For whom it was certified before: the same subject, or the same subjectAltName where the subject is empty.
        case sameSubject = "same-subject"
        /// Each certificate needs a new key.
        case never
    }

    let template: Template

    /// Seconds by which a certificate begins before it is made.
    public var skew: Int64 { validity.skew }

    /// SHA-256 of ``document``.
    public var digest: Digest32 { Digest32(of: document) }

    /// - Parameter document: canonical JSON of at most 64 KiB.
    /// - Throws: `profile.document-invalid`; the field says where. Unknown members, fields that stand nowhere, holes whose value
    ///   could not be told from what stands beside it, and certificates that no issuer could make are refused here.
    public init(document: Bytes) throws(Problem) {
        let json: JSON
        do { json = try JSON(canonical: document) } catch {
            throw .document("The document is not canonical JSON.", "document")
        }
        var members = try JSONFields(json, code: Problem.documentCode)
        name = try members.handle("name")
        authority = try members.handle("authority")
        approval = members.optional("approval") == nil ? nil : try members.handle("approval")
        keys = try Self.keys(&members, "keys")
        alternativeKeys = members.optional("alternativeKeys") == nil ? [] : try Self.keys(&members, "alternativeKeys")
        keyReuse =
            members.optional("keyReuse") == nil
            ? .sameSubject
            : try members.parsed("keyReuse", expected: KeyReuse.allCases.map(\.rawValue).joined(separator: " or ")) {
                KeyReuse(rawValue: $0)
            }
        leniencies = try Self.leniencies(&members)
        var fields: [String: Field] = [:]
        if members.optional("fields") != nil, case .object(let documents) = try members.any("fields") {
            for (name, document) in documents { fields[name] = try Field(name: name, document: document) }
        } else if members.optional("fields") != nil {
            throw members.wrong("fields", expected: "an object")
        }
        guard fields.count <= 32 else { throw members.wrong("fields", expected: "at most 32 fields") }
        self.fields = fields.values.sorted { $0.name < $1.name }
        validity = try ValidityRule(document: members.object("validity"))
        template = try Template(&members, fields: fields)
        isAuthority = template.isAuthority
        try members.end()
        self.document = document
        try checkLimits()
    }

    private static func keys(_ members: inout JSONFields, _ member: String) throws(Problem) -> [KeyAlgorithm] {
        var keys: [KeyAlgorithm] = []
        for name in try members.strings(member) {
            guard let key = KeyAlgorithm(named: name), !keys.contains(key) else {
                throw members.wrong(member, expected: "some of \(KeyAlgorithm.known.map(\.name).joined(separator: ", "))")
            }
            keys.append(key)
        }
        guard !keys.isEmpty else { throw members.wrong(member, expected: "at least one key algorithm") }
        return keys
    }

    private static func leniencies(_ members: inout JSONFields) throws(Problem) -> Set<CertificateRequest.Leniency> {
        var found: Set<CertificateRequest.Leniency> = []
        guard members.optional("leniencies") != nil else { return found }
        for name in try members.strings("leniencies") {
            guard let one = CertificateRequest.Leniency(rawValue: name), found.insert(one).inserted else {
                let all = CertificateRequest.Leniency.allCases.map(\.rawValue).joined(separator: ", ")
                throw members.wrong("leniencies", expected: "some of \(all), each once")
            }
        }
        return found
    }

    /// What stands in the document but could never be issued.
    private func checkLimits() throws(Problem) {
        if isAuthority, validity.span == .never {
            throw .document("An authority's certificate has an end; give validity days or years.", "validity.until")
        }
        if isAuthority, template.hasEmptySubject { throw .document("An authority needs a subject.", "subject") }
        if template.hasEmptySubject, !template.hasAlternativeName {
            throw .document("A certificate without subject needs a subjectAltName.", "subject")
        }
    }
}
