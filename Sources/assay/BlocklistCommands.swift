import ArgumentParser
import Basics
import Client
import Node
import PKIX

/// `assay blocklist …`
struct BlocklistCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "blocklist", abstract: "Keys that are never certified, because others have them.",
        discussion: """
            Example:
              assay blocklist add blacklist.RSA-2048 --form openssl-modulus --data ./var
            """, subcommands: [Add.self])
}

extension BlocklistCommand {
    /// `assay blocklist add`
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a list's file where this node looks for it; a document then puts it in force.",
            discussion: """
                A list has one key a line. In the form spki-sha256 a line is the SHA-256 of a SubjectPublicKeyInfo in hexadecimal; in the \
                form openssl-modulus it is what Debian's openssl-blacklist has for each RSA key that its random number generator of 2006 to \
                2008 could make. Lines that begin with # are comments. The file does nothing until administrators have signed a document \
                that names it by its hash; from then on no request, draw or waiting statement with such a key is signed. It can be added \
                while the house runs.

                Example:
                  assay blocklist add blacklist.RSA-2048 --form openssl-modulus --data ./var
                """)

        @Argument(help: "The list, a file.")
        var file: String

        @Option(help: ArgumentHelp("How a line names a key: spki-sha256 or openssl-modulus.", valueName: "form"))
        var form: String

        @OptionGroup var directory: DataOptions

        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await reporting(json: output.json) {
                let added = try directory.paths.addBlocklist(
                    try LocalFiles.read(file, limit: KeyBlocklist.sizeLimit), form: form)
                say("This node has the list: \(added.keys) keys.")
                say()
                say("Next: let administrators put it in force. In a document for `assay apply`, under a name of your choice:")
                say("  blocklists:")
                say("    known-keys:")
                say("      form: \(form)")
                say("      sha256: \(added.file.hex)")
                return .object([
                    "sha256": .string(added.file.hex), "form": .string(form), "keys": .integer(Int64(added.keys)),
                ])
            }
        }
    }
}
