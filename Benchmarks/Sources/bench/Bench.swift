import Basics
import Crypto
import Foundation
import PKIX
import Profiles

/// Figures, each beside its physical limit in the same run. Nothing here is a test: it prints, and judges nothing.
@main
struct Bench {
    static func main() async throws {
        // `bench issuing` measures that alone, for profilers.
        let only = CommandLine.arguments.dropFirst().first
        if only == nil || only == "issuing" { try issuingInProcess() }
        if only == nil || only == "algorithms" { try Algorithms.run() }
        if only == nil || only == "fleet" { try Fleet.run() }
        if only == nil || only == "token" { try await Token.run() }
        if only == nil || only == "committer" { try await CommitterAlone.run() }
        if only == nil || only == "house" { try await House32.run(storing: 0) }
        if only == nil || only == "stored" { try await House32.run(storing: 100_000) }
    }

    /// CSR bytes → parsed, possession verified → profile filled and linted → signed → certificate bytes; one core, no I/O. Its limit
    /// is one P-256 verification and one signature by the library alone. The three are measured in turns, so that what else the
    /// machine does falls on all of them alike.
    static func issuingInProcess() throws {
        let issuing = try Issuing()
        let key = P256.Signing.PrivateKey()
        let publicKey = key.publicKey
        let message = Bytes(repeating: 7, count: 500)
        let signature = try key.signature(for: message)
        var verify: [Double] = []
        var sign: [Double] = []
        var issue: [Double] = []
        for _ in 0..<41 {
            verify.append(try seconds(100) { _ = publicKey.isValidSignature(signature, for: message) })
            sign.append(try seconds(100) { _ = try key.signature(for: message) })
            issue.append(try seconds(100) { _ = try issuing.certificate() })
        }
        let shares = issue.indices.map { (verify[$0] + sign[$0]) / issue[$0] * 100 }
        line("P-256 verify, library alone", 1 / median(verify), "1/s")
        line("P-256 sign, library alone", 1 / median(sign), "1/s")
        line("CSR bytes → certificate bytes (\(try issuing.certificate().count) octets)", 1 / median(issue), "1/s")
        line("  share of one verify + one sign", median(shares), "%")
    }

    /// Processor time of this thread that one call takes: what other programs do counts less than with a wall clock.
    static func seconds(_ calls: Int, _ body: () throws -> Void) throws -> Double {
        let start = processorTime(CLOCK_THREAD_CPUTIME_ID)
        for _ in 0..<calls { try body() }
        return (processorTime(CLOCK_THREAD_CPUTIME_ID) - start) / Double(calls)
    }

    static func processorTime(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }

    static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

    static func line(_ name: String, _ value: Double, _ unit: String) {
        let number =
            value < 10 ? "\((value * 100).rounded() / 100)" : value < 100 ? "\((value * 10).rounded() / 10)" : "\(Int(value.rounded()))"
        print(name + String(repeating: " ", count: max(1, 56 - name.count)) + number + " " + unit)
    }
}

/// One authority, one profile, one request.
struct Issuing {
    private let authority = P256.Signing.PrivateKey()
    private let profile: Profile
    private let issuer: Issuer
    private let request: Bytes
    private let entropy = SystemEntropy()
    private let now = UTCTime(seconds: 1_800_000_000)

    init() throws {
        let key = try SubjectPublicKeyInfo(.ecdsaP256, key: Bytes(authority.publicKey.x963Representation))
        profile = try Profile(document: JSON.object(Fixtures.profile).canonicalBytes)
        issuer = Issuer(
            name: try Name([try Attribute(oid: .commonName, kind: .utf8, text: "Issuing CA")]), keyIdentifier: key.keyIdentifier,
            signatureAlgorithm: .preferred(for: .ecdsaP256), keyAlgorithm: .ecdsaP256, notAfter: .never)
        request = try Fixtures.request(PrivateKey.generate(.ecdsaP256, entropy: entropy))
    }

    func certificate() throws -> Bytes {
        let request = try CertificateRequest(der: request)
        try request.verifyPossession()
        let tbs = try profile.fill(
            Filling(
                serial: SerialNumber(at: now, random: entropy.bytes(16)), now: now, publicKey: request.publicKey,
                fields: ["model": "PLC-7", "serial": "SN-0001234"], request: request), issuer: issuer)
        return Certificate(tbs: tbs, signature: Bytes(try authority.signature(for: tbs.der).derRepresentation)).der
    }
}
