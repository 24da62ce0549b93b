import Basics
import PKIX
import Testing

/// X.509 (10/2019) §9.8: a second signature in one certificate.
@Suite("Alternative signatures")
struct AlternativeSignatureTests {
    /// A root with two keys, and a device with two keys below it.
    struct Pair {
        let root = Self.key(.ecdsaP256)
        let rootAlternative: SoftwareKey
        let device = Self.key(.ecdsaP256)
        let deviceAlternative: SoftwareKey

        init(_ algorithm: KeyAlgorithm = .mlDSA65) throws {
            rootAlternative = try algorithm.generate()
            deviceAlternative = try algorithm.generate()
        }

        private static func key(_ algorithm: KeyAlgorithm) -> SoftwareKey {
            guard let key = try? algorithm.generate() else { fatalError("no key") }
            return key
        }

        static func name(_ text: String) throws -> Name { try Name([try Attribute(oid: .commonName, kind: .utf8, text: text)]) }

        func content(_ more: [Extension] = [], isHybrid: Bool = true) throws -> TBSCertificate {
            let algorithm = SignatureAlgorithm.preferred(for: rootAlternative.publicKey.keyAlgorithm)
            let second = [
                Extension(oid: .subjectAltPublicKeyInfo, isCritical: false, value: deviceAlternative.publicKey.der),
                Extension(oid: .altSignatureAlgorithm, isCritical: false, value: algorithm.identifier.der),
            ]
            return try TBSCertificate(
                serialNumber: try SerialNumber(bytes: [0x40, 1, 2]), signature: SignatureAlgorithm.ecdsaSHA256.identifier,
                issuer: try Self.name("root"),
                validity: Validity(notBefore: UTCTime(seconds: 1_795_000_000), notAfter: UTCTime(seconds: 1_895_000_000)),
                subject: try Self.name("device"), publicKey: device.publicKey, extensions: more + (isHybrid ? second : []))
        }

        /// Signed by whoever signs, in order.
        func signed(_ content: TBSCertificate) throws -> Certificate {
            var unfinished = try UnfinishedCertificate(content)
            while let slot = unfinished.next {
                let key = slot == .alternative ? rootAlternative : root
                unfinished = try unfinished.adding(
                    try key.sign(unfinished.message, as: .preferred(for: key.publicKey.keyAlgorithm)))
            }
            return try #require(unfinished.certificate)
        }
    }

    @Test("Both signatures are made in order and verify; the content is the same before and after", arguments: KeyAlgorithm.known)
    func bothSigned(_ algorithm: KeyAlgorithm) throws {
        let pair = try Pair(algorithm)
        let content = try pair.content()
        let certificate = try pair.signed(content)
        #expect(try Certificate(der: certificate.der) == certificate)
        #expect(certificate.tbs.content == content.content && certificate.tbs.undersigned == content.der)
        #expect(certificate.tbs.content != Digest32(of: certificate.tbs.der))
        #expect(certificate.classicalVerdict(by: pair.root.publicKey) == .valid)
        #expect(certificate.alternativeVerdict(by: pair.rootAlternative.publicKey) == .valid)
        #expect(try certificate.tbs.alternativePublicKey() == pair.deviceAlternative.publicKey)
        #expect(certificate.alternativeVerdict(by: pair.deviceAlternative.publicKey) == .invalid)
        #expect(certificate.alternativeVerdict(by: nil) == .withoutKey)
        // The alternative signature does not cover the classical algorithm's name, the classical one covers everything.
        #expect(certificate.tbs.alternativeMessage.count < content.der.count)
    }

    @Test("A certificate with one signature goes the same way")
    func single() throws {
        let pair = try Pair()
        let content = try pair.content([], isHybrid: false)
        let certificate = try pair.signed(content)
        #expect(certificate.tbs == content && certificate.tbs.undersigned == content.der)
        #expect(certificate.alternativeVerdict(by: pair.rootAlternative.publicKey) == .absent)
        #expect(certificate.classicalVerdict(by: pair.root.publicKey) == .valid)
    }

    /// Where the removal of the signature shortens length octets: 82 to 81, and 81 to one.
    @Test("What is covered has shortest lengths, whatever is taken out", arguments: Array(stride(from: 0, to: 420, by: 7)))
    func lengths(_ filler: Int) throws {
        let pair = try Pair(.ecdsaP256)
        let more = [
            Extension(
                oid: try OID("1.3.6.1.4.1.32473.1"), isCritical: false,
                value: DERWriter.encode { $0.octetString(Bytes(repeating: 7, count: filler)) })
        ]
        let certificate = try pair.signed(try pair.content(more))
        var reader = try DERReader(certificate.tbs.alternativeMessage)
        var fields = try reader.sequence()
        try reader.finish()
        while !fields.isAtEnd { _ = try fields.raw() }
        #expect(certificate.alternativeVerdict(by: pair.rootAlternative.publicKey) == .valid)
        #expect(certificate.tbs.undersigned == (try pair.content(more)).der)
    }

