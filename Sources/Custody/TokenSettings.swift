import Basics
import PKIX

/// A token that a house uses, under the name by which authorities' documents ask for it.
public struct TokenSettings: Hashable, Sendable {
    /// Where the PIN comes from at each start; never an argument, never the environment.
    public enum PINSource: Hashable, Sendable {
        /// Asked for on the terminal.
        case prompt
        /// The first line of a file of mode 0600.
        case file(String)
        /// A systemd credential of this name.
        case credential(String)
        /// None: the token has a keypad of its own, or wants no login.
        case none

        /// `prompt`, `none`, `file:/PATH` or `credential:NAME`.
        public init?(_ text: String) {
            let (kind, value) = text.firstIndex(of: ":").map { (text[..<$0], String(text[text.index(after: $0)...])) } ?? (text[...], "")
            switch (kind, value) {
            case ("prompt", "") where text == "prompt": self = .prompt
            case ("none", "") where text == "none": self = .none
            case ("file", _) where value.hasPrefix("/") && value.utf8.count <= 4096: self = .file(value)
            case ("credential", _)
            where !value.isEmpty && value.utf8.count <= 255 && !value.contains("/") && value != "." && value != "..":
                self = .credential(value)
            default: return nil
            }
        }

        public var text: String {
            switch self {
            case .prompt: "prompt"
            case .file(let path): "file:\(path)"
            case .credential(let name): "credential:\(name)"
            case .none: "none"
            }
        }
    }

    public let name: Handle
    /// The module's absolute path.
    public let module: String
    /// Set in this process before the module is loaded: vendors' libraries find their own configuration by it.
    public let environment: [String: String]
    /// The token's label and serial number.
    public let label: String
    public let serial: String
    public let pin: PINSource
    /// Sessions at a time, 1 to 256.
    public let sessions: Int
    /// How long a caller waits for a signature, 1 to 600 seconds.
    public let seconds: Int
    /// CKA_ID of the AES key under which is sealed what the token cannot do itself; nil: nothing is.
    public var sealingKey: Bytes?

    public static let usualSessions = 8
    public static let usualSeconds = 10

    public init(
        name: Handle, module: String, environment: [String: String] = [:], label: String, serial: String, pin: PINSource,
        sessions: Int = usualSessions, seconds: Int = usualSeconds, sealingKey: Bytes? = nil
    ) throws(Problem) {
        self.name = name
        self.module = module
        self.environment = environment
        self.label = label
        self.serial = serial
        self.pin = pin
        self.sessions = sessions
        self.seconds = seconds
        self.sealingKey = sealingKey
        // The rules are those of what is read.
        _ = try TokenSettings(json, path: "")
    }

    init(_ json: JSON, path: String) throws(Problem) {
        var fields = try JSONFields(json, path: path, code: "custody.settings-invalid")
        name = try fields.handle("name")
        guard name != .sealed else {
            throw fields.wrong("name", expected: "another name than `sealed`, which is the database's")
        }
        module = try fields.string("module")
        guard module.hasPrefix("/"), module.utf8.count <= 4096, !module.utf8.contains(0) else {
            throw fields.wrong("module", expected: "an absolute path")
        }
        guard case .object(let members) = try fields.any("environment") else { throw fields.wrong("environment", expected: "an object") }
        var environment: [String: String] = [:]
        for (key, value) in members {
            guard case .string(let text) = value, Self.isVariable(key), !text.utf8.contains(0), text.utf8.count <= 4096 else {
                throw fields.wrong("environment", expected: "variables of capital letters, digits and _, with texts as values")
            }
            environment[key] = text
        }
        self.environment = environment
        label = try fields.string("label")
        guard (1...32).contains(label.utf8.count) else { throw fields.wrong("label", expected: "1 to 32 octets") }
        serial = try fields.string("serial")
        guard serial.utf8.count <= 16 else { throw fields.wrong("serial", expected: "16 octets at most") }
        pin = try fields.parsed("pin", expected: "prompt, none, file:/PATH or credential:NAME") { PINSource($0) }
        let sessions = try fields.integer("sessions")
        guard (1...256).contains(sessions) else { throw fields.wrong("sessions", expected: "1 to 256") }
        self.sessions = Int(sessions)
        let seconds = try fields.integer("seconds")
        guard (1...600).contains(seconds) else { throw fields.wrong("seconds", expected: "1 to 600") }
        self.seconds = Int(seconds)
        if case .null? = fields.optional("sealingKey") {
            sealingKey = nil
        } else {
            sealingKey = try fields.parsed("sealingKey", expected: "hexadecimal digits of 1 to 64 octets, or null") { text in
                Bytes(hex: text).flatMap { (1...64).contains($0.count) ? $0 : nil }
            }
        }
        try fields.end()
    }

