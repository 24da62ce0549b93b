import Approval
import Basics
import PKIX
import Proofs
import Registration
import Testing
import Wire

/// A body that is refused, by which code, and what field it names.
struct DamagedBody: Sendable {
    let name: String
    let route: Route
    let caller: TestPerson
    let body: Bytes
    let code: String
    let field: String?
}

extension EdgeHouse {
    /// Bodies that are none.
    func damagedBodies() throws -> [DamagedBody] {
        let officer = bench.test.officers[2]
        let admin = bench.test.admin
        let wish = try bench.test.wish(house, serial: "SN-0100")
        let good: [String: JSON] = [
            "submission": .string(wish.submission.rendered), "csr": .string(wish.csr.base64),
            "fields": .object(["model": .string("PLC-7"), "serial": .string("SN-0100")]),
        ]
        func request(
            _ name: String, _ change: [String: JSON], without missing: String? = nil, _ code: String, _ field: String?
        ) -> DamagedBody {
            let members = good.merging(change) { $1 }.filter { $0.key != missing }
            return DamagedBody(
                name: name, route: Routes.submitRequest, caller: officer, body: JSON.object(members).canonicalBytes, code: code,
                field: field)
        }
        func raw(_ name: String, _ text: String, route: Route = Routes.submitRequest, by person: TestPerson? = nil) -> DamagedBody {
            DamagedBody(
                name: name, route: route, caller: person ?? officer, body: Bytes(text.utf8), code: "request.body-invalid", field: nil)
        }
        func fields(_ name: String, _ values: [String: JSON], _ code: String, _ field: String) -> DamagedBody {
            request(name, ["fields": .object(values)], code, field)
        }
        let text = wish.submission.text
        let forged = try bench.mallory.vote.note(text, as: officer.handle).rendered
        let other = try bench.test.wish(house, serial: "SN-0101", by: bench.test.officers[1]).submission.rendered
        let invalid = "request.body-invalid"
        return [
            raw("nothing", " "), raw("half an object", "{"), raw("an array", "[]"), raw("a number", "7"), raw("no JSON", "csr=1"),
            raw("a fraction", #"{"csr":1.5}"#), raw("a key twice", #"{"csr":"","csr":""}"#), raw("half an escape", #"{"csr":"\u12"}"#),
            raw("a lone surrogate", #"{"csr":"\ud800"}"#), raw("a control in a text", "{\"csr\":\"\u{01}\"}"),
            raw("deep nesting", String(repeating: "[", count: 5_000)), raw("a comma too many", #"{"csr":"",}"#),
            raw("more behind it", "{} {}"), raw("not a number", "{\"a\":NaN}"),
            DamagedBody(
                name: "not UTF-8", route: Routes.submitRequest, caller: officer, body: Bytes(#"{"csr":""#.utf8) + [0xff, 0x22, 0x7d],
                code: invalid, field: nil),
            request("no submission", [:], without: "submission", invalid, "submission"),
            request("a submission that is none", ["submission": .string("x")], "submission.malformed", "submission"),
            request("a submission that is a number", ["submission": .integer(1)], invalid, "submission"),
            request("a submission without a signature", ["submission": .string(text)], "submission.malformed", "submission"),
            request("a submission by another key", ["submission": .string(forged)], "approval.signature-invalid", nil),
            request("another person's submission", ["submission": .string(other)], "submission.mismatch", nil),
            request("no CSR", [:], without: "csr", invalid, "csr"), request("a CSR that is null", ["csr": .null], invalid, "csr"),
            request("a CSR in URL-safe base64", ["csr": .string("-_-_")], invalid, "csr"),
            request("a CSR without padding", ["csr": .string("AAA")], invalid, "csr"),
            request("another CSR than the submission's", ["csr": .string(bench.target.csr.base64)], "statement.request-mismatch", nil),
            request("no fields", [:], without: "fields", invalid, "fields"),
            request("fields in an array", ["fields": .array([])], invalid, "fields"),
            request("a member too many", ["profile": .string("x")], invalid, "profile"),
            fields("a field missing", ["model": .string("PLC-7")], "profile.field-missing", "fields.serial"),
            fields("a field that is a number", ["model": .string("PLC-7"), "serial": .integer(1)], invalid, "fields.serial"),
            fields("a field that is empty", ["model": .string(""), "serial": .string("1")], "profile.field-empty", "fields.model"),
            fields(
                "a field too many", ["model": .string("P"), "serial": .string("1"), "color": .string("x")], "profile.field-unknown",
                "fields.color"),
            fields(
                "a field too long", ["model": .string("P"), "serial": .string(String(repeating: "1", count: 33))], "profile.field-length",
                "fields.serial"),
            fields(
                "a field with an umlaut where none is allowed", ["model": .string("P"), "serial": .string("Ä")], "profile.field-alphabet",
                "fields.serial"),
            fields(
                "a field with a line feed", ["model": .string("P\n"), "serial": .string("1")], "profile.field-alphabet", "fields.model"),
            raw("a vote that is none", "[]", route: Routes.vote),
            DamagedBody(
                name: "a vote without a note", route: Routes.vote, caller: officer, body: Bytes("{}".utf8), code: invalid, field: "vote"),
            DamagedBody(
                name: "a vote that is no text", route: Routes.vote, caller: officer, body: Bytes(#"{"vote":"x"}"#.utf8),
                code: "vote.malformed",
                field: "vote"),
            try vote("a reason that is a number", reason: .integer(7), invalid, "reason"),
            try vote("a reason with NUL in it", reason: .string("no\u{0}"), "vote.reason-invalid", "reason"),
            try vote("a reason that is too long", reason: .string(String(repeating: "x", count: 4097)), "vote.reason-invalid", "reason"),
            try vote("somebody else's vote", by: bench.test.officers[1], "approval.signature-invalid", nil),
            try vote("a vote on another request", on: bench.other, "vote.statement-not-listed", nil),
            try vote("the requester's own vote", by: officer, as: officer, "vote.own-request", nil),
            raw("a roster that is none", "[]", route: Routes.proposeRoster, by: admin),
            DamagedBody(
                name: "an empty roster", route: Routes.proposeRoster, caller: admin, body: Bytes("{}".utf8), code: invalid, field: "roster"),
            DamagedBody(
                name: "a roster that is no note", route: Routes.proposeRoster, caller: admin,
                body: Bytes(#"{"documents":[],"people":[],"roster":"x"}"#.utf8), code: "roster.malformed", field: "roster"),
            try roster("a person for a roster", text: bench.test.admin.note(nil, at: bench.test.clocks.now).rendered, "roster.malformed"),
            raw("an invitation that is none", "7", route: Routes.addOfficer, by: admin),
            DamagedBody(
                name: "a handle in capitals", route: Routes.addOfficer, caller: admin, body: Bytes(#"{"handle":"Officer"}"#.utf8),
                code: invalid, field: "handle"),
            DamagedBody(
                name: "a handle that is taken", route: Routes.addOfficer, caller: admin,
                body: Bytes(#"{"code":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","handle":"officer-1"}"#.utf8),
                code: "officer.exists", field: "handle"),
            DamagedBody(
                name: "an invitation without code", route: Routes.addOfficer, caller: admin, body: Bytes(#"{"handle":"officer-9"}"#.utf8),
                code: invalid, field: "code"),
            DamagedBody(
                name: "a code that is none", route: Routes.enroll, caller: admin, body: Bytes(#"{"person":"x","secret":"!"}"#.utf8),
                code: invalid, field: "secret"),
            DamagedBody(
                name: "a code that nobody gave", route: Routes.enroll, caller: admin,
                body: JSON.object([
                    "secret": .string(Bytes(repeating: 0, count: 16).base64),
                    "person": .string(try bench.mallory.note(nil, at: bench.test.clocks.now).rendered),
                ]).canonicalBytes, code: "enrollment.code-invalid", field: "code"),
            DamagedBody(
                name: "no authorities", route: Routes.draftAuthorities, caller: admin,
                body: Bytes(#"{"authorities":[],"call":"01930f3e-0000-7000-8000-0000000000c1"}"#.utf8),
                code: "authority.draft-count", field: "authorities"),
            DamagedBody(
                name: "an authority that is a number", route: Routes.draftAuthorities, caller: admin,
                body: Bytes(#"{"authorities":[7],"call":"01930f3e-0000-7000-8000-0000000000c1"}"#.utf8), code: "authority.draft-invalid",
                field: "authorities.0"),
        ]
    }

    private func vote(
        _ name: String, on record: RequestRecord? = nil, by person: TestPerson? = nil, as caller: TestPerson? = nil, reason: JSON = .null,
        _ code: String, _ field: String?
    ) throws -> DamagedBody {
        let voter = person ?? bench.test.officers[0]
        let note = try bench.test.ballot(record ?? bench.fresh, voter)
        return DamagedBody(
            name: name, route: Routes.vote, caller: caller ?? bench.test.officers[0],
            body: JSON.object(["vote": .string(note.rendered), "reason": reason]).canonicalBytes, code: code, field: field)
    }

    private func roster(_ name: String, text: String, _ code: String) throws -> DamagedBody {
        DamagedBody(
            name: name, route: Routes.proposeRoster, caller: bench.test.admin,
            body: JSON.object(["roster": .string(text), "documents": .array([]), "people": .array([])]).canonicalBytes, code: code,
            field: nil)
    }
}
