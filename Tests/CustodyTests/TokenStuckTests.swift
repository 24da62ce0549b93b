import Approval
import Basics
import Custody
import PKIX
import Testing

@Suite("A module that hangs, a PIN that is wrong, a key whose making went wrong", .enabled(if: SoftHSM.isThere))
struct TokenStuckTests {
    @Test("Who waits for a call that hangs is told in time; the others are served; the thread and its session come back")
    func hangs() async throws {
        let house = try await ShimmedHouse(signing: .milliseconds(400))
        let signer = try await house.house.signer("one")
        house.shim.hang("C_Sign")
        guard case .unavailable(let what, _) = await house.failure(signer) else {
            Issue.record("it signed")
            return
        }
        #expect(what.contains("did not answer in time"))
        #expect((house.shim.hanging, house.token.counts.stuck) == (1, 1))
        #expect(await house.failure(signer) == nil)
        house.shim.release()
        try await house.until { house.token.counts.stuck == 0 }
        await house.close()
    }

    @Test("A signature that is made reaches its caller while the next call hangs")
    func madeBeforeAHang() async throws {
        let house = try await ShimmedHouse(sessions: 1)
        let signer = try await house.house.signer("one")
        for made in 1...5 {
            house.shim.hang("C_Sign", skip: made)
            await withTaskGroup(of: CustodyError?.self) { group in
                for _ in 0..<8 { group.addTask { await house.failure(signer) } }
                for _ in 0..<made { #expect(await group.next() == .some(nil)) }
                while house.shim.hanging == 0 { await Task.yield() }
                house.shim.release()
                for await found in group { #expect(found == nil) }
            }
        }
        await house.close()
    }

    @Test("When all threads are stuck nothing is begun; when they come back it goes on")
    func allHang() async throws {
        let house = try await ShimmedHouse(sessions: 2, signing: .milliseconds(400))
        let signer = try await house.house.signer("one")
        house.shim.hang("C_Sign", times: 2)
        async let one = house.failure(signer)
        async let two = house.failure(signer)
        for found in [await one, await two] {
            guard case .unavailable = found else {
                Issue.record("\(String(describing: found))")
                continue
            }
        }
        #expect(house.token.counts.stuck == 2)
        // Who asks how it is learns that nothing can be signed.
        if case .away = house.token.health {} else { Issue.record("\(house.token.health)") }
        let before = house.shim.calls("C_SignInit")
        #expect(await house.failure(signer) == .busy)
        #expect(house.shim.calls("C_SignInit") == before)
        house.shim.release()
        try await house.until { house.token.counts.stuck == 0 }
        #expect(house.token.health == .up)
        #expect(await house.failure(signer) == nil)
        await house.close()
    }

    @Test("As many calls are in the module at a time as there are sessions, whether their threads are new or have slept")
    func allInFlight() async throws {
        let house = try await ShimmedHouse()
        let signer = try await house.house.signer("one")
        for _ in 0..<3 {
            house.shim.hang("C_Sign", times: 4)
            async let all = house.signMany(8, signer)
            try await house.until { house.shim.hanging == 4 }
            house.shim.release()
            #expect(try await all.signed == 8)
        }
        await house.close()
    }

    @Test(
        "A wrong PIN is tried once, whatever the module says of it",
        arguments: [0xa0, 0xa4, 0x30, 0x8000_0007, 0x7, 0x2, 0x32, 0xb3, 0xe0, 0x101, 0x190] as [UInt])
    func wrongPIN(code: UInt) async throws {
        let shim = try await Shim()
        let token = try SoftHSM.token().open(shim.module)
        shim.answer("C_Login", code, times: -1)
        for _ in 0..<4 {
            do {
                try await token.connect()
                Issue.record("connected")
            } catch { if case .misconfigured = error { continue } else { Issue.record("\(error)") } }
        }
        #expect(shim.calls("C_Login") == 1)
        if case .halted = token.health {} else { Issue.record("\(token.health)") }
        await token.close()
        #expect(shim.sessions == 0)
    }

    @Test("A PIN that is wrong from now on is tried once more, and never again")
    func changedPIN() async throws {
        let house = try await ShimmedHouse()
        let signer = try await house.house.signer("one")
        house.shim.answer("C_Login", 0xa0, times: -1)
        let before = house.shim.calls("C_Login")
        house.shim.logOut()
        for _ in 0..<4 {
            guard case .misconfigured = await house.failure(signer) else {
                Issue.record("not halted")
                continue
            }
        }
        #expect(house.shim.calls("C_Login") - before == 1)
        await house.close()
    }

    private static func id() -> ID { ID(at: TestAnchor.now, entropy: SystemEntropy()) }

    /// What the call makes, how it ends, and how many keys are there then.
    private func generation(
        _ house: ShimmedHouse, _ prepare: (Shim) -> Void
    ) async throws -> (record: KeyRecord?, error: CustodyError?, calls: Int, keys: Int) {
        let keys = try #require(house.house.keys as? PKCS11Keys)
        let before = (house.shim.calls("C_GenerateKeyPair"), try await keys.ids().count)
        prepare(house.shim)
        var found: (KeyRecord?, CustodyError?) = (nil, nil)
        do { found.0 = try await keys.generate(.ecdsaP256, id: Self.id(), purposes: [.certificate]) } catch { found.1 = error }
        return (
            found.0, found.1, house.shim.calls("C_GenerateKeyPair") - before.0, try await keys.ids().count - before.1
        )
    }

    @Test("Making a key is never tried twice: a lost answer is looked after, and nothing is left of a key that nobody got")
    func generationFails() async throws {
        let house = try await ShimmedHouse()
        for code in [0x5, 0x6, 0x30, 0xb3, 0xe0, 0x101, 0x201] as [UInt] {
            let made = try await generation(house) { $0.answer("C_GenerateKeyPair", code, after: true) }
            #expect(made.record != nil && (made.calls, made.keys) == (1, 1), "0x\(String(code, radix: 16)): \(made)")
            guard code != 0x5 else { continue }
            let lost = try await generation(house) { $0.answer("C_GenerateKeyPair", code) }
            #expect(lost.error != nil && (lost.calls, lost.keys) == (1, 0), "0x\(String(code, radix: 16)): \(lost)")
        }
        let keys = try #require(house.house.keys as? PKCS11Keys)
        for call in ["C_SignInit", "C_Sign", "C_GetAttributeValue"] {
            let before = (house.shim.calls("C_GenerateKeyPair"), try await keys.ids().count)
            house.shim.answer(call, 0x30, times: -1)
            await #expect(throws: CustodyError.self) { try await keys.generate(.ecdsaP256, id: Self.id(), purposes: [.certificate]) }
            house.shim.answer(call, 0, times: 0)
            #expect((house.shim.calls("C_GenerateKeyPair") - before.0, try await keys.ids().count - before.1) == (1, 0), "\(call)")
        }
        // Three of the house, and seven whose answer was lost.
        #expect(try await keys.ids().count == 10)
        await house.close()
    }

    @Test("Who cannot say whether a key was made says so; it is removed when the module comes back")
    func generationHangs() async throws {
        let house = try await ShimmedHouse(generating: .milliseconds(400))
        let keys = try #require(house.house.keys as? PKCS11Keys)
        house.shim.hang("C_GenerateKeyPair")
        do {
            _ = try await keys.generate(.ecdsaP256, id: Self.id(), purposes: [.certificate])
            Issue.record("it was made")
        } catch {
            guard case .unknownOutcome = error else {
                Issue.record("\(error)")
                return
            }
        }
        house.shim.release()
        try await house.until { house.token.counts.stuck == 0 }
        #expect(try await keys.ids().count == 3)
        await house.close()
    }

    @Test("A template that the module does not know is shortened, and the key is as safe; a point without its OCTET STRING is read")
    func templates() async throws {
        let house = try await ShimmedHouse()
        let keys = try #require(house.house.keys as? PKCS11Keys)
        for (code, times) in [(0x12, 1), (0x13, 2), (0xd1, 3)] as [(UInt, Int)] {
            let made = try await generation(house) { $0.answer("C_GenerateKeyPair", code, times: times) }
            #expect((made.calls, made.keys) == (times + 1, 1))
            let facts = try await keys.facts(of: try #require(made.record))
            #expect((facts.wasNeverExtractable, facts.wasAlwaysSensitive, facts.otherUses) == (true, true, []))
            #expect(facts.isModifiable == (times == 3))
        }
        let never = try await generation(house) { $0.answer("C_GenerateKeyPair", 0xd1, times: -1) }
        guard case .refused = never.error else {
            Issue.record("\(never)")
            return
        }
        #expect((never.calls, never.keys) == (4, 0))
        house.shim.answer("C_GenerateKeyPair", 0, times: 0)
        house.shim.rawPoints()
        #expect(try await generation(house) { _ in }.keys == 1)
        await house.close()
    }
}
