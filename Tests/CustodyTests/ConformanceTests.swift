import Approval
import Basics
import Custody
import PKIX
import Proofs
import Testing

/// What every custody has to do, whatever lies below it.
@Suite("Each custody signs what a warrant names, and nothing else")
struct ConformanceTests {
    @Test("Under its warrant a message is signed by its key, and counted", arguments: Provider.present)
    func signs(_ provider: Provider) async throws {
        let house = try await TestKeys(provider: provider)
        let tbs = try house.message("one")
        let signature = try await house.signer("one").sign(tbs, under: try house.warrant("one"))
        let key = try SubjectPublicKeyInfo(der: try house.record("one").publicKey)
        #expect(SignatureAlgorithm.preferred(for: .ecdsaP256).isValid(signature, over: tbs, by: key))
        #expect((house.keys.signatures(.certificate), house.keys.signatures(.checkpoint)) == (1, 0))
    }

    private static let foreign = [
        ("one", "two", "two", "another key"), ("one", "two", "one", "another key"), ("one", "log", "log", "another key"),
        ("one", "one", "two", "another message"), ("one", "one", "log", "another message"), ("three", "three", "three", "purposes"),
    ]

    @Test("A foreign warrant is refused, and nothing is counted: another key's, another kind, another message", arguments: Provider.present)
    func foreign(_ provider: Provider) async throws {
        let house = try await TestKeys(provider: provider)
        for (signer, warrant, message, why) in Self.foreign {
            let found = await refusal {
                try await house.signer(signer).sign(try house.message(message), under: try house.warrant(warrant))
            }
            #expect(found?.contains(why) == true, "\(signer) \(warrant) \(message)")
        }
        #expect((house.keys.signatures(.certificate), house.keys.signatures(.checkpoint)) == (0, 0))
    }

    static let cases = Provider.present.flatMap { provider in KeyAlgorithm.known.map { (provider, $0) } }

    /// Where a module does otherwise than its standard says: nothing of such a key is left, and the refusal names the module's answer. A later
    /// release that does right is judged as all others.
    ///
    /// | module | algorithm | what it does |
    /// |---|---|---|
    /// | NSS 3.132 | Ed25519 | makes the key, and answers CKR_ARGUMENTS_BAD to C_Sign by CKM_EDDSA without a parameter (PKCS#11 3.1 §6.3.16) |
    static let exceptions: Set<String> = ["NSS ed25519"]

    @Test("Keys of every algorithm are made, opened, and sign in every way that fits; other ways are refused by name", arguments: cases)
    func everyAlgorithm(_ provider: Provider, _ algorithm: KeyAlgorithm) async throws {
        if Self.exceptions.contains("\(provider.testDescription) \(algorithm)") {
            let house = try await TestKeys(provider: provider)
            let id = ID(at: TestAnchor.now, entropy: SystemEntropy())
            var refused: String?
            do throws(CustodyError) { _ = try await house.keys.generate(algorithm, id: id, purposes: [.certificate]) } catch {
                guard case .refused(let what) = error else { throw error }
                refused = what
            }
            if let refused {
                #expect(refused.contains("C_Sign answered CKR_ARGUMENTS_BAD"))
                #expect(try await (house.keys as? PKCS11Keys)?.ids().contains(id.bytes) == false)
                return
            }
        }
        let house = try await TestKeys("octets", algorithm, provider: provider)
        let record = try house.record("one")
        #expect((record.algorithm, record.purposes) == (algorithm.name, [.certificate]))
        let key = try SubjectPublicKeyInfo(der: record.publicKey)
        #expect(key.keyAlgorithm == algorithm)
        let message = try house.message("one")
        for scheme in SignatureAlgorithm.known {
            guard scheme.fits(algorithm) else {
                let found = await refusal { try await house.keys.signer(for: record, as: scheme) }
                #expect(found?.contains(scheme.name) == true)
                continue
            }
            let signer = try await house.keys.signer(for: record, as: scheme)
            #expect(signer.key == key.digest && Mirror(reflecting: signer).children.isEmpty)
            let signature = try await signer.sign(message, under: try house.warrant("one"))
            #expect(scheme.isValid(signature, over: message, by: key), "\(scheme)")
            let found = await refusal { try await signer.sign(message, under: try house.warrant("two")) }
            #expect(found?.contains("another key") == true)
        }
    }

    @Test("Custody makes another key each time", arguments: Provider.present)
    func generated(_ provider: Provider) async throws {
        let house = try await TestKeys(provider: provider)
        #expect(Set(try ["one", "two", "three"].map { try house.record($0).publicKey }).count == 3)
    }

    /// Who writes the database may write this; nothing is signed with it.
    @Test("A record that custody did not write opens nothing: each field of it altered, and another house's", arguments: Provider.present)
    func altered(_ provider: Provider) async throws {
        let house = try await TestKeys(provider: provider)
        let good = try house.record("one")
        let two = try house.record("two")
        let other = ID(at: TestAnchor.now, entropy: SystemEntropy())
        func record(
            id: ID? = nil, algorithm: String? = nil, purposes: Set<Warrant.Kind>? = nil, publicKey: Bytes? = nil, sealed: Bytes? = nil
        ) -> KeyRecord {
            KeyRecord(
                id: id ?? good.id, algorithm: algorithm ?? good.algorithm, purposes: purposes ?? good.purposes,
                publicKey: publicKey ?? good.publicKey, sealed: sealed ?? good.sealed)
        }
        var wrong = [
            record(id: other), record(algorithm: "ecdsa-p384"), record(purposes: [.checkpoint]),
            record(purposes: [.checkpoint, .certificate]),
            record(publicKey: two.publicKey), record(sealed: two.sealed), record(sealed: []), record(sealed: [good.sealed[0]]),
            record(sealed: Bytes(good.sealed.dropLast())), record(sealed: good.sealed + [0]),
        ]
        for place in stride(from: 1, to: good.sealed.count, by: 7) {
            var sealed = good.sealed
            sealed[place] ^= 1
            wrong.append(record(sealed: sealed))
        }
        for record in wrong {
            await #expect(throws: CustodyError.sealBroken(key: record.id.description), "\(record.place)") {
                _ = try await house.keys.signer(for: record, as: .ecdsaSHA256)
            }
        }
        let foreign = try await TestKeys("elsewhere", provider: provider)
        await #expect(throws: CustodyError.self) { _ = try await foreign.keys.signer(for: good, as: .ecdsaSHA256) }
        _ = try await house.keys.signer(for: good, as: .ecdsaSHA256)
    }

    @Test("Nothing that holds a key shows it, printed, dumped or looked into", arguments: Provider.present)
    func neverPrinted(_ provider: Provider) async throws {
        let house = try await TestKeys(provider: provider)
        for value in [try await house.signer("one"), house.keys] as [Any] {
            #expect(Mirror(reflecting: value).children.isEmpty)
            var dumped = ""
            dump(value, to: &dumped)
            for text in ["\(value)", String(reflecting: value), dumped] {
                #expect(!text.contains(SoftHSM.pin))
                #expect(text.firstMatch(of: /PrivateKey|SymmetricKey|SecureBytes|rawRepresentation/) == nil, "\(text)")
                #expect(text.utf8.count < 400)
            }
        }
    }
}

/// The words of a refusal; anything else is an issue.
func refusal(_ body: () async throws -> Any) async -> String? {
    do { _ = try await body() } catch CustodyError.refused(let what) { return what } catch { Issue.record("\(error)") }
    return nil
}
