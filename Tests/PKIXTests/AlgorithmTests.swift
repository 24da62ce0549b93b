import Basics
import PKIX
import Testing

@Suite("Every algorithm: one table, and each row works")
struct AlgorithmTests {
    private static let message = Bytes("what is signed".utf8)

    @Test("A key of each kind is made, opened again, and signs in each way that fits it, and in no other", arguments: KeyAlgorithm.known)
    func signs(_ algorithm: KeyAlgorithm) throws {
        let key = try algorithm.generate()
        #expect(key.publicKey.keyAlgorithm == algorithm)
        let again = try algorithm.open(secret: key.secret)
        #expect(again.publicKey == key.publicKey)
        var made: [(SignatureAlgorithm, Bytes)] = []
        for scheme in SignatureAlgorithm.known {
            guard scheme.fits(algorithm) else {
                #expect(throws: PKIXError.signatureAlgorithmDoesNotFitKey) { try key.sign(Self.message, as: scheme) }
                #expect(!scheme.isValid([], over: Self.message, by: key.publicKey))
                continue
            }
            let signature = try again.sign(Self.message, as: scheme)
            made.append((scheme, signature))
            #expect(scheme.isValid(signature, over: Self.message, by: key.publicKey))
            #expect(!scheme.isValid(signature, over: Self.message + [0], by: key.publicKey))
            #expect(!scheme.isValid(signature + [0], over: Self.message, by: key.publicKey))
            #expect(!scheme.isValid(signature.dropLast(), over: Self.message, by: key.publicKey))
            for place in [signature.count - 1, signature.count / 2] {
                var damaged = signature
                damaged[place] ^= 1
                #expect(!scheme.isValid(damaged, over: Self.message, by: key.publicKey))
            }
        }
        #expect(!made.isEmpty)
        for (scheme, signature) in made {
            for (another, _) in made where another != scheme {
                #expect(!another.isValid(signature, over: Self.message, by: key.publicKey), "\(scheme.name) as \(another.name)")
            }
        }
        #expect(!"\(key)".contains(key.secret.hex))
        #expect(throws: PKIXError.privateKeyOutOfRange) { try algorithm.open(secret: [1, 2, 3]) }
    }

    @Test("Identifiers are written exactly as the standards have them")
    func identifiers() {
        let pss = { (hash: String, salt: String) in
            "304106092a864886f70d01010a3034a00f300d060960864801650304020" + hash
                + "0500a11c301a06092a864886f70d010108300d060960864801650304020"
                + hash + "0500a2030201" + salt
        }
        let expected: [(SignatureAlgorithm, String)] = [
            (.ecdsaSHA256, "300a06082a8648ce3d040302"), (.ecdsaSHA384, "300a06082a8648ce3d040303"),
            (.ecdsaSHA512, "300a06082a8648ce3d040304"), (.rsaSHA256, "300d06092a864886f70d01010b0500"),
            (.rsaSHA384, "300d06092a864886f70d01010c0500"), (.rsaSHA512, "300d06092a864886f70d01010d0500"),
            (.rsaPSSSHA256, pss("1", "20")), (.rsaPSSSHA384, pss("2", "30")), (.rsaPSSSHA512, pss("3", "40")),
            (.ed25519, "300506032b6570"), (.mlDSA65, "300b0609608648016503040312"), (.mlDSA87, "300b0609608648016503040313"),
        ]
        #expect(expected.map(\.0) == SignatureAlgorithm.known)
        for (row, hex) in expected { #expect(row.identifier.der.hex == hex) }
        let preferred: [KeyAlgorithm: SignatureAlgorithm] = [
            .ecdsaP256: .ecdsaSHA256, .ecdsaP384: .ecdsaSHA384, .ecdsaP521: .ecdsaSHA512, .rsa2048: .rsaSHA256, .rsa4096: .rsaSHA256,
            .ed25519: .ed25519, .mlDSA87: .mlDSA87,
        ]
        for (key, scheme) in preferred { #expect(SignatureAlgorithm.preferred(for: key) == scheme) }
    }

    @Test("PSS with other parameters than exactly these is refused")
    func pssParameters() throws {
        let exact = try #require(SignatureAlgorithm.rsaPSSSHA256.identifier.parameters)
        var shortSalt = exact
        shortSalt[exact.count - 1] = 20
        let trailer: Bytes = Bytes(exact.dropFirst(2)) + [0xa3, 3, 2, 1, 1]
        let wrong: [Bytes?] = [nil, [0x30, 0], [5, 0], shortSalt, [0x30, UInt8(trailer.count)] + trailer]
        for parameters in wrong {
            #expect(throws: PKIXError.algorithmParameters(.rsaPSS)) {
                try SignatureAlgorithm(AlgorithmIdentifier(oid: .rsaPSS, parameters: parameters))
            }
        }
        #expect(throws: PKIXError.algorithmParameters(.rsaSHA256)) { try SignatureAlgorithm(AlgorithmIdentifier(oid: .rsaSHA256)) }
    }

    @Test("Good and bad keys, from another program's arithmetic")
    func keys() throws {
        let lines = String(decoding: try Golden.file("keys.txt"), as: UTF8.self).split(separator: "\n")
        #expect(lines.count > 300)
        for line in lines {
            let words = line.split(separator: " ").map(String.init)
            try #require(words.count == 3)
            let der = try hex(words[2])
            do throws(PKIXError) {
                let key = try SubjectPublicKeyInfo(der: der)
                #expect(words[0] == "ok" && key.keyAlgorithm.name == words[1], "\(line.prefix(200))")
            } catch {
                #expect("\(error)".prefix { $0 != "(" } == words[0], "\(line.prefix(200))")
            }
            #expect(throws: PKIXError.self) { try SubjectPublicKeyInfo(der: der + [0]) }
        }
    }
}
