import Approval
import Basics
import Custody
import PKIX
import Testing

/// What a token cannot keep is sealed under a key that it can.
@Suite("Sealed under a token", .enabled(if: SoftHSM.isThere))
struct TokenSealTests {
    private static let instance = Instance("7f3a0000000000000000000000000001")

    private static func context() throws -> SealContext { SealContext(instance: try #require(instance), pin: Digest32(of: "pin")) }

    private static func id() -> ID { ID(at: TestAnchor.now, entropy: SystemEntropy()) }

    @Test("Without a sealing key, what the token cannot do is refused by name")
    func refused() async throws {
        let token = try await SoftHSM.token().connected()
        let folder = try TestFolder()
        let custody = try CustodyDirectory.create(at: folder.custody, entropy: SystemEntropy())
        let keys = custody.tokenKeys(try Self.context(), in: token, entropy: SystemEntropy())
        for algorithm in [KeyAlgorithm.mlDSA65, .mlDSA87] {
            let found = await refusal { try await keys.generate(algorithm, id: Self.id(), purposes: [.certificate]) }
            #expect(found?.contains(algorithm.name) == true)
        }
        await token.close()
    }

    @Test("The sealing key is secret for ever, and pkcs11-tool agrees; the record names it; without the token the record opens nothing")
    func place() async throws {
        let place = try SoftHSM.token()
        let token = try await place.connected()
        #expect(try await token.canSeal())
        let sealing = SystemEntropy().bytes(16)
        try await token.addSealingKey(id: sealing)
        try await token.requireSealingKey(sealing)
        let again = await refusal { try await token.addSealingKey(id: sealing) }
        #expect(again?.contains("already") == true)
        let said = try place.objects()
        #expect(said.contains("Secret Key Object; AES length 32") && said.contains("ID:         \(sealing.hex)"), "\(said)")
        #expect(said.contains("Usage:      encrypt, decrypt\n"), "\(said)")
        #expect(said.contains("sensitive, always sensitive, never extractable, local"), "\(said)")

        let folder = try TestFolder()
        let custody = try CustodyDirectory.create(at: folder.custody, entropy: SystemEntropy())
        let keys = custody.tokenKeys(try Self.context(), in: token, sealingKey: sealing, entropy: SystemEntropy())
        let record = try await keys.generate(.mlDSA65, id: Self.id(), purposes: [.certificate])
        #expect(record.place == .sealedUnder(TokenKey(label: place.label, serial: place.serial, id: sealing)))
        #expect(try await keys.ids() == [])
        _ = try await keys.signer(for: record, as: .mlDSA65)
        let sealed = custody.sealedKeys(try Self.context(), entropy: SystemEntropy())
        let found = await refusal { try await sealed.signer(for: record, as: .mlDSA65) }
        #expect(found?.contains("opens only with pkcs11:token=") == true)

        try await token.remove(sealing)
        await #expect(throws: CustodyError.keyMissing(key: sealing.hex)) { try await keys.signer(for: record, as: .mlDSA65) }
        await token.close()
    }

    @Test("A sealed record that custody did not write opens nothing, and the token is not asked: each octet of it altered")
    func altered() async throws {
        let shim = try await Shim()
        let token = try SoftHSM.token().open(shim.module)
        let sealing = SystemEntropy().bytes(16)
        try await token.addSealingKey(id: sealing)
        let folder = try TestFolder()
        let custody = try CustodyDirectory.create(at: folder.custody, entropy: SystemEntropy())
        let keys = custody.tokenKeys(try Self.context(), in: token, sealingKey: sealing, entropy: SystemEntropy())
        let good = try await keys.generate(.mlDSA65, id: Self.id(), purposes: [.certificate])
        _ = try await keys.signer(for: good, as: .mlDSA65)
        let before = shim.calls("C_GetSessionInfo") + shim.calls("C_FindObjectsInit")
        func record(_ sealed: Bytes, purposes: Set<Warrant.Kind> = [.certificate]) -> KeyRecord {
            KeyRecord(id: good.id, algorithm: good.algorithm, purposes: purposes, publicKey: good.publicKey, sealed: sealed)
        }
        var wrong = good.sealed.indices.map { place in
            var sealed = good.sealed
            sealed[place] ^= 1
            return record(sealed)
        }
        wrong += (0..<good.sealed.count).map { record(Bytes(good.sealed.prefix($0))) }
        wrong += [record(good.sealed + [0]), record(good.sealed, purposes: [.checkpoint])]
        for record in wrong {
            await #expect(throws: CustodyError.sealBroken(key: good.id.description)) {
                try await keys.signer(for: record, as: .mlDSA65)
            }
        }
        #expect(shim.calls("C_GetSessionInfo") + shim.calls("C_FindObjectsInit") == before)
        await token.close()
    }

    @Test("The master key under a token: opened with it, refused without it, with another, and when a character of the file is altered")
    func master() async throws {
        let (place, other) = (try SoftHSM.token(), try SoftHSM.token())
        let (token, stranger) = (try await place.connected(), try await other.connected())
        let sealing = SystemEntropy().bytes(16)
        try await token.addSealingKey(id: sealing)
        try await stranger.addSealingKey(id: sealing)
        let folder = try TestFolder()
        let custody = try CustodyDirectory.create(at: folder.custody, entropy: SystemEntropy())
        let keys = custody.sealedKeys(try Self.context(), entropy: SystemEntropy())
        let record = try await keys.generate(.ecdsaP256, id: Self.id(), purposes: [.certificate])
        try custody.protect(.token(try await token.tokenSeal(under: sealing, entropy: SystemEntropy())), entropy: SystemEntropy())
        custody.release()

        let path = folder.custody
        let wanted = TokenKey(label: place.label, serial: place.serial, id: sealing)
        #expect(try MasterKeyKind(custody: path) == .token(wanted))
        #expect(try folder.mode("master.key") == 0o600)
        #expect(throws: CustodyError.self) { try CustodyDirectory.open(at: path) }
        func open(_ token: PKCS11Token) async throws -> CustodyDirectory {
            try await CustodyDirectory.open(
                at: path, passphrase: { () throws(CustodyError) in throw .sealed },
                token: { key throws(CustodyError) in
                    #expect(key == wanted)
                    return token
                })
        }
        await #expect(throws: CustodyError.self) { try await open(stranger) }
        let again = try await open(token)
        #expect(again.kind == .token(wanted) && again.protection.contains("pkcs11:token="))
        _ = try await again.sealedKeys(try Self.context(), entropy: SystemEntropy()).signer(for: record, as: .ecdsaSHA256)
        again.release()

        let line = try folder.read("master.key")
        for place in stride(from: 0, to: line.count, by: 5) {
            var altered = line
            altered[place] ^= 1
            try folder.write("master.key", altered)
            await #expect(throws: CustodyError.self, "\(place)") {
                try await CustodyDirectory.open(
                    at: path, passphrase: { () throws(CustodyError) in throw .sealed }, token: { _ in token })
            }
        }
        try folder.write("master.key", line)
        let plain = try await open(token)
        try plain.protect(.plain, entropy: SystemEntropy())
        plain.release()
        _ = try await CustodyDirectory.open(at: path).sealedKeys(try Self.context(), entropy: SystemEntropy())
            .signer(for: record, as: .ecdsaSHA256)
        await token.close()
        await stranger.close()
    }

