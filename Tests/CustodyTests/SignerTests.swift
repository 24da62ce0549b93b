import Approval
import Basics
import Crypto
import Custody
import PKIX
import Proofs
import Testing

@Suite("Signers sign what a warrant names, and nothing else")
struct SignerTests {
    @Test("Under its warrant a message is signed by its key, and counted")
    func signs() async throws {
        let house = try await TestKeys()
        let tbs = try house.message("one")
        let signature = try await house.signer("one").sign(tbs, under: try house.warrant("one"))
        let key = try SubjectPublicKeyInfo(der: try house.record("one").publicKey)
        #expect(SignatureAlgorithm.preferred(for: .ecdsaP256).isValid(signature, over: tbs, by: key))
        #expect((house.keys.signatures(.certificate), house.keys.signatures(.checkpoint)) == (1, 0))
        let line = try await house.signer("log").sign(Bytes(house.checkpoint.utf8), under: try house.warrant("log"))
        #expect(house.guarding.view.charter.roster.log.isValid(line, over: house.checkpoint))
        #expect((house.keys.signatures(.certificate), house.keys.signatures(.checkpoint)) == (1, 1))
    }

    @Test(
        "A foreign warrant is refused, and nothing is counted: another key's, another kind, another message",
        arguments: [
            ("one", "two", "two", "another key"), ("one", "two", "one", "another key"), ("one", "log", "log", "another key"),
            ("log", "one", "one", "another key"), ("log", "one", "log", "another key"), ("one", "one", "two", "another message"),
            ("one", "one", "log", "another message"), ("log", "log", "one", "another message"), ("three", "three", "three", "purposes"),
        ])
    func foreign(signer: String, warrant: String, message: String, why: String) async throws {
        let house = try await TestKeys()
        let found = await Self.refusal {
            try await house.signer(signer).sign(try house.message(message), under: try house.warrant(warrant))
        }
        #expect(found?.contains(why) == true)
        #expect((house.keys.signatures(.certificate), house.keys.signatures(.checkpoint)) == (0, 0))
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
            let found = await Self.refusal { try await house.signer("one").sign(message, under: try house.warrant("one")) }
            #expect(found?.contains("another message") == true)
        }
        #expect(house.keys.signatures(.certificate) == 0)
    }

    private static func refusal(_ body: () async throws -> Bytes) async -> String? {
        do { _ = try await body() } catch CustodyError.refused(let what) { return what } catch { Issue.record("\(error)") }
        return nil
    }

    @Test("Keys of every algorithm are made, sealed, opened and sign under a warrant", arguments: KeyAlgorithm.known)
    func everyAlgorithm(_ algorithm: KeyAlgorithm) async throws {
        let house = try await TestKeys()
        let id = ID(at: TestAnchor.now, entropy: CountedEntropy())
        let record = try await house.keys.generate(algorithm, id: id, purposes: [.certificate])
        #expect((record.algorithm, record.purposes) == (algorithm.name, [.certificate]))
        let key = try SubjectPublicKeyInfo(der: record.publicKey)
        #expect(key.keyAlgorithm == algorithm)
        for scheme in SignatureAlgorithm.known {
            guard scheme.fits(algorithm) else {
                await #expect(throws: CustodyError.self) { try await house.keys.signer(for: record, as: scheme) }
                continue
            }
            let signer = try await house.keys.signer(for: record, as: scheme)
            #expect(signer.key == key.digest && Mirror(reflecting: signer).children.isEmpty)
            let found = await Self.refusal { try await signer.sign(try house.message("one"), under: try house.warrant("one")) }
            #expect(found?.contains("another key") == true)
        }
    }

    @Test("Custody makes another key each time")
    func generated() async throws {
        let house = try await TestKeys()
        let id = ID(at: TestAnchor.now, entropy: CountedEntropy())
        let record = try await house.keys.generate(.ecdsaP256, id: id, purposes: [.certificate])
        #expect((record.id, record.algorithm, record.purposes) == (id, "ecdsa-p256", [.certificate]))
        let all = try ["one", "two", "three"].map { try house.record($0).publicKey } + [record.publicKey]
        #expect(Set(all).count == 4)
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
