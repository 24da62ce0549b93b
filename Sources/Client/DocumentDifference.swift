import Basics

/// What is different between two versions of a document, member by member, as people read it.
public struct DocumentDifference: Hashable, Sendable {
    public enum Sign: String, Hashable, Sendable, CaseIterable {
        case added = "+"
        case changed = "~"
        case removed = "-"
        case same = "="
    }

    public struct Line: Hashable, Sendable {
        public let sign: Sign
        /// Where in the document: `fields.serial.max`.
        public let member: String
        /// `5`, or `5 → 7`.
        public let value: String
    }

    public let sign: Sign
    /// `profile device-identity`.
    public let label: String
    public let lines: [Line]

    /// - Parameters:
    ///   - before: nil when the document is new.
    ///   - after: nil when it goes.
    public init(_ label: String, before: JSON?, after: JSON?) {
        self.label = label
        var lines: [Line] = []
        switch (before, after) {
        case (nil, let after?):
            sign = .added
            lines = Self.leaves(after).map { Line(sign: .added, member: $0.path, value: $0.value) }
        case (let before?, let after?):
            sign = before == after ? .same : .changed
            let old = Dictionary(Self.leaves(before)) { first, _ in first }
            let new = Dictionary(Self.leaves(after)) { first, _ in first }
            for path in Set(old.keys).union(new.keys).sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) })
            where old[path] != new[path] {
                switch (old[path], new[path]) {
                case (let was?, let now?): lines.append(Line(sign: .changed, member: path, value: "\(was) → \(now)"))
                case (nil, let now?): lines.append(Line(sign: .added, member: path, value: now))
                case (let was?, nil): lines.append(Line(sign: .removed, member: path, value: was))
                case (nil, nil): break
                }
            }
        case (_, nil): sign = .removed
        }
        self.lines = lines
    }

    /// Path and value of whatever has no members of its own; the name is in the label already.
    private static func leaves(_ json: JSON) -> [(path: String, value: String)] {
        var found: [(path: String, value: String)] = []
        func walk(_ json: JSON, _ path: String) {
            if case .object(let members) = json, !members.isEmpty {
                for (name, value) in members.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) })
                where !(path.isEmpty && name == "name") {
                    walk(value, path.isEmpty ? name.escaped : "\(path).\(name.escaped)")
                }
            } else {
                found.append((path, shown(json)))
            }
        }
        walk(json, "")
        return found
    }

    /// A value in one line, as it would be written in YAML.
    static func shown(_ json: JSON) -> String {
        switch json {
        case .null: "null"
        case .bool(let value): value ? "true" : "false"
        case .integer(let value): String(value)
        case .string(let text): text.escaped
        case .array(let values): "[" + values.map(shown).joined(separator: ", ") + "]"
        case .object(let members):
            "{ "
                + members.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map { "\($0.key.escaped): \(shown($0.value))" }
                .joined(separator: ", ") + " }"
        }
    }

    /// The label, then the members below it, aligned.
    public var text: [String] {
        let width = lines.map(\.member.count).max() ?? 0
        return ["\(sign.rawValue) \(label)"]
            + lines.map { line in
                let sign = self.sign == .changed ? line.sign.rawValue : " "
                return "    \(sign) \(line.member.padding(to: width))  \(line.value)"
            }
    }
}

extension String {
    func padding(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
