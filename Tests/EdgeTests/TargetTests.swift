import Basics
import Testing
import Wire

@Suite("Request targets (RFC 9112 §3.2.1, RFC 3986)")
struct TargetTests {
    @Test(
        "Accepted targets have one reading",
        arguments: [
            ("/a/b", ["a", "b"], [:]), ("/a%20b", ["a b"], [:]), ("/%c3%A4", ["ä"], [:]), ("/a:b@c;d=e", ["a:b@c;d=e"], [:]),
            ("/a?x=1", ["a"], ["x": ["1"]]), ("/a?x=1&x=2&y=", ["a"], ["x": ["1", "2"], "y": [""]]),
            ("/a?x=b=c", ["a"], ["x": ["b=c"]]), ("/a?x=1+1", ["a"], ["x": ["1+1"]]), ("/a?x=%26%3d%2F", ["a"], ["x": ["&=/"]]),
            ("/a?x=b?c/d", ["a"], ["x": ["b?c/d"]]),
        ] as [(String, [String], [String: [String]])])
    func accepted(target: String, segments: [String], query: [String: [String]]) throws {
        let parsed = try RequestTarget(parsing: target)
        #expect(parsed.segments == segments)
        #expect(parsed.query == query)
    }

    @Test(
        "Everything else is an error, each with its rule",
        arguments: [
            ("", .path), ("a", .path), ("*", .path), ("http://host/a", .path), ("/", .path), ("//a", .path), ("/a/", .path),
            ("/a//b", .path), ("/a/../b", .path), ("/a/./b", .path), ("/%2e%2E/b", .path), ("/a?", .query), ("/a?x", .query),
            ("/a?=1", .query), ("/a?x=1&", .query), ("/a?&x=1", .query), ("/a%", .encoding), ("/a%2", .encoding), ("/a%zz", .encoding),
            ("/a b", .encoding), ("/ä", .encoding), ("/a\"", .encoding), ("/a#b", .encoding), ("/a\\b", .encoding), ("/a?x=[1]", .encoding),
            ("/a%2fb", .content), ("/a%00", .content), ("/a%0a", .content), ("/a%c2%85", .content), ("/a%ff", .content),
            ("/a%c0%af", .content), ("/a%ed%a0%80", .content), ("/a?x=%0d%0a", .content),
            ("/" + String(repeating: "a", count: 8192), .tooLong),
        ] as [(String, TargetError)])
    func refused(target: String, error: TargetError) {
        #expect(throws: error) { try RequestTarget(parsing: target) }
        #expect(!error.text.isEmpty)
    }

    @Test(
        "Content types",
        arguments: [
            ("application/json", MediaType.json), ("Application/JSON; charset=UTF-8", .json), ("application/json;charset=\"utf-8\"", .json),
            ("application/pkcs10", .pkcs10), ("text/plain; charset=utf-8", .text), ("application/problem+json", .problem), ("", nil),
            ("application/json; charset=latin1", nil), ("application/json, application/json", nil), ("application/jsonx", nil),
            ("application/json;", nil), ("text/html", nil), ("multipart/form-data; boundary=x", nil),
        ] as [(String, MediaType?)])
    func contentTypes(text: String, media: MediaType?) { #expect(MediaType(contentType: text) == media) }
}
