import Basics

/// Path validation (RFC 5280 §6.1) from a trusted certificate to one that is asked about, for both of a certificate's signatures: names,
/// validity, constraints and usages count once, signatures by what is required. There are no policies and no name constraints here:
/// a critical extension that is not understood fails.
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

    private static let longest = 10
    public static let mostOthers = 100

    /// - Parameters:
    ///   - others: certificates that may stand between; no trust is put in them.
    ///   - anchors: what is trusted.
    ///   - time: at which the path is to hold.
    public init(
        of certificate: Certificate, through others: [Certificate], to anchors: [Certificate], requiring requirement: Requirement,
        at time: UTCTime
    ) {
        let (path, isComplete) = Self.path(of: certificate, others.prefix(Self.mostOthers), anchors.prefix(Self.mostOthers))
        certificates = path
        var findings: [Finding] = []
        for (number, one) in path.enumerated() {
            findings.append(Self.validity(one, number, time))
            findings.append(Self.extensions(one, number))
            if number > 0 { findings.append(Self.authority(one, number, below: path[..<number])) }
            if number + 1 < path.count {
                findings += Self.signatures(one, number, by: path[number + 1], requirement)
            } else if !isComplete {
                findings.append(
                    Finding(
                        certificate: number, name: "issuer", level: .fail,
                        text: "Its issuer, \(one.tbs.issuer.description), is neither given nor trusted."))
            } else {
                findings.append(Self.trusted(one, number, requirement, isAlone: path.count == 1))
            }
        }
        self.findings = findings
    }

    /// Upwards by names and key identifiers; of several candidates the first that has signed, else the first.
    private static func path(
        of certificate: Certificate, _ others: ArraySlice<Certificate>, _ anchors: ArraySlice<Certificate>
    ) -> (path: [Certificate], isComplete: Bool) {
        var path = [certificate]
        while let last = path.last, path.count < longest {
            if anchors.contains(last) { return (path, true) }
            func fits(_ issuer: Certificate) -> Bool {
                issuer.tbs.subject == last.tbs.issuer && identifies(issuer, last) && !path.contains(issuer)
            }
            let candidates = anchors.filter(fits) + others.filter(fits)
            guard let next = candidates.first(where: { last.isSigned(by: $0.tbs.publicKey) }) ?? candidates.first else { break }
            path.append(next)
        }
        return (path, path.last.map { anchors.contains($0) } ?? false)
    }

    /// False only where both sides name a key, and different ones.
    private static func identifies(_ issuer: Certificate, _ subject: Certificate) -> Bool {
        guard let own = issuer.tbs.value(of: .subjectKeyIdentifier).flatMap({ try? SubjectKeyIdentifier(der: $0.value) }),
            let named = subject.tbs.value(of: .authorityKeyIdentifier).flatMap({ try? AuthorityKeyIdentifier(der: $0.value) })?
                .keyIdentifier
        else { return true }
        return own.bytes == named
    }

    private static func validity(_ one: Certificate, _ number: Int, _ time: UTCTime) -> Finding {
        let validity = one.tbs.validity
        let end = validity.notAfter == .never ? "without end" : "until \(validity.notAfter)"
        let holds = validity.notBefore <= time && time <= validity.notAfter
        return Finding(
            certificate: number, name: "validity", level: holds ? .ok : .fail,
            text: holds ? "Valid from \(validity.notBefore) \(end)." : "At \(time) it is not valid: from \(validity.notBefore) \(end).")
    }

    private static let understood: Set<OID> = [
        .basicConstraints, .keyUsage, .extendedKeyUsage, .subjectAlternativeName, .subjectKeyIdentifier, .authorityKeyIdentifier,
        .subjectAltPublicKeyInfo, .altSignatureAlgorithm, .altSignatureValue,
    ]

    private static func extensions(_ one: Certificate, _ number: Int) -> Finding {
        let unknown = one.tbs.extensions.first { $0.isCritical && !understood.contains($0.oid) }
        return Finding(
            certificate: number, name: "extensions", level: unknown == nil ? .ok : .fail,
            text: unknown.map { "The critical extension \($0.oid) is not understood here." } ?? "Every critical extension is understood.")
    }

    private static func authority(_ one: Certificate, _ number: Int, below: ArraySlice<Certificate>) -> Finding {
        func fail(_ text: String) -> Finding { Finding(certificate: number, name: "authority", level: .fail, text: text) }
        guard let constraints = one.tbs.value(of: .basicConstraints).flatMap({ try? BasicConstraints(der: $0.value) }),
            constraints.isAuthority
        else { return fail("It is no authority's: basicConstraints do not say so.") }
        guard let usage = one.tbs.value(of: .keyUsage).flatMap({ try? KeyUsage(der: $0.value) }), usage.contains(.keyCertSign) else {
            return fail("Its key may not sign certificates: keyUsage does not say keyCertSign.")
        }
        // Authorities between it and the certificate that is asked about; those that issued themselves do not count.
        let between = below.dropFirst().count { $0.tbs.subject != $0.tbs.issuer }
        if let most = constraints.pathLength, between > most {
            return fail("\(between) authorities stand below it, and it allows \(most).")
        }
        return Finding(certificate: number, name: "authority", level: .ok, text: "An authority, and its key may sign certificates.")
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
        if requirement.requires(.alternative), one.tbs.value(of: .subjectAltPublicKeyInfo) == nil {
            return Finding(
                certificate: number, name: "alternative", level: .fail,
                text: "It is trusted, and has no alternative key: nothing below it can be verified by one.")
        }
        return Finding(certificate: number, name: "issuer", level: .ok, text: "Trusted: you named it.")
    }
}
