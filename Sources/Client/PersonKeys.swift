import Approval
import Basics
import PKIX
import Proofs

/// A person who has opened their folder: the login key is at hand, the vote key is opened when something is to be signed.
public struct PersonKeys: Sendable {
    public let handle: Handle
    public let person: Person
    public let login: PrivateKey
    private let folder: PersonFolder
    private let passphrase: Bytes?

    /// Opens the folder; asks for the passphrase once, when the keys are sealed.
    public init(opening folder: PersonFolder, passphrase source: PassphraseSource) throws(Problem) {
        person = try folder.person().person
        handle = folder.handle
        self.folder = folder
        let passphrase = try folder.isSealed() ? try source.passphrase(for: folder.handle) : nil
        self.passphrase = passphrase
        login = try folder.key(PersonFolder.loginKey) { passphrase ?? [] }
        guard login.publicKey == person.login else { throw .damaged(folder.path(PersonFolder.loginKey)) }
    }

    /// Signs a text as a note, in the person's name, with the vote key.
    public func sign(_ text: String) throws(Problem) -> SignedNote {
        let key = try folder.key(PersonFolder.voteKey) { passphrase ?? [] }
        guard key.publicKey == person.vote else { throw .damaged(folder.path(PersonFolder.voteKey)) }
        do { return try key.note(text, as: handle) } catch {
            throw Problem(.fault, "client.signing", title: "The text could not be signed", detail: "The vote key gave no signature.")
        }
    }
}

/// New people.
public enum Enrollment {
    /// Makes a person: two keys, the person text, the folder. Nothing leaves this machine.
    /// - Parameters:
    ///   - node: nil before there is a house; else the person text names its instance.
    ///   - passphrase: nil leaves the keys unsealed.
    /// - Returns: the text that others may see, and its fingerprint.
    public static func makePerson(
        in folder: PersonFolder, node: NodeIdentity?, passphrase: Bytes?, clocks: any Clocks, entropy: any Entropy
    ) throws(Problem) -> (person: Person, note: SignedNote) {
        do {
            let login = try PrivateKey.generate(.ecdsaP256, entropy: entropy)
            let vote = try PrivateKey.generate(.ecdsaP256, entropy: entropy)
            let person = Person(
                instance: node?.instance, handle: folder.handle, login: login.publicKey, vote: vote.publicKey, time: clocks.now)
            let note = try vote.note(person.text, as: folder.handle)
            _ = try Person(note)
            try folder.create(login: login, vote: vote, person: note, node: node, passphrase: passphrase, entropy: entropy)
            return (person, note)
        } catch let problem as Problem { throw problem } catch {
            throw Problem(
                .fault, "client.key-generation", title: "Keys could not be made", detail: "The random source gave nothing usable.")
        }
    }
}
