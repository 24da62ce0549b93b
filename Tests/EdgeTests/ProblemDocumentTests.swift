import Basics
import Testing
import Wire

@Suite("Problems over HTTP (RFC 9457) and the API's description (OpenAPI 3.1)")
struct ProblemDocumentTests {
    private let sample = Problem(
        .invalid, "request.key-too-weak", title: "The key is too weak", detail: "RSA, 1024 bits.", field: "csr.publicKey")

    @Test("A problem survives the wire", arguments: Problem.Kind.allCases)
    func roundTrip(kind: Problem.Kind) throws {
        let problem = Problem(kind, "a.b-1", title: "Title", detail: "Detail with \\u{1b} \"quotes\".", field: "f")
        let document = ProblemDocument(problem, requestID: "01930f3e-0000-7000-8000-000000000001")
        #expect(try ProblemDocument(parsing: document.json.canonicalBytes, status: kind.status) == document)
        #expect(Problem.Kind(status: kind.status) == kind)
    }

    @Test("The members are those of RFC 9457 and ours")
    func members() {
        let text = String(decoding: ProblemDocument(sample, requestID: "r").json.canonicalBytes, as: UTF8.self)
        #expect(
            text == #"{"code":"request.key-too-weak","detail":"RSA, 1024 bits.","field":"csr.publicKey","requestId":"r","status":400,"#
                + #""title":"The key is too weak","type":"urn:assay:problem:request.key-too-weak"}"#)
    }

    @Test(
        "Statuses without a kind of their own become the nearest",
        arguments: [
            (405, .invalid), (411, .invalid), (415, .invalid), (429, .invalid), (502, .fault), (302, .fault),
        ] as [(Int, Problem.Kind)])
    func otherStatuses(status: Int, kind: Problem.Kind) { #expect(Problem.Kind(status: status) == kind) }

    @Test("What a node sends cannot steer a terminal")
    func escaped() throws {
        let hostile = Problem(.conflict, "x", title: "a\u{1b}[31m\u{202e}", detail: "line\nbreak \\ back", field: "\u{0}")
        let read = try ProblemDocument(parsing: ProblemDocument(hostile).json.canonicalBytes, status: 409).problem
        #expect(read.title == "a\\u{1b}[31m\\u{202e}")
        #expect(read.detail == "line\\u{a}break \\ back")
        #expect(read.field == "\\u{0}")
    }

    @Test(
        "Anything else is not a problem of ours",
        arguments: [
            "", "null", "[]", "{}", #"{"code":"x","detail":"d","status":400,"title":"t"}"#,
            #"{"code":"x","detail":"d","status":400,"title":"t","type":"about:blank"}"#,
            #"{"code":"x","detail":"d","status":401,"title":"t","type":"urn:assay:problem:x"}"#,
            #"{"code":"X Y","detail":"d","status":400,"title":"t","type":"urn:assay:problem:X Y"}"#,
            #"{"code":"x","detail":1,"status":400,"title":"t","type":"urn:assay:problem:x"}"#,
            #"{"code":"x","detail":"d","status":400,"title":"t","type":"urn:assay:problem:x"} "x""#,
        ])
    func malformed(body: String) {
        let problem = #expect(throws: Problem.self) { try ProblemDocument(parsing: Bytes(body.utf8), status: 400) }
        #expect(problem?.code == "client.answer-malformed")
    }

    @Test("The description has every route, its permission and its parameters")
    func openAPI() throws {
        let document = try JSON(canonical: OpenAPI.document().canonicalBytes)
        guard case .object(let top) = document, case .object(let paths) = top["paths"] else {
            Issue.record("no paths")
            return
        }
        #expect(top["openapi"] == .string("3.1.0"))
        for route in Routes.all {
            guard case .object(let path) = paths[route.pattern], case .object(let operation) = path[route.method.rawValue.lowercased()],
                case .array(let parameters) = operation["parameters"], case .array(let security) = operation["security"]
            else {
                Issue.record("\(route.name) is missing")
                continue
            }
            #expect(operation["operationId"] == .string(route.name))
            #expect(parameters.count == route.pathParameters.count + route.query.count)
            #expect(security.isEmpty == (route.permission == .anyone))
            #expect((operation["requestBody"] == nil) == route.bodies.isEmpty)
        }
    }
}
