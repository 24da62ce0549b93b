import Basics
import PKIX
import Testing

@Suite("Paths, under classical, alternative or both signatures (RFC 5280 §6.1)")
struct CertificatePathTests {
    static let now = UTCTime(seconds: 1_800_000_000)
    /// Keys are dear; each role has its own for all tests.
    private static let made = Result {
        try ["root", "middle", "device", "other"].reduce(into: [String: (SoftwareKey, SoftwareKey)]()) { keys, name in
            keys[name] = (try KeyAlgorithm.ecdsaP256.generate(), try KeyAlgorithm.mlDSA65.generate())
        }
    }

    /// A certificate as a test wants it: by default a hybrid one, between an authority and what stands below it.
    struct Link: Sendable {
        var subject: String
        var issuer: String
        /// Whose keys sign; the issuer's unless a test forges.
        var signer: String?
        var alternativeSigner: String?
        var subjectName: String?
        var validity = Validity(notBefore: UTCTime(seconds: 1_700_000_000), notAfter: UTCTime(seconds: 1_900_000_000))
        var constraints: BasicConstraints? = .authority(pathLength: nil)
        var usage: KeyUsage? = [.keyCertSign, .cRLSign]
        var hasSecondKey = true
        var isSignedTwice = true
        var more: [Extension] = []
        /// Changes the content between the two signatures.
        var damage: @Sendable (inout [Extension]) throws -> Void = { _ in }

        func certificate() throws -> Certificate {
            let keys = try made.get()
            func pair(_ name: String) throws -> (SoftwareKey, SoftwareKey) { try #require(keys[name]) }
            func name(_ text: String) throws -> Name { try Name([try Attribute(oid: .commonName, kind: .utf8, text: text)]) }
            let (own, signer) = (try pair(subject), try pair(self.signer ?? issuer))
            let second = try pair(alternativeSigner ?? self.signer ?? issuer).1
            var extensions: [Extension] = []
            if let constraints { extensions.append(Extension(oid: .basicConstraints, isCritical: true, value: constraints.der)) }
            if let usage { extensions.append(Extension(oid: .keyUsage, isCritical: true, value: usage.der)) }
            extensions += more
            if hasSecondKey { extensions.append(CertificatePathTests.second(own.1.publicKey)) }
            if isSignedTwice {
                extensions.append(
                    Extension(oid: .altSignatureAlgorithm, isCritical: false, value: SignatureAlgorithm.mlDSA65.identifier.der))
            }
            func content(_ extensions: [Extension]) throws -> TBSCertificate {
                try TBSCertificate(
                    serialNumber: try SerialNumber(bytes: [1]), signature: SignatureAlgorithm.ecdsaSHA256.identifier,
                    issuer: try name(issuer), validity: validity, subject: try name(subjectName ?? subject), publicKey: own.0.publicKey,
                    extensions: extensions)
            }
            var unfinished = try UnfinishedCertificate(try content(extensions))
            if isSignedTwice { unfinished = try unfinished.adding(try second.sign(unfinished.message, as: .mlDSA65)) }
            extensions = unfinished.tbs.extensions
            try damage(&extensions)
            let tbs = try content(extensions)
            return Certificate(tbs: tbs, signature: try signer.0.sign(tbs.der, as: .ecdsaSHA256))
        }
    }

    struct Chain: Sendable {
        var root = Link(subject: "root", issuer: "root")
        var middle = Link(subject: "middle", issuer: "root")
        var device = Link(subject: "device", issuer: "middle", constraints: .endEntity, usage: .digitalSignature)
        var time = CertificatePathTests.now

        func path(_ requirement: CertificatePath.Requirement) throws -> CertificatePath {
            CertificatePath(
                of: try device.certificate(), through: [try middle.certificate()], to: [try root.certificate()], requiring: requirement,
                at: time)
        }
    }

    static func second(_ key: SubjectPublicKeyInfo) -> Extension {
        Extension(oid: .subjectAltPublicKeyInfo, isCritical: false, value: key.der)
    }

    /// Another second key in place of the own one, between the two signatures.
    private static let replaced: @Sendable (inout [Extension]) throws -> Void = { items in
        let key = try KeyAlgorithm.mlDSA65.generate().publicKey
        items = items.map { $0.oid == .subjectAltPublicKeyInfo ? second(key) : $0 }
    }

    typealias Failure = (place: Int, name: String)
    typealias Row = (name: String, classical: Failure?, alternative: Failure?, change: @Sendable (inout Chain) throws -> Void)

    private static func anyway(_ failure: Failure, _ name: String, _ change: @escaping @Sendable (inout Chain) throws -> Void) -> Row {
        (name, failure, failure, change)
    }

    private static let ended = Validity(notBefore: UTCTime(seconds: 1_700_000_000), notAfter: UTCTime(seconds: 1_799_999_999))
    private static let constrained = Extension(oid: .nameConstraints, isCritical: false, value: [0x30, 0])

