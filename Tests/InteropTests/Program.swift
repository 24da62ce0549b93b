import Foundation

/// A program that is run from the package's folder, and what it answered.
struct Program {
    let path: String

    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// Found on the PATH.
    static func named(_ name: String) -> Program { Program(path: "/usr/bin/" + name) }
    /// The one that this build made; `swift run` would wait for the build's lock.
    static let assay = Program(path: root.appending(path: ".build/debug/assay").path(percentEncoded: false))
    /// With the packages of Tests/InteropTests/Python/requirements.txt; scripts/setup-tests.sh makes it.
    static let python = Program(path: root.appending(path: ".oracles/bin/python").path(percentEncoded: false))

    struct Answer {
        let status: Int32
        /// Standard output and standard error, as they came.
        let text: String
    }

    /// - Parameter input: given to the program on its standard input.
    func run(_ arguments: [String], environment: [String: String] = [:], input: String? = nil) throws -> Answer {
        let process = Process()
        process.executableURL = URL(filePath: path)
        process.arguments = arguments
        process.currentDirectoryURL = Self.root
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        let feed = input.map { _ in Pipe() }
        process.standardInput = feed ?? FileHandle.nullDevice
        try process.run()
        if let input, let feed {
            try feed.fileHandleForWriting.write(contentsOf: Data(input.utf8))
            try feed.fileHandleForWriting.close()
        }
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return Answer(status: process.terminationStatus, text: String(decoding: output, as: UTF8.self))
    }
}
