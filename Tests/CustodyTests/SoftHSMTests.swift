import Approval
import Basics
import Custody
import Foundation
import PKIX
import Testing

@Suite("Keys in a SoftHSM2 token")
struct SoftHSMTests {
    @Test("Where ASSAY_ORACLES is `required`, SoftHSM2, pkcs11-tool and NSS are there")
    func isThere() {
        if ProcessInfo.processInfo.environment["ASSAY_ORACLES"] == "required" {
            #expect(NSS.isThere, "Missing: NSS's softoken. scripts/setup-nss.sh fetches it.")
            #expect(SoftHSM.isThere, "Missing: softhsm2, opensc. scripts/setup-tests.sh installs them.")
        }
    }

    private static func keys(in token: PKCS11Token) throws -> (folder: TestFolder, keys: PKCS11Keys) {
        let folder = try TestFolder()
        let custody = try CustodyDirectory.create(at: folder.custody, entropy: SystemEntropy())
        let instance = try #require(Instance("7f3a0000000000000000000000000001"))
        return (folder, custody.tokenKeys(SealContext(instance: instance, pin: Digest32(of: "pin")), in: token, entropy: SystemEntropy()))
    }

    private static func id() -> ID { ID(at: TestAnchor.now, entropy: SystemEntropy()) }

    @Test(
        "pkcs11-tool finds the key sensitive, never extractable, and good for signing alone; so does Assay", .enabled(if: SoftHSM.isThere),
        arguments: [KeyAlgorithm.ecdsaP256, .ecdsaP521, .rsa2048, .ed25519])
    func kept(_ algorithm: KeyAlgorithm) async throws {
        let place = try SoftHSM.token()
        let token = try await place.connected()
        let (folder, keys) = try Self.keys(in: token)
        defer { withExtendedLifetime(folder) {} }
        let record = try await keys.generate(algorithm, id: Self.id(), purposes: [.certificate])
        let facts = try await keys.facts(of: record)
        #expect((facts.isSensitive, facts.isExtractable, facts.wasAlwaysSensitive) == (true, false, true))
        #expect((facts.wasNeverExtractable, facts.isModifiable, facts.signs, facts.otherUses) == (true, false, true, []))
        #expect(try await keys.ids() == [record.id.bytes])

        let said = try place.objects()
        let halves = said.components(separatedBy: "Private Key Object")
        #expect(halves.count == 2, "\(said)")
        let privateHalf = try #require(halves.last?.components(separatedBy: "Public Key Object").first)
        #expect(privateHalf.contains("Access:     sensitive, always sensitive, never extractable, local"), "\(said)")
        #expect(privateHalf.firstMatch(of: /Usage:\s+sign\n/) != nil, "\(said)")
        #expect(privateHalf.contains("ID:         \(record.id.bytes.hex)"))
        await token.close()
        #expect(token.counts.sessions == 0)
    }

    @Test("The row says where the key lies: token, serial number and id", .enabled(if: SoftHSM.isThere))
    func place() async throws {
        let place = try SoftHSM.token()
        let token = try await place.connected()
        let (folder, keys) = try Self.keys(in: token)
        defer { withExtendedLifetime(folder) {} }
        let record = try await keys.generate(.ecdsaP256, id: Self.id(), purposes: [.certificate])
        #expect(record.place == .token(TokenKey(label: place.label, serial: place.serial, id: record.id.bytes)))
        await token.close()
    }

    @Test(
        "Tokens with one label are told apart by their serial numbers; a key of the one is refused by the other",
        .enabled(if: SoftHSM.isThere))
    func twins() async throws {
        let twins = try SoftHSM.twins()
        let (one, two) = (try await twins[0].connected(), try await twins[1].connected())
        let (folder, keys) = try Self.keys(in: one)
        defer { withExtendedLifetime(folder) {} }
        let record = try await keys.generate(.ecdsaP256, id: Self.id(), purposes: [.certificate])
        _ = try await keys.signer(for: record, as: .ecdsaSHA256)
        let custody = try CustodyDirectory.openedAgain(folder)
        let instance = try #require(Instance("7f3a0000000000000000000000000001"))
        let other = custody.tokenKeys(SealContext(instance: instance, pin: Digest32(of: "pin")), in: two, entropy: SystemEntropy())
        let found = await refusal { try await other.signer(for: record, as: .ecdsaSHA256) }
        #expect(found?.contains("which is not token twin") == true)
        #expect(try await other.ids() == [])
        await one.close()
        await two.close()
    }

    @Test("Who asks the wrong custody for a key is refused", .enabled(if: SoftHSM.isThere))
    func wrongCustody() async throws {
        let inToken = try await TestKeys(provider: .softHSM)
        let found = await refusal {
            try await inToken.custody.sealedKeys(inToken.context, entropy: SystemEntropy())
                .signer(for: try inToken.record("one"), as: .ecdsaSHA256)
        }
        #expect(found?.contains("lies in pkcs11:token=") == true)
        await #expect(throws: CustodyError.self) { try await inToken.keys.signer(for: try inToken.record("log"), as: .ed25519) }
    }

