import Basics
import Testing

@Suite("Octets, times, ids")
struct ValuesTests {
    @Test("Base64 and hex have one spelling each", arguments: [0, 1, 2, 3, 4, 31, 32, 33])
    func roundTrip(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
        #expect(Bytes(base64: bytes.base64) == bytes)
        #expect(Bytes(base64URL: bytes.base64URL) == bytes)
        #expect(Bytes(hex: bytes.hex) == bytes)
    }

    @Test("Other spellings are refused", arguments: ["A", "AA", "AA=", "AB==", "AAB=", "AA==\n", "=AAA", "A A=", "AA=A", "====", "AA__"])
    func otherBase64(text: String) { #expect(Bytes(base64: text) == nil) }

    @Test(
        "Times and calendar agree with known dates",
        arguments: [
            (0, "1970-01-01T00:00:00Z"), (951_782_400, "2000-02-29T00:00:00Z"), (1_764_000_000, "2025-11-24T16:00:00Z"),
            (253_402_300_799, "9999-12-31T23:59:59Z"), (-1, "1969-12-31T23:59:59Z"), (4_102_444_800, "2100-01-01T00:00:00Z"),
        ] as [(Int64, String)])
    func calendar(seconds: Int64, text: String) {
        #expect(UTCTime(seconds: seconds).description == text)
        #expect(UTCTime(UTCTime(seconds: seconds).calendar) == UTCTime(seconds: seconds))
    }

    @Test("Dates that do not exist are refused")
    func noSuchDate() {
        #expect(UTCTime(.init(year: 2025, month: 2, day: 29, hour: 0, minute: 0, second: 0)) == nil)
        #expect(UTCTime(.init(year: 2025, month: 1, day: 1, hour: 0, minute: 0, second: 60)) == nil)
    }

    @Test("Ids and handles have one spelling")
    func identifiers() {
        let text = "01930f3e-0000-7000-8000-000000000001"
        #expect(ID(text)?.description == text)
        #expect(ID(text.uppercased()) == nil)
        #expect(Handle("officer-1") != nil)
        for bad in ["", "Officer", "a b", "ä", String(repeating: "a", count: 33), "a\n"] { #expect(Handle(bad) == nil) }
    }

    @Test("What could steer a terminal is written out")
    func escaping() {
        #expect("a\u{1b}[2J\u{202e}b\n\\".escaped == "a\\u{1b}[2J\\u{202e}b\\u{a}\\\\")
        #expect("Gerät 7 日本".escaped == "Gerät 7 日本")
    }
}
