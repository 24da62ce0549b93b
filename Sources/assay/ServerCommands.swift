import API
import Approval
import ArgumentParser
import Basics
import Client
import Logging
import Node
import Proofs

/// `assay init`: founds a house.
struct Init: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Found a house: custody, database, and roster version 1.",
        discussion: """
            The first administrator makes their keys on their own and hands over only the person text. That person's vote key signs \
            roster version 1, so their folder must be on this machine; no key of theirs is copied. The hash that is printed at the end \
            is what everybody trusts: write it down and keep it in the safe.

            Example:
              assay login --new --as admin
              assay init --administrator admin.person --data ./var
            """)

    @Option(help: ArgumentHelp("The person text of the first administrator, made by `assay login --new`.", valueName: "file"))
    var administrator: String

    @OptionGroup var directory: DataOptions

    @Option(help: ArgumentHelp("The ledger's name for ever, an address without scheme; the instance is put behind it.", valueName: "name"))
    var origin = "assay.local/ledger"

    @Option(help: ArgumentHelp("This node's name.", valueName: "handle"))
    var node = "node-1"

    @Flag(help: "Begin anew where an earlier `init` did not come to its end.")
    var again = false

    @Flag(help: "Seal the master key under a passphrase, which `serve` asks for at each start.")
    var sealed = false

    @OptionGroup var master: MasterOptions

    @OptionGroup var personal: PersonalOptions

    func run() async throws {
        ProcessHardening.apply()
        try await reporting(json: personal.output.json) {
            let note: SignedNote
            do { note = try SignedNote(parsing: try LocalFiles.read(administrator)) } catch let problem as Problem { throw problem } catch {
                throw Problem(
                    .invalid, "person.malformed", title: "This is not a person text",
                    detail: "\(administrator.escaped) is not what `assay login --new` has written.", field: "administrator")
            }
            guard let node = Handle(node) else {
                throw Problem(
                    .invalid, "init.node-invalid", title: "The node's name is not accepted",
                    detail: "\(node.escaped): 1 to 32 of a-z, 0-9 and - are accepted.",
                    field: "node")
            }
            let person: Person
            do throws(Refusal) { person = try Person(note) } catch { throw error.problem }
            let keys = try personal.keys(as: person.handle)
            guard keys.person == person else {
                throw Problem(
                    .invalid, "init.other-keys", title: "The person text has other keys",
                    detail:
                        "\(administrator.escaped) does not name the keys of \(keys.handle) here. Hand over the text that belongs to them, or say who it names with --as."
                )
            }
            let founding = try HouseFounding(
                directory.paths, administrator: note, names: .init(origin: origin, node: node), now: SystemClocks().now,
                entropy: SystemEntropy(), again: again, protection: sealed ? .passphrase(try master.newPassphrase()) : .plain)
            let pin = try await founding.finish(signed: try keys.sign(founding.roster.text))
            say("The house is founded in \(directory.data.escaped).")
            say("  instance        \(founding.roster.instance)")
            say("  administrator   \(person.handle)")
            say()
            say("For the safe, the hash of roster version 1, by which everybody knows this house:")
            say("  \(pin)")
            say()
            say("Next: assay serve --data \(directory.data.escaped)")
            return .object([
                "data": .string(directory.data), "instance": .string(founding.roster.instance.description),
                "administrator": .string(person.handle.description), "pin": .string(pin.base64),
            ])
        }
    }
}

/// `assay serve`: runs the node.
struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run the node: the management listener, TLS 1.3, until it is asked to stop (SIGTERM or ctrl-c).",
        discussion: """
            It prints its address and a line for those who have keys already. Its log goes to standard error, one JSON object a line.

            Example:
              assay serve --data ./var --listen 127.0.0.1:8443
            """)

    @OptionGroup var directory: DataOptions

    @Option(help: ArgumentHelp("Where to listen; port 0 takes a free one.", valueName: "host:port"))
    var listen = "127.0.0.1:8443"

    @Flag(help: "Start although more than a day has passed since the last entry: the clock is right.")
    var acceptClock = false

    @Flag(
        help:
            "Verify each signature of a software key before it leaves, too; those by tokens, RSA keys and for authorities' certificates always are."
    )
    var checkSignatures = false

    @OptionGroup var master: MasterOptions

    func run() async throws {
        ProcessHardening.apply()
        try await reporting(json: false) {
            guard let colon = listen.lastIndex(of: ":"), let port = Decimal.parse(listen[listen.index(after: colon)...]), port < 65_536
            else {
                throw Problem(
                    .invalid, "serve.listen-invalid", title: "The address is not accepted",
                    detail: "\(listen.escaped): host:port is accepted, for instance 127.0.0.1:8443; the port is 0 to 65535.",
                    field: "listen")
            }
            let host = String(listen[..<colon])
            let clocks = SystemClocks()
            let logger = Logger(label: "assay") { JSONLogHandler(label: $0, clocks: clocks) }
            let house = try await House.open(
                directory.paths, .init(clocks: clocks, entropy: SystemEntropy(), logger: logger), acceptClock: acceptClock,
                checksOwnSignatures: checkSignatures, passphrase: master.passphrase, pin: TokenPINs.read)
            try await house.serve(.init(host: host, port: Int(port))) { bound in
                let address = "\(host):\(bound)"
                say("https://\(address)")
                if let code = try? house.connectionCode(address: address) { say("\(code.text)") }
            }
            return .null
        }
    }
}
