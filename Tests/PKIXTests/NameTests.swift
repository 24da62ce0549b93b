import Basics
import PKIX
import Testing

@Suite("Distinguished names (RFC 5280 §4.1.2.4)")
struct NameTests {
    static func attribute(_ oid: OID, _ tag: UInt8, _ octets: Bytes) -> Bytes { sequence(oid.encoded, element(tag, octets)) }
    static func common(_ text: String, _ tag: UInt8 = 0x0c) -> Bytes { attribute(.commonName, tag, Bytes(text.utf8)) }

    @Test("What is built is read back, most significant part first")
    func roundTrip() throws {
        let name = try Name([
            try Attribute(oid: .countryName, kind: .printable, text: "DE"),
            try Attribute(oid: .organization, kind: .utf8, text: "Böse, Geräte"),
            try Attribute(oid: .domainComponent, kind: .ia5, text: "example"),
        ])
        let read = try Name(der: name.der)
        #expect(read == name && read.rdns == name.rdns)
        #expect(read.rdns.map { $0.map(\.label) } == [["C"], ["O"], ["DC"]])
        #expect(read.description == #"DC=example, O=Böse\, Geräte, C=DE"#)
        #expect(try Name(der: [0x30, 0]) == .empty)
    }

    @Test(
        "Nothing in a value can pass for another part",
        arguments: [
            ("1,O=Evil", #"CN=1\,O\=Evil"#), ("1, O=Evil", #"CN=1\, O\=Evil"#), ("1,\u{301}O=Evil", "CN=1\\,\u{301}O\\=Evil"),
            ("a\\", #"CN=a\\"#), ("\"q\"", #"CN=\"q\""#), ("#04", "CN=\\#04"), ("a#", "CN=a#"), (" a ", #"CN=\ a\ "#), ("a b", "CN=a b"),
            ("a+b;c<d>e", #"CN=a\+b\;c\<d\>e"#), ("line\nfeed", #"CN=line\u{a}feed"#), ("\u{202e}live", #"CN=\u{202e}live"#),
        ])
    func shown(text: String, description: String) throws {
        #expect(try Name([try Attribute(oid: .commonName, kind: .utf8, text: text)]).description == description)
    }

    @Test("A part with several attributes shows all of them; an unknown type shows its OID")
    func severalInOne() throws {
        let unknown = try OID("1.3.6.1.4.1.32473.5")
        let name = try Name(der: sequence(set(Self.common("x"), Self.attribute(unknown, 0x0c, [0x79]))))
        #expect(name.description == "CN=x+1.3.6.1.4.1.32473.5=y")
    }

    @Test("What is refused")
    func refused() throws {
        let one = set(Self.common("a"))
        let rows: [(Bytes, PKIXError)] = [
            (sequence(set()), .emptyRDN),
            (sequence(one, set()), .emptyRDN),
            (sequence(one) + [0], .der(.trailing, offset: 14)),
            (sequence(set(Self.common(""))), .invalidString(.commonName)),
            (sequence(set(Self.common(String(repeating: "a", count: 1025)))), .invalidString(.commonName)),
            (sequence(set(Self.common("a@b", 0x13))), .invalidString(.commonName)),
            (sequence(set(Self.common("a_b", 0x13))), .invalidString(.commonName)),
            (sequence(set(Self.common("a*b", 0x13))), .invalidString(.commonName)),
            (sequence(set(Self.common("a&b", 0x13))), .invalidString(.commonName)),
            (sequence(set(Self.common("ä", 0x16))), .invalidString(.commonName)),
            (sequence(set(Self.common("T61", 0x14))), .invalidString(.commonName)),
            (sequence(set(Self.common("\0B", 0x1e))), .invalidString(.commonName)),
            (sequence(set(Self.attribute(.commonName, 0x1c, [0, 0, 0, 0x41]))), .invalidString(.commonName)),
            (sequence(set(Self.attribute(.commonName, 0x0c, [0xc3]))), .invalidString(.commonName)),
            (sequence(set(Self.attribute(.commonName, 0x0c, [0xc0, 0xaf]))), .invalidString(.commonName)),
            (sequence(set(Self.attribute(.commonName, 0x0c, [0xed, 0xa0, 0x80]))), .invalidString(.commonName)),
            (sequence(set(sequence(OID.commonName.encoded))), .invalidString(.commonName)),
            (sequence(set(Self.attribute(.title, 0x0c, [0x61]), Self.common("a"))), .der(.setOrder, offset: 14)),
            (sequence(set(Self.common("a"), Self.common("b"))), .duplicateAttribute(.commonName)),
            (sequence(set(Self.common("a"), Self.common("a"))), .duplicateAttribute(.commonName)),
            (sequence(Self.common("a")), .der(.tag, offset: 2)),
            (sequence(Bytes(repeating: 0, count: 101).flatMap { _ in one }), .tooMany(limit: 100)),
        ]
        for (row, (der, error)) in rows.enumerated() { #expect(throws: error, "row \(row)") { try Name(der: der) } }
        _ = try Name(der: sequence(Bytes(repeating: 0, count: 100).flatMap { _ in one }))
    }

    @Test("PrintableString's alphabet is exactly X.680's")
    func printable() {
        let allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789 '()+,-./:=?"
        for value in UInt8.min ... .max {
            let text = String(UnicodeScalar(value))
            #expect(((try? Attribute(oid: .title, kind: .printable, text: text)) != nil) == allowed.contains(text))
        }
    }

    @Test("Names are equal when their octets are")
    func equality() throws {
        let utf8 = try Name([try Attribute(oid: .commonName, kind: .utf8, text: "a")])
        let printable = try Name([try Attribute(oid: .commonName, kind: .printable, text: "a")])
        #expect(utf8 != printable)
        #expect(throws: PKIXError.tooMany(limit: 100)) {
            try Name(Array(repeating: try Attribute(oid: .commonName, kind: .utf8, text: "a"), count: 101))
        }
    }
}
