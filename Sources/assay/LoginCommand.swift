import Approval
import ArgumentParser
import Basics
import Client
import Wire

/// `assay login`: becomes somebody.
struct Login: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make your keys, or join a node with the code that you were given.",
        discussion: """
            Your keys are made on this machine, in a folder of their own, and never leave it: one to log in, one to sign votes and \
            rosters. They are sealed under a passphrase, as encrypted PKCS#8 that openssl reads, unless you say --unsealed.

            Examples. The first administrator, before there is a house; NAME.person is what `assay init` takes:
              assay login --new --as admin

            An officer, with the one-time code from an administrator; say the fingerprint to that administrator yourself:
              assay login assay-code-AXxv… --as officer-1

            The code shows in the list of processes while this runs. On a machine that others use, say - and paste it:
              assay login - --as officer-1

            Somebody who has keys already, with the line that `assay serve` prints:
              assay login assay-node-AnVq… --as admin
            """)

    @Argument(help: "The code, which begins with assay-code- or assay-node-; - reads it from standard input.")
    var code: String?

    @Flag(help: "Make keys before there is a house.")
    var new = false

    @Flag(help: "Leave the keys without a passphrase: whoever reads the files is you. For trying things.")
    var unsealed = false

    @Option(help: ArgumentHelp("With --new: where the person text goes; NAME.person unless said.", valueName: "file"))
    var out: String?

    @OptionGroup var personal: PersonalOptions

    func validate() throws {
        guard new != (code != nil) else { throw ValidationError("Say either --new, or the code that you were given.") }
        guard new || out == nil else { throw ValidationError("--out goes with --new.") }
    }

    func run() async throws {
        try await reporting(json: personal.output.json) {
            guard let code else { return try makeFirst() }
            let parsed = try ConnectionCode(parsing: code == "-" ? pasted() : code)
            return parsed.secret == nil ? try await attach(parsed) : try await redeem(parsed)
        }
    }

    /// The code from standard input.
    private func pasted() -> String { (readLine() ?? "").filter { !$0.isWhitespace } }

    private func newPassphrase(_ handle: Handle) throws(Problem) -> Bytes? {
        unsealed ? nil : try personal.passphrase.newPassphrase(for: handle)
    }

    private func makeFirst() throws(Problem) -> JSON {
        let folder = try namedFolder()
        guard !folder.exists else { throw Self.exists(folder) }
        let (person, note) = try Enrollment.makePerson(
            in: folder, node: nil, passphrase: try newPassphrase(folder.handle), clocks: SystemClocks(), entropy: SystemEntropy())
        let file = out ?? "\(folder.handle).person"
        do throws(Problem) { try LocalFiles.write(file, Bytes(note.rendered.utf8)) } catch {
            folder.discard()
            throw error
        }
        say("Your keys are in \(folder.path.escaped)\(unsealed ? ", without a passphrase" : "").")
        var facts = Facts()
        facts.add("person", person.handle.description)
        facts.add("fingerprint", person.fingerprint)
        facts.add("person text", file.escaped)
        facts.say()
        say()
        say("Next: assay init --administrator \(file.escaped)")
        return .object([
            "person": .string(person.handle.description), "fingerprint": .string(person.fingerprint), "file": .string(file),
            "folder": .string(folder.path),
        ])
    }

    private func redeem(_ code: ConnectionCode) async throws(Problem) -> JSON {
        let folder = try namedFolder()
        let person = try await Enrollment.redeem(
            code, into: folder, passphrase: { () throws(Problem) in try newPassphrase(folder.handle) },
            connect: { node throws(Problem) in
                try NodeClient(node.address, pin: node.serverKey, key: nil, clocks: SystemClocks(), entropy: SystemEntropy())
            }, clocks: SystemClocks(), entropy: SystemEntropy())
        say(
            "Your keys are in \(folder.path.escaped)\(unsealed ? ", without a passphrase" : ""); the node at \(code.address.escaped) has your person text."
        )
        var facts = Facts()
        facts.add("person", person.handle.description)
        facts.add("fingerprint", person.fingerprint)
        facts.say()
        say()
        say("Tell the fingerprint to the administrator who invited you, yourself, by voice. Then: assay status --as \(person.handle)")
        return .object([
            "person": .string(person.handle.description), "fingerprint": .string(person.fingerprint), "folder": .string(folder.path),
        ])
    }

    private func attach(_ code: ConnectionCode) async throws(Problem) -> JSON {
        let folder = try personal.folder()
        _ = try folder.person()
        try folder.attach(try NodeIdentity(code))
        let session = try await Session.open(folder, passphrase: personal.passphrase)
        say("\(folder.handle) belongs to the node at \(code.address.escaped).")
        var facts = Facts()
        facts.add("house", session.charter.instance.description)
        facts.add("pin", session.charter.pin.base64)
        facts.add("roster", "version \(session.roster.version), verified from the pin")
        facts.add("your roles", session.roster.roles(of: folder.handle).map(\.rawValue).joined(separator: ", "))
        facts.say()
        await session.close()
        return .object([
            "person": .string(folder.handle.description), "instance": .string(session.charter.instance.description),
            "pin": .string(session.charter.pin.base64), "roster": .integer(session.roster.version),
            "roles": .array(session.roster.roles(of: folder.handle).map { .string($0.rawValue) }), "folder": .string(folder.path),
        ])
    }

    private func namedFolder() throws(Problem) -> PersonFolder {
        guard PersonFolder.people(in: personal.homePath).isEmpty || personal.isNamed else {
            throw Problem(
                .invalid, "client.person-not-said", title: "Who are you?", detail: "Say how you are to be called: --as NAME.", field: "as")
        }
        return try personal.folder()
    }

    private static func exists(_ folder: PersonFolder) -> Problem {
        Problem(
            .conflict, "client.folder-exists", title: "This person has keys here already",
            detail: "\(folder.path.escaped) exists and is not touched. Choose another name with --as, or move the folder away.")
    }
}
