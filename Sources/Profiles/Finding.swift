import Basics
import PKIX

/// What a lint rule says about a certificate's content.
public struct Finding: Hashable, Sendable {
    public enum Severity: String, Hashable, Sendable, CaseIterable {
        /// Not issued, whatever the profile says.
        case error
        /// Not issued unless the profile waives the rule by its id.
        case warning
        /// Shown, nothing else.
        case note
    }

    /// The rule's id: `time.within-issuer`. Stable.
    public let id: String
    public let severity: Severity
    /// What is wrong, in words; text from the certificate is escaped.
    public let text: String
}

/// One rule: what it is called, how heavy it weighs, and when it is broken.
struct LintRule: Sendable {
    let id: String
    let severity: Finding.Severity
    /// What is wrong, nil when nothing is.
    let breach: @Sendable (LintView) -> String?

    init(_ id: String, _ severity: Finding.Severity, _ breach: @escaping @Sendable (LintView) -> String?) {
        self.id = id
        self.severity = severity
        self.breach = breach
    }

    /// Every rule that a template could break. What ``TBSCertificate`` cannot hold at all (v1, serial numbers of 0 or 21 octets,
    /// unique identifiers, written defaults, double extensions, wrong time types, an end before the beginning, keys that are not on
    /// their curve) needs no rule here.
    static let all: [LintRule] = frame + names + authorities + keyUsages + alternativeNames + others
}

extension Profile {
    /// The rules that `tbs` breaks, in the rules' order. Nothing is signed or verified here.
    public func lint(_ tbs: TBSCertificate, issuer: Issuer) -> [Finding] {
        let view = LintView(tbs: tbs, issuer: issuer, named: template.extensions.map(\.oid))
        return LintRule.all.compactMap { rule in
            rule.breach(view).map { Finding(id: rule.id, severity: rule.severity, text: $0) }
        }
    }
}

/// A certificate's content, taken apart once for all rules.
struct LintView: Sendable {
    let tbs: TBSCertificate
    /// Of the subject, all RDNs' one after the other.
    let attributes: [Attribute]
    let issuer: Issuer
    /// The extensions that the profile has.
    let named: [OID]
    let constraints: BasicConstraints?
    let usage: KeyUsage?
    let purposes: [OID]?
    let names: [GeneralName]?
    let authorityKey: AuthorityKeyIdentifier?
    let subjectKey: SubjectKeyIdentifier?
    /// Known extensions whose value has not their form.
    let malformed: [OID]

    init(tbs: TBSCertificate, issuer: Issuer, named: [OID]) {
        self.tbs = tbs
        attributes = tbs.subject.rdns.flatMap { $0 }
        self.issuer = issuer
        self.named = named
        var malformed: [OID] = []
        func parsed<Value>(_ oid: OID, _ parse: (Bytes) throws -> Value) -> Value? {
            guard let found = tbs.extensions.first(where: { $0.oid == oid }) else { return nil }
            do { return try parse(found.value) } catch {
                malformed.append(oid)
                return nil
            }
        }
        constraints = parsed(.basicConstraints) { try BasicConstraints(der: $0) }
        usage = parsed(.keyUsage) { try KeyUsage(der: $0) }
        purposes = parsed(.extendedKeyUsage) { try ExtendedKeyUsage(der: $0).purposes }
        names = parsed(.subjectAlternativeName) { try SubjectAlternativeName(der: $0).names }
        authorityKey = parsed(.authorityKeyIdentifier) { try AuthorityKeyIdentifier(der: $0) }
        subjectKey = parsed(.subjectKeyIdentifier) { try SubjectKeyIdentifier(der: $0) }
        self.malformed = malformed
    }

    var isAuthority: Bool { constraints?.isAuthority ?? false }
    var isSelfIssued: Bool { tbs.subject.der == tbs.issuer.der }
    var hasEmptySubject: Bool { tbs.subject.rdns.isEmpty }

    func has(_ oid: OID) -> Bool { self[oid] != nil }
    subscript(oid: OID) -> Extension? { tbs.extensions.first { $0.oid == oid } }
}
