import Basics
import PKIX
import Testing

@Suite("Times (RFC 5280 §4.1.2.5)")
struct ValidityTests {
    /// Reads `time` as notBefore and notAfter of an otherwise good certificate.
    static func read(_ tag: UInt8, _ text: String) throws -> UTCTime {
        var parts = try TBSParts()
        let time = element(tag, Bytes(text.utf8))
        parts.validity = sequence(time, time)
        return try TBSCertificate(der: parts.der).validity.notAfter
    }

    @Test(
        "One form for each time",
        arguments: [
            (0x17, "500101000000Z", "1950-01-01T00:00:00Z"), (0x17, "991231235959Z", "1999-12-31T23:59:59Z"),
            (0x17, "000101000000Z", "2000-01-01T00:00:00Z"), (0x17, "491231235959Z", "2049-12-31T23:59:59Z"),
            (0x17, "240229120000Z", "2024-02-29T12:00:00Z"), (0x18, "20500101000000Z", "2050-01-01T00:00:00Z"),
            (0x18, "99991231235959Z", "9999-12-31T23:59:59Z"),
        ] as [(UInt8, String, String)])
    func accepted(tag: UInt8, text: String, time: String) throws {
        let read = try Self.read(tag, text)
        #expect(read.description == time)
        let parts = try TBSParts()
        let written = try TBSCertificate(
            serialNumber: try SerialNumber(bytes: [1]), signature: SignatureAlgorithm.ecdsaSHA256.identifier, issuer: .empty,
            validity: Validity(notBefore: read, notAfter: read), subject: .empty, publicKey: parts.key.publicKey, extensions: [])
        #expect(written.der.hex.contains(sequence(element(tag, Bytes(text.utf8)), element(tag, Bytes(text.utf8))).hex))
    }

    @Test(
        "Others are refused",
        arguments: [
            (0x17, "2601010000Z"), (0x17, "260101000000"), (0x17, "260101000000+0000"), (0x17, "260101000000.5Z"), (0x17, "260101000060Z"),
            (0x17, "260101006000Z"), (0x17, "260101240000Z"), (0x17, "260001000000Z"), (0x17, "261301000000Z"), (0x17, "260100000000Z"),
            (0x17, "260230000000Z"), (0x17, "250229000000Z"), (0x17, "26010100000 Z"), (0x17, "260101000000z"), (0x17, ""),
            (0x17, "20260101000000Z"), (0x18, "20491231235959Z"), (0x18, "20260101000000Z"), (0x18, "19491231235959Z"),
            (0x18, "20500101000000.5Z"), (0x18, "205001010000Z"), (0x18, "20500101000000"), (0x18, "20500101000060Z"),
            (0x18, "500101000000Z"), (0x18, "20510229000000Z"), (0x18, "00000101000000Z"),
        ] as [(UInt8, String)])
    func refused(tag: UInt8, text: String) throws {
        #expect(throws: PKIXError.invalidTime) { try Self.read(tag, text) }
    }

    @Test("Another type is no time")
    func otherTypes() throws {
        #expect(throws: PKIXError.self) { try Self.read(0x13, "260101000000Z") }
    }
}
