import Approval
import Basics
import Custody
import PKIX
import Proofs
import Testing

/// What is another in a record than when it was sealed.
struct ChangedRecord: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let change: @Sendable (KeyRecord, KeyRecord) -> KeyRecord

    init(_ what: String, _ change: @escaping @Sendable (KeyRecord, KeyRecord) -> KeyRecord) {
        testDescription = what
        self.change = change
    }
}

@Suite("Sealed keys open as what they were sealed as, or not at all")
struct SealTests {
    private static func open(_ record: KeyRecord, _ keys: any KeyProvider) async -> CustodyError? {
        do { _ = try await keys.signer(for: record, as: TestKeys.usual(record)) } catch { return error }
        return nil
    }

    private static func with(
        _ record: KeyRecord, id: ID? = nil, algorithm: String? = nil, purposes: Set<Warrant.Kind>? = nil, publicKey: Bytes? = nil,
        sealed: Bytes? = nil
    ) -> KeyRecord {
        KeyRecord(
            id: id ?? record.id, algorithm: algorithm ?? record.algorithm, purposes: purposes ?? record.purposes,
            publicKey: publicKey ?? record.publicKey, sealed: sealed ?? record.sealed)
    }

    @Test("One bit flipped anywhere in the sealed form breaks the seal", arguments: ["one", "log"])
    func flipped(name: String) async throws {
        let house = try await TestKeys()
        let record = try house.record(name)
        let broken = CustodyError.sealBroken(key: record.id.description)
        // Version, salt, nonce, key, tag.
        #expect(record.sealed.count == 93)
        for place in record.sealed.indices {
            for bit in 0..<8 {
                var sealed = record.sealed
                sealed[place] ^= 1 << UInt8(bit)
                #expect(await Self.open(Self.with(record, sealed: sealed), house.keys) == broken)
            }
        }
        for sealed in [
            [], Bytes(record.sealed.dropLast()), record.sealed + [0], Bytes(record.sealed.prefix(61)), Bytes(repeating: 1, count: 9000),
        ] {
            #expect(await Self.open(Self.with(record, sealed: sealed), house.keys) == broken)
        }
        #expect(await Self.open(record, house.keys) == nil)
    }

    /// `one`'s row, changed, with `two`'s at hand.
    static let changes: [ChangedRecord] = [
        ChangedRecord("another key's sealed form") { one, two in with(one, sealed: two.sealed) },
        ChangedRecord("another id") { one, two in with(one, id: two.id) },
        ChangedRecord("another public key") { one, two in with(one, publicKey: two.publicKey) },
        ChangedRecord("another key's sealed form and public key") { one, two in with(one, publicKey: two.publicKey, sealed: two.sealed) },
        ChangedRecord("another algorithm") { one, _ in with(one, algorithm: "ed25519") },
        ChangedRecord("an unknown algorithm") { one, _ in with(one, algorithm: "ecdsa-p384") },
        ChangedRecord("another purpose") { one, _ in with(one, purposes: [.checkpoint]) },
        ChangedRecord("one purpose more") { one, _ in with(one, purposes: [.certificate, .checkpoint]) },
        ChangedRecord("no purpose") { one, _ in with(one, purposes: []) },
    ]

    @Test("A row that was changed, or exchanged with another, breaks the seal", arguments: changes)
    func changed(row: ChangedRecord) async throws {
        let house = try await TestKeys()
        let (one, two) = (try house.record("one"), try house.record("two"))
        #expect(await Self.open(row.change(one, two), house.keys) == .sealBroken(key: row.change(one, two).id.description))
    }

    @Test("Another instance, another pin, or another master key does not open it")
    func otherHouse() async throws {
        let house = try await TestKeys()
        let other = try await TestKeys("another")
        let record = try house.record("one")
        let broken = CustodyError.sealBroken(key: record.id.description)
        let instance = try #require(Instance("7f3a0000000000000000000000000002"))
        for (custody, context) in [
            (house.custody, SealContext(instance: instance, pin: house.context.pin)),
            (house.custody, SealContext(instance: house.context.instance, pin: Digest32(of: "other"))),
            (other.custody, house.context),
        ] {
            #expect(await Self.open(record, custody.sealedKeys(context, entropy: CountedEntropy())) == broken)
        }
        #expect(await Self.open(record, house.custody.sealedKeys(house.context, entropy: CountedEntropy())) == nil)
    }

    @Test("After a restart the same row opens, and signs with the same key")
    func restart() async throws {
        let house = try await TestKeys()
        house.custody.release()
        let again = try CustodyDirectory.open(at: house.folder.custody).sealedKeys(house.context, entropy: CountedEntropy())
        let signer = try await again.signer(for: try house.record("one"), as: .ecdsaSHA256)
        let tbs = try house.message("one")
        let signature = try await signer.sign(tbs, under: try house.warrant("one"))
        let key = try SubjectPublicKeyInfo(der: try house.record("one").publicKey)
        #expect(SignatureAlgorithm.preferred(for: .ecdsaP256).isValid(signature, over: tbs, by: key))
    }

    @Test("Purposes have one spelling")
    func purposes() {
        #expect(KeyRecord.purposes("certificate,checkpoint") == [.certificate, .checkpoint])
        for wrong in ["", "certificate,", ",certificate", "certificate,certificate", "Certificate", "certificate, checkpoint", "ocsp"] {
            #expect(KeyRecord.purposes(wrong) == nil)
        }
    }
}
