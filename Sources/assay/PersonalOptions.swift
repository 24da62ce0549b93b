import ArgumentParser
import Basics
import Client
import Foundation

/// Who is at work: the same options on every command of a person.
struct PersonalOptions: ParsableArguments {
    @Option(name: .customLong("as"), help: ArgumentHelp("Who you are: the name of your folder. Also ASSAY_AS.", valueName: "name"))
    var person: String?

    @Option(help: ArgumentHelp("Where people's folders are. Also ASSAY_HOME; ~/.assay unless said.", valueName: "dir"))
    var home: String?

    @Option(help: ArgumentHelp("A file whose first line is the passphrase. Also ASSAY_PASSPHRASE_FILE.", valueName: "file"))
    var passphraseFile: String?

    @OptionGroup var output: OutputOptions

    private static func variable(_ name: String) -> String? {
        ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    var homePath: String {
        home ?? Self.variable("ASSAY_HOME") ?? (Self.variable("HOME") ?? FileManager.default.homeDirectoryForCurrentUser.path) + "/.assay"
    }

    /// Whether somebody said who they are.
    var isNamed: Bool { person != nil || Self.variable("ASSAY_AS") != nil }

    var passphrase: PassphraseSource { PassphraseSource(file: passphraseFile ?? Self.variable("ASSAY_PASSPHRASE_FILE")) }

    /// The person's folder: named, or the only one that there is.
    /// - Parameter handle: who it is when nobody is named.
    func folder(as handle: Handle? = nil) throws(Problem) -> PersonFolder {
        let home = homePath
        if let name = person ?? Self.variable("ASSAY_AS") {
            guard let handle = Handle(name) else {
                throw Problem(
                    .invalid, "client.name-invalid", title: "This is no name",
                    detail: "\(name.escaped): 1 to 32 of a-z, 0-9 and - are accepted.",
                    field: "as")
            }
            return PersonFolder(home: home, handle: handle)
        }
        if let handle { return PersonFolder(home: home, handle: handle) }
        let people = PersonFolder.people(in: home)
        guard people.count == 1, let only = people.first else {
            throw Problem(
                .invalid, "client.person-not-said", title: "Who are you?",
                detail: people.isEmpty
                    ? "\(home.escaped) has nobody's keys yet. Begin with `assay login --new --as NAME`, or with the code that you were given."
                    : "\(home.escaped) has keys of \(people.map(\.description).joined(separator: ", ")).")
        }
        return PersonFolder(home: home, handle: only)
    }

    /// The person's keys, opened.
    func keys(as handle: Handle? = nil) throws(Problem) -> PersonKeys {
        try PersonKeys(opening: try folder(as: handle), passphrase: passphrase)
    }
}

/// Runs a command's work in a session with the person's node.
func working(_ personal: PersonalOptions, _ work: (inout Session) async throws -> JSON) async throws {
    try await inSession(personal) { session in
        tell(result: try await work(&session))
    }
}

/// The same for work that writes its result itself.
func inSession(_ personal: PersonalOptions, _ work: (inout Session) async throws -> Void) async throws {
    try await telling(json: personal.output.json) {
        var session = try await Session.open(try personal.folder(), passphrase: personal.passphrase)
        do { try await work(&session) } catch {
            await session.close()
            throw error
        }
        await session.close()
    }
}