    @Test("Nothing is signed twice, nor out of order")
    func order() throws {
        let pair = try Pair(.ed25519)
        let content = try pair.content()
        let certificate = try pair.signed(content)
        #expect(throws: PKIXError.alternativeIncomplete) { try UnfinishedCertificate(certificate.tbs) }
        var unfinished = try UnfinishedCertificate(content)
        #expect(unfinished.next == .alternative && unfinished.certificate == nil)
        unfinished = try unfinished.adding([1])
        #expect(unfinished.next == .classical && unfinished.certificate == nil)
        unfinished = try unfinished.adding([2])
        #expect(unfinished.next == nil && unfinished.certificate != nil)
        #expect(throws: PKIXError.alternativeIncomplete) { try unfinished.adding([3]) }
    }

    /// The extensions of a certificate, changed and signed classically anew: what the alternative key's owner says of it.
    static let damages: [(String, SignatureVerdict?, @Sendable (inout [Extension], Pair) throws -> Void)] = [
        (
            "another subject's alternative key", .invalid,
            { items, pair in
                items[0] = Extension(oid: .subjectAltPublicKeyInfo, isCritical: false, value: pair.rootAlternative.publicKey.der)
            }
        ),
        (
            "the alternative key made critical", .invalid,
            { items, _ in
                items[0] = Extension(oid: items[0].oid, isCritical: true, value: items[0].value)
            }
        ),
        ("the alternative key taken out", .invalid, { items, _ in items.remove(at: 0) }),
        (
            "another algorithm", .invalid,
            { items, _ in
                items[1] = Extension(oid: .altSignatureAlgorithm, isCritical: false, value: SignatureAlgorithm.mlDSA87.identifier.der)
            }
        ),
        (
            "an unknown algorithm", .unknown(.unknownSignatureAlgorithm(.keyUsage)),
            { items, _ in
                items[1] = Extension(oid: .altSignatureAlgorithm, isCritical: false, value: AlgorithmIdentifier(oid: .keyUsage).der)
            }
        ),
        (
            "one bit of the signature", .invalid,
            { items, _ in
                var value = items[2].value
                value[value.count - 1] ^= 1
                items[2] = Extension(oid: .altSignatureValue, isCritical: false, value: value)
            }
        ),
        ("another order of the extensions", .invalid, { items, _ in items.swapAt(0, 1) }),
        ("the signature first", .valid, { items, _ in items.insert(items.removeLast(), at: 0) }),
        (
            "the signature critical", .valid,
            { items, _ in items[2] = Extension(oid: items[2].oid, isCritical: true, value: items[2].value) }
        ),
        ("algorithm and signature taken out", .absent, { items, _ in items.removeLast(2) }),
        ("the algorithm taken out", nil, { items, _ in items.remove(at: 1) }),
        ("the signature taken out", nil, { items, _ in items.removeLast() }),
        ("the signature twice", nil, { items, _ in items.append(items[2]) }),
        (
            "unused bits", nil,
            { items, _ in
                items[2] = Extension(oid: .altSignatureValue, isCritical: false, value: [3, 2, 1, 0])
            }
        ),
        ("no bits", nil, { items, _ in items[2] = Extension(oid: .altSignatureValue, isCritical: false, value: [3, 1, 0]) }),
        (
            "an OCTET STRING for a BIT STRING", nil,
            { items, _ in
                items[2] = Extension(oid: .altSignatureValue, isCritical: false, value: [4, 1, 0])
            }
        ),
        (
            "something behind the signature", nil,
            { items, _ in
                items[2] = Extension(oid: .altSignatureValue, isCritical: false, value: items[2].value + [5, 0])
            }
        ),
    ]

