import Basics
import PKIX
import Testing

@Suite("Strict DER (X.690 §10, §11)")
struct DERReaderTests {
    typealias Read = @Sendable (inout DERReader) throws -> Void

    static let refusals: [(String, String, PKIXError.DERRule, Read)] = [
        ("nothing", "", .truncated, { _ = try $0.raw() }),
        ("tag only", "30", .truncated, { _ = try $0.raw() }),
        ("content too short", "040301", .truncated, { _ = try $0.raw() }),
        ("universal tag 0", "0000", .tag, { _ = try $0.raw() }),
        ("long tag", "1f0100", .tag, { _ = try $0.raw() }),
        ("indefinite length", "30800000", .length, { _ = try $0.raw() }),
        ("long form below 128", "04810100", .length, { _ = try $0.raw() }),
        ("length with a leading zero", "048200ff" + String(repeating: "00", count: 255), .length, { _ = try $0.raw() }),
        ("reserved length", "04ff00", .length, { _ = try $0.raw() }),
        ("length of four octets", "048401000000", .length, { _ = try $0.raw() }),
        ("length octets missing", "0482", .length, { _ = try $0.raw() }),
        ("another tag", "0500", .tag, { _ = try $0.integer() }),
        ("constructed OCTET STRING", "24020400", .tag, { _ = try $0.octetString() }),
        ("primitive SEQUENCE", "1000", .tag, { _ = try $0.sequence() }),
        ("empty INTEGER", "0200", .integer, { _ = try $0.integer() }),
        ("padded INTEGER", "0202007f", .integer, { _ = try $0.integer() }),
        ("padded negative INTEGER", "0202ff80", .integer, { _ = try $0.integer() }),
        ("negative where small", "0201ff", .integer, { _ = try $0.smallInteger() }),
        ("five octets where small", "02050100000000", .integer, { _ = try $0.smallInteger() }),
        ("BOOLEAN 01", "010101", .boolean, { _ = try $0.boolean() }),
        ("empty BOOLEAN", "0100", .boolean, { _ = try $0.boolean() }),
        ("BOOLEAN of two octets", "0102ffff", .boolean, { _ = try $0.boolean() }),
        ("NULL with content", "050100", .null, { try $0.null() }),
        ("empty BIT STRING", "0300", .bitString, { _ = try $0.bits(.bitString) }),
        ("eight unused bits", "03020800", .bitString, { _ = try $0.bits(.bitString) }),
        ("unused bits of nothing", "030101", .bitString, { _ = try $0.bits(.bitString) }),
        ("padding bits set", "03020101", .bitString, { _ = try $0.bits(.bitString) }),
        ("unused bits where octets", "03020100", .bitString, { _ = try $0.bitString() }),
        ("OID without an end", "060181", .oid, { _ = try $0.oid() }),
        (
            "SET OF out of order", "3106020102020101", .setOrder,
            { try $0.each(.set, most: 9) { item throws(PKIXError) in _ = try item.raw() } }
        ),
        (
            "octets behind", "050000", .trailing,
            {
                try $0.null()
                try $0.finish()
            }
        ),
    ]

    @Test("Each broken rule is refused by its name", arguments: refusals.indices)
    func refused(row: Int) throws {
        let (name, octets, rule, read) = Self.refusals[row]
        var reader = try DERReader(try hex(octets))
        let error = #expect(throws: PKIXError.self, "\(name)") { try read(&reader) }
        guard case .der(rule, _) = error else {
            Issue.record("\(name): \(String(describing: error))")
            return
        }
    }

    @Test("Good values are read")
    func accepted() throws {
        var reader = try DERReader(
            try hex("0201ff 02020080 0204 7fffffff 0101ff 010100 0500 0301 00 03020780 06025500 3106020101020102 31040500 0500 a0020500"))
        #expect(try reader.integer() == [0xff])
        #expect(try reader.integer() == [0, 0x80])
        #expect(try reader.smallInteger() == 0x7fff_ffff)
        #expect(try reader.boolean())
        #expect(try !reader.boolean())
        try reader.null()
        #expect(try reader.bitString() == [])
        let (unused, bits) = try reader.bits(.bitString)
        #expect(unused == 7 && bits == [0x80])
        #expect(try reader.oid() == OID("2.5.0"))
        var values: [Int] = []
        try reader.each(.set, most: 2) { reader throws(PKIXError) in values.append(try reader.smallInteger()) }
        #expect(values == [1, 2])
        try reader.each(.set, most: 2) { reader throws(PKIXError) in try reader.null() }
        #expect(reader.peek == .context(0, constructed: true))
        #expect(try reader.rest() == hex("a0020500"))
        try reader.finish()
    }

    @Test("Depth, size and number are bounded")
    func bounds() throws {
        func nest(_ depth: Int) -> Bytes { (0..<depth).reduce([]) { inner, _ in sequence(inner) } }
        func descend(_ reader: DERReader) throws(PKIXError) {
            var reader = reader
            if !reader.isAtEnd { try descend(try reader.sequence()) }
        }
        try descend(DERReader(nest(16)))
        #expect(throws: PKIXError.der(.depth, offset: 32)) { try descend(DERReader(nest(17))) }
        #expect(throws: PKIXError.tooLong(limit: 4)) { try DERReader([4, 3, 0, 0, 0], limit: 4) }
        var many = try DERReader(sequence([5, 0], [5, 0], [5, 0]))
        #expect(throws: PKIXError.tooMany(limit: 2)) { try many.each(.sequence, most: 2) { reader throws(PKIXError) in try reader.null() } }
        var idle = try DERReader(sequence([5, 0]))
        #expect(throws: PKIXError.der(.tag, offset: 2)) { try idle.each(.sequence, most: 2) { _ throws(PKIXError) in } }
    }

    @Test("Lengths and integers are written in their shortest form")
    func writer() throws {
        for (length, head) in [(0, "0400"), (127, "047f"), (128, "048180"), (255, "0481ff"), (256, "04820100"), (65_536, "0483010000")] {
            let octets = Bytes(repeating: 7, count: length)
            let flat = DERWriter.encode { $0.octetString(octets) }
            #expect(flat == (try hex(head)) + octets)
            #expect(DERWriter.encode { writer in writer.constructed(.octetString) { $0.raw(octets) } } == flat)
            var reader = try DERReader(flat, limit: 70_000)
            #expect(try reader.octetString() == octets)
        }
        for (value, octets) in [
            (0, "020100"), (127, "02017f"), (128, "02020080"), (256, "02020100"), (-1, "0201ff"), (-128, "020180"), (-129, "0202ff7f"),
            (600_000, "02030927c0"),
        ] {
            #expect(DERWriter.encode { $0.integer(value) }.hex == octets)
        }
        #expect(DERWriter.encode { $0.setOf([[2, 1, 2], [2, 1, 1], [1, 1, 0]]) }.hex == "3109010100020101020102")
        #expect(DERWriter.encode { $0.boolean(true) }.hex == "0101ff")
        #expect(DERWriter.encode { $0.bitString([0x80], unused: 7) }.hex == "03020780")
    }
}
