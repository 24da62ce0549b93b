import Foundation

/// A C source of these tests, compiled to a library that a process loads: what stands before a PKCS#11 module, or records what a program
/// writes.
public enum SharedLibrary {
    public struct NotCompiled: Error {
        public let source: String
    }

    /// - Parameter source: below the folder Tests.
    public static func compile(_ source: String, to library: String) throws {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let compiler = Process()
        compiler.executableURL = URL(filePath: "/bin/sh")
        compiler.arguments =
            ["-c", "exec \"$(command -v clang || command -v cc)\" \"$@\"", "sh"]
            + ["-std=c17", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-o", library]
            + [tests.appending(path: source).path(percentEncoded: false)]
        try compiler.run()
        compiler.waitUntilExit()
        guard compiler.terminationStatus == 0 else { throw NotCompiled(source: source) }
    }
}
