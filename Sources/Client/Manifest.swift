import Approval
import Basics
import Profiles

/// The readable document of an administrator: authorities, profiles, approval policies and blocklists, by their names.
public struct Manifest: Sendable {
    /// Without what custody adds: `publicKey` and `content`.
    public let authorities: [Handle: JSON]
    /// Canonical JSON.
    public let profiles: [Handle: Bytes]
    public let approvals: [Handle: Bytes]
    public let blocklists: [Handle: Bytes]

    /// What stands under the four names becomes documents one to one, each with its `name`.
    /// - Throws: `document.yaml-invalid`, `document.manifest-invalid`, or what the document itself refuses.
    public init(yaml: Bytes) throws(Problem) {
        var top = try JSONFields(try YAML.json(yaml), code: Self.code)
        authorities = try Self.section("authorities", &top)
        profiles = try Self.section("profiles", &top).mapValues(\.canonicalBytes)
        approvals = try Self.section("approvals", &top).mapValues(\.canonicalBytes)
        blocklists = try Self.section("blocklists", &top).mapValues(\.canonicalBytes)
        try top.end()
        guard !authorities.isEmpty || !profiles.isEmpty || !approvals.isEmpty || !blocklists.isEmpty else {
            throw Problem(
                .invalid, Self.code, title: "The file says nothing",
                detail: "It has some of: authorities, profiles, approvals, blocklists. See examples/manufacturer.yaml.")
        }
        for (name, json) in authorities.sorted(by: { $0.key < $1.key }) {
            try Self.about("authority \(name)") { () throws(Problem) in
                var fields = try JSONFields(json, code: "document.authority-invalid")
                for member in AuthorityDocument.members where !AuthorityDocument.made.contains(member) { _ = fields.optional(member) }
                try fields.end()
                _ = try AuthorityDocument.custody(json)
                _ = try Profile.authority(document: json)
            }
        }
        for (name, document) in profiles.sorted(by: { $0.key < $1.key }) {
            try Self.about("profile \(name)") { () throws(Problem) in _ = try Profile(document: document) }
        }
        for (name, document) in approvals.sorted(by: { $0.key < $1.key }) {
            try Self.about("approval \(name)") { () throws(Problem) in _ = try ApprovalPolicy(document: document) }
        }
        for (name, document) in blocklists.sorted(by: { $0.key < $1.key }) {
            try Self.about("blocklist \(name)") { () throws(Problem) in _ = try BlocklistDocument(document: document) }
        }
    }

    private static let code = "document.manifest-invalid"

    private static func section(_ name: String, _ top: inout JSONFields) throws(Problem) -> [Handle: JSON] {
        guard let json = top.optional(name) else { return [:] }
        guard case .object(let entries) = json else { throw top.wrong(name, expected: "a mapping from names to documents") }
        var documents: [Handle: JSON] = [:]
        for (text, entry) in entries {
            guard let handle = Handle(text) else {
                throw top.wrong("\(name).\(text)", expected: "a name of 1 to 32 of a-z, 0-9 and -")
            }
            guard case .object(var members) = entry else { throw top.wrong("\(name).\(text)", expected: "a mapping") }
            guard members.updateValue(.string(text), forKey: "name") == nil else {
                throw top.wrong("\(name).\(text).name", expected: "no member of this name: the document is named by the word above it,")
            }
            documents[handle] = .object(members)
        }
        return documents
    }

    /// Names the document in a problem that speaks of its members only.
    static func about(_ label: String, _ body: () throws(Problem) -> Void) throws(Problem) {
        do { try body() } catch {
            throw Problem(error.kind, error.code, title: error.title, detail: "\(label): \(error.detail)", field: error.field)
        }
    }
}
