import Approval
import ArgumentParser
import Basics
import Client

/// `assay roster …`: people and documents in force.
struct RosterCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "roster", abstract: "People and documents in force, version by version.",
        discussion: """
            Example:
              assay roster show --as officer-1
            """,
        subcommands: [Show.self, List.self, Sign.self, Export.self, Submit.self])
}

extension RosterCommand {
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show the roster in force, as verified here.",
            discussion: """
                Example:
                  assay roster show --as officer-1
                """)

        @Flag(help: "The signed text itself.")
        var text = false

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            try await working(personal) { session in
                let roster = session.roster
                let result = JSON.object([
                    "version": .integer(roster.version), "pin": .string(session.charter.pin.base64), "hash": .string(roster.digest.base64),
                    "time": .seconds(roster.time), "quorum": .count(roster.quorum), "origin": .string(roster.log.name),
                    "people": .array(
                        roster.people.map { person in
                            .object([
                                "handle": .string(person.description),
                                "roles": .array(roster.roles(of: person).map { .string($0.rawValue) }),
                            ])
                        }),
                    "documents": .array(
                        roster.documents.map { document in
                            .object([
                                "kind": .string(document.kind.rawValue), "name": .string(document.name.description),
                                "hash": .string(document.digest.base64),
                            ])
                        }), "text": .string(session.charter.note.rendered),
                ])
                guard !text else {
                    say(String(session.charter.note.rendered.dropLast()))
                    return result
                }
                var facts = Facts()
                facts.add("version", "\(roster.version), verified from the pin \(session.charter.pin)")
                facts.add("hash", roster.digest.base64)
                facts.add("made", roster.time.description)
                facts.add("quorum", "\(roster.quorum) of \(roster.administrators.count) administrators")
                facts.add("ledger", roster.log.name.escaped)
                facts.say(indent: 0)
                say()
                var people = Table("person", "roles")
                for person in roster.people {
                    people.add(person.description, roster.roles(of: person).map(\.rawValue).joined(separator: ", "))
                }
                people.say()
                guard !roster.documents.isEmpty else {
                    say("\nNo documents yet: assay apply FILE")
                    return result
                }
                say()
                var documents = Table("document", "hash")
                for document in roster.documents { documents.add(document.label, document.digest.base64) }
                documents.say()
                return result
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "List every version of the roster, and proposals that wait for signatures.",
            discussion: """
                Example:
                  assay roster list --as admin
                """)

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            try await working(personal) { session in
                var table = Table("version", "made", "signed by", "hash")
                var versions: [JSON] = []
                for note in session.chain {
                    guard let roster = try? Roster(text: note.text) else { continue }
                    versions.append(
                        .object([
                            "version": .integer(roster.version), "time": .seconds(roster.time), "hash": .string(roster.digest.base64),
                            "signers": .array(note.signatures.map { .string($0.name) }),
                        ]))
                    table.add(
                        "\(roster.version)", roster.time.description, note.signatures.map(\.name.escaped).joined(separator: ", "),
                        roster.digest.base64)
                }
                table.say()
                // Proposals are shown to those who may sign them.
                guard session.roster.administrators.contains(session.handle) else {
                    return .object(["versions": .array(versions), "proposals": .array([])])
                }
                var proposals: [JSON] = []
                for (digest, proposal) in try await session.proposals() {
                    say()
                    switch proposal {
                    case .success(let proposal):
                        proposals.append(.proposal(proposal))
                        say("Proposed \(digest.hex.prefix(16)), signed by \(proposal.signers.map(\.description).joined(separator: ", ")):")
                        show(proposal)
                    case .failure(let problem): say("Proposed \(digest.hex.prefix(16)): not acceptable, \(problem.code)")
                    }
                }
                return .object(["versions": .array(versions), "proposals": .array(proposals)])
            }
        }
    }
}
