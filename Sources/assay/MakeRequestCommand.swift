import ArgumentParser
import Basics
import Client
import PKIX

extension RequestCommand {
    /// `assay request make`
    struct Make: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a key, or two, and a certificate signing request (CSR) by them; no node is asked.",
            discussion: """
                For devices whose own tools know no second key: with --alternative the request carries another key, and both prove that \
                they are held (X.509 §9.8). The keys are written to files of mode 0600 (PKCS#8, not encrypted).

                Example:
                  assay request make --key ecdsa-p256 --key-out device.key \\
                    --alternative ml-dsa-65 --alternative-out device-alternative.key --out device.csr
                """)

        @Option(help: ArgumentHelp("The key's algorithm.", valueName: "name"))
        var key = "ecdsa-p256"

        @Option(help: ArgumentHelp("Where the private key goes.", valueName: "file"))
        var keyOut: String

        @Option(help: ArgumentHelp("The second key's algorithm; without it there is none.", valueName: "name"))
        var alternative: String?

        @Option(help: ArgumentHelp("Where the second private key goes.", valueName: "file"))
        var alternativeOut: String?

        @Option(help: ArgumentHelp("A common name; profiles do not take it.", valueName: "text"))
        var name = "device"

        @Option(help: ArgumentHelp("Where the request goes, PEM.", valueName: "file"))
        var out: String

        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard (alternative == nil) == (alternativeOut == nil) else {
                throw ValidationError("--alternative and --alternative-out belong together.")
            }
            let files = [keyOut, out] + (alternativeOut.map { [$0] } ?? [])
            guard Set(files).count == files.count else { throw ValidationError("Each file needs a name of its own.") }
        }

        func run() async throws {
            try await reporting(json: output.json) {
                for path in [keyOut] + (alternativeOut.map { [$0] } ?? []) where try LocalFiles.readIfThere(path) != nil {
                    throw Problem(
                        .conflict, "client.file-exists", title: "A key would be lost",
                        detail: "\(path.escaped) is there already, and what is overwritten is gone.")
                }
                let own = try Self.generate(key)
                let second = try alternative.map(Self.generate)
                let request: CertificateRequest
                do throws(PKIXError) {
                    let subject = try Name([try Attribute(oid: .commonName, kind: .utf8, text: name)])
                    request = try CertificateRequest.make(subject: subject, key: own, alternative: second)
                } catch {
                    throw Problem(
                        .invalid, "request.name-invalid", title: "The request was not made", detail: "\(name.escaped): \(error.text).",
                        field: "name")
                }
                for (path, key) in [(keyOut, own)]
                    + [(alternativeOut, second)].compactMap({ path, key in path.flatMap { path in key.map { (path, $0) } } })
                {
                    try LocalFiles.write(path, Bytes(PEM.encode("PRIVATE KEY", key.pkcs8).utf8), mode: 0o600)
                    say(
                        "\(path.escaped): \(key.publicKey.keyAlgorithm.name) private key, SHA-256 of the public key \(key.publicKey.digest)"
                    )
                }
                try LocalFiles.write(out, Bytes(PEM.encode("CERTIFICATE REQUEST", request.der).utf8))
                say("\(out.escaped): the request")
                return .object([
                    "request": .string(out), "key": .string(own.publicKey.digest.base64),
                    "alternative": second.map { .string($0.publicKey.digest.base64) } ?? .null,
                ])
            }
        }

        private static func generate(_ name: String) throws(Problem) -> SoftwareKey {
            guard let algorithm = KeyAlgorithm(named: name) else {
                throw Problem(
                    .invalid, "request.key-unknown", title: "The key's algorithm is not known",
                    detail: "\(name.escaped): one of \(KeyAlgorithm.known.map(\.name).joined(separator: ", ")) is expected.", field: "key")
            }
            do { return try algorithm.generate() } catch {
                throw Problem(.fault, "request.key-failed", title: "The key was not made", detail: error.text)
            }
        }
    }
}
