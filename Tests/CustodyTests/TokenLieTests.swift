import Approval
import Basics
import Custody
import PKIX
import TestSupport
import Testing

/// A module whose answers have the form of answers and make no sense: nothing crashes, nothing waits for ever, nothing is taken on trust.
@Suite("A token that lies: refused by name, and its truth is taken again", .enabled(if: SoftHSM.isThere))
struct TokenLieTests {
    /// Counts and lengths that no module has.
    static let absurd: [UInt] = [0, 1, 65_537, 1 << 40, UInt(Int.max), UInt.max - 1, UInt.max]

    @Test("Lengths of signatures: none is released but a correct one")
    func signatures() async throws {
        let house = try await ShimmedHouse()
        let signer = try await house.house.signer("one")
        for length in [63, 65, 512] + Self.absurd {
            house.shim.lie("signature", length)
            switch await house.failure(signer) {
            case .unavailable(let what, _): #expect(what.contains("does not verify"))
            case .refused(let what): #expect(what.contains("\(length) octets"))
            case let other: Issue.record("\(length): \(String(describing: other))")
            }
            house.shim.lie("signature", nil)
            #expect(await house.failure(signer) == nil)
        }
        await house.close()
    }

    @Test("Counts of slots and mechanisms; thousands of mechanisms, the same again and again, are read")
    func counts() async throws {
        let named = try SoftHSM.token()
        for (what, count) in ["slots", "mechanisms"].flatMap({ what in (Self.absurd + [4096, 4097]).map { (what, $0) } }) {
            let shim = try await Shim()
            shim.lie(what, count)
            let token = try named.open(shim.module)
            do throws(CustodyError) {
                try await token.connect()
                // A list that is cut short lacks what is not in it, and nothing else.
                if what == "mechanisms" { #expect(try await token.algorithms().contains(.ecdsaP256) == (count == 4096)) }
            } catch {
                switch error {
                case .misconfigured(let text), .unavailable(let text, _): #expect(!text.isEmpty)
                default: Issue.record("\(what) \(count): \(error)")
                }
            }
            await token.close()
            #expect(shim.sessions == 0 && token.counts.sessions == 0)
        }
    }

    @Test("How many objects were found, and how long attributes are: what a module does not say is unknown, and never a promise")
    func objects() async throws {
        let house = try await ShimmedHouse()
        let keys = try #require(house.house.keys as? PKCS11Keys)
        let record = try #require(house.house.records["one"])
        var unknown = 0
        for (what, number) in ["found", "attribute_lengths", "attributes_filled", "booleans"].flatMap({ what in
            Self.absurd.map { (what, $0) }
        }) where number != 1 {
            house.shim.lie(what, number)
            if what != "found", let facts = try? await keys.facts(of: record) {
                #expect(facts.wasNeverExtractable == nil && facts.isSensitive == nil && facts.signs == nil, "\(what) \(number): \(facts)")
            }
            do {
                _ = try await keys.generate(.ecdsaP256, id: ID(at: TestAnchor.now, entropy: SystemEntropy()), purposes: [.certificate])
                Issue.record("\(what) \(number): it was made")
            } catch {
                // It said that it made one, and then shows none that could be removed.
                if case .unknownOutcome = error { unknown += 1 }
                #expect((what, number) != ("found", 0) || unknown == 1, "\(error)")
            }
            house.shim.lie(what, nil)
            let signer = try await keys.signer(for: record, as: .ecdsaSHA256)
            #expect(await house.failure(signer) == nil)
        }
        #expect(try await keys.ids().count == 3 + unknown)
        await house.close()
    }

    @Test("A point that is not on the curve makes no key, and nothing is left in the token")
    func point() async throws {
        let house = try await ShimmedHouse()
        let keys = try #require(house.house.keys as? PKCS11Keys)
        let before = try await keys.ids().count
        house.shim.lie("point", 1)
        do {
            _ = try await keys.generate(.ecdsaP256, id: ID(at: TestAnchor.now, entropy: SystemEntropy()), purposes: [.certificate])
            Issue.record("it was made")
        } catch {
            guard case .refused(let what) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(what.contains("public key"))
        }
        house.shim.lie("point", nil)
        #expect(try await keys.ids().count == before)
        await house.close()
    }

    @Test("A label that is no UTF-8, a serial number with something in front: another token, and it is said how it is seen")
    func names() async throws {
        let named = try SoftHSM.token()
        for (what, octet) in [("label", 0xff), ("label", 0x1b), ("serial", 0x20), ("serial", 0xc3), ("serial", 0)] as [(String, UInt)] {
            let shim = try await Shim()
            shim.lie(what, octet)
            let token = try named.open(shim.module)
            await #expect(throws: CustodyError.self, "\(what) \(octet)") { try await token.connect() }
            #expect(try await token.shown().allSatisfy { !$0.label.isEmpty })
            await token.close()
            #expect(shim.sessions == 0)
        }
    }

    @Test("One session for everybody, or no room beside the login: an answer in time")
    func sessions() async throws {
        let named = try SoftHSM.token()
        for (what, value) in [("session", 0xdead_0000), ("most_sessions", 1)] as [(String, UInt)] {
            let shim = try await Shim()
            shim.lie(what, value)
            let token = try named.open(shim.module, signing: .seconds(5))
            await #expect(throws: CustodyError.self, "\(what)") { _ = try await token.requireSealingKey([1, 2, 3]) }
            await token.close()
            #expect(shim.sessions == 0 && token.counts.stuck == 0)
        }
    }
}
