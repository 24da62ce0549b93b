import Foundation

/// A Swift file of this package, read as text.
struct SourceFile: Sendable, CustomStringConvertible {
    /// From the package's root: `Sources/Basics/Bytes.swift`.
    let path: String
    let text: String
    /// The text with comments and the inside of string and regex literals blanked; line numbers stay.
    let code: String

    init(path: String, text: String) {
        self.path = path
        self.text = text
        code = Code(text).withoutCommentsAndStrings
    }

    var description: String { path }

    /// The folder below Sources or Tests: the room.
    var room: String {
        let parts = path.split(separator: "/")
        return parts.count > 1 ? String(parts[1]) : ""
    }

    /// Modules that the file imports.
    var imports: [String] {
        code.matches(
            of:
                /(?m)^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(?:public|package|internal|fileprivate|private)\s+)?import\s+(?:(?:struct|class|enum|protocol|func|var|let|typealias|actor)\s+)?(\w+)/
        )
        .map { String($0.1) }
    }

    /// `path:line` of every match of `pattern` in the code.
    func places(of pattern: some RegexComponent) -> [String] {
        code.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
            .filter { $0.element.contains(pattern) }
            .map { "\(path):\($0.offset + 1)" }
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Every Swift file below these folders of the package.
    static func all(below folders: String...) throws -> [SourceFile] {
        var files: [SourceFile] = []
        for folder in folders {
            let base = root.appending(path: folder)
            for path in try FileManager.default.subpathsOfDirectory(atPath: base.path(percentEncoded: false)).sorted()
            where path.hasSuffix(".swift") {
                let text = try String(contentsOf: base.appending(path: path), encoding: .utf8)
                files.append(SourceFile(path: folder + "/" + path, text: text))
            }
        }
        return files
    }
}
