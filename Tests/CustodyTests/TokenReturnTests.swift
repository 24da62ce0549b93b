import Approval
import Basics
import Custody
import PKIX
import Testing

/// SoftHSM2 sees a token whose files were gone only when it is initialized anew. All tests share it, so each that ends it is a process of its
/// own.
@Suite("A token that goes and comes back", .enabled(if: SoftHSM.isThere))
struct TokenReturnTests {
    @Test("Who asks for a signature meanwhile is told so at once; and the next one is made when it is back")
    func asked() async {
        await #expect(processExitsWith: .success) {
            let house = try await ReturnHouse(1).first
            let signer = try await house.house.signer("one")
            try await house.signMany(32, signer)
            for _ in 0..<3 {
                let starts = house.token.counts.starts
                try house.place.takeAway()
                try await house.expectUnavailable(signer)
                try await house.until { house.token.counts.starts > starts + 1 }
                #expect(house.isAway)
                try house.place.bringBack()
                try await house.until { house.token.health == .up }
                #expect(try await house.signMany(32, signer).signed == 32)
            }
            await house.end()
        }
    }

    @Test("It is noticed, and found again, while nobody asks")
    func unasked() async {
        await #expect(processExitsWith: .success) {
            let house = try await ReturnHouse(1, watching: .milliseconds(20)).first
            let signer = try await house.house.signer("one")
            for _ in 0..<3 {
                try house.place.takeAway()
                try await house.until { house.isAway }
                try house.place.bringBack()
                try await house.until { house.token.health == .up }
            }
            #expect(await house.failure(signer) == nil)
            await house.end()
        }
    }

    @Test("Another token of the same module signs on, unseen by its callers; each of its signatures is by its own key")
    func neighbor() async {
        await #expect(processExitsWith: .success) {
            let houses = try await ReturnHouse(2, watching: .milliseconds(20))
            let (going, staying) = (houses.first, try #require(houses.second))
            let signers = (try await going.house.signer("one"), try await staying.house.signer("one"))
            #expect(await going.failure(signers.0) == nil)
            let starts = going.token.counts.starts
            try going.place.takeAway()
            while going.token.counts.starts < starts + 2 { #expect(try await staying.signMany(32, signers.1).signed == 32) }
            try going.place.bringBack()
            while going.token.health != .up { #expect(try await staying.signMany(32, signers.1).signed == 32) }
            #expect(await going.failure(signers.0) == nil)
            #expect(staying.token.health == .up && staying.token.counts.connections > 1)
            await staying.token.close()
            await going.end()
        }
    }

    @Test("Nobody is called to a keypad because another token of the module is away")
    func keypad() async {
        await #expect(processExitsWith: .success) {
            let houses = try await ReturnHouse(2, keypad: true)
            let (going, staying) = (houses.first, try #require(houses.second))
            let signers = (try await going.house.signer("one"), try await staying.house.signer("one"))
            let logins = staying.token.counts.logins
            try going.place.takeAway()
            try await going.expectUnavailable(signers.0)
            let before = going.shim.calls("C_GetSlotList")
            try await going.until { going.shim.calls("C_GetSlotList") > before + 12 }
            #expect(going.shim.calls("C_Finalize") == 0)
            #expect(await staying.failure(signers.1) == nil)
            #expect(staying.token.counts.logins == logins && staying.token.health == .up)
            // When that one is closed nobody is in the way.
            await staying.token.close()
            try going.place.bringBack()
            try await going.until { going.token.health == .up }
            #expect(await going.failure(signers.0) == nil)
            await going.end()
        }
    }

    @Test("A module is not ended under a call that has not come back, neither to find its token again nor when all is closed")
    func underACall() async {
        await #expect(processExitsWith: .success) {
            let house = try await ReturnHouse(1, signing: .milliseconds(400)).first
            let signer = try await house.house.signer("one")
            house.shim.hang("C_Sign")
            try await house.expectUnavailable(signer)
            try house.place.takeAway()
            try await house.expectUnavailable(signer)
            let before = house.shim.calls("C_GetSlotList")
            try await house.until { house.shim.calls("C_GetSlotList") > before + 8 }
            #expect((house.shim.calls("C_Finalize"), house.shim.hanging) == (0, 1))
            house.shim.release()
            try house.place.bringBack()
            try await house.until { house.token.health == .up && house.token.counts.stuck == 0 }
            let ends = house.shim.calls("C_Finalize")
            #expect(ends > 0)
            #expect(await house.failure(signer) == nil)
            house.shim.hang("C_Sign")
            try await house.expectUnavailable(signer)
            await house.token.close()
            house.shim.module.finalize()
            #expect((house.shim.calls("C_Finalize"), house.shim.hanging) == (ends, 1))
            house.shim.release()
            try await house.until { house.shim.hanging == 0 }
            await house.end()
            #expect(house.shim.calls("C_Finalize") == ends + 1)
        }
    }

    @Test("A module that is stuck in its end holds up no one who asks how it is; its callers are told in time")
    func stuckInItsEnd() async {
        await #expect(processExitsWith: .success) {
            let house = try await ReturnHouse(1, signing: .milliseconds(400)).first
            let signer = try await house.house.signer("one")
            try house.place.takeAway()
            house.shim.hang("C_Finalize")
            try await house.expectUnavailable(signer)
            try await house.until { house.shim.hanging == 1 }
            #expect(house.token.counts.starts == 1)
            #expect(house.isAway)
            try await house.expectUnavailable(signer)
            house.shim.release()
            try house.place.bringBack()
            try await house.until { house.token.health == .up && house.token.counts.stuck == 0 }
            #expect(await house.failure(signer) == nil)
            await house.end()
        }
    }

    @Test("A module that is not ended, or cannot be initialized again, for a while is tried again")
    func slowStart() async {
        await #expect(processExitsWith: .success) {
            let house = try await ReturnHouse(1).first
            let signer = try await house.house.signer("one")
            try house.place.takeAway()
            house.shim.answer("C_Finalize", 0x30, times: 2)
            house.shim.answer("C_Initialize", 0x30, skip: 4, times: 5)
            try await house.expectUnavailable(signer)
            try house.place.bringBack()
            try await house.until { house.token.health == .up }
            #expect(await house.failure(signer) == nil)
            await house.end()
        }
    }
}

