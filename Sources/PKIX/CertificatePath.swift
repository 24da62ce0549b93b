import Basics

/// Path validation (RFC 5280 §6.1) from a trusted certificate to one that is asked about, for both of a certificate's signatures: names,
/// validity, constraints and usages count once, signatures by what is required. There are no policies and no name constraints here:
/// a critical extension that is not understood fails, and so does an authority with name constraints. Names are compared octet for octet.
public struct CertificatePath: Sendable {
    /// Which signatures must hold, on every certificate of the path.
    public enum Requirement: String, Hashable, Sendable, CaseIterable {
        case classical, alternative, both

        func requires(_ slot: SignatureSlot) -> Bool { self == .both || rawValue == slot.rawValue }
    }

    /// One thing that was looked at.
    public struct Finding: Hashable, Sendable {
        public enum Level: String, Hashable, Sendable {
            case ok, fail
            /// It does not hold, and was not required.
            case note
        }

        /// Place in the path: 0 is the certificate that is asked about.
        public let certificate: Int
        /// `issuer`, `validity`, `authority`, `extensions`, `signature`, `alternative`.
        public let name: String
        public let level: Level
        public let text: String
    }

    /// From the certificate asked about to the trusted one, as far as it was found.
    public let certificates: [Certificate]
    public let findings: [Finding]

    public var isValid: Bool { !findings.contains { $0.level == .fail } }
    /// The first thing that fails, nil when nothing does.
    public var failure: Finding? { findings.first { $0.level == .fail } }

    public static let mostOthers = 100

    /// - Parameters:
    ///   - others: certificates that may stand between; no trust is put in them.
    ///   - anchors: what is trusted.
    ///   - time: at which the path is to hold.
    public init(
        of certificate: Certificate, through others: [Certificate], to anchors: [Certificate], requiring requirement: Requirement,
        at time: UTCTime
    ) {
        var search = PathSearch(others: others.prefix(Self.mostOthers), anchors: anchors.prefix(Self.mostOthers))
        search.extend([certificate])
        // An issuer may have several certificates: one that expired, one without second key. The shortest path that holds is the answer.
        var first: (certificates: [Certificate], findings: [Finding])?
        for path in search.complete.sorted(by: { $0.count < $1.count }) {
            let findings = Self.findings(path, isComplete: true, requirement, time)
            first = first ?? (path, findings)
            guard findings.contains(where: { $0.level == .fail }) else {
                first = (path, findings)
                break
            }
        }
        let chosen = first ?? (search.longest, Self.findings(search.longest, isComplete: false, requirement, time))
        certificates = chosen.certificates
        findings = chosen.findings
    }

    private static func findings(
        _ path: [Certificate], isComplete: Bool, _ requirement: Requirement, _ time: UTCTime
    ) -> [Finding] {
        var findings: [Finding] = []
        for (number, one) in path.enumerated() {
            findings.append(validity(one, number, time))
            findings.append(extensions(one, number))
            if number > 0 { findings.append(authority(one, number, below: path[..<number])) }
            if number + 1 < path.count {
                findings += signatures(one, number, by: path[number + 1], requirement)
            } else if !isComplete {
                findings.append(Finding(certificate: number, name: "issuer", level: .fail, text: withoutIssuer(one)))
            } else {
                findings.append(trusted(one, number, requirement, isAlone: path.count == 1))
                if one.isAlteredRoot {
                    findings.append(
                        Finding(
                            certificate: number, name: "signature", level: .note,
                            text: "It names itself as its issuer, and its key did not sign it as it is. Compare it with another copy."))
                }
            }
        }
        return findings
    }

    private static func withoutIssuer(_ one: Certificate) -> String {
        guard one.tbs.subject == one.tbs.issuer else { return "Its issuer, \(one.tbs.issuer.description), is neither given nor trusted." }
        return one.isAlteredRoot
            ? "It names itself as its issuer, and its key did not sign it as it is: it was altered, or another key's certificate is missing."
            : "It is its own issuer, and not trusted."
    }

    private static func validity(_ one: Certificate, _ number: Int, _ time: UTCTime) -> Finding {
        let validity = one.tbs.validity
        let end = validity.notAfter == .never ? "without end" : "until \(validity.notAfter)"
        let holds = validity.notBefore <= time && time <= validity.notAfter
        return Finding(
            certificate: number, name: "validity", level: holds ? .ok : .fail,
            text: holds ? "Valid from \(validity.notBefore) \(end)." : "At \(time) it is not valid: from \(validity.notBefore) \(end).")
    }

    private static let understood = Set(OID.alternativeSignature).union([
        .basicConstraints, .keyUsage, .extendedKeyUsage, .subjectAlternativeName, .subjectKeyIdentifier, .authorityKeyIdentifier,
    ])

    private static func extensions(_ one: Certificate, _ number: Int) -> Finding {
        // Name constraints limit what is below, also where somebody forgot to make them critical (RFC 5280 §4.2.1.10).
        let unknown = one.tbs.extensions.first { ($0.isCritical || $0.oid == .nameConstraints) && !understood.contains($0.oid) }
        return Finding(
            certificate: number, name: "extensions", level: unknown == nil ? .ok : .fail,
            text: unknown.map { "The extension \($0.oid) limits it, and is not understood here." }
                ?? "Every extension that could limit it is understood.")
    }

