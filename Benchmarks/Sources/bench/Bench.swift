import Basics
import Crypto
import PKIX
import Profiles

/// Figures, each beside its physical limit in the same run. Nothing here is a test: it prints, and judges nothing.
@main
struct Bench {
    static func main() async throws {
        let raw = try rawLimits()
        try issuingInProcess(raw)
        try await House32.run()
    }

    /// One P-256 verification and one signature, by the library alone.
    struct Raw {
        let verify: Double
        let sign: Double
        /// Pairs of both per second on one core.
        var both: Double { 1 / (1 / verify + 1 / sign) }
    }

    static func rawLimits() throws -> Raw {
        let key = P256.Signing.PrivateKey()
        let message = Bytes(repeating: 7, count: 500)
        let signature = try key.signature(for: message)
        let verify = rate { _ = key.publicKey.isValidSignature(signature, for: message) }
        let sign = rate { _ = try? key.signature(for: message) }
        line("P-256 verify, library alone", verify, "1/s")
        line("P-256 sign, library alone", sign, "1/s")
        return Raw(verify: verify, sign: sign)
    }

    /// CSR bytes → parsed, possession verified → profile filled and linted → signed → certificate bytes; one core, no I/O.
    static func issuingInProcess(_ raw: Raw) throws {
        let issuerKey = P256.Signing.PrivateKey()
        let issuerSPKI = try SubjectPublicKeyInfo(.ecdsaP256, key: Bytes(issuerKey.publicKey.x963Representation))
        let profile = try Profile(document: JSON.object(Fixtures.profile).canonicalBytes)
        let issuer = Issuer(
            name: try Name([try Attribute(oid: .commonName, kind: .utf8, text: "Issuing CA")]), keyIdentifier: issuerSPKI.keyIdentifier,
            signatureAlgorithm: .preferred(for: .ecdsaP256), notAfter: .never)
        let csr = try Fixtures.request(PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy()))
        let entropy = SystemEntropy()
        let now = UTCTime(seconds: 1_800_000_000)
        func once() throws -> Int {
            let request = try CertificateRequest(der: csr)
            try request.verifyPossession()
            let tbs = try profile.fill(
                Filling(
                    serial: SerialNumber(at: now, random: entropy.bytes(16)), now: now, publicKey: request.publicKey,
                    fields: ["model": "PLC-7", "serial": "SN-0001234"], request: request), issuer: issuer)
            return Certificate(tbs: tbs, signature: Bytes(try issuerKey.signature(for: tbs.der).derRepresentation)).der.count
        }
        let octets = try once()
        let issued = rate { _ = try? once() }
        line("CSR bytes → certificate bytes (\(octets) octets)", issued, "1/s")
        line("  share of one verify + one sign", issued / raw.both * 100, "%")
    }

    static func rate(_ body: () -> Void) -> Double {
        let clock = ContinuousClock()
        for _ in 0..<50 { body() }
        var count = 0
        let start = clock.now
        while clock.now - start < .seconds(2) {
            for _ in 0..<20 { body() }
            count += 20
        }
        let took = clock.now - start
        return Double(count) / (Double(took.components.seconds) + Double(took.components.attoseconds) / 1e18)
    }

    static func line(_ name: String, _ value: Double, _ unit: String) {
        let number = value < 100 ? "\((value * 10).rounded() / 10)" : "\(Int(value.rounded()))"
        print(name + String(repeating: " ", count: max(1, 56 - name.count)) + number + " " + unit)
    }
}