@Suite("A token that is looked at while nobody asks", .enabled(if: SoftHSM.isThere))
struct TokenWatchTests {
    @Test("Lost sessions and a lost login are noticed: the next signature finds a login")
    func lostLogin() async throws {
        let house = try await ShimmedHouse(watching: .milliseconds(20))
        let signer = try await house.house.signer("one")
        for lose in [house.shim.loseSessions, house.shim.logOut] {
            let logins = house.token.counts.logins
            lose()
            try await house.until { house.token.counts.logins > logins }
            #expect(await house.failure(signer) == nil)
            #expect(house.token.counts.logins == logins + 1)
        }
        await house.close()
    }

    @Test("A module that does not answer is not called up, and no thread after thread is lost in it")
    func silent() async throws {
        let house = try await ShimmedHouse(signing: .milliseconds(200), watching: .milliseconds(20))
        house.shim.hang("C_GetTokenInfo", times: 64)
        try await house.until { house.isAway }
        try await house.until { house.token.counts.stuck == 1 }
        #expect(house.shim.hanging == 1)
        house.shim.release()
        try await house.until { house.token.health == .up && house.token.counts.stuck == 0 }
        await house.close()
    }

    @Test("It is looked at, and looked for, on and on: also when no thread was free for it")
    func onAndOn() async throws {
        let house = try await ShimmedHouse(sessions: 1, signing: .milliseconds(200), watching: .milliseconds(20))
        let signer = try await house.house.signer("one")
        house.shim.hang("C_Sign")
        try await house.expectUnavailable(signer)
        // One thread is stuck, and no more may be: looks are turned away.
        try await house.until { house.token.counts.stuck == 1 }
        house.shim.release()
        for _ in 0..<2 {
            house.shim.takeAway(true)
            try await house.until { house.isAway }
            house.shim.takeAway(false)
            try await house.until { house.token.health == .up }
        }
        await house.close()
    }
}

/// One or two houses with tokens of one SoftHSM that nobody else in this process uses.
private struct ReturnHouse {
    let first: ShimmedHouse
    let second: ShimmedHouse?

    /// - Parameter keypad: of the second.
    init(_ count: Int, signing: Duration = .seconds(60), watching: Duration = .seconds(3600), keypad: Bool = false) async throws {
        let places = try SoftHSM.make(["going", "staying"])
        let shim = try await Shim(alone: true)
        first = try await ShimmedHouse(shim, places.first, signing: signing, watching: watching)
        second = count == 1 ? nil : try await ShimmedHouse(shim, places.last, keypad: keypad)
    }
}

extension ShimmedHouse {
    fileprivate var isAway: Bool { if case .away = token.health { true } else { false } }

    fileprivate func expectUnavailable(_ signer: any Signer) async throws {
        switch await failure(signer) {
        // Busy: the job found no thread in its time.
        case .unavailable, .busy: break
        case let found: Issue.record("\(String(describing: found))")
        }
    }

    /// Closes it, and ends the module.
    fileprivate func end() async {
        await token.close()
        #expect(token.counts.sessions == 0)
        shim.module.finalize()
        SoftHSM.remove()
    }
}
