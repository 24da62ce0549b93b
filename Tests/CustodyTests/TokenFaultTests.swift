import Approval
import Basics
import Custody
import PKIX
import Testing

@Suite("A token that fails: every caller gets a signature or a clear error", .enabled(if: SoftHSM.isThere))
struct TokenFaultTests {
    /// PKCS#11 §5.1, and what modules make of it.
    private static let mendable: [(call: String, code: UInt)] =
        [
            0x2, 0x3, 0x5, 0x6, 0x30, 0x31, 0x32, 0x60, 0x82, 0x90, 0x91, 0xb0, 0xb1, 0xb3, 0xe0, 0xe1, 0x101, 0x190, 0x201, 0x8000_0001,
        ].map { ("C_Sign", $0) } + [0x30, 0x82, 0x90, 0x101, 0xe0].map { ("C_SignInit", $0) }

    @Test("What another session, login or handle can mend is mended unseen, whether the real call was made or not")
    func mended() async throws {
        let house = try await ShimmedHouse()
        let signer = try await house.house.signer("one")
        for (call, code) in Self.mendable {
            for after in [false, true] {
                house.shim.answer(call, code, after: after)
                let before = house.shim.calls("C_SignInit")
                let found = await house.failure(signer)
                #expect(found == nil, "\(call) 0x\(String(code, radix: 16))")
                #expect(house.shim.calls("C_SignInit") - before == 2, "\(call) 0x\(String(code, radix: 16))")
            }
        }
        await house.close()
    }

    @Test("What will always be so is told at once, with the module's code")
    func permanent() async throws {
        let house = try await ShimmedHouse()
        let signer = try await house.house.signer("one")
        for code in [0x1, 0x7, 0x20, 0x21, 0x50, 0x54, 0x62, 0x63, 0x68, 0x70, 0x71, 0x200, 0x203] as [UInt] {
            let before = house.shim.calls("C_SignInit")
            house.shim.answer("C_SignInit", code)
            guard case .refused(let what) = await house.failure(signer) else {
                Issue.record("0x\(String(code, radix: 16))")
                continue
            }
            #expect(what.contains("C_SignInit answered CKR_") && what.contains("(0x\(String(code, radix: 16)))"))
            #expect(house.shim.calls("C_SignInit") - before == 1)
            #expect(await house.failure(signer) == nil)
        }
        await house.close()
    }

    @Test("What fails again and again is tried three times, then told; and the next signature is made")
    func persistent() async throws {
        let house = try await ShimmedHouse()
        let signer = try await house.house.signer("one")
        for (code, isBusy) in [(0x30, false), (0x5, false), (0xb3, false), (0x82, false), (0x31, true)] as [(UInt, Bool)] {
            let before = house.shim.calls("C_Sign")
            house.shim.answer("C_Sign", code, times: -1)
            switch await house.failure(signer) {
            case .busy: #expect(isBusy)
            case .unavailable(let what, _): #expect(!isBusy && what.contains("C_Sign answered"))
            case let other: Issue.record("0x\(String(code, radix: 16)): \(String(describing: other))")
            }
            #expect(house.shim.calls("C_Sign") - before == 3)
            house.shim.answer("C_Sign", 0, times: 0)
            #expect(await house.failure(signer) == nil)
        }
        await house.close()
    }

    @Test("A mechanism that is listed and switched off is not there; the token is of use without it")
    func switchedOff() async throws {
        let shim = try await Shim()
        shim.answer("C_GetMechanismInfo", 0x70, times: -1)
        let token = try SoftHSM.token().open(shim.module)
        try await token.connect()
        let (algorithms, seals) = (try await token.algorithms(), try await token.canSeal())
        #expect(algorithms.isEmpty && !seals && token.health == .up)
        await token.close()
        shim.answer("C_GetMechanismInfo", 0x30, times: -1)
        let broken = try SoftHSM.token().open(shim.module)
        await #expect(throws: CustodyError.self) { try await broken.connect() }
        await broken.close()
    }

