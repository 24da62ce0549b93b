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
                guard !text else { return say(String(session.charter.note.rendered.dropLast())) }
                let roster = session.roster
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
                guard !roster.documents.isEmpty else { return say("\nNo documents yet: assay apply FILE") }
                say()
                var documents = Table("document", "hash")
                for document in roster.documents { documents.add(document.label, document.digest.base64) }
                documents.say()
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
                for note in session.chain {
                    guard let roster = try? Roster(text: note.text) else { continue }
                    table.add(
                        "\(roster.version)", roster.time.description, note.signatures.map(\.name.escaped).joined(separator: ", "),
                        roster.digest.base64)
                }
                table.say()
                // Proposals are shown to those who may sign them.
                guard session.roster.administrators.contains(session.handle) else { return }
                for (digest, proposal) in try await session.proposals() {
                    say()
                    switch proposal {
                    case .success(let proposal):
                        say("Proposed \(digest.hex.prefix(16)), signed by \(proposal.signers.map(\.description).joined(separator: ", ")):")
                        show(proposal)
                    case .failure(let problem): say("Proposed \(digest.hex.prefix(16)): not acceptable, \(problem.code)")
                    }
                }
            }
        }
    }
}
