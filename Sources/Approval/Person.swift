import Basics
import PKIX
import Proofs

/// Who somebody is for Assay: a handle and two public keys, signed by the person's own vote key. No table names a person.
public struct Person: Hashable, Sendable {
    public static let context = "assay/person/v1"

    /// nil before there is an instance: the first administrator's text.
    public let instance: Instance?
    public let handle: Handle
    /// What the person logs in with.
    public let login: SubjectPublicKeyInfo
    /// What the person votes and signs with.
    public let vote: SubjectPublicKeyInfo
    public let time: UTCTime

    public init(instance: Instance?, handle: Handle, login: SubjectPublicKeyInfo, vote: SubjectPublicKeyInfo, time: UTCTime) {
        self.instance = instance
        self.handle = handle
        self.login = login
        self.vote = vote
        self.time = time
    }

    public var text: String {
        """
        \(Self.context)
        instance \(instance?.description ?? "-")
        person \(handle)
        login \(KeyForm.es256) \(login.der.base64)
        vote \(KeyForm.es256) \(vote.der.base64)
        time \(time.seconds)

        """
    }

    public var digest: Digest32 { Digest32(of: text) }

    /// What ledger entries call the person: the first 16 octets of the text's hash.
    public var actor: Bytes { Bytes(digest.bytes.prefix(16)) }

    /// 80 bits of the text's hash, as people compare them: `XXXX-XXXX-XXXX-XXXX` in Crockford's base32.
    public var fingerprint: String {
        let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
        var result = ""
        var bits: UInt32 = 0
        var held: UInt32 = 0
        for octet in digest.bytes.prefix(10) {
            bits = bits << 8 | UInt32(octet)
            held += 8
            while held >= 5 {
                held -= 5
                if result.count % 5 == 4 { result.append("-") }
                result.append(alphabet[Int(bits >> held & 31)])
            }
            bits &= (1 << held) - 1
        }
        return result
    }

    /// - Throws: when the text is not in its only form, or its one signature is not by its own vote key.
    public init(_ note: SignedNote) throws(Refusal) {
        do throws(TextError) {
            var reader = try TextReader(note.text, context: Self.context)
            let named = try reader.value("instance")
            instance = Instance(named)
            guard instance != nil || named == "-" else { throw TextError.value(key: "instance") }
            handle = try reader.handle("person")
            login = try reader.publicKey("login")
            vote = try reader.publicKey("vote")
            time = try reader.time("time")
            try reader.end()
        } catch { throw .malformed("person", error) }
        guard text == note.text else { throw .malformed("person", .notCanonical) }
        guard login != vote else { throw .rosterKeyTwice }
        guard try note.onlySigner("person") == handle, note.isSigned(by: handle, key: vote) else { throw .badSignature(by: handle) }
    }
}