    @Test("A signature costs two calls: nothing is looked for while nothing fails")
    func warm() async throws {
        let house = try await ShimmedHouse()
        let signer = try await house.house.signer("one")
        #expect(await house.failure(signer) == nil)
        // A thread that is not back yet when the next signature is asked for gets a companion, until there are as many as may be.
        while house.shim.sessions < 5 { try await house.signMany(32, signer) }
        let names = ["C_FindObjectsInit", "C_OpenSession", "C_GetSessionInfo", "C_Login", "C_CloseSession"]
        let before = names.map(house.shim.calls)
        for _ in 0..<50 { #expect(await house.failure(signer) == nil) }
        #expect(names.map(house.shim.calls) == before)
        await house.close()
    }

    @Test("All sessions lost, or the login: one thread logs in again, all the others wait for it; the key is found once")
    func lost() async throws {
        let house = try await ShimmedHouse()
        let signer = try await house.house.signer("one")
        for lose in [house.shim.loseSessions, house.shim.logOut] {
            try await house.signMany(64, signer)
            let before = (house.shim.calls("C_Login"), house.shim.calls("C_FindObjectsInit"))
            lose()
            try await house.signMany(64, signer)
            #expect(house.shim.calls("C_Login") - before.0 == 1)
            // Threads that come at the same time may each look for it, the first of them before somebody has logged in.
            #expect((1...8).contains(house.shim.calls("C_FindObjectsInit") - before.1))
        }
        await house.close()
    }

    @Test("A token that was taken away is unavailable at once, and comes back by itself")
    func takenAway() async throws {
        let house = try await ShimmedHouse()
        let signer = try await house.house.signer("one")
        house.shim.takeAway(true)
        guard case .unavailable = await house.failure(signer) else {
            Issue.record("it signed")
            return
        }
        try await house.until { if case .away = house.token.health { true } else { false } }
        let before = house.shim.calls("C_Login")
        house.shim.takeAway(false)
        try await house.until { house.token.health == .up }
        #expect(house.shim.calls("C_Login") - before == 1)
        #expect(await house.failure(signer) == nil)
        await house.close()
    }

    @Test("A key that is not found in a token that is gone is not called missing")
    func goneWithItsKeys() async throws {
        let house = try await ShimmedHouse()
        let keys = try #require(house.house.keys as? PKCS11Keys)
        let record = try await keys.generate(.ecdsaP256, id: ID(at: TestAnchor.now, entropy: SystemEntropy()), purposes: [.certificate])
        let signer = try await keys.signer(for: record, as: .ecdsaSHA256)
        try await keys.destroy(record)
        // SoftHSM keeps its slot when its files are gone: nothing is found, and only C_GetTokenInfo tells why.
        house.shim.answer("C_GetTokenInfo", 0x5, times: -1)
        house.shim.answer("C_FindObjectsInit", 0x30, skip: 2)
        do {
            try await signer.probe()
            Issue.record("it signed")
        } catch { if case .unavailable = error {} else { Issue.record("\(error)") } }
        if case .away = house.token.health {} else { Issue.record("\(house.token.health)") }
        house.shim.answer("C_GetTokenInfo", 0, times: 0)
        try await house.until { house.token.health == .up }
        do {
            try await signer.probe()
            Issue.record("it signed")
        } catch { if case .keyMissing = error {} else { Issue.record("\(error)") } }
        #expect(house.token.health == .up)
        await house.close()
    }

    @Test("A signature that does not verify never leaves")
    func spoiled() async throws {
        let house = try await ShimmedHouse()
        let signer = try await house.house.signer("one")
        house.shim.spoil(1)
        #expect(await house.failure(signer) == nil)
        house.shim.spoil(3)
        guard case .unavailable(let what, _) = await house.failure(signer) else {
            Issue.record("it left")
            return
        }
        #expect(what.contains("does not verify"))
        #expect(await house.failure(signer) == nil)
        await house.close()
    }

    @Test("A signature that does not verify never leaves while others wait for the session either: its caller gets another one")
    func spoiledAmongMany() async throws {
        let house = try await ShimmedHouse(sessions: 1)
        let signer = try await house.house.signer("one")
        for _ in 0..<32 {
            house.shim.spoil(2)
            #expect(try await house.signMany(16, signer).signed == 16)
        }
        await house.close()
    }

    @Test("A session that the module does not close at once is closed later; none is left at the end")
    func unclosed() async throws {
        let house = try await ShimmedHouse(sessions: 1)
        let signer = try await house.house.signer("one")
        house.shim.answer("C_CloseSession", 0x30, times: 4)
        house.shim.answer("C_Sign", 0x30)
        #expect(await house.failure(signer) == nil)
        house.shim.answer("C_Sign", 0x30)
        #expect(await house.failure(signer) == nil)
        #expect(house.shim.sessions <= 2)
        await house.close()
    }

    @Test("A token with one session for us serves all; with none it is busy")
    func full() async throws {
        let house = try await ShimmedHouse()
        let signer = try await house.house.signer("one")
        house.shim.loseSessions()
        #expect(await house.failure(signer) == nil)
        house.shim.answer("C_OpenSession", 0xb1, times: -1)
        try await house.signMany(64, signer)
        #expect(house.shim.sessions == 2)
        house.shim.answer("C_Sign", 0xb3)
        guard case .busy = await house.failure(signer) else {
            Issue.record("it signed without a session")
            return
        }
        house.shim.answer("C_OpenSession", 0, times: 0)
        #expect(await house.failure(signer) == nil)
        await house.close()
    }

    @Test("A module that refuses sessions which only read gets others")
    func readWrite() async throws {
        let shim = try await Shim()
        shim.answer("C_OpenSession", 0x7)
        let token = try SoftHSM.token().open(shim.module)
        try await token.connect()
        #expect(token.health == .up)
        await token.close()
        #expect(shim.sessions == 0)
    }

    @Test("20,000 signatures with faults in one call of a hundred: each correct or a clear error, no session is left")
    func manyFaults() async throws {
        let house = try await ShimmedHouse()
        let signer = try await house.house.signer("one")
        house.shim.random(100, seed: 20_000)
        let outcomes = try await house.signMany(20_000, signer, mayFail: true)
        house.shim.random(0, seed: 1)
        #expect(house.shim.faults > 200)
        // Most faults are mended unseen; only codes that mean "never" come through at once.
        #expect(outcomes.signed > 19_000 && outcomes.signed + outcomes.failed == 20_000, "\(outcomes)")
        try await house.until { house.token.health == .up }
        #expect(await house.failure(signer) == nil)
        #expect(house.shim.mostSessions <= 4 + 4 + 2, "\(house.shim.mostSessions)")
        await house.close()
    }
}
