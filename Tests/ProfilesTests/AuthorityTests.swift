import Basics
import PKIX
import Profiles
import Testing

@Suite("Certificates of authorities")
struct AuthorityTests {
    @Test("A root: self-issued, both key identifiers the same, thirty years, no path length")
    func root() throws {
        let root = try Fixture.root()
        #expect(root.tbs.issuer.der == root.tbs.subject.der)
        #expect(
            root.tbs.subject.der == (try name([[("55040a", 0x0c, "Example Devices")], [("550403", 0x0c, "Example Devices Root CA")]])).der)
        let identifier = try Fixture.publicKey(11).keyIdentifier.hex
        #expect(root.tbs.extensions.map(\.value.hex) == ["0414\(identifier)", "30168014\(identifier)", "30030101ff", "03020106"])
        #expect(root.tbs.extensions.map(\.isCritical) == [false, false, true, true])
        #expect(root.tbs.validity.notAfter.description == "2056-11-18T11:06:39Z")
        #expect(root.issuer.pathLength == nil)
        #expect(root.profile.authority == root.profile.name)
        try root.profile.check(
            root.tbs, issuer: root.profile.ownIssuer(publicKey: Fixture.publicKey(11)), publicKey: Fixture.publicKey(11),
            opened: Fixture.now)
    }

    @Test("An issuing authority: below the root, path length 0")
    func issuing() throws {
        let root = try Fixture.root()
        let issuing = try Fixture.issuing()
        #expect(issuing.tbs.issuer.der == root.tbs.subject.der)
        #expect(issuing.tbs.extensions[2].value.hex == "30060101ff020100")
        #expect(issuing.issuer.pathLength == 0)
        #expect(issuing.issuer.keyIdentifier == (try Fixture.publicKey(12)).keyIdentifier)
        #expect(issuing.profile.lint(issuing.tbs, issuer: root.issuer).isEmpty)
        try issuing.profile.check(issuing.tbs, issuer: root.issuer, publicKey: Fixture.publicKey(12), opened: Fixture.now)
        #expect(
            problem { try issuing.profile.check(issuing.tbs, issuer: root.issuer, publicKey: Fixture.publicKey(13)) }?.code
                == "profile.key-mismatch")
        #expect(problem { try Fixture.root().profile.check(issuing.tbs, issuer: root.issuer, publicKey: Fixture.publicKey(12)) } != nil)
    }

    @Test("cRLSign only where the authority signs revocation lists")
    func revocationLists() throws {
        let profile = try Fixture.authority("quiet", issuer: "root", subject: "CN=Quiet CA", purposes: ["certificate"])
        let tbs = try profile.fill(Fixture.filling(authority: 13), issuer: Fixture.root().issuer)
        #expect(tbs.extensions.last?.value.hex == "03020204")
    }

    @Test("Nothing outlives its authority, unless its profile knows no end")
    func outlives() throws {
        let long = try Fixture.authority("long", issuer: "root", subject: "CN=Long CA", years: 31)
        let filling = try Fixture.filling(authority: 13)
        #expect(problem { try long.fill(filling, issuer: Fixture.root().issuer) }?.code == "lint.time.within-issuer")
        let device = try Fixture.device(["validity": Fixture.json(#"{"years": 21}"#)])
        #expect(
            problem { try device.fill(try Fixture.filling(Fixture.unit), issuer: Fixture.issuing().issuer) }?.code
                == "lint.time.within-issuer")
        let waived = try Fixture.device(["validity": Fixture.json(#"{"years": 21}"#), "waive": Fixture.json(#"["time.within-issuer"]"#)])
        _ = try waived.fill(try Fixture.filling(Fixture.unit), issuer: Fixture.issuing().issuer)
    }

    @Test("A certificate made right after its authority begins with it, not before; none is made before it")
    func youngAuthority() throws {
        let root = try Fixture.root().issuer
        let profile = try Fixture.device(["validity": Fixture.json(#"{"days": 30, "skew": 3600}"#)])
        let issuer = try Fixture.issuing().issuer
        let tbs = try profile.fill(try Fixture.filling(Fixture.unit), issuer: issuer)
        #expect(tbs.validity.notBefore == issuer.notBefore)
        try profile.check(tbs, issuer: issuer, request: Fixture.request(21), opened: Fixture.now)
        let early = Filling(
            serial: Fixture.serial(), now: root.notBefore.adding(seconds: -1), publicKey: try Fixture.publicKey(21), fields: Fixture.unit,
            request: nil)
        #expect(problem { try Fixture.device().fill(early, issuer: issuer) }?.code == "profile.issuer-not-yet-valid")
    }

    @Test(
        "What an authority's document may say is checked, and the member named",
        arguments: [
            ("subject", #""CN={model}""#, "subject.CN"), ("subject", #""""#, "subject"), ("subject", "1", "subject"),
            ("years", "0", "years"),
            ("years", "101", "years"), ("pathLength", "-1", "pathLength"), ("key", #""rsa-512""#, "key"), ("name", #""A""#, "name"),
            ("issuer", #""A""#, "issuer"), ("purposes", #"["crl"]"#, "purposes"), ("purposes", "[]", "purposes"),
        ])
    func refused(member: String, value: String, field: String) throws {
        var document: [String: JSON] = [
            "name": .string("a"), "subject": .string("CN=A"), "key": .string("ecdsa-p256"), "years": .integer(5),
            "purposes": .array([.string("certificate")]), "publicKey": .string("not read here"),
        ]
        _ = try Profile.authority(document: .object(document))
        document[member] = try Fixture.json(value)
        let found = problem { try Profile.authority(document: .object(document)) }
        #expect(found?.code == "profile.document-invalid")
        #expect(found?.field == field)
    }

    @Test("A certificate that is no authority's issues nothing")
    func notAnIssuer() throws {
        let device = try Fixture.device().fill(try Fixture.filling(Fixture.unit), issuer: Fixture.issuing().issuer)
        #expect(problem { try Issuer(device) }?.code == "profile.issuer-invalid")
        var parts = Parts(try Fixture.root().tbs)
        try parts.remove("2.5.29.14")
        #expect(problem { try Issuer(parts.tbs) }?.code == "profile.issuer-invalid")
        var constrained = Parts(try Fixture.root().tbs)
        try constrained.set("2.5.29.30", [0x30, 0x06, 0xa0, 0x04, 0x30, 0x02, 0x82, 0x00], critical: true)
        #expect(problem { try Issuer(constrained.tbs) }?.code == "profile.issuer-invalid")
    }

    @Test("Leap days: a year from February 29 ends on the last second before February 28")
    func leapDay() throws {
        let start = try #require(UTCTime(UTCTime.Calendar(year: 2028, month: 2, day: 29, hour: 12, minute: 0, second: 0)))
        let profile = try Fixture.device(["validity": Fixture.json(#"{"years": 1, "skew": 0}"#)])
        #expect(profile.validity.end(from: start).description == "2029-02-28T11:59:59Z")
        let four = try Fixture.device(["validity": Fixture.json(#"{"years": 4, "skew": 0}"#)])
        #expect(four.validity.end(from: start).description == "2032-02-29T11:59:59Z")
    }
}
