import Approval
import Basics
import PKIX
import Proofs
import Testing

@Suite("Persons and submissions")
struct PersonTests {
    let house: TestHouse

    init() throws { house = try TestHouse() }

    @Test("A person's text is signed by its own vote key, and by nobody else")
    func person() throws {
        let gus = try house.person("gus")
        let text = gus.person(house.instance).text
        #expect(try Person(gus.sign(text)).text == text)
        #expect(try Person(gus.sign(gus.person(nil).text)).instance == nil)
        let ben = try house.person("ben")
        for (note, found) in [
            (try gus.sign(text).damaged, Refusal.badSignature(by: gus.handle)),
            (try gus.login.note(text, as: gus.handle), .badSignature(by: gus.handle)),
            (try ben.vote.note(text, as: gus.handle), .badSignature(by: gus.handle)),
            (try ben.sign(text), .badSignature(by: gus.handle)), (try gus.sign(text).adding(ben.sign(text)), .note("person")),
            (try gus.sign(text).adding(gus.sign(text)), .note("person")),
        ] {
            #expect(refusal { try Person(note) } == found)
        }
        let one = Person(
            instance: nil, handle: gus.handle, login: gus.vote.publicKey, vote: gus.vote.publicKey, time: TestHouse.now)
        #expect(refusal { try Person(gus.sign(one.text)) } == .rosterKeyTwice)
    }

    @Test(
        "A person's text has one form",
        arguments: [
            ("assay/person/v1", "assay/person/v2"), ("instance 7f", "instance 7F"), ("person gus", "person Gus"),
            ("person gus", "person -"),
            ("login es256", "login webauthn"), ("time 1", "time 01"), ("time 1", "time -1"), ("person gus\n", ""),
            ("login es256 MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE", "login es256 MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAF"),
        ])
    func forms(old: String, new: String) throws {
        let gus = try house.person("gus")
        let text = try gus.person(house.instance).text.replacing(once: old, new)
        #expect(refusal { try Person(gus.sign(text)) }?.code == "person.malformed")
        #expect(refusal { try Person(gus.sign(gus.person(house.instance).text + "note x\n")) }?.code == "person.malformed")
    }

    @Test("Two people's fingerprints differ, and so does one person's after any change")
    func fingerprints() throws {
        let gus = try house.person("gus").person(house.instance)
        let later = Person(instance: gus.instance, handle: gus.handle, login: gus.login, vote: gus.vote, time: gus.time.adding(seconds: 1))
        let all = [gus, later, try house.person("gus").person(nil), try house.person("ben").person(house.instance)]
        #expect(Set(all.map(\.fingerprint)).count == 4)
        #expect(all.allSatisfy { $0.fingerprint.wholeMatch(of: /([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}/) != nil })
        #expect(gus.actor == Bytes(gus.digest.bytes.prefix(16)))
    }

    @Test(
        "A submission has one form",
        arguments: [
            ("assay/submit/v1", "assay/submit/v2"), ("requester eve", "requester -"),
            ("profile device-identity", "profile device_identity"),
            ("subject 01930f3e", "subject 01930F3E"), ("time 1", "time 01"), ("requester eve\n", ""),
        ])
    func submission(old: String, new: String) throws {
        let statement = try TestRequest(house).statement
        let note = try house.submission(of: statement)
        #expect(try Submission(note, roster: house.charter.roster).text == note.text)
        let changed = try house.person("eve").sign(note.text.replacing(once: old, new))
        #expect(refusal { try Submission(changed, roster: house.charter.roster) }?.code == "submission.malformed")
    }

    @Test("A submission for another house is refused")
    func foreignSubmission() throws {
        var request = try TestRequest(house)
        request.instance = try #require(Instance(String(repeating: "0", count: 32)))
        let note = try house.submission(of: request.statement)
        #expect(refusal { try Submission(note, roster: house.charter.roster) } == .foreignInstance)
    }

    @Test("One text is never taken for another: each kind refuses the others' notes")
    func contexts() throws {
        let request = try TestRequest(house)
        let submission = try house.submission(of: request.statement)
        let vote = try house.approvals(["ben"], of: request.statement)[0]
        let person = try house.person("eve").sign(house.person("eve").person(house.instance).text)
        for note in [submission, vote, house.notes[0]] { #expect(refusal { try Person(note) }?.code == "person.malformed") }
        for note in [person, vote, house.notes[0]] {
            #expect(refusal { try Submission(note, roster: house.charter.roster) }?.code == "submission.malformed")
        }
        for note in [person, submission, house.notes[0]] { #expect(refusal { try Vote(text: note.text) }?.code == "vote.malformed") }
        for note in [person, submission, vote] { #expect(refusal { try Roster(text: note.text) }?.code == "roster.malformed") }
        for note in [person, submission, vote] { #expect(refusal { try Statement(text: note.text) }?.code == "statement.malformed") }
    }
}