    private static func authority(_ one: Certificate, _ number: Int, below: ArraySlice<Certificate>) -> Finding {
        func fail(_ text: String) -> Finding { Finding(certificate: number, name: "authority", level: .fail, text: text) }
        guard let constraints = one.tbs.value(of: .basicConstraints).flatMap({ try? BasicConstraints(der: $0.value) }),
            constraints.isAuthority
        else { return fail("It is no authority's: basicConstraints do not say so.") }
        // Who issues has to write keyUsage (RFC 5280 §4.2.1.3), who verifies asks it only where it is (§6.1.4 (n)), like everybody else.
        let usage = one.tbs.value(of: .keyUsage)
        if let usage, (try? KeyUsage(der: usage.value))?.contains(.keyCertSign) != true {
            return fail("Its key may not sign certificates: keyUsage does not say keyCertSign.")
        }
        // Authorities between it and the certificate that is asked about; those that issued themselves do not count.
        let between = below.dropFirst().count { $0.tbs.subject != $0.tbs.issuer }
        if let most = constraints.pathLength, between > most {
            return fail("\(between) authorities stand below it, and it allows \(most).")
        }
        return Finding(
            certificate: number, name: "authority", level: .ok,
            text: usage == nil
                ? "An authority; no keyUsage limits its key." : "An authority, and its key may sign certificates.")
    }

    private static func signatures(
        _ one: Certificate, _ number: Int, by issuer: Certificate, _ requirement: Requirement
    ) -> [Finding] {
        let alternativeKey: Result<SubjectPublicKeyInfo?, PKIXError>
        do { alternativeKey = .success(try issuer.tbs.alternativePublicKey()) } catch { alternativeKey = .failure(error) }
        let second: SignatureVerdict =
            switch alternativeKey {
            case .success(let key): one.alternativeVerdict(by: key)
            case .failure(let error): one.tbs.alternativeSignature == nil ? .absent : .unknown(error)
            }
        let verdicts: [(SignatureSlot, SignatureVerdict, String)] = [
            (.classical, one.classicalVerdict(by: issuer.tbs.publicKey), name(one.signatureAlgorithm)),
            (.alternative, second, (try? one.tbs.alternativeSignatureAlgorithm())?.name ?? ""),
        ]
        return verdicts.map { slot, verdict, algorithm in
            Finding(
                certificate: number, name: slot == .classical ? "signature" : "alternative",
                level: verdict == .valid ? .ok : requirement.requires(slot) ? .fail : .note, text: words(verdict, slot, algorithm))
        }
    }

    private static func name(_ identifier: AlgorithmIdentifier) -> String {
        (try? SignatureAlgorithm(identifier))?.name ?? identifier.oid.description
    }

    private static func words(_ verdict: SignatureVerdict, _ slot: SignatureSlot, _ algorithm: String) -> String {
        let kind = slot == .classical ? "signature" : "alternative signature"
        return switch verdict {
        case .valid: "The \(kind) (\(algorithm)) is its issuer's."
        case .absent: "It has no \(kind)."
        case .withoutKey: "It has an \(kind), and its issuer has no alternative key."
        case .invalid: "The \(kind) is not its issuer's: something in the certificate was altered, or another key signed it."
        case .unknown(let error): "The \(kind) cannot be verified: \(error.text)."
        }
    }

    /// What is trusted is not proven by a signature of its own; but where alternative signatures count it must have the key for them.
    private static func trusted(_ one: Certificate, _ number: Int, _ requirement: Requirement, isAlone: Bool) -> Finding {
        if !isAlone, requirement.requires(.alternative), one.tbs.value(of: .subjectAltPublicKeyInfo) == nil {
            return Finding(
                certificate: number, name: "alternative", level: .fail,
                text: "It is trusted, and has no alternative key: nothing below it can be verified by one.")
        }
        return Finding(certificate: number, name: "issuer", level: .ok, text: "Trusted: you named it.")
    }
}

extension Certificate {
    /// It names itself as its issuer, and its own key did not sign what it says: altered, or a root's new key certified by its old one.
    public var isAlteredRoot: Bool { tbs.subject == tbs.issuer && classicalVerdict(by: tbs.publicKey) == .invalid }
}

/// Finds the paths to what is trusted, upwards by names and key identifiers.
private struct PathSearch {
    private static let longest = 10
    /// Very many certificates of one name, given to keep somebody busy, end the search.
    private static let mostSteps = 256

    let others: ArraySlice<Certificate>
    let anchors: ArraySlice<Certificate>
    private(set) var complete: [[Certificate]] = []
    /// The longest that reached nothing that is trusted.
    private(set) var longest: [Certificate] = []
    private var steps = 0

    init(others: ArraySlice<Certificate>, anchors: ArraySlice<Certificate>) {
        self.others = others
        self.anchors = anchors
    }

    mutating func extend(_ path: [Certificate]) {
        guard let last = path.last, steps < Self.mostSteps else { return }
        steps += 1
        if anchors.contains(last) { return complete.append(path) }
        if path.count > longest.count { longest = path }
        guard path.count < Self.longest else { return }
        let candidates = (anchors + others).filter {
            $0.tbs.subject == last.tbs.issuer && Self.identifies($0, last) && !path.contains($0)
        }
        // Whoever has signed comes first: of namesakes with other keys there may be many.
        let signed = candidates.map { last.isSigned(by: $0.tbs.publicKey) }
        for wanted in [true, false] {
            for (issuer, hasSigned) in zip(candidates, signed) where hasSigned == wanted { extend(path + [issuer]) }
        }
    }

    /// False only where both sides name a key, and different ones.
    private static func identifies(_ issuer: Certificate, _ subject: Certificate) -> Bool {
        guard let own = issuer.tbs.value(of: .subjectKeyIdentifier).flatMap({ try? SubjectKeyIdentifier(der: $0.value) }),
            let named = subject.tbs.value(of: .authorityKeyIdentifier).flatMap({ try? AuthorityKeyIdentifier(der: $0.value) })?
                .keyIdentifier
        else { return true }
        return own.bytes == named
    }
}