    @Test("NSS keeps a sealing key as well, and wants its nonce's length in bits", .enabled(if: NSS.isThere))
    func nss() async throws {
        let token = try await NSS.token.value
        #expect(try await token.canSeal())
        let sealing = SystemEntropy().bytes(16)
        try await token.addSealingKey(id: sealing)
        let folder = try TestFolder()
        let custody = try CustodyDirectory.create(at: folder.custody, entropy: SystemEntropy())
        try custody.protect(.token(try await token.tokenSeal(under: sealing, entropy: SystemEntropy())), entropy: SystemEntropy())
        custody.release()
        let again = try await CustodyDirectory.open(
            at: folder.custody, passphrase: { () throws(CustodyError) in throw .sealed }, token: { _ in token })
        #expect(again.kind == .token(TokenKey(label: "NSS Certificate DB", serial: "0000000000000000", id: sealing)))
        try await token.remove(sealing)
    }

    @Test("ML-DSA keys are made inside NSS, and never leave it", .enabled(if: NSS.isThere))
    func quantum() async throws {
        let token = try await NSS.token.value
        let folder = try TestFolder()
        let custody = try CustodyDirectory.create(at: folder.custody, entropy: SystemEntropy())
        let keys = custody.tokenKeys(try Self.context(), in: token, entropy: SystemEntropy())
        for algorithm in [KeyAlgorithm.mlDSA65, .mlDSA87] {
            let record = try await keys.generate(algorithm, id: Self.id(), purposes: [.certificate])
            guard case .token = record.place else {
                Issue.record("\(record.place)")
                continue
            }
            let facts = try await keys.facts(of: record)
            #expect(facts.isSensitive == true && facts.isExtractable == false && facts.wasNeverExtractable == true && facts.signs == true)
            try await keys.destroy(record)
        }
    }

