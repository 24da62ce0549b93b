import Approval
import ArgumentParser
import Basics
import Client
import PKIX
import Profiles

/// `assay certificate …`
struct CertificateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "certificate", abstract: "List, show, fetch and revoke certificates.",
        discussion: """
            Example:
              assay certificate get ID --out device.pem --as officer-3
            """,
        subcommands: [List.self, Show.self, Get.self, Revoke.self])
}

extension CertificateCommand {
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List certificates, newest first.",
            discussion: """
                Example:
                  assay certificate list --as officer-3
                """)

        @OptionGroup var pages: PageOptions

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            try await listing(
                "certificates", pages, personal, Table("fingerprint", "authority", "valid until", "issued", "request", ""),
                page: { session, paging throws(Problem) in try await session.certificates(paging) },
                cells: { one in
                    [
                        one.fingerprint.hex, one.authority.description, one.notAfter.shown, one.created.description,
                        one.request.description, one.isRevoked ? "revoked" : "",
                    ]
                },
                json: { one in
                    .object([
                        "fingerprint": .string(one.fingerprint.hex), "serial": .string(one.serial),
                        "authority": .string(one.authority.description), "request": .string(one.request.description),
                        "notAfter": .seconds(one.notAfter), "created": .seconds(one.created), "revoked": .bool(one.isRevoked),
                    ])
                })
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a certificate in plain words.",
            discussion: """
                A file is read without asking any node.

                Example:
                  assay certificate show 01930f3e-0000-7000-8000-000000000001 --as officer-3
                  assay certificate show device.pem
                """)

        @Argument(help: "A request's id, a fingerprint (SHA-256, 64 hexadecimal digits), or a file in PEM or DER.")
        var which: String

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            guard ID(which) == nil, Digest32(hex: which) == nil else {
                return try await working(personal) { session in
                    let certificate = try await find(which, session)
                    let (signer, status) = (session.signer(of: certificate), try await session.status(of: certificate.fingerprint))
                    show(certificate, signer: signer, status: status)
                    return .object([
                        "certificate": .certificate(certificate), "signer": signer.map { .string($0.description) } ?? .null,
                        "status": status.json,
                    ])
                }
            }
            try await reporting(json: personal.output.json) {
                let octets = try LocalFiles.read(which)
                let certificate: Certificate
                do throws(PKIXError) { certificate = try Certificate(der: try PEM.derOrPEM(octets, labels: ["CERTIFICATE"])) } catch {
                    throw Problem(
                        .invalid, "certificate.malformed", title: "This is not a certificate", detail: "In \(which.escaped), \(error.text)."
                    )
                }
                show(certificate, signer: nil)
                return .object(["certificate": .certificate(certificate), "signer": .null, "status": .null])
            }
        }
    }

    struct Get: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fetch a certificate as PEM, one block.",
            discussion: """
                It is checked against the statement that people voted on, and against the keys of the authorities in force.

                Example:
                  assay certificate get 01930f3e-0000-7000-8000-000000000001 --out device.pem --as officer-3
                """)

        @Argument(help: "A request's id, or a fingerprint.")
        var which: String

        @Option(help: ArgumentHelp("Where it goes.", valueName: "file"))
        var out: String

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            try await working(personal) { session in
                let certificate = try await find(which, session)
                try LocalFiles.write(out, Bytes(PEM.encode("CERTIFICATE", certificate.der).utf8))
                say("\(out.escaped): \(certificate.tbs.subject)")
                let signer = session.signer(of: certificate)
                if let signer {
                    say("  signed by authority \(signer)")
                } else {
                    warn("No authority in force has signed it: that it is genuine could not be checked with a key of the roster.")
                }
                let status = try await session.status(of: certificate.fingerprint)
                if status.isRevoked { warn("This certificate is revoked: assay certificate show \(which.escaped)") }
                return .object([
                    "file": .string(out), "certificate": .certificate(certificate), "status": status.json,
                    "signer": signer.map { .string($0.description) } ?? .null,
                ])
            }
        }
    }
}