    private static func isVariable(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.count <= 64 && !name.utf8.starts(with: "LD_".utf8)
            && name.utf8.allSatisfy { (0x41...0x5a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5f }
    }

    /// As the file has it; no secret is in it.
    public var json: JSON {
        .object([
            "name": .string(name.description), "module": .string(module), "environment": .object(environment.mapValues { .string($0) }),
            "label": .string(label), "serial": .string(serial), "pin": .string(pin.text), "sessions": .integer(Int64(sessions)),
            "seconds": .integer(Int64(seconds)), "sealingKey": sealingKey.map { .string($0.hex) } ?? .null,
        ])
    }

    public var configuration: PKCS11Configuration {
        PKCS11Configuration(label: label, serial: serial, sessions: sessions, signing: .seconds(seconds))
    }

    public func has(_ key: TokenKey) -> Bool { key.label == label && key.serial == serial }
}

/// The tokens of a house, in a file of its custody directory.
public struct TokenFile: Sendable {
    static let name = "tokens.json"
    private let files: PrivateFiles

    /// - Parameter path: the custody directory.
    public init(custody path: String) { files = PrivateFiles(directory: path) }

    public var path: String { files.path(Self.name) }

    /// - Throws: ``CustodyError`` when others can read or write it, or it is malformed. No file: no tokens.
    public func read() throws(CustodyError) -> [TokenSettings] {
        try files.checkDirectory()
        guard files.exists(Self.name) else { return [] }
        let content = try files.read(Self.name, limit: 1 << 20)
        do throws(Problem) {
            let json: JSON
            do throws(JSONError) { json = try JSON(parsing: content) } catch {
                throw Problem(.invalid, "custody.settings-invalid", title: "", detail: "it is not JSON (\(error))")
            }
            var fields = try JSONFields(json, code: "custody.settings-invalid")
            var tokens: [TokenSettings] = []
            for (number, value) in try fields.array("tokens").enumerated() {
                tokens.append(try TokenSettings(value, path: "tokens.\(number)"))
            }
            try fields.end()
            guard Set(tokens.map(\.name)).count == tokens.count else { throw fields.wrong("tokens", expected: "each name once") }
            guard Set(tokens.map { [$0.label, $0.serial] }).count == tokens.count else {
                throw fields.wrong("tokens", expected: "each token once")
            }
            return tokens
        } catch { throw .malformed(path: path, what: error.detail) }
    }

    /// Takes the file for a change.
    /// - Throws: ``CustodyError/inUse(path:)`` while somebody else changes it, or the house runs.
    public func edit() throws(CustodyError) -> Edit {
        try files.checkDirectory()
        let lock = try DirectoryLock(files.directory)
        return Edit(tokens: try read(), files: files, lock: lock)
    }

    /// A change of the file: nobody else, no running house either, has it as long as this value is there.
    public struct Edit: Sendable {
        /// What the file says.
        public let tokens: [TokenSettings]
        fileprivate let files: PrivateFiles
        fileprivate let lock: DirectoryLock

        /// Writes the file; the old or the new one is there after a crash.
        public func write(_ tokens: [TokenSettings]) throws(CustodyError) {
            guard lock.isHeld else { throw .inUse(path: files.directory) }
            try files.write(TokenFile.name, JSON.object(["tokens": .array(tokens.map(\.json))]).canonicalBytes + [0x0a])
        }
    }
}
