import Basics
import PKIX
import Profiles

/// How many people of which roles must approve.
public struct ApprovalPolicy: Hashable, Sendable {
    public let name: Handle
    /// At least 1; how many distinct people approve.
    public let quorum: Int
    /// A voter holds one of these.
    public let roles: [Role]
    /// How long a statement stays open, 1 to 7.
    public let days: Int64
    /// Whether a request may come without a person; then one more approves.
    public let allowsNoRequester: Bool

    /// - Parameter document: canonical JSON: `name`, `quorum`, `roles`, `days`, and `withoutRequester` if it is true.
    public init(document: Bytes) throws(Problem) {
        var fields = try JSONFields(try JSON(document: document), code: "document.approval-invalid")
        name = try fields.handle("name")
        let quorum = try fields.integer("quorum")
        guard (1...100).contains(quorum) else { throw fields.wrong("quorum", expected: "a number from 1 to 100") }
        self.quorum = Int(quorum)
        var roles: [Role] = []
        for text in try fields.strings("roles") {
            guard let role = Role(rawValue: text), !roles.contains(role) else {
                throw fields.wrong("roles", expected: "one or more of " + Role.allCases.map(\.rawValue).joined(separator: ", "))
            }
            roles.append(role)
        }
        guard !roles.isEmpty else { throw fields.wrong("roles", expected: "at least one role") }
        self.roles = roles
        days = try fields.integer("days")
        guard (1...7).contains(days) else { throw fields.wrong("days", expected: "a number from 1 to 7") }
        allowsNoRequester = try fields.bool("withoutRequester", default: false)
        try fields.end()
    }
}

/// A certificate authority: its key, what the key may sign, and the hash of its own certificate's content. The roster's quorum
/// is the vote on that certificate.
public struct AuthorityDocument: Sendable {
    public enum Purpose: String, Hashable, Sendable, CaseIterable {
        /// Signs certificates of authorities.
        case authority
        /// Signs certificates of the profiles that it names.
        case certificate
        /// Signs revocation lists.
        case crl
    }

    public let name: Handle
    /// nil for a root.
    public let issuer: Handle?
    public let purposes: Set<Purpose>
    /// The profiles under which it issues.
    public let profiles: [Handle]
    /// How many authorities may follow below; nil for any number.
    public let pathLength: Int?
    public let publicKey: SubjectPublicKeyInfo
    /// How it signs: as its document says, or as its kind of key usually does.
    public let signatureAlgorithm: SignatureAlgorithm
    /// Its second key and how it signs, X.509 (10/2019) §9.8; nil when it has none.
    public let alternative: SigningKey?
    /// The custody in which its keys lie, by the node's name for it.
    public let custody: Handle
    /// H of the TBSCertificate of its own certificate.
    public let content: Digest32
    /// What its own certificate must look like.
    public let template: Profile

    /// What `plan` writes before custody has made the key: everything but `publicKey` and `content`.
    public static let members = [
        "name", "issuer", "purposes", "profiles", "subject", "key", "signature", "alternative", "custody", "years", "pathLength",
        "publicKey", "alternativePublicKey", "content",
    ]

    /// Members that custody adds when it has made the keys.
    public static let made: Set = ["publicKey", "alternativePublicKey", "content"]

    /// A key of an authority, for one of a certificate's signatures.
    public struct SigningKey: Hashable, Sendable {
        public let slot: SignatureSlot
        public let publicKey: SubjectPublicKeyInfo
        public let algorithm: SignatureAlgorithm
    }

    /// Its keys, in the order in which they sign.
    public var signingKeys: [SigningKey] {
        (alternative.map { [$0] } ?? []) + [SigningKey(slot: .classical, publicKey: publicKey, algorithm: signatureAlgorithm)]
    }

    /// Whether each of its keys has signed this certificate, and no other.
    public func hasSigned(_ certificate: Certificate) -> Bool {
        guard certificate.isSigned(by: publicKey) else { return false }
        let verdict = certificate.alternativeVerdict(by: alternative?.publicKey)
        return alternative == nil ? verdict == .absent : verdict == .valid
    }

    /// The custody that a document asks for; `sealed` when it says nothing.
    public static func custody(_ document: JSON) throws(Problem) -> Handle {
        var fields = try JSONFields(document, code: "document.authority-invalid")
        return fields.optional("custody") == nil ? .sealed : try fields.handle("custody")
    }

