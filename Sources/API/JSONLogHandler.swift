import Basics
import Foundation
import Logging

/// Writes each log message as one line of JSON. Text from outside is escaped, long text is cut.
public struct JSONLogHandler: LogHandler {
    public var logLevel: Logger.Level
    public var metadata: Logger.Metadata = [:]
    public var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let clocks: any Clocks
    private let write: @Sendable (Bytes) -> Void

    /// - Parameter write: takes one whole line, with its line feed.
    public init(
        label: String, level: Logger.Level = .info, clocks: any Clocks, write: @escaping @Sendable (Bytes) -> Void = Self.standardError
    ) {
        self.label = label
        self.logLevel = level
        self.clocks = clocks
        self.write = write
    }

    public static let standardError: @Sendable (Bytes) -> Void = { line in
        try? FileHandle.standardError.write(contentsOf: Data(line))
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var members: [String: JSON] = [:]
        for source in [metadataProvider?.get(), metadata, event.metadata] {
            for (key, value) in source ?? [:] { members[Self.shown(key)] = Self.json(value, depth: 0) }
        }
        members["at"] = .string(clocks.now.description)
        members["level"] = .string(event.level.rawValue)
        members["logger"] = .string(label)
        members["message"] = .string(Self.shown(event.message.description))
        if let error = event.error { members["error"] = .string(Self.shown("\(error)")) }
        write(JSON.object(members).canonicalBytes + [0x0a])
    }

    private static func json(_ value: Logger.Metadata.Value, depth: Int) -> JSON {
        guard depth < 4 else { return .string("…") }
        switch value {
        case .string(let text): return .string(shown(text))
        case .stringConvertible(let value):
            if let number = value as? Int { return .integer(Int64(number)) }
            if let number = value as? Int64 { return .integer(number) }
            return .string(shown(value.description))
        case .array(let values): return .array(values.map { json($0, depth: depth + 1) })
        case .dictionary(let members):
            return .object(
                Dictionary(members.map { (shown($0.key), json($0.value, depth: depth + 1)) }, uniquingKeysWith: { first, _ in first }))
        }
    }

    private static func shown(_ text: String) -> String {
        let limit = 2048
        return text.unicodeScalars.count <= limit ? text.escaped : String(text.unicodeScalars.prefix(limit)).escaped + "…"
    }
}
