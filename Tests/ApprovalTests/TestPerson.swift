import Approval
import Basics
import PKIX
import Proofs
import Testing

/// Gives the same octets again and again: keys whose scalar a test chooses.
struct FixedEntropy: Entropy {
    let octets: Bytes

    func bytes(_ count: Int) -> Bytes { Bytes(octets.prefix(count)) }
}

/// Scalars of a person's two keys.
struct TestKeys {
    let login: Bytes
    let vote: Bytes
}

/// Somebody with both keys at hand.
struct TestPerson: Sendable {
    let handle: Handle
    let login: PrivateKey
    let vote: PrivateKey

    init(_ name: String, _ keys: TestKeys) throws {
        handle = try .named(name)
        login = try .generate(.ecdsaP256, entropy: FixedEntropy(octets: keys.login))
        vote = try .generate(.ecdsaP256, entropy: FixedEntropy(octets: keys.vote))
    }

    var keys: [Roster.Key] {
        [.init(person: handle, use: .login, key: login.publicKey), .init(person: handle, use: .vote, key: vote.publicKey)]
    }

    func sign(_ text: String) throws -> SignedNote { try vote.note(text, as: handle) }

    func person(_ instance: Instance?) -> Person {
        Person(instance: instance, handle: handle, login: login.publicKey, vote: vote.publicKey, time: TestHouse.now)
    }
}

extension [String: TestPerson] {
    func person(_ name: String) throws -> TestPerson { try #require(self[name]) }
}

extension Handle {
    static func named(_ text: String) throws -> Handle { try #require(Handle(text)) }
}

extension String {
    /// The note with a line by each.
    func signed(by people: [TestPerson]) throws -> SignedNote {
        try SignedNote(text: self, signatures: try people.flatMap { try $0.sign(self).signatures })
    }

    /// With the only occurrence of `old` replaced.
    func replacing(once old: String, _ new: String) throws -> String {
        let parts = split(separator: old, omittingEmptySubsequences: false)
        try #require(parts.count == 2, "\(old) stands there \(parts.count - 1) times")
        return parts.joined(separator: new)
    }
}

extension SignedNote {
    /// The note with its first signature damaged in its last octet.
    var damaged: SignedNote {
        get throws {
            let first = try #require(signatures.first)
            let octets = first.signature.dropLast() + [(first.signature.last ?? 0) ^ 1]
            let line = try Signature(name: first.name, keyID: first.keyID, signature: Bytes(octets))
            return try SignedNote(text: text, signatures: [line] + signatures.dropFirst())
        }
    }

    /// The same text with more lines.
    func adding(_ other: SignedNote) throws -> SignedNote { try SignedNote(text: text, signatures: signatures + other.signatures) }
}

/// What `body` is refused for.
func refusal(_ body: () throws -> some Any) -> Refusal? {
    do { _ = try body() } catch let refusal as Refusal { return refusal } catch { Issue.record("not a refusal: \(error)") }
    return nil
}