    /// - Parameter document: canonical JSON; docs/formats.md has its members.
    public init(document: Bytes) throws(Problem) {
        let json = try JSON(document: document)
        var fields = try JSONFields(json, code: "document.authority-invalid")
        for member in Self.members { _ = fields.optional(member) }
        try fields.end()
        name = try fields.handle("name")
        issuer = fields.optional("issuer") == nil ? nil : try fields.handle("issuer")
        guard issuer != name else { throw fields.wrong("issuer", expected: "another authority, or no such member for a root") }
        var purposes: Set<Purpose> = []
        for text in try fields.strings("purposes") {
            guard let purpose = Purpose(rawValue: text), purposes.insert(purpose).inserted else {
                throw fields.wrong(
                    "purposes", expected: "each of " + Purpose.allCases.map(\.rawValue).joined(separator: ", ") + " at most once")
            }
        }
        // What signs authorities signs nothing else but lists: a root is not an everyday key.
        guard !purposes.isEmpty, !purposes.isSuperset(of: [.authority, .certificate]) else {
            throw fields.wrong("purposes", expected: "authority or certificate, not both")
        }
        self.purposes = purposes
        var profiles: [Handle] = []
        if fields.optional("profiles") != nil {
            for text in try fields.strings("profiles") {
                guard let profile = Handle(text), !profiles.contains(profile) else {
                    throw fields.wrong("profiles", expected: "names of profiles, each once")
                }
                profiles.append(profile)
            }
        }
        guard profiles.isEmpty || purposes.contains(.certificate) else {
            throw fields.wrong("profiles", expected: "no profiles without the purpose certificate")
        }
        self.profiles = profiles
        pathLength = try fields.optionalInteger("pathLength").map { Int(clamping: $0) }
        let spki = try fields.base64("publicKey")
        do { publicKey = try SubjectPublicKeyInfo(der: spki) } catch {
            throw fields.wrong("publicKey", expected: "a SubjectPublicKeyInfo (\(error.text))")
        }
        content = try fields.parsed("content", expected: "the base64 of 32 octets") { Digest32(base64: $0) }
        custody = try Self.custody(json)
        template = try Profile.authority(document: json)
        if fields.optional("alternativePublicKey") == nil {
            guard template.alternativeKeys.isEmpty else {
                throw fields.wrong("alternativePublicKey", expected: "a key of the kind in `alternative`")
            }
            alternative = nil
        } else {
            let spki = try fields.base64("alternativePublicKey")
            let second: SubjectPublicKeyInfo
            do { second = try SubjectPublicKeyInfo(der: spki) } catch {
                throw fields.wrong("alternativePublicKey", expected: "a SubjectPublicKeyInfo (\(error.text))")
            }
            guard template.alternativeKeys.contains(second.keyAlgorithm), second != publicKey else {
                throw fields.wrong("alternativePublicKey", expected: "another key, of the kind in `alternative`")
            }
            alternative = SigningKey(
                slot: .alternative, publicKey: second, algorithm: .preferred(for: second.keyAlgorithm))
        }
        guard template.keys.contains(publicKey.keyAlgorithm) else {
            throw fields.wrong("publicKey", expected: "a key of the kind in `key`")
        }
        if fields.optional("signature") == nil {
            signatureAlgorithm = .preferred(for: publicKey.keyAlgorithm)
        } else {
            let kind = publicKey.keyAlgorithm
            guard let named = SignatureAlgorithm(named: try fields.string("signature")), named.fits(kind) else {
                let possible = SignatureAlgorithm.known.filter { $0.fits(kind) }.map(\.name)
                throw fields.wrong("signature", expected: "one of \(possible.joined(separator: ", ")), for a key of \(kind.name)")
            }
            signatureAlgorithm = named
        }
    }

    /// Whether it may sign certificates of this profile.
    public func issues(_ profile: Handle) -> Bool { purposes.contains(.certificate) && profiles.contains(profile) }

    /// What certificates that this authority signs say of it; everything is in the document.
    public func asIssuer() throws(Problem) -> Issuer {
        let own = try template.ownIssuer(publicKey: publicKey)
        return Issuer(
            name: own.name, keyIdentifier: own.keyIdentifier, signatureAlgorithm: signatureAlgorithm,
            keyAlgorithm: publicKey.keyAlgorithm, alternative: alternative.map { ($0.algorithm, $0.publicKey.keyAlgorithm) },
            notAfter: .never, pathLength: pathLength)
    }

    /// Whether `tbs` may be this authority's own certificate, from bytes alone.
    /// - Returns: the certificate's content, parsed.
    @discardableResult
    public func check(_ tbs: Bytes, issuer: AuthorityDocument) throws(Refusal) -> TBSCertificate {
        let parsed: TBSCertificate
        do { parsed = try TBSCertificate(der: tbs) } catch { throw .tbs(error) }
        do {
            try template.check(
                parsed, issuer: try issuer.asIssuer(), publicKey: publicKey, alternativeKey: alternative?.publicKey)
        } catch { throw .template(error) }
        return parsed
    }
}

extension JSON {
    /// Parses the exact bytes of a document.
    init(document bytes: Bytes) throws(Problem) {
        do { try self.init(canonical: bytes) } catch {
            throw Problem(
                .invalid, "document.not-canonical", title: "The document is not canonical JSON",
                detail: "Keys sorted by octets, no white space, integers only, NFC, no key twice, at most 64 KiB (\(error)).")
        }
    }
}

/// The documents in force, parsed.
public struct Documents: Sendable {
    public struct InForce<Value: Sendable>: Sendable {
        public let value: Value
        public let reference: DocumentReference
    }