    @Test("An id is used once, and a destroyed key is missing", .enabled(if: SoftHSM.isThere))
    func once() async throws {
        let token = try await SoftHSM.token().connected()
        let (folder, keys) = try Self.keys(in: token)
        defer { withExtendedLifetime(folder) {} }
        let record = try await keys.generate(.ecdsaP256, id: Self.id(), purposes: [.certificate])
        let found = await refusal { try await keys.generate(.ecdsaP256, id: record.id, purposes: [.certificate]) }
        #expect(found?.contains("already") == true)
        #expect(try await keys.ids().count == 1)
        _ = try await keys.signer(for: record, as: .ecdsaSHA256)
        try await keys.destroy(record)
        #expect(try await keys.ids() == [])
        await #expect(throws: CustodyError.self) { try await keys.signer(for: record, as: .ecdsaSHA256) }
        await token.close()
    }

    @Test(
        "A token that is not there is unavailable, a wrong PIN wants an operator; after close nothing is done",
        .enabled(if: SoftHSM.isThere))
    func notThere() async throws {
        let module = try SoftHSM.module.get()
        // SoftHSM is initialized by somebody who knows when to end it.
        _ = try await SoftHSM.shared.get().connected()
        let place = try SoftHSM.token()
        for (label, serial) in [("nobody's", place.serial), (place.label, "0000000000000000"), ("", "")] {
            let token = PKCS11Token(
                PKCS11Configuration(label: label, serial: serial), of: module, pin: PIN(Bytes(SoftHSM.pin.utf8)), clocks: SystemClocks())
            do { try await token.connect() } catch {
                guard case .unavailable(let what, _) = error else {
                    Issue.record("\(error)")
                    continue
                }
                #expect(what.contains("CKR_TOKEN_NOT_PRESENT"))
            }
            #expect(token.health == .away("C_GetSlotList answered CKR_TOKEN_NOT_PRESENT (0xe0)"))
            await token.close()
        }
        let wrong = try place.open(pin: "wrong-one")
        for _ in 0..<3 {
            do {
                try await wrong.connect()
                Issue.record("a wrong PIN was accepted")
            } catch {
                guard case .misconfigured(let what) = error else {
                    Issue.record("\(error)")
                    continue
                }
                #expect(what.contains("CKR_PIN_INCORRECT") && !what.contains("wrong-one"))
            }
        }
        await wrong.close()
        await #expect(throws: CustodyError.self) { try await wrong.connect() }
        let none = PKCS11Token(
            PKCS11Configuration(label: place.label, serial: place.serial), of: module, pin: nil, clocks: SystemClocks())
        await #expect(throws: CustodyError.self) { try await none.connect() }
        await none.close()
    }

    @Test(
        "What is no module is refused by name",
        arguments: [
            ("libsofthsm2.so", "absolute"), ("/nowhere/module.so", "cannot be loaded"), ("/etc/passwd", "cannot be loaded"),
            ("/lib/x86_64-linux-gnu/libm.so.6", "C_GetFunctionList"),
        ])
    func noModule(path: String, why: String) {
        do throws(CustodyError) {
            _ = try PKCS11Module(path: path)
            Issue.record("it was loaded")
        } catch {
            guard case .misconfigured(let what) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(what.contains(why), "\(what)")
        }
    }

    @Test("A key's place has one spelling")
    func spelling() {
        let key = TokenKey(label: "Root; CA 100%", serial: "a1:b2", id: [0, 0x41, 0xff])
        #expect(key.description == "pkcs11:token=Root%3b%20CA%20100%25;serial=a1%3ab2;id=%00%41%ff")
        #expect(TokenKey(key.description) == key)
        for wrong in [
            "", "pkcs11:", "pkcs11:token=a;serial=b", "pkcs11:token=a;serial=b;id=", "pkcs11:token=a;serial=b;id=A",
            "pkcs11:token=a;serial=b;id=%4", "pkcs11:token=%61;serial=b;id=%41", "pkcs11:token=a;serial=b;id=%41;pin-value=1",
            "pkcs11:serial=b;token=a;id=%41", "token=a;serial=b;id=%41", "pkcs11:token=a;serial=b;id=%FF",
        ] {
            #expect(TokenKey(wrong) == nil, "\(wrong)")
        }
    }
}

extension CustodyDirectory {
    /// The same custody once more in this process, after the first value is gone.
    static func openedAgain(_ folder: TestFolder) throws -> CustodyDirectory { try CustodyDirectory.open(at: folder.custody) }
}
