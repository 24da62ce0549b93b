import Basics
import Client
import Testing

@Suite("YAML becomes JSON one to one")
struct YAMLTests {
    @Test(
        "What is read",
        arguments: [
            ("a: 1", #"{"a":1}"#),
            ("a: -1", #"{"a":-1}"#),
            ("a: \"1\"", #"{"a":"1"}"#),
            ("a: true", #"{"a":true}"#),
            ("a: 'true'", #"{"a":"true"}"#),
            ("a: [x, 2, { b: c }]", #"{"a":["x",2,{"b":"c"}]}"#),
            ("a: 1.3.6.1.4.1.32473.1.1", #"{"a":"1.3.6.1.4.1.32473.1.1"}"#),
            ("a: CN=x, O=y", #"{"a":"CN=x, O=y"}"#),
            ("a: |\n  x\n  y\n", #"{"a":"x\ny\n"}"#),
            ("# only\na: b # comment", #"{"a":"b"}"#),
            ("1: a", #"{"1":"a"}"#),
            ("a: 9223372036854775807", #"{"a":9223372036854775807}"#),
            ("a: ''", #"{"a":""}"#),
            ("a: 2b", #"{"a":"2b"}"#),
        ])
    func reads(yaml: String, json: String) throws {
        #expect(String(decoding: try YAML.json(Bytes(yaml.utf8)).canonicalBytes, as: UTF8.self) == json)
    }

    @Test(
        "What is refused: other readers would see something else, or JSON cannot say it",
        arguments: [
            "a: 1.5", "a: 1e3", "a: .inf", "a: 0x10", "a: 0o17", "a: 010", "a: +1", "a: 1_000", "a: 12:30", "a: 2026-11-25", "a: -0",
            "a: 92233720368547758070", "a: yes", "a: No", "a: on", "a: TRUE", "a: y", "a:", "a: null", "a: ~", "a: &x b", "a: &x b\nc: *x",
            "a: b\na: c", "a: { b: 1, b: 2 }", "a: !!binary AAAA", "a: !x b", "a: !!float 1", "? [a]\n: b", "<<: { a: b }", "a: [",
            "a: b\n---\nc: d",
            "", "a: \"\\x\"", "\u{7}: b",
        ])
    func refused(yaml: String) async {
        #expect(await code { _ = try YAML.json(Bytes(yaml.utf8)) } == "document.yaml-invalid")
    }

    @Test("Aliases cannot grow a document, depth and size are bounded")
    func bounded() async {
        var bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            bomb += "a\(level): &a\(level) [" + Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ") + "]\n"
        }
        let deep = "a: " + String(repeating: "[", count: 40) + String(repeating: "]", count: 40)
        let many = "a: [" + Array(repeating: "1", count: YAML.mostValues + 1).joined(separator: ", ") + "]"
        let long = "a: " + String(repeating: "x", count: YAML.sizeLimit)
        for yaml in [bomb, deep, many, long] {
            #expect(await code { _ = try YAML.json(Bytes(yaml.utf8)) } == "document.yaml-invalid")
        }
        #expect(await code { _ = try YAML.json([0x61, 0x3a, 0x20, 0xff]) } == "document.yaml-invalid")
    }

    @Test(
        "A manifest has three names, and under them documents by theirs",
        arguments: [
            ("authority: {}", "document.manifest-invalid"),
            ("approvals: []", "document.manifest-invalid"),
            ("approvals: {}", "document.manifest-invalid"),
            ("approvals: { Two: { quorum: 2, roles: [registration-officer], days: 7 } }", "document.manifest-invalid"),
            ("approvals: { two: 2 }", "document.manifest-invalid"),
            ("approvals: { two: { name: two, quorum: 2, roles: [registration-officer], days: 7 } }", "document.manifest-invalid"),
            ("approvals: { two: { roles: [registration-officer], days: 7 } }", "document.approval-invalid"),
            ("approvals: { two: { quorum: 0, roles: [registration-officer], days: 7 } }", "document.approval-invalid"),
            ("approvals: { two: { quorum: 2, roles: [registration-officer], days: 7, day: 7 } }", "document.approval-invalid"),
            (
                "authorities: { root: { subject: CN=R, key: ecdsa-p256, years: 30, purposes: [authority], content: x } }",
                "document.authority-invalid"
            ),
            ("authorities: { root: { subject: CN=R, key: ecdsa-p256, years: 300, purposes: [authority] } }", "profile.document-invalid"),
            ("profiles: { p: { authority: a } }", "profile.document-invalid"),
        ])
    func manifest(yaml: String, expected: String) async {
        #expect(await code { _ = try Manifest(yaml: Bytes(yaml.utf8)) } == expected)
    }
}
