/// Reads the members of a JSON object by name; errors name the member, and a member that nobody asked for is an error.
public struct JSONFields {
    private let members: [String: JSON]
    private let path: String
    private let code: String
    private var read: Set<String> = []

    /// - Parameters:
    ///   - path: where the object stands, "" at the top; it begins the field's name in errors.
    ///   - code: the problem's code, `request.body-invalid`.
    public init(_ value: JSON, path: String = "", code: String) throws(Problem) {
        guard case .object(let members) = value else {
            throw Problem(
                .invalid, code, title: "The input is not of the expected form", detail: "An object was expected.",
                field: path.isEmpty ? nil : path)
        }
        self.members = members
        self.path = path
        self.code = code
    }

    public func name(_ key: String) -> String { path.isEmpty ? key : path + "." + key }

    public func wrong(_ key: String, expected: String) -> Problem {
        Problem(
            .invalid, code, title: "The input is not of the expected form", detail: "\(name(key).escaped): \(expected) was expected.",
            field: name(key).escaped)
    }

    /// The member, nil when it is absent.
    public mutating func optional(_ key: String) -> JSON? {
        read.insert(key)
        return members[key]
    }

    public mutating func any(_ key: String) throws(Problem) -> JSON {
        guard let value = optional(key) else { throw wrong(key, expected: "a member of this name") }
        return value
    }

    public mutating func string(_ key: String) throws(Problem) -> String {
        guard case .string(let value) = try any(key) else { throw wrong(key, expected: "a string") }
        return value
    }

    public mutating func optionalString(_ key: String) throws(Problem) -> String? {
        guard optional(key) != nil else { return nil }
        return try string(key)
    }

    public mutating func integer(_ key: String) throws(Problem) -> Int64 {
        guard case .integer(let value) = try any(key) else { throw wrong(key, expected: "an integer") }
        return value
    }

    public mutating func optionalInteger(_ key: String) throws(Problem) -> Int64? {
        guard optional(key) != nil else { return nil }
        return try integer(key)
    }

    public mutating func bool(_ key: String, default value: Bool) throws(Problem) -> Bool {
        guard let member = optional(key) else { return value }
        guard case .bool(let value) = member else { throw wrong(key, expected: "true or false") }
        return value
    }

    public mutating func array(_ key: String) throws(Problem) -> [JSON] {
        guard case .array(let values) = try any(key) else { throw wrong(key, expected: "an array") }
        return values
    }

    public mutating func strings(_ key: String) throws(Problem) -> [String] {
        var result: [String] = []
        for value in try array(key) {
            guard case .string(let text) = value else { throw wrong(key, expected: "an array of strings") }
            result.append(text)
        }
        return result
    }

    public mutating func object(_ key: String) throws(Problem) -> JSONFields {
        try JSONFields(try any(key), path: name(key), code: code)
    }

    /// Octets written as padded base64.
    public mutating func base64(_ key: String) throws(Problem) -> Bytes {
        guard let bytes = Bytes(base64: try string(key)) else { throw wrong(key, expected: "base64 with padding") }
        return bytes
    }

    public mutating func parsed<Value>(_ key: String, expected: String, _ parse: (String) -> Value?) throws(Problem) -> Value {
        guard let value = parse(try string(key)) else { throw wrong(key, expected: expected) }
        return value
    }

    public mutating func handle(_ key: String) throws(Problem) -> Handle {
        try parsed(key, expected: "1 to 32 of a-z, 0-9 and -") { Handle($0) }
    }

    public var names: [String] { members.keys.sorted() }

    /// - Throws: when a member was never read: a misspelled name must not be ignored.
    public func end() throws(Problem) {
        if let unknown = members.keys.filter({ !read.contains($0) }).sorted().first {
            throw Problem(
                .invalid, code, title: "The input is not of the expected form",
                detail: "\(name(unknown).escaped) is not known here; known are: \(read.sorted().joined(separator: ", ")).",
                field: name(unknown).escaped)
        }
    }
}
