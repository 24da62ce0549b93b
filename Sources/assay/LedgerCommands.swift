import ArgumentParser
import Basics
import Client

/// `assay ledger …`
struct LedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger", abstract: "Check the ledger, without trusting the node.",
        discussion: """
            Example:
              assay ledger verify --since kept.checkpoint --as auditor
            """,
        subcommands: [TakeCheckpoint.self, Prove.self, Verify.self])
}

extension LedgerCommand {
    struct TakeCheckpoint: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "checkpoint", abstract: "Fetch the newest checkpoint: what the ledger is now, signed.",
            discussion: """
                Keep it where the node's owner cannot reach it. Later, `assay ledger verify --since` shows whether history stayed.

                Example:
                  assay ledger checkpoint --out kept.checkpoint --as auditor
                """)

        @Option(help: ArgumentHelp("Where it goes, as it was signed.", valueName: "file"))
        var out: String?

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            try await working(personal) { session in
                let (note, checkpoint) = try await session.checkpoint()
                if let out { try LocalFiles.write(out, Bytes(note.rendered.utf8)) }
                var facts = Facts()
                facts.add("ledger", checkpoint.origin.escaped)
                facts.add("entries", "\(checkpoint.size)")
                facts.add("root", checkpoint.root.base64)
                if let out { facts.add("kept in", out.escaped) }
                facts.say(indent: 0)
                return .object([
                    "origin": .string(checkpoint.origin), "size": .integer(checkpoint.size), "root": .string(checkpoint.root.base64),
                    "checkpoint": .string(note.rendered),
                ])
            }
        }
    }

    struct Prove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fetch the proof that a certificate is in the ledger.",
            discussion: """
                PREFIX.entry has the entry's octets, PREFIX.tlog-proof its proof with a checkpoint; both are verified before they are \
                written, and can be verified by anybody from then on, without the node.

                Example:
                  assay ledger prove 01930f3e-0000-7000-8000-000000000001 --out device --as officer-3
                """)

        @Argument(help: "A request's id, or the fingerprint of a certificate, also of one that a machine drew.")
        var which: String

        @Option(help: ArgumentHelp("How the two files begin.", valueName: "prefix"))
        var out: String

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            try await working(personal) { session in
                let proven =
                    if let fingerprint = Digest32(hex: which) {
                        try await session.proof(of: try await session.certificate(fingerprint))
                    } else if let id = ID(which) {
                        try await session.proof(of: try await session.request(id))
                    } else {
                        throw unnamed(which)
                    }
                try LocalFiles.write("\(out).entry", proven.entry.encoded)
                try LocalFiles.write("\(out).tlog-proof", Bytes(proven.proof.rendered.utf8))
                say("Entry \(proven.proof.index) of \(proven.checkpoint.size) records this certificate; the proof holds.")
                say("  \(out.escaped).entry")
                say("  \(out.escaped).tlog-proof")
                return .object([
                    "index": .integer(proven.proof.index), "size": .integer(proven.checkpoint.size),
                    "entry": .string(proven.entry.encoded.base64), "proof": .string(proven.proof.rendered),
                    "files": .array([.string("\(out).entry"), .string("\(out).tlog-proof")]),
                ])
            }
        }
    }

    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check the whole ledger: every entry, the tree, the checkpoint, and what was seen before.",
            discussion: """
                The newest checkpoint that you have seen on this machine must be a beginning of it; so must the one in --since. The \
                entries are checked here; at last the node compares every row of its database with them, and says the first that was \
                altered, added or taken away. That last word is the node's.

                Example:
                  assay ledger verify --as auditor
                  assay ledger verify --since kept.checkpoint --as auditor
                """)

        @Option(help: ArgumentHelp("A checkpoint kept earlier.", valueName: "file"))
        var since: String?

        @OptionGroup var personal: PersonalOptions

        func run() async throws {
            try await working(personal) { session in
                let kept = try since.map { file in try session.read(checkpoint: try LocalFiles.read(file)).checkpoint }
                let report = try await session.verifyLedger(since: kept)
                say("The ledger verifies: \(report.checkpoint.size) entries, root \(report.checkpoint.root)")
                var facts = Facts()
                for (kind, count) in report.kinds { facts.add(kind, "\(count)") }
                facts.say()
                for size in report.agrees {
                    say("It begins with the \(size) entries of a checkpoint that was seen \(size == kept?.size ? "and kept" : "here").")
                }
                let rows = try await session.audit(since: report.checkpoint)
                say("The node has compared its rows with the entries: \(rows.total) rows and \(rows.checkpoints) checkpoints agree.")
                return .object([
                    "size": .integer(report.checkpoint.size), "root": .string(report.checkpoint.root.base64),
                    "entries": .object(Dictionary(report.kinds.map { ($0.kind, .count($0.count)) }) { first, _ in first }),
                    "agrees": .array(report.agrees.map { .integer($0) }),
                    "rows": .object(Dictionary(rows.rows.map { ($0.kind, .integer($0.count)) }) { first, _ in first }),
                    "checkpoints": .integer(rows.checkpoints),
                ])
            }
        }
    }
}

/// `assay evidence`
struct EvidenceCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evidence", abstract: "Gather everything that shows why a certificate was issued, for a sceptic.",
        discussion: """
            The folder has certificates, request, statement, submission, votes, rosters, documents, people, ledger entry and proof. Who \
            holds the pin needs nothing else to check it (docs/formats.md, section 11).

            Example:
              assay evidence 01930f3e-0000-7000-8000-000000000001 --out evidence --as officer-3
            """)

    @Argument(help: "The request's id.")
    var id: ID

    @Option(help: ArgumentHelp("The folder to be made.", valueName: "dir"))
    var out: String

    @OptionGroup var personal: PersonalOptions

    func run() async throws {
        try await working(personal) { session in
            let folder = try await session.evidence(of: try await session.request(id))
            try folder.write(to: out)
            say("\(folder.files.count) files in \(out.escaped). Compare the pin when you check them: \(session.charter.pin)")
            return .object([
                "folder": .string(out), "files": .array(folder.files.keys.sorted().map { .string($0) }),
                "pin": .string(session.charter.pin.base64),
            ])
        }
    }
}
