import Approval
import Basics
import PKIX
import Proofs
import Testing

/// The certificate is another than the profile makes, and people were made to vote on it.
@Suite("What is refused in a certificate although officers have voted for it")
struct ContentTests {
    static let rules: [BrokenRule] = [
        BrokenRule("it is an authority", "profile.extension-unexpected") {
            try $0.alter {
                let constraints = Extension(oid: try OID("2.5.29.19"), isCritical: true, value: [0x30, 0x03, 0x01, 0x01, 0xff])
                $0.extensions.insert(constraints, at: 2)
            }
        },
        BrokenRule("it may sign certificates", "profile.extension-value") {
            try $0.alter { parts in
                let usage = try OID("2.5.29.15")
                let index = try #require(parts.extensions.firstIndex { $0.oid == usage })
                parts.extensions[index] = Extension(oid: usage, isCritical: true, value: [0x03, 0x02, 0x02, 0x84])
            }
        },
        BrokenRule("it has another key than the request", "statement.key-mismatch") {
            let other = try CertificateRequest(der: TestRequest.csr(0x92)).publicKey
            try $0.alter { $0.publicKey = other }
        },
        BrokenRule("it ends far away", "profile.validity-end") {
            try $0.alter { $0.validity = Validity(notBefore: $0.validity.notBefore, notAfter: .never) }
        },
        BrokenRule("it begins a day early", "profile.validity-begin") {
            try $0.alter { parts in
                parts.validity = Validity(
                    notBefore: parts.validity.notBefore.adding(days: -1), notAfter: parts.validity.notAfter.adding(days: -1))
            }
        },
        BrokenRule("it names another issuer", "profile.issuer-name") {
            let root = try #require($0.house.authorityTBS["root"]).subject
            try $0.alter { $0.issuer = root }
        },
        BrokenRule("another serial number's form", "profile.serial-number") {
            try $0.alter { $0.serial = try SerialNumber(bytes: [0x01]) }
        },
        BrokenRule("another subject", "profile.subject-mismatch") {
            let root = try #require($0.house.authorityTBS["root"]).subject
            try $0.alter { $0.subject = root }
        },
        BrokenRule("an extension that nobody asked for", "profile.extension-unexpected") {
            try $0.alter { $0.extensions.append(Extension(oid: try OID("1.3.6.1.4.1.32473.7"), isCritical: false, value: [0x05, 0x00])) }
        },
        BrokenRule("an extension is missing", "profile.extension-missing") { try $0.alter { $0.extensions.removeLast() } },
        BrokenRule("it is for another authority's key", "profile.extension-value") {
            let lab = try #require($0.house.authorityTBS["lab"]).publicKey.keyIdentifier
            try $0.alter { parts in
                let identifier = try OID("2.5.29.35")
                let index = try #require(parts.extensions.firstIndex { $0.oid == identifier })
                parts.extensions[index] = Extension(oid: identifier, isCritical: false, value: [0x30, 0x16, 0x80, 0x14] + lab)
            }
        },
    ]

    @Test("Each difference from the profile refuses", arguments: rules)
    func broken(rule: BrokenRule) throws {
        let house = try TestHouse()
        var request = try TestRequest(house)
        try rule.change(&request)
        let evidence = try request.evidence
        #expect(refusal { try house.charter.examine(evidence, now: TestHouse.now) }?.code == rule.code)
        #expect(
            refusal { try house.guarding().certificate(evidence, key: house.authorityKeys.publicKey("devices")).kind }?.code == rule.code)
    }

    @Test("Votes on one certificate do not let another of the same profile through")
    func swapped() throws {
        let house = try TestHouse()
        let request = try TestRequest(house)
        let evidence = try request.evidence
        let other = try request.filled(serial: 9)
        let swapped = Evidence(
            statement: evidence.statement, tbs: other.der, request: evidence.request, submission: evidence.submission, votes: evidence.votes
        )
        #expect(refusal { try house.charter.examine(swapped, now: TestHouse.now) } == .contentMismatch)
    }

    @Test("A request swapped for another of the same key is another request")
    func requestSwapped() throws {
        let house = try TestHouse()
        let evidence = try TestRequest(house).evidence
        let swapped = Evidence(
            statement: evidence.statement, tbs: evidence.tbs, request: try TestRequest.csr(0x91), submission: evidence.submission,
            votes: evidence.votes)
        // The signature in it is another one each time.
        #expect(refusal { try house.charter.examine(swapped, now: TestHouse.now) } == .requestMismatch)
    }

    @Test("Statements are refused unless they are in their only form, and of the kind that is known")
    func forms() throws {
        let text = try TestRequest(TestHouse()).statement.text
        #expect(try Statement(text: text).text == text)
        for (old, new) in [
            ("kind certificate", "kind allowance"), ("kind certificate", "kind draw"), ("kind certificate", "kind Certificate"),
        ] {
            #expect(refusal { try Statement(text: try text.replacing(once: old, new)) }?.code == "statement.unknown-kind")
        }
        for (old, new) in [
            ("assay/statement/v1", "assay/statement/v2"), ("requester eve", "requester Eve"), ("roster 2", "roster 02"),
            ("requester eve\n", ""), ("requester eve", "requester eve "), ("requester eve", "requester  eve"), ("roster 2", "roster +2"),
            ("opened ", "opened -"), ("\nopened", "\nnote x\nopened"), ("requester eve\n", "requester eve\r\n"),
            ("requester eve\n", "requester eve\n\n"),
        ] {
            #expect(refusal { try Statement(text: try text.replacing(once: old, new)) }?.code == "statement.malformed", "\(new)")
        }
        for damaged in [text + "extra x\n", String(text.dropLast()), "", "\n"] {
            #expect(refusal { try Statement(text: damaged) }?.code == "statement.malformed")
        }
    }
}
