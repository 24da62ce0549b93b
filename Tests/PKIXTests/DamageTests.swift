import Basics
import PKIX
import Testing

/// Where elements begin in some DER: offsets of tags, and of the first octet of each length.
private struct Places {
    var tags: [Int] = []

    init(_ der: Bytes) { walk(der, 0, der.count) }

    private mutating func walk(_ der: Bytes, _ start: Int, _ end: Int) {
        var at = start
        while at + 1 < end {
            let tag = at
            tags.append(at)
            var length = Int(der[at + 1])
            at += 2
            if length > 0x80 {
                let count = length & 0x7f
                length = der[at..<at + count].reduce(0) { $0 << 8 | Int($1) }
                at += count
            }
            if der[tag] & 0x20 != 0 { walk(der, at, at + length) }
            at += length
        }
    }
}

@Suite("Damaged objects give an error, never a crash and never another meaning")
struct DamageTests {
    static func checked(_ der: Bytes) throws(PKIXError) {
        let request = try CertificateRequest(der: der)
        try request.verifyPossession()
    }

    @Test("Every request of more than a hundred damaged ones is refused", arguments: Golden.requests)
    func requests(file: String) throws {
        let der = try Golden.request(file)
        try Self.checked(der)
        var damaged: [Bytes] = []
        for at in Places(der).tags {
            for tag: UInt8 in [0, 1, 5, 0x1f, 0x30, 0x31, 0x80, 0xa1, 0xff] where der[at] != tag {
                var copy = der
                copy[at] = tag
                damaged.append(copy)
            }
            for length: UInt8 in [0, 0x7f, 0x80, 0x84, 0xff, der[at + 1] &+ 1, der[at + 1] &- 1] where der[at + 1] != length {
                var copy = der
                copy[at + 1] = length
                damaged.append(copy)
            }
            var doubled = der
            doubled.insert(contentsOf: [5, 0], at: at)
            damaged.append(doubled)
        }
        #expect(damaged.count > 100)
        for (row, der) in damaged.enumerated() { #expect(throws: PKIXError.self, "row \(row)") { try Self.checked(der) } }
    }

    @Test("Every prefix is refused, and every octet behind", arguments: Golden.requests)
    func prefixes(file: String) throws {
        let der = try Golden.request(file)
        for count in 0..<der.count { #expect(throws: PKIXError.self) { try CertificateRequest(der: Bytes(der.prefix(count))) } }
        for octet: UInt8 in [0, 0x30, 0xff] { #expect(throws: PKIXError.self) { try CertificateRequest(der: der + [octet]) } }
    }

    @Test("No flipped bit leaves the proof of possession whole", arguments: ["openssl.csr.pem", "keytool.csr.pem", "plain.csr.der"])
    func requestBits(file: String) throws {
        let der = try Golden.request(file)
        for at in der.indices {
            for bit in 0..<8 {
                var copy = der
                copy[at] ^= 1 << bit
                #expect(throws: PKIXError.self, "bit \(bit) of octet \(at)") { try Self.checked(copy) }
            }
        }
    }

    @Test("No flipped bit of an ML-DSA request crashes the reader")
    func latticeBits() throws {
        let der = try Golden.request("mldsa65.csr.pem")
        var parsed = 0
        for at in der.indices {
            var copy = der
            copy[at] ^= 1 << UInt8(at % 8)
            if let request = try? CertificateRequest(der: copy) {
                parsed += 1
                #expect(request.der != der)
                // The signature check is dear: a sample of it.
                if at % 40 == 0 { #expect(throws: PKIXError.signatureInvalid) { try request.verifyPossession() } }
            }
        }
        #expect(parsed > 4000)
    }

    @Test("A certificate's prefixes and flipped bits")
    func certificate() throws {
        let der = try Golden.certificate()
        let key = try Golden.key().publicKey
        for count in 0..<der.count { #expect(throws: PKIXError.self) { try Certificate(der: Bytes(der.prefix(count))) } }
        for at in der.indices {
            for bit in 0..<8 {
                var copy = der
                copy[at] ^= 1 << bit
                guard let certificate = try? Certificate(der: copy) else { continue }
                #expect(certificate.der == copy && !certificate.isSigned(by: key), "bit \(bit) of octet \(at)")
            }
        }
    }

    @Test("Keys and PEM: prefixes and flipped bits give a value or an error")
    func others() throws {
        let key = try Golden.file("p256.key.der")
        let spki = try Golden.file("p256.spki.der")
        let encrypted = try EncryptedPrivateKeyTests.golden("p256.encrypted.pem")
        let pem = try Golden.file("keytool.csr.pem")
        for count in 0..<key.count { #expect(throws: PKIXError.self) { try PrivateKey(pkcs8: Bytes(key.prefix(count))) } }
        for count in 0..<spki.count { #expect(throws: PKIXError.self) { try SubjectPublicKeyInfo(der: Bytes(spki.prefix(count))) } }
        for count in 0..<encrypted.count {
            #expect(throws: PKIXError.self) { try PrivateKey(encryptedPKCS8: Bytes(encrypted.prefix(count)), passphrase: []) }
        }
        for at in key.indices { for bit in 0..<8 { #expect(throws: PKIXError.self) { try PrivateKey(pkcs8: flipped(key, at, bit)) } } }
        for at in spki.indices {
            for bit in 0..<8 { #expect(throws: PKIXError.self) { try SubjectPublicKeyInfo(der: flipped(spki, at, bit)) } }
        }
        let whole = try PEM.decode(pem, accepting: PEM.requestLabels)
        for at in pem.indices {
            for bit in 0..<8 {
                guard let blocks = try? PEM.decode(flipped(pem, at, bit), accepting: PEM.requestLabels) else { continue }
                #expect(blocks.count <= whole.count)
            }
        }
    }

    private func flipped(_ bytes: Bytes, _ at: Int, _ bit: Int) -> Bytes {
        var copy = bytes
        copy[at] ^= 1 << UInt8(bit)
        return copy
    }
}