    public private(set) var approvals: [Handle: InForce<ApprovalPolicy>] = [:]
    public private(set) var authorities: [Handle: InForce<AuthorityDocument>] = [:]
    public private(set) var profiles: [Handle: InForce<Profile>] = [:]
    public private(set) var blocklists: [Handle: InForce<BlocklistDocument>] = [:]
    /// The exact bytes by hash.
    public private(set) var bytes: [Digest32: Bytes] = [:]

    /// Takes the bytes of every document that the roster names, by hash, and checks that they fit together.
    /// - Parameter supply: bytes by hash, from anywhere: they are hashed here.
    public init(of roster: Roster, supply: (Digest32) -> Bytes?) throws(Refusal) {
        for line in roster.documents {
            guard let bytes = supply(line.digest), Digest32(of: bytes) == line.digest else { throw .documentMissing(line.label) }
            do { try add(bytes, line) } catch { throw .document(line.label, error) }
            self.bytes[line.digest] = bytes
        }
        do { try checkReferences(roster) } catch { throw .document(error.field ?? "", error) }
    }

    private mutating func add(_ bytes: Bytes, _ line: Roster.Document) throws(Problem) {
        let reference = DocumentReference(name: line.name, digest: line.digest)
        let name: Handle
        switch line.kind {
        case .approval:
            let value = try ApprovalPolicy(document: bytes)
            name = value.name
            approvals[line.name] = InForce(value: value, reference: reference)
        case .authority:
            let value = try AuthorityDocument(document: bytes)
            name = value.name
            authorities[line.name] = InForce(value: value, reference: reference)
        case .blocklist:
            let value = try BlocklistDocument(document: bytes)
            name = value.name
            blocklists[line.name] = InForce(value: value, reference: reference)
        case .profile:
            let value = try Profile(document: bytes)
            name = value.name
            profiles[line.name] = InForce(value: value, reference: reference)
        }
        guard name == line.name else { throw Self.mismatch(line.label, "Its own name is \(name).") }
    }

    private func checkReferences(_ roster: Roster) throws(Problem) {
        for profile in profiles.values.map(\.value).sorted(by: { $0.name < $1.name }) {
            let label = "profile \(profile.name)"
            guard let authority = authorities[profile.authority]?.value else {
                throw Self.mismatch(label, "Authority \(profile.authority) is not in force.")
            }
            guard authority.profiles.contains(profile.name) else {
                throw Self.mismatch(label, "Authority \(profile.authority) does not name it under `profiles`.")
            }
            // A certificate that issues others is voted on as a document, by administrators.
            guard !profile.isAuthority else {
                throw Self.mismatch(label, "A profile makes no authorities; they have documents of their own.")
            }
            guard profile.alternativeKeys.isEmpty || authority.alternative != nil else {
                throw Self.mismatch(
                    label, "It has `alternativeKeys`, and authority \(profile.authority) has no second key to vouch for them.")
            }
            guard let approval = profile.approval, approvals[approval] != nil else {
                throw Self.mismatch(
                    label, "Its approval policy is not in force: \(profile.approval.map(\.description) ?? "none is named").")
            }
        }
        for authority in authorities.values.map(\.value).sorted(by: { $0.name < $1.name }) {
            let label = "authority \(authority.name)"
            if let issuer = authority.issuer {
                guard let parent = authorities[issuer]?.value else { throw Self.mismatch(label, "Its issuer \(issuer) is not in force.") }
                guard parent.purposes.contains(.authority) else {
                    throw Self.mismatch(label, "Its issuer \(issuer) lacks the purpose authority.")
                }
                guard authority.alternative == nil || parent.alternative != nil else {
                    throw Self.mismatch(label, "It has a second key, and its issuer \(issuer) has none to vouch for it.")
                }
            }
            guard endsInRoot(authority) else { throw Self.mismatch(label, "The authorities above it lead round in a ring.") }
            for profile in authority.profiles where profiles[profile]?.value.authority != authority.name {
                throw Self.mismatch(label, "Profile \(profile) is not in force for it.")
            }
        }
        let keys = authorities.values.flatMap(\.value.signingKeys).map(\.publicKey) + roster.keys.map(\.key)
        guard Set(keys).count == keys.count else {
            throw Self.mismatch("authority", "Two authorities, or an authority and a person, have one key.")
        }
        guard Set(authorities.values.map(\.value.content)).count == authorities.count else {
            throw Self.mismatch("authority", "Two authorities have one content.")
        }
    }

    private func endsInRoot(_ authority: AuthorityDocument) -> Bool {
        var issuer = authority.issuer
        for _ in 0..<authorities.count {
            guard let name = issuer else { return true }
            issuer = authorities[name]?.value.issuer
        }
        return issuer == nil
    }

    private static func mismatch(_ label: String, _ detail: String) -> Problem {
        Problem(.invalid, "document.mismatch", title: "The documents do not fit together", detail: "\(label): \(detail)", field: label)
    }
}
