import ArgumentParser
import Basics
import Client
import Foundation
import PKIX
import Wire

/// `assay machine …`: on the machine's side.
struct MachineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "machine", abstract: "On a machine: make its key, and draw certificates under an allowance.",
        discussion: """
            Example:
              assay machine enroll line-3 --node assay-node-… --out line-3.machine
              assay machine certificate --profile device-identity --csr device.csr --field serial=SN-1 --field model=PLC-7 --out device.pem --as line-3
            """,
        subcommands: [Enroll.self, Draw.self])
}

extension MachineCommand {
    struct Enroll: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make this machine's key, in its own folder.",
            discussion: """
                The key stays here; what it may do, people say by opening an allowance for it. Hand them the file, and let them compare \
                the key's hash with what is shown here. Run again with another line of the same node, it keeps the key and takes the \
                new address.

                Example:
                  assay machine enroll line-3 --node assay-node-AnVq… --out line-3.machine
                """)

        @Argument(help: "What the machine is called.")
        var name: Handle

        @Option(help: ArgumentHelp("The line that `assay serve` prints.", valueName: "code"))
        var node: String

        @Option(help: ArgumentHelp("Where the public key goes; NAME.machine unless said.", valueName: "file"))
        var out: String?

        @Option(help: ArgumentHelp("Where folders are. Also ASSAY_HOME; ~/.assay unless said.", valueName: "dir"))
        var home: String?

        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await reporting(json: output.json) {
                var personal = PersonalOptions()
                personal.home = home
                let folder = MachineFolder(home: personal.homePath, name: name)
                let key = try folder.enroll(node: try NodeIdentity(try ConnectionCode(parsing: node)), entropy: SystemEntropy())
                let file = out ?? "\(name).machine"
                try LocalFiles.write(file, Bytes(MachineKey.pem(key).utf8))
                var facts = Facts()
                facts.add("machine", name.description)
                facts.add("key", key.digest.base64)
                facts.add("public key", file.escaped)
                say("The machine's key is in \(folder.path.escaped).")
                facts.say()
                say()
                say("Next: an officer runs: assay allowance open --machine \(file.escaped) --name \(name) --profile … --number … --until …")
                return .object([
                    "machine": .string(name.description), "key": .string(key.digest.base64), "file": .string(file),
                    "folder": .string(folder.path),
                ])
            }
        }
    }

    struct Draw: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "certificate", abstract: "Have certificates for CSRs, in the same call, under an open allowance.",
            discussion: """
                The same command run again has the same answer, and costs nothing. In a field's value, {file} stands for the CSR file's \
                name without its ending.

                Example:
                  assay machine certificate --profile device-identity --csr device.csr --field serial=SN-1 --field model=PLC-7 --out device.pem --as line-3
                  assay machine certificate --profile device-identity --csr-dir csr --field serial={file} --field model=PLC-7 --out-dir pem --as line-3
                """)

        @Option(help: ArgumentHelp("The profile.", valueName: "name"))
        var profile: Handle

        @Option(help: ArgumentHelp("The certificate signing request, PEM or DER.", valueName: "file"))
        var csr: String?

        @Option(help: ArgumentHelp("A folder whose *.csr files are drawn for, in the order of their names.", valueName: "dir"))
        var csrDir: String?

        @Option(
            name: .customLong("field"), help: ArgumentHelp("A value for a field of the profile; once for each.", valueName: "name=value"))
        var fields: [FieldArgument] = []

        @Option(help: ArgumentHelp("With --csr: where the certificate goes, as PEM.", valueName: "file"))
        var out: String?

        @Option(help: ArgumentHelp("With --csr-dir: where certificates go, as NAME.pem.", valueName: "dir"))
        var outDir: String?

        @OptionGroup var personal: PersonalOptions

        func validate() throws {
            guard (csr != nil) != (csrDir != nil), (csr != nil) == (out != nil), (csrDir != nil) == (outDir != nil) else {
                throw ValidationError("Say either --csr with --out, or --csr-dir with --out-dir.")
            }
            guard Set(fields.map(\.name)).count == fields.count else { throw ValidationError("A field is given twice.") }
        }

        func run() async throws {
            try await reporting(json: personal.output.json) {
                let person = try personal.folder()
                let station = try Station(MachineFolder(home: person.home, name: person.handle))
                let drawn: [JSON]
                do { drawn = try await draw(station) } catch {
                    await station.close()
                    throw error
                }
                await station.close()
                return .object(["certificates": .array(drawn)])
            }
        }

        private func draw(_ station: Station) async throws -> [JSON] {
            guard let csrDir, let outDir else {
                let certificate = try await one(station, csr ?? "", out ?? "")
                say("\((out ?? "").escaped): \(certificate.tbs.subject)")
                return [.certificate(certificate)]
            }
            let names = ((try? FileManager.default.contentsOfDirectory(atPath: csrDir)) ?? []).filter { $0.hasSuffix(".csr") }.sorted()
            guard !names.isEmpty else {
                throw Problem(
                    .notFound, "client.file", title: "There is nothing to draw for", detail: "\(csrDir.escaped) has no file *.csr.")
            }
            try LocalFiles.makeDirectory(outDir)
            var drawn: [JSON] = []
            for name in names {
                drawn.append(.certificate(try await one(station, "\(csrDir)/\(name)", "\(outDir)/\(name.dropLast(4)).pem")))
            }
            say("\(outDir.escaped): \(names.count) certificates")
            return drawn
        }

        private func one(_ station: Station, _ csr: String, _ out: String) async throws -> Certificate {
            let file = URL(fileURLWithPath: csr).deletingPathExtension().lastPathComponent
            let values = fields.map { ($0.name, $0.value.replacing("{file}", with: file)) }
            let drawn = try await station.draw(
                profile: profile, csr: try LocalFiles.read(csr), fields: Dictionary(values) { first, _ in first })
            try LocalFiles.write(out, Bytes(PEM.encode("CERTIFICATE", drawn.certificate.der).utf8))
            return drawn.certificate
        }
    }
}
