import Approval
import Basics
import Crypto
import Custody
import PKIX
import Proofs
import Testing

@Suite("Signers sign what a warrant names, and nothing else")
struct SignerTests {
    @Test("The log's checkpoint is signed by its key under its warrant, and counted")
    func signs() async throws {
        let house = try await TestKeys()
        let keys = house.custody.sealedKeys(house.context, entropy: SystemEntropy())
        let signer = try await keys.signer(for: try house.record("log"), as: .ed25519)
        let line = try await signer.sign(Bytes(house.checkpoint.utf8), under: try house.warrant("log"))
        #expect(house.guarding.view.charter.roster.log.isValid(line, over: house.checkpoint))
        #expect((keys.signatures(.certificate), keys.signatures(.checkpoint)) == (0, 1))
    }

    @Test(
        "The log's key refuses a foreign warrant: another key's, another message",
        arguments: [("one", "one", "another key"), ("one", "log", "another key"), ("log", "one", "another message")])
    func foreign(warrant: String, message: String, why: String) async throws {
        let house = try await TestKeys()
        let found = await refusal {
            try await house.signer("log").sign(try house.message(message), under: try house.warrant(warrant))
        }
        #expect(found?.contains(why) == true)
    }

    @Test("One bit more, less or other is another message")
    func message() async throws {
        let house = try await TestKeys()
        let tbs = try house.message("one")
        var wrong = [Bytes(tbs.dropLast()), tbs + [0], [], Digest32(of: tbs).bytes]
        for place in stride(from: 0, to: tbs.count, by: 17) {
            var other = tbs
            other[place] ^= 1
            wrong.append(other)
        }
        for message in wrong {
            let found = await refusal { try await house.signer("one").sign(message, under: try house.warrant("one")) }
            #expect(found?.contains("another message") == true)
        }
        #expect(house.keys.signatures(.certificate) == 0)
    }

    @Test("Nothing that holds a key shows it, printed, dumped or looked into")
    func neverPrinted() async throws {
        let house = try await TestKeys()
        let secret = String(decoding: try house.folder.read("master.key"), as: UTF8.self).suffix(65).dropLast()
        let signer = try await house.signer("one")
        let values: [Any] = [signer, try await house.signer("log"), house.keys, house.custody, FreshLogKey()]
        for value in values {
            #expect(Mirror(reflecting: value).children.isEmpty)
            var dumped = ""
            dump(value, to: &dumped)
            for text in ["\(value)", String(reflecting: value), dumped] {
                #expect(!text.contains(secret))
                #expect(text.firstMatch(of: /PrivateKey|SymmetricKey|SecureBytes|rawRepresentation/) == nil, "\(text)")
                #expect(text.utf8.count < 400)
            }
        }
        #expect("\(signer)" == "signer with key \(signer.key) for certificate")
        #expect("\(house)".contains(secret) == false)
    }
}
