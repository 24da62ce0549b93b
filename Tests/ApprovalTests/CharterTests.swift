import Approval
import Basics
import PKIX
import Proofs
import Testing

@Suite("The chain of rosters")
struct CharterTests {
    let house: TestHouse

    init() throws { house = try TestHouse() }

    @Test("Version 1 is trusted by its hash alone, and has no documents")
    func first() throws {
        let one = house.notes[0]
        #expect(try Charter(first: one, pin: house.charter.pin).roster.version == 1)
        #expect(refusal { try Charter(first: one, pin: Digest32(of: "other")) } == .rosterPin)
        #expect(refusal { try Charter(first: house.notes[1], pin: house.charter.roster.digest) } == .rosterNotNext(have: 0, got: 2))
        #expect(refusal { try Charter(first: one.damaged, pin: house.charter.pin) } == .rosterSignatureInvalid("ada"))
        let stranger = try one.adding(house.person("gus").sign(one.text))
        #expect(refusal { try Charter(first: stranger, pin: house.charter.pin) } == .rosterSignatureInvalid("gus"))
        #expect(refusal { try Charter(first: one.adding(one), pin: house.charter.pin) } == .rosterDoubled("ada"))
        var parts = RosterParts(next: try Roster(text: one.text))
        parts.version = 1
        parts.documents = []
        #expect(refusal { try Charter(first: house.person("ada").sign(parts.roster.text), pin: parts.roster.digest) } == .rosterPrevious)
        parts.previous = .zero
        parts.documents = [.init(kind: .approval, name: try .named("x"), digest: .zero)]
        #expect(
            refusal { try Charter(first: house.person("ada").sign(parts.roster.text), pin: parts.roster.digest) }
                == .rosterFirstHasDocuments)
        #expect(refusal { try Charter(chain: [], pin: house.charter.pin) { _ in nil } } == .rosterPin)
    }

    @Test("Signatures: enough administrators of the version before, and enough of its own")
    func quorums() throws {
        let text = try house.parts.roster.text
        #expect(refusal { try house.accepting(text, signers: ["ada"]) } == .rosterSignatures(have: 1, need: 2))
        // gus takes dee's place: ada and dee are enough for version 2, but version 3 needs its own two.
        var parts = house.parts
        parts.keys.removeAll { $0.person.description == "dee" }
        parts.grants.removeAll { $0.person.description == "dee" }
        parts.keys += try house.person("gus").keys
        parts.grants.append(.init(person: try .named("gus"), role: .administrator, profile: nil))
        let swap = try parts.roster.text
        #expect(refusal { try house.accepting(swap, signers: ["ada", "dee"]) } == .rosterSignatures(have: 1, need: 2))
        #expect(refusal { try house.accepting(swap, signers: ["ada", "gus"]) } == .rosterSignatures(have: 1, need: 2))
        #expect(
            try house.accepting(swap, signers: ["ada", "dee", "gus"]).roster.administrators.map(\.description).sorted() == ["ada", "gus"])
    }

    @Test("A line by a stranger, an officer, or another key makes the roster refused, though enough others have signed")
    func strangers() throws {
        let text = try house.parts.roster.text
        for name in ["gus", "ben"] {
            #expect(refusal { try house.accepting(text, signers: ["ada", "dee", name]) } == .rosterSignatureInvalid(name))
        }
        let good = try text.signed(by: [house.person("ada"), house.person("dee")])
        let login = try house.person("ada").login.note(text, as: try .named("ada"))
        let forged = try good.adding(house.person("gus").vote.note(text, as: try .named("ben")))
        let odd = try good.adding(
            SignedNote(text: text, signatures: [.init(name: "Nobody/at.all", keyID: 1, signature: [1, 2, 3])]))
        for (note, found) in [
            (try good.damaged, Refusal.rosterSignatureInvalid("ada")), (forged, .rosterSignatureInvalid("ben")),
            (odd, .rosterSignatureInvalid("Nobody/at.all")), (try good.adding(login), .rosterDoubled("ada")),
            (try good.adding(good), .rosterDoubled("ada")),
            (try login.adding(house.person("dee").sign(text)), .rosterSignatureInvalid("ada")),
        ] {
            #expect(refusal { try house.charter.accepting(note, now: TestHouse.now) { _ in nil } } == found)
            #expect(
                refusal { try house.charter.checkProposal(note, by: try .named("dee"), now: TestHouse.now) { _ in nil } } == found)
        }
    }

    @Test("A vote key that is replaced in place signs for one of the two versions only")
    func replacedKey() throws {
        var parts = house.parts
        let ada = try house.person("ada")
        let fresh = try house.person("gus").vote
        parts.keys.removeAll { $0.person == ada.handle && $0.use == .vote }
        parts.keys.append(.init(person: ada.handle, use: .vote, key: fresh.publicKey))
        let text = try parts.roster.text
        let dee = try house.person("dee").sign(text)
        for key in [ada.vote, fresh] {
            let note = try key.note(text, as: ada.handle).adding(dee)
            #expect(refusal { try house.charter.accepting(note, now: nil) { _ in nil } } == .rosterSignatures(have: 1, need: 2))
        }
    }

    @Test("A proposal is kept when everything but the number of signatures is right")
    func proposal() throws {
        let one = try house.parts.roster.text.signed(by: [house.person("ada")])
        try house.charter.checkProposal(one, by: try .named("ada"), now: TestHouse.now) { _ in nil }
        #expect(try house.charter.missingSignatures(one) == 1)
        #expect(try house.charter.missingSignatures(one.adding(house.person("dee").sign(one.text))) == 0)
        for name in ["dee", "ben"] {
            let by = try Handle.named(name)
            #expect(refusal { try house.charter.checkProposal(one, by: by, now: TestHouse.now) { _ in nil } } == .badSignature(by: by))
        }
        let late = try house.parts.roster.expires
        #expect(refusal { try house.charter.checkProposal(one, by: try .named("ada"), now: late) { _ in nil } } == .rosterExpired)
        var parts = house.parts
        parts.log = try .ed25519(name: parts.log.name, publicKey: Bytes(repeating: 7, count: 32))
        let other = try parts.roster.text.signed(by: [house.person("ada")])
        #expect(
            refusal { try house.charter.checkProposal(other, by: try .named("ada"), now: TestHouse.now) { _ in nil } } == .rosterLogChanged)
    }

    @Test("A whole chain is verified from its notes; a version left out, replaced or put elsewhere is refused")
    func chain() throws {
        let three = try house.parts.roster.text.signed(by: [house.person("ada"), house.person("dee")])
        let notes = house.notes + [three]
        let supply = house.documents
        let whole = try Charter(chain: notes, pin: house.charter.pin) { supply[$0] }
        #expect(whole.roster.version == 3)
        #expect(whole.digests.count == 3)
        func code(_ chain: [SignedNote]) -> String? { refusal { try Charter(chain: chain, pin: house.charter.pin) { supply[$0] } }?.code }
        #expect(code([notes[0], three]) == "roster.not-next")
        #expect(code([notes[1], three]) == "roster.pin-mismatch")
        #expect(code([notes[0], three, notes[1]]) == "roster.not-next")
        #expect(code([notes[0], try notes[1].damaged, three]) == "roster.signature-invalid")
        var parts = house.parts
        parts.version = 2
        parts.previous = house.charter.pin
        let other = try parts.roster.text.signed(by: [house.person("ada"), house.person("dee")])
        #expect(code([notes[0], other, three]) == "roster.previous-mismatch")
        #expect(refusal { try Charter(chain: notes, pin: house.charter.pin) { _ in nil } }?.code == "roster.document-missing")
    }

    @Test("An administrator's change is made on the own copy; the difference is said in words")
    func successor() throws {
        let roster = house.charter.roster
        let gus = try house.person("gus").person(house.instance)
        let next = try roster.successor([.add(gus, roles: [.registrationOfficer]), .remove(try .named("ben"))], time: TestHouse.now)
        #expect(next.version == 3)
        #expect(roster.difference(to: next) == ["+ person gus: registration-officer", "- person ben"])
        #expect(refusal { try roster.successor([.add(gus, roles: [])], time: TestHouse.now) }?.code == "roster.incomplete")
        #expect(refusal { try roster.successor([.remove(gus.handle)], time: TestHouse.now) }?.code == "roster.incomplete")
        let foreign = try house.person("gus").person(nil)
        #expect(refusal { try roster.successor([.add(foreign, roles: [.administrator])], time: TestHouse.now) } == .foreignInstance)
        let twice = try house.person("ben").person(house.instance)
        #expect(refusal { try roster.successor([.add(twice, roles: [.administrator])], time: TestHouse.now) }?.code == "roster.line-twice")
        // From two administrators on, both are needed; back at one, one is.
        let alone = try roster.successor([.remove(try .named("dee"))], time: TestHouse.now)
        #expect(alone.quorum == 1)
        #expect(try alone.successor([.add(gus, roles: [.administrator])], time: TestHouse.now).quorum == 2)
    }
}
