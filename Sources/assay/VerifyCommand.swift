import ArgumentParser
import Basics
import Client
import PKIX

extension CertificatePath.Requirement: ExpressibleByArgument {}

/// `assay verify`: a certificate and its chain, both signatures, without any node.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Verify a certificate and its chain, also by alternative signatures; no node is asked.",
        discussion: """
            What was checked is printed for each certificate, from the one asked about up to the one that is trusted. A certificate can \
            have two signatures (X.509 §9.8): --require says which must hold, on every certificate of the chain. Revocation is not \
            looked at: `assay certificate show` asks the node. Exit status 1 when something fails.

            Without --anchor a self-signed certificate in --chain is trusted, because you named it. What stands behind the certificate in \
            its own file may stand between, and is not trusted.

            Example:
              assay verify device.pem --chain issuing.pem --chain root.pem --require both
              assay verify device.pem --chain issuing.pem --anchor root.pem
            """)

    @Argument(help: ArgumentHelp("The certificate, PEM or DER.", valueName: "cert"))
    var certificate: String

    @Option(
        parsing: .singleValue,
        help: ArgumentHelp(
            "A file with certificates between it and what is trusted, PEM (one or more) or DER; once for each.", valueName: "file"))
    var chain: [String] = []

    @Option(parsing: .singleValue, help: ArgumentHelp("A file with certificates that are trusted; once for each.", valueName: "file"))
    var anchor: [String] = []

    @Option(help: ArgumentHelp("Which signatures must hold: classical, alternative or both.", valueName: "which"))
    var require = CertificatePath.Requirement.classical

    @Option(help: ArgumentHelp("The time at which it is to hold, as 2026-11-25T07:02:24Z or a date; without it now.", valueName: "time"))
    var at: UTCTime?

    @OptionGroup var output: OutputOptions

    func run() async throws {
        var isValid = false
        try await reporting(json: output.json) {
            let own = try Self.certificates(certificate)
            guard let certificate = own.first else { throw Self.problem(certificate, "there is none in it") }
            let named = try anchor.flatMap(Self.certificates)
            let given = try chain.flatMap(Self.certificates)
            let anchors = anchor.isEmpty ? given.filter { $0.tbs.subject == $0.tbs.issuer && !$0.isAlteredRoot } : named
            let others = own.dropFirst() + given
            guard others.count <= CertificatePath.mostOthers, anchors.count <= CertificatePath.mostOthers else {
                throw Problem(
                    .invalid, "verify.too-many", title: "Too many certificates",
                    detail: "At most \(CertificatePath.mostOthers) are accepted.")
            }
            let path = CertificatePath(
                of: certificate, through: Array(others), to: anchors, requiring: require, at: at ?? SystemClocks().now)
            isValid = path.isValid
            for (number, one) in path.certificates.enumerated() {
                say("\(number == 0 ? "" : "\n")\(number)  \(one.tbs.subject.description)")
                for finding in path.findings where finding.certificate == number {
                    let mark = finding.level.rawValue.padded(6) + finding.name.padded(13)
                    for (index, line) in Lines.of(finding.text, width: Lines.width - mark.count - 3).enumerated() {
                        say("   " + (index == 0 ? mark : String(repeating: " ", count: mark.count)) + line)
                    }
                }
            }
            say()
            if let failure = path.failure {
                for line in Lines.of("NOT VALID (\(require.rawValue)): certificate \(failure.certificate): \(failure.text)") { say(line) }
            } else {
                say("Valid (\(require.rawValue)).")
            }
            return .object([
                "valid": .bool(isValid), "require": .string(require.rawValue), "failure": path.failure.map(Self.json) ?? .null,
                "certificates": .array(path.certificates.map { .certificate($0) }), "findings": .array(path.findings.map(Self.json)),
            ])
        }
        if !isValid { throw ExitCode(1) }
    }

    private static func json(_ finding: CertificatePath.Finding) -> JSON {
        .object([
            "certificate": .count(finding.certificate), "name": .string(finding.name), "level": .string(finding.level.rawValue),
            "text": .string(finding.text),
        ])
    }

    private static func certificates(_ path: String) throws(Problem) -> [Certificate] {
        let octets = try LocalFiles.read(path)
        do throws(PKIXError) {
            // DER begins with a SEQUENCE's tag; PEM is text.
            if octets.first == 0x30 { return [try Certificate(der: octets)] }
            return try PEM.decode(octets, accepting: ["CERTIFICATE"]).map { block throws(PKIXError) in try Certificate(der: block.der) }
        } catch { throw problem(path, error.text) }
    }

    private static func problem(_ path: String, _ why: String) -> Problem {
        Problem(.invalid, "certificate.malformed", title: "This is not a certificate", detail: "In \(path.escaped), \(why).")
    }
}
