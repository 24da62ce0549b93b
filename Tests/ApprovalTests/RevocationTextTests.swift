import Approval
import Basics
import PKIX
import Testing

@Suite("Revocation: its text")
struct RevocationTextTests {
    static let text = """
        assay/statement/v1
        instance 7f3a0000000000000000000000000001
        kind revocation
        subject 01930f3e-0000-7000-8000-0000000000b1
        requester ada
        roster 2 98imSfTIcSslYkv1UW39MT538keWVJ7wikBluyMNLhg=
        policy two-officers gjQS0erLZ5ViIOUylZ8BBGAwV8iHBIY8o4580Yj9qBI=
        profile device-identity GQDqtsAoSD1xJlme5vUN4NJ5B7XGX6kFJFgLSw+YUrA=
        authority devices j3b9UBu2jvcfTidrwo8pvOEAOwwsnZR43oG1v8DN4ek=
        serial 5a497a00000102030405060708090a0b0c0d0e0f
        certificate BimEMugGayniIjvMI6qVBLVq5Qj6vzQ1UIhpucMZDiI=
        reason key-compromise
        effective 1763990000
        opened 1764000000
        expires 1764086400

        """

    @Test("Read and written, octet for octet")
    func whole() throws {
        let revocation = try Revocation(text: Self.text)
        #expect(revocation.text == Self.text)
        #expect((Self.text.utf8.count, revocation.digest.base64) == (572, "aEDz83nMElzR48KjhsabL41hl1qgGO9HsT9vFM3Cv04="))
        #expect(revocation.wish == revocation.digest)
        #expect(revocation.reason == .keyCompromise)
        #expect(revocation.serial.hex == "5a497a00000102030405060708090a0b0c0d0e0f")
        #expect((revocation.effective.seconds, revocation.opened.seconds) == (1_763_990_000, 1_764_000_000))
    }

    static let damages: [(String, String)] = [
        ("kind revocation", "kind certificate"), ("kind revocation", "kind allowance"), ("serial 5a", "serial 5A"),
        ("serial 5a497a00", "serial 00007a00"), ("serial 5a497a00", "serial da497a00"), ("serial 5a49", "serial 0102035a49"),
        ("reason key-compromise", "reason keyCompromise"), ("reason key-compromise", "reason certificate-hold"),
        ("reason key-compromise", "reason -"), ("effective 1763990000", "effective -1"), ("effective 1763990000", "effective 01"),
        ("expires 1764086400\n", "expires 1764086400\nmore 1\n"), ("opened 1764000000\n", ""), ("requester ada", "requester Ada"),
        ("certificate BimE", "certificate Bim"),
    ]

    @Test("Any other spelling is refused", arguments: damages)
    func damaged(_ from: String, _ to: String) throws {
        let text = try Self.text.replacing(once: from, to)
        #expect(throws: Refusal.self) { try Revocation(text: text) }
    }

    @Test("It is no statement of another kind, and nothing else is one")
    func kinds() throws {
        #expect(throws: Refusal.unknownKind("revocation")) { try Statement(text: Self.text) }
        #expect(throws: Refusal.unknownKind("revocation")) { try Allowance(text: Self.text) }
        #expect(throws: Refusal.unknownKind("allowance")) { try Revocation(text: Vectors.allowance) }
    }
}
