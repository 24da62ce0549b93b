import Approval
import ArgumentParser
import Basics
import Client

/// `assay request …`: from a CSR to a certificate.
struct RequestCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "request", abstract: "Ask for certificates; look at requests, approve and reject them.",
        discussion: """
            Example:
              assay request submit --profile device-identity --csr device.csr --field serial=SN-1 --field model=PLC-7 --as officer-3
              assay request show ID --as officer-1
              assay request approve ID --as officer-1
            """,
        subcommands: [
            Make.self, Submit.self, List.self, ShowVoted<RequestEvidence>.self, ApproveVoted<RequestEvidence>.self,
            RejectVoted<RequestEvidence>.self,
        ])
}

extension RequestCommand {
    struct Submit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Ask for a certificate: a CSR under a profile.",
            discussion: """
                Of the CSR only the key is taken; what the certificate says comes from the profile and the fields. Serial number and \
                validity are fixed now, and people vote on exactly that.

                Example:
                  assay request submit --profile device-identity --csr device.csr --field serial=SN-1 --field model=PLC-7 --as officer-3
                """)

        @Option(help: ArgumentHelp("The profile.", valueName: "name"))
        var profile: Handle

        @Option(help: ArgumentHelp("The certificate signing request, PEM or DER.", valueName: "file"))
        var csr: String

        @Option(
            name: .customLong("field"), help: ArgumentHelp("A value for a field of the profile; once for each.", valueName: "name=value"))
        var fields: [FieldArgument] = []

        @OptionGroup var personal: PersonalOptions

        func validate() throws {
            guard Set(fields.map(\.name)).count == fields.count else { throw ValidationError("A field is given twice.") }
        }

        func run() async throws {
            try await working(personal) { session in
                let values = Dictionary(fields.map { ($0.name, $0.value) }) { first, _ in first }
                let request = try await session.submit(profile: profile, csr: try LocalFiles.read(csr), fields: values)
                request.show()
                say()
                say("Next: two others look and decide: assay request show \(request.id)")
                return request.json
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List requests, newest first.",
            discussion: """
                Example:
                  assay request list --state open --as officer-1
                """)

        @Option(help: ArgumentHelp("Only those that are open, issued, rejected or expired.", valueName: "state"))
        var state: RequestState?

        @OptionGroup var pages: PageOptions

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            try await listing(
                "requests", pages, personal, Table("request", "state", "requester", "profile", "opened", "expires"),
                page: { session, paging throws(Problem) in try await session.requests(state, paging) },
                cells: { request in
                    [
                        request.id.description, request.state.rawValue, request.requester.escaped, request.profile.description,
                        request.opened.description, request.expires.description,
                    ]
                },
                json: { request in
                    .object([
                        "id": .string(request.id.description), "state": .string(request.state.rawValue),
                        "requester": .string(request.requester), "profile": .string(request.profile.description),
                        "opened": .seconds(request.opened), "expires": .seconds(request.expires),
                    ])
                })
        }
    }
}

extension RequestState: ExpressibleByArgument {}
