import Testing

@Suite("The architecture test's own reading")
struct ScannerTests {
    @Test(
        "Each rule finds what it forbids",
        arguments: [
            "@testable import Approval", "withUnsafeBytes(of: x) { }", "let p = unsafe q", "@_exported import Basics",
            "let x = try! f()", "fatalError()", "preconditionFailure(\"x\")", "let a = b!", "f(b!, c)", "x[0]!.y", "g()!", "x as! Int",
            "var x: Int!", "\"\\(a!)\"", "x!.y", "Date()", "Date.now", "nonisolated(unsafe) var x = 0", "let r = /\"/; a!",
            "let q = a / b!",
            String(repeating: "let x = 0\n", count: 401),
        ])
    func finds(text: String) {
        let file = SourceFile(path: "Sources/Basics/Sample.swift", text: text)
        #expect(Rule.sources.contains { !$0.violations(in: file).isEmpty })
    }

    @Test(
        "No rule is disturbed by what looks alike",
        arguments: [
            "if a != b { }", "if !a { }", "a && !b", "// unsafe! Date()", "/* try! /* nested */ x! */", "let s = \"a! unsafe\"",
            "let s = #\"a!\"# ", "let s = \"\"\"\n  x! Date()\n  \"\"\"", "let d = Date(timeIntervalSince1970: 0)", "let a = [!b]",
            "\"\\\"!\"", "f(!a)", "let r = /a\"b!/; let s = \"x! unsafe\"", String(repeating: "let x = 0\n", count: 400),
        ])
    func passes(text: String) {
        let file = SourceFile(path: "Sources/Basics/Sample.swift", text: text)
        for rule in Rule.sources { #expect(rule.violations(in: file) == [], "\(rule)") }
    }

    @Test("Imports are read in every spelling")
    func imports() {
        let file = SourceFile(
            path: "Sources/Basics/Sample.swift",
            text: "import A\npublic import B\n@preconcurrency import C\nimport struct D.E\n// import F\nlet s = \"\nimport G\"\n  import H")
        #expect(file.imports == ["A", "B", "C", "D", "H"])
    }

    @Test("A place is named by file and line, also behind comments of many lines")
    func places() {
        let file = SourceFile(path: "Sources/Basics/Sample.swift", text: "/* a\n b */\nlet x = y!\n")
        #expect(Rule.sources.flatMap { $0.violations(in: file) } == ["Sources/Basics/Sample.swift:3"])
    }
}