    @Test("A lost answer while the sealing key is made leaves it there, made once; a refusal leaves nothing")
    func makingFails() async throws {
        let shim = try await Shim()
        let token = try SoftHSM.token().open(shim.module)
        let id = SystemEntropy().bytes(16)
        shim.answer("C_GetAttributeValue", 0x5, times: -1)
        await #expect(throws: CustodyError.self) { try await token.addSealingKey(id: id) }
        shim.answer("C_GetAttributeValue", 0, times: 0)
        await #expect(throws: CustodyError.keyMissing(key: id.hex)) { try await token.requireSealingKey(id) }
        try await token.addSealingKey(id: id)
        try await token.requireSealingKey(id)
        await token.close()
        #expect(shim.sessions == 0)
    }
}

@Suite("The file that names tokens")
struct TokenSettingsTests {
    private static func settings(_ name: String = "hsm") throws -> TokenSettings {
        try TokenSettings(
            name: try #require(Handle(name)), module: "/usr/lib/softhsm/libsofthsm2.so",
            environment: ["SOFTHSM2_CONF": "/etc/softhsm2.conf"],
            label: "assay \(name)", serial: "5d2f8c1b7a3e9f04", pin: .file("/etc/assay/hsm.pin"), sessions: 4, seconds: 5,
            sealingKey: [1, 2, 3])
    }

    @Test("What is written is read; nothing there is no token; others may not read it")
    func written() throws {
        let folder = try TestFolder()
        let custody = try CustodyDirectory.create(at: folder.custody, entropy: SystemEntropy())
        let file = TokenFile(custody: folder.custody)
        #expect(try file.read() == [])
        #expect(throws: CustodyError.inUse(path: folder.custody)) { try file.edit() }
        custody.release()
        let both = [try Self.settings(), try Self.settings("other")]
        do {
            // From reading to writing nobody else changes it.
            let edit = try file.edit()
            #expect(throws: CustodyError.inUse(path: folder.custody)) { try file.edit() }
            try edit.write(both)
        }
        #expect(try file.read() == both)
        #expect(try file.edit().tokens == both)
        #expect(try folder.mode("tokens.json") == 0o600)
        try folder.chmod("tokens.json", 0o644)
        #expect(throws: CustodyError.self) { try file.read() }
    }

    private static let wrongMembers = [
        #""name":"sealed""#, #""name":"HSM""#, #""module":"libsofthsm2.so""#, #""module":1"#, #""environment":{"LD_PRELOAD":"/x"}"#,
        #""environment":{"a":"b"}"#, #""environment":{"A":1}"#, #""label":"""#, #""label":"123456789012345678901234567890123""#,
        #""serial":"12345678901234567""#, #""pin":"1234""#, #""pin":"file:relative""#, #""pin":"credential:a/b""#, #""pin":"prompt:""#,
        #""pin":"none:x""#, #""sessions":0"#, #""sessions":257"#, #""seconds":0"#, #""seconds":601"#, #""sealingKey":"xyz""#,
        #""sealingKey":"""#, #""more":1"#,
    ]

    @Test("What is not understood is refused with the member's name", arguments: wrongMembers)
    func wrong(_ member: String) throws {
        let folder = try TestFolder()
        try CustodyDirectory.create(at: folder.custody, entropy: SystemEntropy()).release()
        guard case .object(let good) = try Self.settings().json,
            case .object(let change) = try JSON(parsing: Bytes("{\(member)}".utf8))
        else {
            Issue.record("no object")
            return
        }
        let settings = JSON.object(good.merging(change) { _, new in new })
        try folder.write("tokens.json", JSON.object(["tokens": .array([settings])]).canonicalBytes)
        let name = try #require(change.keys.first)
        do {
            let found = try TokenFile(custody: folder.custody).read()
            Issue.record("\(found)")
        } catch {
            guard case .malformed(_, let what) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(what.contains("tokens.0") && (name == "more" || what.contains(name)), "\(what)")
        }
    }

    @Test("Two of one name, two of one token, and what is not JSON are refused")
    func twice() throws {
        let folder = try TestFolder()
        try CustodyDirectory.create(at: folder.custody, entropy: SystemEntropy()).release()
        let one = try Self.settings().json
        for text in [JSON.object(["tokens": .array([one, one])]).canonicalBytes, Bytes("{".utf8), Bytes("{}".utf8), Bytes("[]".utf8)] {
            try folder.write("tokens.json", text)
            #expect(throws: CustodyError.self) { try TokenFile(custody: folder.custody).read() }
        }
    }
}
