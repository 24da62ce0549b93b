import Basics
import PKIX
import Testing

@Suite("What errors say")
struct ErrorTextTests {
    @Test(
        "Outside text is shown escaped",
        arguments: [
            PKIXError.wrongPEMLabel("a\u{1b}[2J\u{202e}"), .invalidOID("a\u{1b}[2J\u{202e}"), .invalidAddress("a\u{1b}[2J\u{202e}"),
        ])
    func escaped(error: PKIXError) {
        #expect(error.text.contains(#"a\u{1b}[2J\u{202e}"#))
        #expect(!error.text.unicodeScalars.contains("\u{1b}") && !error.text.unicodeScalars.contains("\u{202e}"))
    }

    @Test("Each rule of DER and PEM has its own words")
    func rules() {
        let der = PKIXError.DERRule.allCases.map { PKIXError.der($0, offset: 7).text }
        let pem = PKIXError.PEMRule.allCases.map { PKIXError.pem($0, line: 7).text }
        #expect(Set(der + pem).count == der.count + pem.count)
        #expect((der + pem).allSatisfy { $0.contains("7") })
    }

    @Test("What is not supported is called by its name, and old key files by their remedy")
    func names() throws {
        #expect(
            PKIXError.unknownKeyAlgorithm(try OID("1.3.132.0.10")).text.hasPrefix("the key algorithm 1.3.132.0.10 (secp256k1) is not known")
        )
        #expect(PKIXError.unknownKeyAlgorithm(try OID("1.2.3")).text.hasPrefix("the key algorithm 1.2.3 is not known"))
        #expect(PKIXError.unknownSignatureAlgorithm(try OID("1.2.840.113549.1.1.5")).text.contains("(RSA with SHA-1)"))
        #expect(PKIXError.wrongPEMLabel("EC PRIVATE KEY").text.contains("openssl pkcs8 -topk8"))
        #expect(!PKIXError.wrongPEMLabel("CERTIFICATE").text.contains("openssl"))
    }
}
