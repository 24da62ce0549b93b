import Basics
import Foundation
import PKIX
import Profiles

/// What a certificate costs under each algorithm of its authority, and with two signatures; one core, no I/O.
enum Algorithms {
    /// CSR bytes → certificate bytes, all keys in memory.
    private struct Maker {
        private let signing: [SignatureSlot: SoftwareKey]
        private let profile: Profile
        private let issuer: Issuer
        private let request: Bytes
        private let known: CertificateRequest
        private let now = UTCTime(seconds: 1_800_000_000)
        private let entropy = SystemEntropy()

        init(_ own: KeyAlgorithm, _ second: KeyAlgorithm?) throws {
            var signing: [SignatureSlot: SoftwareKey] = [.classical: try own.generate()]
            let subject = try KeyAlgorithm.ecdsaP256.generate()
            let subjectSecond = try second?.generate()
            if let second { signing[.alternative] = try second.generate() }
            self.signing = signing
            var members = Fixtures.profile
            if let second { members["alternativeKeys"] = .array([.string(second.name)]) }
            profile = try Profile(document: JSON.object(members).canonicalBytes)
            guard let key = signing[.classical]?.publicKey else { throw PKIXError.signingFailed }
            let name = try Name([try Attribute(oid: .commonName, kind: .utf8, text: "Issuing CA")])
            issuer = Issuer(
                name: name, keyIdentifier: key.keyIdentifier, signatureAlgorithm: .preferred(for: own), keyAlgorithm: own,
                alternative: second.map { (.preferred(for: $0), $0) }, notAfter: .never)
            known = try CertificateRequest.make(subject: name, key: subject, alternative: subjectSecond)
            request = known.der
        }

        func certificate() throws -> Certificate {
            let request = try CertificateRequest(der: request)
            try request.verifyPossession()
            let tbs = try profile.fill(
                Filling(
                    serial: SerialNumber(at: now, random: entropy.bytes(16)), now: now, publicKey: request.publicKey,
                    alternativeKey: request.alternative?.publicKey, fields: ["model": "PLC-7", "serial": "SN-0001234"],
                    request: request), issuer: issuer)
            var unfinished = try UnfinishedCertificate(tbs)
            while let slot = unfinished.next, let key = signing[slot] {
                unfinished = try unfinished.adding(try key.sign(unfinished.message, as: .preferred(for: key.publicKey.keyAlgorithm)))
            }
            guard let certificate = unfinished.certificate else { throw PKIXError.signingFailed }
            return certificate
        }

        /// The signatures alone: those of the request verified, those of the certificate made.
        func raw(_ message: Bytes) throws {
            for key in signing.values { _ = try key.sign(message, as: .preferred(for: key.publicKey.keyAlgorithm)) }
            try known.verifyPossession()
        }
    }

    static func run() throws {
        for (own, second) in KeyAlgorithm.known.map({ ($0, KeyAlgorithm?.none) }) + [(.ecdsaP256, .mlDSA65)] {
            let maker = try Maker(own, second)
            let certificate = try maker.certificate()
            let message = certificate.tbs.alternativeMessage
            var made: [Double] = []
            var raw: [Double] = []
            let calls = own.isSlow || second != nil ? 8 : 60
            for _ in 0..<41 {
                raw.append(try Bench.seconds(calls) { try maker.raw(message) })
                made.append(try Bench.seconds(calls) { _ = try maker.certificate() })
            }
            let name = second.map { "\(own.name) and \($0.name)" } ?? own.name
            Bench.line("\(name): certificates of \(certificate.der.count) octets", 1 / Bench.median(made), "1/s")
            Bench.line(
                "  share of its signatures, made and verified alone", Bench.median(raw.indices.map { raw[$0] / made[$0] * 100 }), "%")
        }
    }
}