    /// The first thing that fails, under each requirement; `both` holds where both hold.
    static let rows: [Row] = [
        ("nothing", nil, nil, { _ in }),
        ("the device is signed once", nil, (0, "alternative"), { $0.device.isSignedTwice = false }),
        ("the middle is signed once", nil, (1, "alternative"), { $0.middle.isSignedTwice = false }),
        ("the middle has no second key", nil, (0, "alternative"), { $0.middle.hasSecondKey = false }),
        (
            "the root has no second key", nil, (1, "alternative"),
            {
                $0.root.hasSecondKey = false
                $0.root.isSignedTwice = false
            }
        ),
        ("the root does not sign itself twice: it is trusted", nil, nil, { $0.root.isSignedTwice = false }),
        ("the device has no second key", nil, nil, { $0.device.hasSecondKey = false }),
        ("the device's second key is another's", nil, (0, "alternative"), { $0.device.damage = replaced }),
        ("the middle's second key is another's", nil, (0, "alternative"), { $0.middle.damage = replaced }),
        (
            "the middle's second key is the device's forger's, and the device is signed with it", nil, (1, "alternative"),
            {
                $0.middle.damage = { items in
                    let forger = try #require(try made.get()["other"]).1.publicKey
                    items = items.map { $0.oid == .subjectAltPublicKeyInfo ? second(forger) : $0 }
                }
                $0.device.alternativeSigner = "other"
            }
        ),
        ("forged by another", (0, "signature"), (0, "alternative"), { $0.device.signer = "other" }),
        ("the second signature is another's", nil, (0, "alternative"), { $0.device.alternativeSigner = "other" }),
        (
            "the middle ends in a device's certificate", (1, "authority"), (1, "authority"),
            {
                $0.middle.constraints = .endEntity
                $0.middle.usage = .digitalSignature
            }
        ),
        anyway((1, "authority"), "the middle says nothing of being an authority") { $0.middle.constraints = nil },
        anyway((1, "authority"), "the middle's key signs lists only") { $0.middle.usage = .cRLSign },
        ("the middle says nothing of what its key does", nil, nil, { $0.middle.usage = nil }),
        anyway((1, "authority"), "what the middle says of its key cannot be read") {
            $0.middle.usage = nil
            $0.middle.more = [Extension(oid: .keyUsage, isCritical: true, value: [5, 0])]
        },
        anyway((2, "authority"), "the root's key does not sign certificates") { $0.root.usage = .digitalSignature },
        anyway((2, "authority"), "the root allows no authority below") { $0.root.constraints = .authority(pathLength: 0) },
        ("the root allows one authority below", nil, nil, { $0.root.constraints = .authority(pathLength: 1) }),
        ("the middle allows none below, and there is none", nil, nil, { $0.middle.constraints = .authority(pathLength: 0) }),
        anyway((0, "validity"), "the device's time is over") { $0.device.validity = ended },
        anyway((1, "validity"), "the middle's time is over") { $0.middle.validity = ended },
        anyway((2, "validity"), "the root's time is over") { $0.root.validity = ended },
        anyway((0, "validity"), "too early") { $0.time = UTCTime(seconds: 1_699_999_999) },
        ("in the first second", nil, nil, { $0.time = UTCTime(seconds: 1_700_000_000) }),
        ("in the last second", nil, nil, { $0.time = UTCTime(seconds: 1_900_000_000) }),
        anyway((0, "validity"), "a second late") { $0.time = UTCTime(seconds: 1_900_000_001) },
        anyway((1, "extensions"), "name constraints, though not critical") { $0.middle.more = [constrained] },
        anyway((0, "extensions"), "a critical extension that nobody knows") {
            $0.device.more = [Extension(oid: .ocspNoCheck, isCritical: true, value: [5, 0])]
        },
        (
            "an extension that nobody knows", nil, nil,
            { $0.device.more = [Extension(oid: .ocspNoCheck, isCritical: false, value: [5, 0])] }
        ),
        anyway((0, "issuer"), "the device's issuer is not there") { $0.device.issuer = "other" },
        anyway((1, "issuer"), "the middle's issuer is not there") { $0.middle.issuer = "other" },
    ]

    @Test("The first thing that fails is named, under each requirement", arguments: rows.indices)
    func failures(row: Int) throws {
        let (name, classical, alternative, change) = Self.rows[row]
        var chain = Chain()
        try change(&chain)
        for (requirement, expected) in [(CertificatePath.Requirement.classical, classical), (.alternative, alternative)] {
            let path = try chain.path(requirement)
            #expect(
                path.failure?.certificate == expected?.place && path.failure?.name == expected?.name,
                "\(name), \(requirement): \(path.failure?.text ?? "holds")")
            #expect(path.isValid == (expected == nil))
        }
        #expect(try chain.path(.both).isValid == (classical == nil && alternative == nil), "\(name)")
    }

    @Test("What is not required is judged and shown all the same")
    func notes() throws {
        var chain = Chain()
        chain.device.isSignedTwice = false
        let path = try chain.path(.classical)
        let seconds = path.findings.filter { $0.name == "alternative" }
        #expect(path.isValid && seconds.map(\.level) == [.note, .ok] && path.certificates.count == 3)
        #expect(try chain.path(.both).findings.filter { $0.name == "alternative" }.map(\.level) == [.fail, .ok])
    }

