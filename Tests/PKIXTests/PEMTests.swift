import Basics
import PKIX
import Testing

@Suite("PEM (RFC 7468)")
struct PEMTests {
    static let labels = ["CERTIFICATE"]
    /// 100 octets: three lines, the last one shorter.
    static let octets = Bytes(0..<100)
    static let text = PEM.encode("CERTIFICATE", octets)

    static func decode(_ text: String, limit: Int = 100) throws(PKIXError) -> [Bytes] {
        try PEM.decode(Bytes(text.utf8), accepting: labels, limit: limit).map(\.der)
    }

    static func block(_ body: String, begin: String = "-----BEGIN CERTIFICATE-----", end: String = "-----END CERTIFICATE-----") -> String {
        "\(begin)\n\(body)\n\(end)\n"
    }

    @Test("Written strictly: lines of 64, the last shorter, LF")
    func written() throws {
        #expect(Self.text.split(separator: "\n", omittingEmptySubsequences: false).map(\.count) == [27, 64, 64, 8, 25, 0])
        #expect(!Self.text.contains("\r"))
        for count in [0, 1, 2, 3, 47, 48, 49, 96, 1000] {
            let octets = Bytes((0..<count).map { UInt8(truncatingIfNeeded: $0) })
            guard count > 0 else { continue }
            #expect(try Self.decode(PEM.encode("CERTIFICATE", octets)) == [octets])
        }
    }

    @Test("Read as tools write it")
    func lax() throws {
        let text = Self.text
        let long = Self.block(Self.octets.base64)
        let rows: [(String, String)] = [
            ("as written", text),
            ("CRLF", text.replacing("\n", with: "\r\n")),
            ("CR", text.replacing("\n", with: "\r")),
            (
                "first line LF, others CRLF",
                text.replacing("\n", with: "\r\n").replacing("CERTIFICATE-----\r\n", with: "CERTIFICATE-----\n")
            ),
            ("no last line end", String(text.dropLast())),
            ("one long line", long),
            ("76 columns", Self.block(String(Self.octets.base64.prefix(76)) + "\n" + String(Self.octets.base64.dropFirst(76)))),
            ("blanks at line ends", text.replacing("\n", with: " \t\n")),
            ("empty lines", text.replacing("\n", with: "\n\n")),
            ("text before", "PKCS #10 Certificate Request Information:\nVersion: 1\n  Subject: a\n\n" + text),
            ("text behind", text + "\nmore\n"),
            ("byte order mark", "\u{feff}" + text),
            ("dashes in the text", "----\n-----\n------ note ------\n" + text),
        ]
        for (name, text) in rows { #expect(try Self.decode(text) == [Self.octets], "\(name)") }
        #expect(try Self.decode("a\n" + text + "b\n" + PEM.encode("CERTIFICATE", [1])) == [Self.octets, [1]])
        #expect(try Self.decode("") == [] && Self.decode("text\n") == [])
        #expect(try Self.decode(Self.block("AQ==\n")) == [[1]])
    }

    @Test("Never read in two ways, and no block is lost silently")
    func refused() throws {
        let begin = "-----BEGIN CERTIFICATE-----"
        let rows: [(String, String, PKIXError)] = [
            ("other octets", Self.block("AQ*="), .pem(.base64, line: 1)),
            ("URL-safe alphabet", Self.block("-_-_"), .pem(.base64, line: 1)),
            ("blank inside", Self.block("AQ ID"), .pem(.base64, line: 1)),
            ("padding missing", Self.block("AQ"), .pem(.base64, line: 1)),
            ("too much padding", Self.block("AQ==="), .pem(.base64, line: 1)),
            ("padding inside", Self.block("AQ==AQ=="), .pem(.base64, line: 1)),
            ("pad bits not zero", Self.block("AR=="), .pem(.base64, line: 1)),
            ("empty", Self.block(""), .pem(.empty, line: 3)),
            ("END of another", Self.block("AQ==", end: "-----END X-----"), .pem(.unpaired, line: 3)),
            ("END alone", "-----END CERTIFICATE-----\n", .pem(.unpaired, line: 1)),
            ("no END", begin + "\nAQ==", .pem(.unfinished, line: 2)),
            ("nested", begin + "\n" + Self.block("AQ=="), .pem(.nested, line: 2)),
            ("header", Self.block("Proc-Type: 4,ENCRYPTED\n\nAQ=="), .pem(.header, line: 2)),
            ("glued to BEGIN", begin + "AQ==\n-----END CERTIFICATE-----\n", .pem(.boundary, line: 1)),
            ("glued to END", Self.block("AQ==", end: "-----END CERTIFICATE-----x"), .pem(.boundary, line: 3)),
            ("END glued to the body", begin + "\nAQ==-----END CERTIFICATE-----\n", .pem(.boundary, line: 2)),
            ("BEGIN behind blanks", "  " + Self.block("AQ=="), .pem(.boundary, line: 1)),
            ("BEGIN behind text", "x" + Self.block("AQ=="), .pem(.boundary, line: 1)),
            ("four dashes behind BEGIN", Self.block("AQ==", begin: "-----BEGIN CERTIFICATE----"), .pem(.boundary, line: 1)),
            ("six dashes behind BEGIN", Self.block("AQ==", begin: "-----BEGIN CERTIFICATE------"), .pem(.boundary, line: 1)),
            ("no label", Self.block("AQ==", begin: "-----BEGIN -----"), .pem(.boundary, line: 1)),
            ("label of blanks", Self.block("AQ==", begin: "-----BEGIN  CERTIFICATE-----"), .pem(.boundary, line: 1)),
            ("label with a control", Self.block("AQ==", begin: "-----BEGIN \u{1b}-----"), .pem(.boundary, line: 1)),
            ("another label", Self.text + PEM.encode("PRIVATE KEY", [1]), .wrongPEMLabel("PRIVATE KEY")),
            ("lower-case label", Self.block("AQ==", begin: "-----BEGIN certificate-----"), .wrongPEMLabel("certificate")),
        ]
        for (name, text, error) in rows {
            #expect(throws: error, "\(name)") { try Self.decode(text) }
            #expect(!error.text.isEmpty)
        }
        #expect(throws: PKIXError.pem(.blocks, line: 6)) { try Self.decode(Self.text + Self.text, limit: 1) }
        #expect(throws: PKIXError.tooLong(limit: 1 << 20)) {
            try PEM.decode(Bytes(repeating: 0x0a, count: 1 << 20 + 1), accepting: Self.labels)
        }
    }

    @Test("The first octet says whether it is DER")
    func either() throws {
        let der = sequence([5, 0])
        #expect(try PEM.derOrPEM(der, labels: Self.labels) == der)
        #expect(try PEM.derOrPEM(Bytes(PEM.encode("CERTIFICATE", der).utf8), labels: Self.labels) == der)
        #expect(throws: PKIXError.pem(.missing, line: 1)) { try PEM.derOrPEM([], labels: Self.labels) }
        #expect(throws: PKIXError.pem(.missing, line: 1)) { try PEM.derOrPEM(Bytes("no block".utf8), labels: Self.labels) }
        #expect(throws: PKIXError.pem(.blocks, line: 6)) { try PEM.derOrPEM(Bytes((Self.text + Self.text).utf8), labels: Self.labels) }
        let request = try Golden.file("keytool.csr.pem")
        #expect(throws: PKIXError.wrongPEMLabel("NEW CERTIFICATE REQUEST")) { try PEM.derOrPEM(request, labels: ["CERTIFICATE REQUEST"]) }
    }
}
