import API
import Basics
import Logging
import Synchronization
import Testing

@Suite("Log lines")
struct LogTests {
    private struct StoppedClocks: Clocks {
        let now = UTCTime(seconds: 1_764_000_000)
        let monotonic = Duration.zero
        func sleep(for duration: Duration) async throws {}
    }

    private func line(_ write: (Logger) -> Void) -> String {
        let written = Mutex<[Bytes]>([])
        withExtendedLifetime(written) {
            let box = Lines()
            let logger = Logger(label: "assay") { label in JSONLogHandler(label: label, clocks: StoppedClocks(), write: box.take) }
            write(logger)
            written.withLock { $0 = box.all }
        }
        return written.withLock { $0.map { String(decoding: $0, as: UTF8.self) }.joined() }
    }

    private final class Lines: Sendable {
        private let lines = Mutex<[Bytes]>([])
        var all: [Bytes] { lines.withLock { $0 } }
        var take: @Sendable (Bytes) -> Void { { line in self.lines.withLock { $0.append(line) } } }
    }

    @Test("A message is one line of canonical JSON")
    func oneLine() {
        let text = line { $0.info("request", metadata: ["status": .stringConvertible(200), "route": "/healthz", "list": ["a", "b"]]) }
        #expect(
            text == #"{"at":"2025-11-24T16:00:00Z","level":"info","list":["a","b"],"logger":"assay","message":"request","#
                + #""route":"/healthz","status":200}"# + "\n")
    }

    @Test(
        "Text from outside stays on its line and steers nothing",
        arguments: [
            ("a\nb", #"a\\u{a}b"#), ("\u{1b}[2J", #"\\u{1b}[2J"#), ("\u{202e}x", #"\\u{202e}x"#), ("\"}", #"\"}"#), ("a\\n", #"a\\\\n"#),
        ])
    func escaped(text: String, shown: String) {
        #expect(line { $0.info("m", metadata: ["k": "\(text)"]) }.contains("\"k\":\"\(shown)\""))
        #expect(line { $0.info("\(text)") }.contains("\"message\":\"\(shown)\""))
    }

    @Test("Long text is cut, lower levels are left away")
    func bounded() {
        #expect(line { $0.info("\(String(repeating: "x", count: 100_000))") }.utf8.count < 3000)
        #expect(line { $0.debug("x") } == "")
    }

    @Test("Metadata cannot take the place of the line's own members")
    func ownMembers() {
        let text = line { $0.info("m", metadata: ["level": "fatal", "at": "never"]) }
        #expect(text.contains(#""level":"info""#) && text.contains(#""at":"2025-11-24T16:00:00Z""#))
    }
}
