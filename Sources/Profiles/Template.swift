import Basics
import PKIX

/// The parsed form of a profile: DER with holes, and how to find the holes again.
struct Template: Hashable, Sendable {
    struct Entry: Hashable, Sendable {
        /// The member that it comes from, for errors.
        let name: String
        let oid: OID
        let isCritical: Bool
        let value: Node
    }

    let subject: Node
    let extensions: [Entry]
    let isAuthority: Bool
    let predicates: [Predicate]
    let waivers: Set<String>
    let fields: [String: Field]
    let solution: Solution

    /// All texts in the order in which a certificate's strings are read: the subject's, then each extension's.
    var texts: [Text] { subject.texts + extensions.flatMap(\.value.texts) }

    var hasEmptySubject: Bool { subject == .constructed(tag: 0x30, []) }
    var hasAlternativeName: Bool { extensions.contains { $0.oid == .subjectAlternativeName } }

    init(_ members: inout JSONFields, fields: [String: Field]) throws(Problem) {
        let tree = ValueTree(fields: fields)
        self.fields = fields
        subject = try SubjectTemplate.node(
            members.optionalString("subject") ?? "",
            printable: Set(members.optional("printable") == nil ? [] : members.strings("printable")),
            tree: tree, at: "subject")
        var writer = ExtensionTemplates(tree: tree, hasEmptySubject: subject == .constructed(tag: 0x30, []))
        extensions = try writer.entries(&members)
        isAuthority = writer.isAuthority
        waivers = writer.waivers
        var predicates: [Predicate] = []
        if members.optional("require") != nil {
            for (index, value) in try members.array("require").enumerated() {
                predicates.append(try Predicate(value, tree: tree, at: "require.\(index)"))
            }
        }
        self.predicates = predicates
        solution = try Solution(of: subject.texts + extensions.flatMap(\.value.texts), fields: fields)
    }
}