    @Test("A forged classical signature stops a path that rests on alternative ones no more than it must")
    func migrated() throws {
        let chain = Chain()
        let device = try chain.device.certificate()
        let forged = Certificate(tbs: device.tbs, signature: try KeyAlgorithm.ecdsaP256.generate().sign(device.tbs.der, as: .ecdsaSHA256))
        for (requirement, isValid) in [(CertificatePath.Requirement.classical, false), (.alternative, true), (.both, false)] {
            let path = CertificatePath(
                of: forged, through: [try chain.middle.certificate()], to: [try chain.root.certificate()], requiring: requirement,
                at: Self.now)
            #expect(path.isValid == isValid, "\(requirement)")
        }
    }

    @Test("A path that holds is found among others: namesakes, loops, an issuer's earlier certificates, in any order")
    func search() throws {
        let chain = Chain()
        let (root, middle, device) = (try chain.root.certificate(), try chain.middle.certificate(), try chain.device.certificate())
        let decoys = [
            try Link(subject: "other", issuer: "root", subjectName: "middle").certificate(),
            try Link(subject: "middle", issuer: "middle").certificate(),
            try Link(subject: "root", issuer: "middle").certificate(),
            // The same authority with the same key: before it had a second one, and one whose time is over.
            try Link(subject: "middle", issuer: "root", hasSecondKey: false, isSignedTwice: false).certificate(),
            try Link(subject: "middle", issuer: "root", validity: Self.ended).certificate(),
        ]
        for others in [[middle], decoys + [middle], [middle] + decoys, decoys.reversed() + [middle]] {
            for requirement in CertificatePath.Requirement.allCases {
                let path = CertificatePath(of: device, through: others, to: [root], requiring: requirement, at: Self.now)
                #expect(path.isValid && path.certificates.count == 3 && path.certificates.last == root, "\(requirement)")
            }
        }
        #expect(!CertificatePath(of: device, through: decoys, to: [root], requiring: .both, at: Self.now).isValid)
    }

    @Test("Nothing in between is trusted, self-signed or not; an anchor's name alone is worth nothing")
    func trust() throws {
        let chain = Chain()
        let (root, middle, device) = (try chain.root.certificate(), try chain.middle.certificate(), try chain.device.certificate())
        let stranger = try Link(subject: "other", issuer: "other").certificate()
        let namesake = try Link(subject: "other", issuer: "root", subjectName: "middle").certificate()
        func failure(_ certificate: Certificate, _ anchors: [Certificate]) -> CertificatePath.Finding? {
            CertificatePath(of: certificate, through: [middle, root], to: anchors, requiring: .classical, at: Self.now).failure
        }
        #expect(failure(device, [stranger])?.name == "issuer" && failure(device, [])?.name == "issuer")
        #expect(failure(device, [namesake])?.name == "signature")
        #expect(failure(stranger, [root])?.name == "issuer")
        #expect(failure(root, [root]) == nil && failure(middle, [middle]) == nil)
        // What is trusted itself needs no key for what is below it.
        let plain = try Link(subject: "root", issuer: "root", hasSecondKey: false, isSignedTwice: false).certificate()
        #expect(CertificatePath(of: plain, through: [], to: [plain], requiring: .both, at: Self.now).isValid)
    }

    @Test("A root that was altered says so: named as trusted it is trusted with a note, and nobody takes it for a root otherwise")
    func alteredRoot() throws {
        let chain = Chain()
        let (root, middle, device) = (try chain.root.certificate(), try chain.middle.certificate(), try chain.device.certificate())
        let altered = Certificate(tbs: root.tbs, signature: middle.signature)
        func path(_ anchors: [Certificate]) -> CertificatePath {
            CertificatePath(of: device, through: [middle, altered], to: anchors, requiring: .classical, at: Self.now)
        }
        #expect(altered.isAlteredRoot && !root.isAlteredRoot && !middle.isAlteredRoot)
        #expect(path([altered]).isValid && path([altered]).findings.last?.level == .note)
        #expect(path([root]).isValid && path([root]).findings.last?.level == .ok)
        #expect(path([]).failure?.certificate == 2 && path([]).failure?.text.contains("did not sign it") == true)
        // A root's new key, certified by its old one under the same name, is no root of its own, and no forgery.
        let renewed = try Link(subject: "other", issuer: "root", subjectName: "root").certificate()
        #expect(renewed.isAlteredRoot)
    }

    @Test("Very many namesakes that lead nowhere end the search")
    func bounded() throws {
        let chain = Chain()
        let loops = try (0..<40).map { number in
            try Link(
                subject: "middle", issuer: "middle",
                validity: Validity(notBefore: UTCTime(seconds: 1_700_000_000 + Int64(number)), notAfter: .never)
            ).certificate()
        }
        let path = CertificatePath(
            of: try chain.device.certificate(), through: loops, to: [try chain.root.certificate()], requiring: .classical, at: Self.now)
        #expect(path.failure?.name == "issuer" && path.certificates.count <= 10)
    }
}
