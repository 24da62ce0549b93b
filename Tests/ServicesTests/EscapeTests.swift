import API
import Approval
import Basics
import PKIX
import Proofs
import Registration
import Testing
import Wire

/// What could steer a terminal or mislead a reader: escape sequences, marks that turn the direction of writing, line ends.
@Suite("Text from outside in problems and logs")
struct EscapeTests {
    static let nasty = [
        "\u{1b}[31mred\u{1b}[0m", "abc\u{202e}fed\u{2066}", "one\ntwo\r\nthree", "\u{0}\u{7}\u{8}", "\u{2028}\u{2029}\u{feff}", "\u{9b}2J",
    ]

    @Test("A CSR's subject is shown nowhere as it is: neither when it is refused nor when it is taken", arguments: nasty)
    func subjects(_ text: String) async throws {
        try await EdgeHouse.run { edge in
            let officer = edge.bench.test.officers[2]
            let client = try edge.client(officer.login)
            let key = try PrivateKey.generate(.ecdsaP256, entropy: SystemEntropy())
            // Taken: the name is the device's own affair, and none of it comes into the certificate.
            if let csr = try? TestRequest.make(key, name: text) {
                let answer = try await edge.answer(
                    Routes.submitRequest, as: officer, body: edge.wish(csr, try edge.submission(of: csr, by: officer)).canonicalBytes)
                try Self.isClean(answer.body)
                if answer.status == 201 {
                    var fields = try JSONFields(try JSON(parsing: answer.body), code: "x")
                    let tbs = try TBSCertificate(der: try fields.base64("tbs"))
                    try Self.isClean(Bytes(tbs.subject.description.utf8))
                } else {
                    #expect((400..<500).contains(answer.status))
                }
                // Refused: signed by nobody.
                var broken = csr
                broken[broken.count - 1] ^= 1
                let refused = try await edge.answer(
                    Routes.submitRequest, as: officer, body: edge.wish(broken, try edge.submission(of: broken, by: officer)).canonicalBytes)
                #expect((400..<500).contains(refused.status))
                try Self.isClean(refused.body)
                _ = await edge.problem {
                    try await client.send(
                        Routes.submitRequest, body: .json(edge.wish(broken, try edge.submission(of: broken, by: officer))))
                }
            }
            await client.close()
            #expect(edge.log.all.contains { $0 == 0x0a } == !edge.log.all.isEmpty)
            try Self.isClean(edge.log.all.filter { $0 != 0x0a })
        }
    }

    @Test("A value, a field's name, a member's name, a profile's name, a reason: escaped in the problem", arguments: nasty)
    func bodies(_ text: String) async throws {
        try await EdgeHouse.run { edge in
            let test = edge.bench.test
            let officer = test.officers[2]
            let wish = try test.wish(edge.house, serial: "SN-0100")
            let bodies: [(Route, TestPerson, JSON)] = [
                (Routes.submitRequest, officer, edge.wish(wish.csr, wish.submission, fields: ["model": text, "serial": "1"])),
                (Routes.submitRequest, officer, edge.wish(wish.csr, wish.submission, fields: ["model": "P", "serial": "1", text: "x"])),
                (Routes.submitRequest, officer, .object([text: .string("x")])),
                (Routes.submitRequest, officer, .object(["csr": .string(text)])),
                (Routes.vote, officer, .object(["vote": .string(text)])),
                (Routes.proposeRoster, test.admin, .object(["roster": .string(text)])),
                (Routes.addOfficer, test.admin, .object(["handle": .string(text)])),
                (Routes.draftAuthorities, test.admin, .object(["authorities": .array([.object(["name": .string(text)])])])),
                (
                    Routes.draftAuthorities, test.admin,
                    .object(["authorities": .array([.object(TestHouse.Documents.root.merging(["subject": .string("CN=" + text)]) { $1 })])])
                ),
                (Routes.enroll, test.admin, .object(["secret": .string(text), "person": .string(text)])),
            ]
            for (route, person, body) in bodies {
                let parameters = route == Routes.vote ? ["id": edge.bench.fresh.id.description] : [:]
                let answer = try await edge.answer(route, as: person, parameters: parameters, body: body.canonicalBytes)
                #expect((400..<500).contains(answer.status), "\(route.name): \(String(decoding: answer.body, as: UTF8.self))")
                try Self.isClean(answer.body)
                let client = try edge.client(person.login)
                _ = await edge.problem { try await client.send(route, parameters: parameters, body: .json(body)) }
                await client.close()
            }
            try Self.isClean(edge.log.all.filter { $0 != 0x0a })
        }
    }

    /// Nothing in it that is not to be seen; JSON's own escapes are undone first.
    private static func isClean(_ octets: Bytes, location: SourceLocation = #_sourceLocation) throws {
        let text = try #require(String(validating: octets, as: UTF8.self), sourceLocation: location)
        var shown = [text]
        if let value = try? JSON(parsing: octets) { shown = texts(value) }
        for text in shown {
            let isClean = text.unicodeScalars.allSatisfy { scalar in
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator: scalar == "\n" && text.hasPrefix("assay/")
                default: true
                }
            }
            #expect(isClean, "\(text.escaped)", sourceLocation: location)
        }
    }

    private static func texts(_ value: JSON) -> [String] {
        switch value {
        case .string(let text): [text]
        case .array(let values): values.flatMap(texts)
        case .object(let members): members.flatMap { [$0.key] + texts($0.value) }
        default: []
        }
    }
}
