import ArgumentParser
import Basics

/// The commands as their own help describes them: what manual pages are made of.
struct CommandTree {
    struct Argument {
        enum Kind: String { case positional, option, flag }
        let kind: Kind
        let names: [String]
        let value: String
        let abstract: String
        let isOptional: Bool
        let isRepeating: Bool
    }

    let path: [String]
    let abstract: String
    let discussion: String
    let arguments: [Argument]
    let subcommands: [CommandTree]

    /// This command and all below it.
    var all: [CommandTree] { [self] + subcommands.flatMap(\.all) }

    static func ofProgram() throws(Problem) -> CommandTree {
        let dump = Assay._dumpHelp()
        do {
            var fields = try JSONFields(try JSON(parsing: Bytes(dump.utf8), limit: 1 << 22), code: "manual")
            var command = try fields.object("command")
            return try CommandTree(&command, below: [])
        } catch { throw Problem(.fault, "manual", title: "The commands cannot be read", detail: "\(error)") }
    }

    private init(_ fields: inout JSONFields, below parents: [String]) throws {
        path = parents + [try fields.string("commandName")]
        abstract = try fields.optionalString("abstract") ?? ""
        discussion = try fields.optionalString("discussion") ?? ""
        var arguments: [Argument] = []
        for json in fields.optional("arguments").map(Self.items) ?? [] {
            var argument = try JSONFields(json, code: "manual")
            guard try argument.bool("shouldDisplay", default: true), let kind = Argument.Kind(rawValue: try argument.string("kind")) else {
                continue
            }
            var names: [String] = []
            for json in argument.optional("names").map(Self.items) ?? [] {
                var name = try JSONFields(json, code: "manual")
                names.append((try name.string("kind") == "short" ? "-" : "--") + (try name.string("name")))
            }
            arguments.append(
                Argument(
                    kind: kind, names: names, value: try argument.optionalString("valueName") ?? "",
                    abstract: try argument.optionalString("abstract") ?? "", isOptional: try argument.bool("isOptional", default: false),
                    isRepeating: try argument.bool("isRepeating", default: false)))
        }
        self.arguments = arguments
        var subcommands: [CommandTree] = []
        for json in fields.optional("subcommands").map(Self.items) ?? [] {
            var command = try JSONFields(json, code: "manual")
            let tree = try CommandTree(&command, below: path)
            if tree.path.last != "help" { subcommands.append(tree) }
        }
        self.subcommands = subcommands
    }

    private static func items(_ json: JSON) -> [JSON] {
        if case .array(let items) = json { items } else { [] }
    }
}