func find(_ which: String, _ session: Session) async throws(Problem) -> Certificate {
    if let fingerprint = Digest32(hex: which) { return try await session.certificate(fingerprint) }
    guard let id = ID(which) else { throw unnamed(which) }
    let request = try await session.request(id)
    guard let certificate = request.certificate else {
        throw Problem(
            .conflict, "request.not-issued", title: "There is no certificate yet", detail: "Request \(id) is \(request.state.rawValue).")
    }
    return certificate
}

func unnamed(_ which: String) -> Problem {
    Problem(
        .invalid, "certificate.not-named", title: "Which certificate?",
        detail: "\(which.escaped) is neither a request's id nor a fingerprint of 64 hexadecimal digits.")
}

func show(_ certificate: Certificate, signer: Handle?, status: CertificateStatus? = nil) {
    var facts = Facts(Explanation(of: certificate.tbs))
    facts.add("Fingerprint", certificate.fingerprint.hex)
    if let signer { facts.add("Signed by", "authority \(signer), verified with the key in its document") }
    if let status {
        let why = [status.reason?.escaped, status.effective.map { "since \($0)" }, status.revocation.map { "assay revocation show \($0)" }]
        facts.add("Revoked", status.isRevoked ? (["yes"] + why.compactMap(\.self)).joined(separator: ", ") : "no, the node says")
    }
    facts.say()
}

/// `assay authority …`
struct AuthorityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "authority", abstract: "List authorities and fetch their certificates.",
        discussion: """
            Example:
              assay authority certificate root --out root.pem --as officer-3
            """,
        subcommands: [List.self, Own.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List the authorities in force.",
            discussion: """
                Example:
                  assay authority list --as officer-3
                """)

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            try await working(personal) { session in
                var table = Table("authority", "issuer", "signs", "profiles", "subject")
                for (name, document) in session.charter.documents.authorities.sorted(by: { $0.key < $1.key }) {
                    let authority = document.value
                    table.add(
                        name.description, authority.issuer?.description ?? "itself",
                        authority.purposes.map(\.rawValue).sorted().joined(separator: ", "),
                        authority.profiles.map(\.description).joined(separator: ", "), (try? authority.asIssuer().name.description) ?? "")
                }
                table.isEmpty ? say("No authorities yet: assay apply FILE") : table.say()
                return .object([
                    "authorities": .array(
                        session.charter.documents.authorities.sorted { $0.key < $1.key }.map { name, document in
                            .object([
                                "name": .string(name.description),
                                "issuer": document.value.issuer.map { .string($0.description) } ?? .null,
                                "purposes": .array(document.value.purposes.map(\.rawValue).sorted().map { .string($0) }),
                                "profiles": .names(document.value.profiles),
                                "subject": .string((try? document.value.asIssuer().name.description) ?? ""),
                                "keyAlgorithm": .string(document.value.publicKey.keyAlgorithm.name),
                            ])
                        })
                ])
            }
        }
    }

    struct Own: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "certificate", abstract: "Fetch an authority's own certificate as PEM, one block.",
            discussion: """
                It is checked against the authority's document in the roster before it is written.

                Example:
                  assay authority certificate root --out root.pem --as officer-3
                """)

        @Argument(help: "The authority's name.")
        var name: Handle

        @Option(help: ArgumentHelp("Where it goes.", valueName: "file"))
        var out: String

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            try await working(personal) { session in
                let certificate = try await session.authorityCertificate(name)
                try LocalFiles.write(out, Bytes(PEM.encode("CERTIFICATE", certificate.der).utf8))
                say("\(out.escaped): \(certificate.tbs.subject)")
                say("  fingerprint \(certificate.fingerprint.hex)")
                return .object(["file": .string(out), "certificate": .certificate(certificate)])
            }
        }
    }
}