    @Test("Damage is found by the alternative signature, also when the classical one was made anew", arguments: damages.indices)
    func damaged(_ row: Int) throws {
        let (name, expected, damage) = Self.damages[row]
        let pair = try Pair()
        let good = try pair.signed(try pair.content())
        var items = good.tbs.extensions
        try damage(&items, pair)
        guard let expected else {
            #expect(throws: PKIXError.self, "\(name)") {
                let tbs = try TBSCertificate(
                    serialNumber: good.tbs.serialNumber, signature: good.tbs.signature, issuer: good.tbs.issuer,
                    validity: good.tbs.validity, subject: good.tbs.subject, publicKey: good.tbs.publicKey, extensions: items)
                _ = try Certificate(der: Certificate(tbs: tbs, signature: try pair.root.sign(tbs.der, as: .ecdsaSHA256)).der)
            }
            return
        }
        let tbs = try TBSCertificate(
            serialNumber: good.tbs.serialNumber, signature: good.tbs.signature, issuer: good.tbs.issuer, validity: good.tbs.validity,
            subject: good.tbs.subject, publicKey: good.tbs.publicKey, extensions: items)
        let certificate = try Certificate(der: Certificate(tbs: tbs, signature: try pair.root.sign(tbs.der, as: .ecdsaSHA256)).der)
        #expect(certificate.classicalVerdict(by: pair.root.publicKey) == .valid)
        #expect(certificate.alternativeVerdict(by: pair.rootAlternative.publicKey) == expected, "\(name)")
    }

    @Test("Every octet that is covered matters, and no damage crashes", arguments: 0..<13)
    func flipped(_ residue: Int) throws {
        let pair = try Pair(.ecdsaP256)
        let good = try pair.signed(try pair.content())
        for place in stride(from: residue, to: good.der.count, by: 13) {
            var der = good.der
            der[place] ^= 1
            guard let read = try? Certificate(der: der) else { continue }
            let both = (
                read.classicalVerdict(by: pair.root.publicKey) == .valid,
                read.alternativeVerdict(by: pair.rootAlternative.publicKey) == .valid
            )
            #expect(!(both.0 && both.1), "octet \(place)")
        }
    }

    @Test(
        "A request with two keys proves that both are held; three attributes or none",
        arguments: [KeyAlgorithm.mlDSA65, .ecdsaP384, .ed25519])
    func request(_ algorithm: KeyAlgorithm) throws {
        let pair = try Pair(algorithm)
        let made = try CertificateRequest.make(subject: try Pair.name("device"), key: pair.device, alternative: pair.deviceAlternative)
        let read = try CertificateRequest(der: made.der)
        #expect(read == made)
        try read.verifyPossession()
        #expect(read.alternative?.publicKey == pair.deviceAlternative.publicKey && read.publicKey == pair.device.publicKey)
        let single = try CertificateRequest.make(subject: try Pair.name("device"), key: pair.device)
        try single.verifyPossession()
        #expect(single.alternative == nil)
        var broken = 0
        for place in made.der.indices {
            var der = made.der
            der[place] ^= 1
            guard let damaged = try? CertificateRequest(der: der) else { continue }
            broken += 1
            #expect(throws: PKIXError.self, "octet \(place)") { try damaged.verifyPossession() }
        }
        #expect(broken > 100)
    }

    @Test("Of the three attributes one or two, or in another order, are refused")
    func parts() throws {
        let pair = try Pair(.ed25519)
        let made = try CertificateRequest.make(subject: try Pair.name("device"), key: pair.device, alternative: pair.deviceAlternative)
        func request(_ attributes: [Bytes]) throws -> CertificateRequest {
            var reader = try DERReader(made.info)
            var fields = try reader.sequence()
            let head = [try fields.raw(), try fields.raw(), try fields.raw()]
            let info = DERWriter.encode { writer in
                writer.sequence { writer in
                    for part in head { writer.raw(part) }
                    writer.constructed(.context(0, constructed: true)) { writer in for one in attributes { writer.raw(one) } }
                }
            }
            let signature = try pair.device.sign(info, as: .ecdsaSHA256)
            return try CertificateRequest(
                der: DERWriter.encode { writer in
                    writer.sequence { writer in
                        writer.raw(info)
                        writer.raw(SignatureAlgorithm.ecdsaSHA256.identifier.der)
                        writer.bitString(signature)
                    }
                })
        }
        var reader = try DERReader(made.info)
        var fields = try reader.sequence()
        for _ in 0..<3 { _ = try fields.raw() }
        var tagged = try fields.nested(.context(0, constructed: true))
        var attributes: [Bytes] = []
        while !tagged.isAtEnd { attributes.append(try tagged.raw()) }
        try #require(attributes.count == 3)
        try request(attributes).verifyPossession()
        for left in 0..<3 {
            var two = attributes
            two.remove(at: left)
            #expect(throws: PKIXError.alternativeIncomplete) { try request(two) }
            #expect(throws: PKIXError.alternativeIncomplete) { try request([attributes[left]]) }
        }
        #expect(throws: PKIXError.self) { try request(attributes.reversed()) }
        #expect(try request([]).alternative == nil)
    }
}
